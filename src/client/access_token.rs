//! An access token, as the application gets it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::granted;
use crate::{
    claims::AccessTokenClaims,
    error::{Code, Error, Result},
    oidc::{jws, token::TokenResponse},
    secret::Secret,
    session::StoredAccessToken,
    types::{TokenKey, word_list},
};

/// An access token: a JWT for an API resource or an organization, an opaque one for Logto's own endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessToken {
    token: Secret,
    scopes: Vec<String>,
    expires_at: SystemTime,
}

impl AccessToken {
    /// Creates a token from another source, for a custom [`TokenSource`](crate::api_client::TokenSource), with its scopes and its expiry by this
    /// machine's clock.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use logto::AccessToken;
    ///
    /// let token = AccessToken::new("opaque", ["read:books"], SystemTime::now() + Duration::from_secs(3600));
    /// assert_eq!(token.scopes(), ["read:books"]);
    /// ```
    #[must_use]
    pub fn new<S: AsRef<str>>(
        token: impl Into<Secret>,
        scopes: impl IntoIterator<Item = S>,
        expires_at: SystemTime,
    ) -> Self {
        Self { token: token.into(), scopes: word_list(scopes), expires_at }
    }

    /// Returns the token, to be sent as `Authorization: Bearer …` and nowhere else.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.expose()
    }

    /// Returns its scopes. Logto omits scopes that the user does not have.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Returns when it expires, by this machine's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Returns the claims, read but not verified: the token came from Logto over TLS. An API verifies the tokens that it receives.
    ///
    /// # Errors
    /// `access_token.opaque` where neither a resource nor an organization was asked for; `access_token.invalid_token`.
    pub fn claims(&self) -> Result<AccessTokenClaims> {
        let claims = jws::decode_unverified(self.token.expose())
            .map_err(|error| Error::new(Code::AccessTokenMalformed, format!("the access token {error}")))?;
        claims
            .ok_or_else(|| Error::new(Code::OpaqueAccessToken, "the access token is opaque and has no claims to read"))
    }
}

impl From<&StoredAccessToken> for AccessToken {
    fn from(stored: &StoredAccessToken) -> Self {
        let seconds = u64::try_from(stored.expires_at).unwrap_or_default();
        Self {
            token: stored.token.clone(),
            scopes: stored.scope.split_whitespace().map(str::to_owned).collect(),
            expires_at: UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH),
        }
    }
}

/// What the token endpoint gave, as a session keeps it. `scopes` are those that were asked for: they are granted where it does not say which are.
/// The lifetime counts from when it was asked.
pub(crate) fn stored_access_token(
    key: TokenKey,
    tokens: TokenResponse,
    scopes: &[String],
    asked_at: i64,
) -> StoredAccessToken {
    let scope = tokens.scope.unwrap_or_else(|| granted::unsaid(tokens.access_token.expose(), scopes));
    StoredAccessToken::new(key, tokens.access_token, scope, asked_at, tokens.expires_in)
}
