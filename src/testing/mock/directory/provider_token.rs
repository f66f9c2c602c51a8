//! A token of another provider that is kept for a user.

use std::time::{Duration, SystemTime};

use crate::secret::Secret;

/// A token that a provider gave for a user, as the secret vault keeps it.
///
/// ```
/// use std::time::Duration;
/// use logto::testing::{MockProviderToken, MockUser};
///
/// let token = MockProviderToken::new("gho_16C7e42F292c6912E7").scope("repo user").expires_in(Duration::from_secs(3600));
/// let ada = MockUser::new("ada").social_token("github", token);
/// ```
#[derive(Debug, Clone)]
pub struct MockProviderToken {
    pub(crate) token: Secret,
    pub(crate) scope: Option<String>,
    pub(crate) refreshable: bool,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) expires_at: Option<SystemTime>,
}

impl MockProviderToken {
    /// A token that never expires, of the type `Bearer`.
    pub fn new(token: impl Into<String>) -> Self {
        Self { token: Secret::new(token), scope: None, refreshable: false, lifetime: None, expires_at: None }
    }

    /// What the token allows at the provider.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Until when it works: so long from the moment at which the server gets to know it.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Has the server get another one from the provider when it has expired. Without it, an expired token is deleted when it is asked for,
    /// and the user has to link the account again.
    #[must_use]
    pub fn refreshable(mut self) -> Self {
        self.refreshable = true;
        self
    }

    /// The server gets to know it now.
    pub(crate) fn begin(&mut self, now: SystemTime) {
        if self.expires_at.is_none() {
            self.expires_at = self.lifetime.and_then(|lifetime| now.checked_add(lifetime));
        }
    }
}
