//! Verbs: access tokens and organization tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Session, refresh::Freshness};
use crate::{
    claims::AccessTokenClaims,
    clock,
    error::{Code, Error, Result},
    oidc::{jws, token::TokenResponse},
    secret::Secret,
    session::StoredAccessToken,
    types::{TokenKey, TokenOptions, word_list},
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
    /// A token that came from somewhere else, for a [`TokenSource`](crate::api_client::TokenSource) of your own: what it allows, and when it ends by this
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

    /// The token, to be sent as `Authorization: Bearer …` and nowhere else.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.expose()
    }

    /// What it allows. Logto leaves out what the user may not do.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// When it ends, by this machine's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The claims, read but not verified: the token came from Logto over TLS. An API verifies what it is sent.
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

/// What the token endpoint gave, as the session keeps it. The lifetime counts from when it was asked.
pub(crate) fn stored(key: TokenKey, tokens: TokenResponse, asked_at: i64) -> StoredAccessToken {
    StoredAccessToken::new(key, tokens.access_token, tokens.scope.unwrap_or_default(), asked_at, tokens.expires_in)
}

impl Session {
    /// An access token: the session's own while it lives for another minute, else a fresh one. Many requests at once make one exchange.
    ///
    /// Where Logto is out of reach, a token that still lives is given in its last minute, too.
    ///
    /// Logto leaves out scopes that the user may not have, without an error: [`AccessToken::scopes`] are those that were given.
    ///
    /// # Errors
    /// `not_authenticated`, `session.ended`, `session.no_refresh_token` and `session.scope_missing`: the user has to sign in.
    /// `organization.not_a_member`, `organization.mfa_required`, `organization.not_granted`: Logto refuses this organization.
    /// `token.access_denied`: a rule of Logto refuses this user the token. Where no resource and no organization was asked for, it refuses the
    /// whole application: that is `session.ended`.
    /// `token.resource_refused`, `token.scope_refused`, `client.invalid_credentials`: see the hint. The session is kept.
    /// `network.…` and others with [`Error::is_transient`]: try again; the session is kept.
    pub async fn get_access_token(&mut self, options: TokenOptions) -> Result<AccessToken> {
        let freshness =
            Freshness { force: options.force_refresh, validity: options.min_validity.map(clock::whole_seconds) };
        let mut tokens = self.tokens_for(vec![options.key()], freshness).await?;
        let token = tokens.pop().map(|(_, token)| token);
        token.unwrap_or_else(|| Err(not_authenticated()))
    }

    /// An organization token: an access token with the user's permissions in an organization.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token); `missing_scope_organizations` where the configuration does not ask for the
    /// scope of organizations.
    pub async fn get_organization_token(&mut self, organization_id: &str) -> Result<AccessToken> {
        self.get_access_token(TokenOptions::new().organization(organization_id)).await
    }

    /// The claims of an access token for an API resource or an organization.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token) and [`AccessToken::claims`].
    pub async fn get_access_token_claims(&mut self, options: TokenOptions) -> Result<AccessTokenClaims> {
        self.get_access_token(options).await?.claims()
    }

    /// The claims of an organization token.
    ///
    /// # Errors
    /// Those of [`get_organization_token`](Self::get_organization_token).
    pub async fn get_organization_token_claims(&mut self, organization_id: &str) -> Result<AccessTokenClaims> {
        self.get_organization_token(organization_id).await?.claims()
    }
}

pub(super) fn not_authenticated() -> Error {
    Error::new(Code::NotAuthenticated, "nobody is signed in")
}
