//! A social connector, by which users link accounts they have elsewhere.

/// A social connector (Logto Console › Connectors). Its provider is the server itself: see
/// [`MockLogto::sign_in_at_provider`](crate::testing::MockLogto::sign_in_at_provider).
///
/// ```
/// use logto::testing::MockConnector;
///
/// // `identities.github` of a user who has linked it, with the token that GitHub gave.
/// let github = MockConnector::new("connector-github", "github").keeps_tokens();
/// ```
#[derive(Debug, Clone)]
pub struct MockConnector {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) keeps_tokens: bool,
}

impl MockConnector {
    /// A connector with this id, for the provider that users' identities call by this target.
    pub fn new(id: impl Into<String>, target: impl Into<String>) -> Self {
        Self { id: id.into(), target: target.into(), keeps_tokens: false }
    }

    /// Stores the provider's tokens in the secret vault when a user links an account.
    #[must_use]
    pub fn keeps_tokens(mut self) -> Self {
        self.keeps_tokens = true;
        self
    }
}
