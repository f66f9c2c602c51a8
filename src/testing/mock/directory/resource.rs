//! An API resource.

use std::time::Duration;

/// An API resource (RFC 8707) with its scopes.
#[derive(Debug, Clone)]
pub struct MockResource {
    pub(crate) indicator: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) access_token_ttl: Duration,
}

impl MockResource {
    /// A resource without scopes, whose access tokens live an hour.
    pub fn new(indicator: impl Into<String>) -> Self {
        Self { indicator: indicator.into(), scopes: Vec::new(), access_token_ttl: Duration::from_secs(3600) }
    }

    /// Defines a scope. Users and machines get it by a role: [`MockLogtoBuilder::role`](crate::testing::MockLogtoBuilder::role).
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// How long its access tokens live.
    #[must_use]
    pub fn access_token_ttl(mut self, ttl: Duration) -> Self {
        self.access_token_ttl = ttl;
        self
    }
}
