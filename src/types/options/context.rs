//! What is asked for beside the claims.

use std::time::Duration;

use super::TokenOptions;

/// What [`get_context`](crate::LogtoClient::get_context) fetches besides the claims. By default nothing: a request is made only where the claims are
/// older than the configuration allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct ContextOptions {
    pub(crate) fetch_user_info: bool,
    pub(crate) access_token: Option<TokenOptions>,
    pub(crate) organization_tokens: bool,
    pub(crate) claims_max_age: Option<Duration>,
}

impl ContextOptions {
    /// Creates options that request only the claims of the ID token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum age of the claims, after which they are requested again: roles and organizations change while a user is signed in. It takes
    /// precedence over [`claims_max_age`](crate::LogtoConfigBuilder::claims_max_age) of the configuration, and if Logto is unreachable the result is
    /// an error.
    pub fn claims_max_age(mut self, age: Duration) -> Self {
        self.claims_max_age = Some(age);
        self
    }

    /// Also requests the user info, which is never older than this call.
    pub fn fetch_user_info(mut self, fetch: bool) -> Self {
        self.fetch_user_info = fetch;
        self
    }

    /// Also gets an access token.
    pub fn access_token(mut self, token: TokenOptions) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Also gets a token for each of the user's organizations.
    pub fn organization_tokens(mut self, fetch: bool) -> Self {
        self.organization_tokens = fetch;
        self
    }
}
