//! Verbs: access tokens and organization tokens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Session;
use crate::{
    AccessTokenClaims, Error, Result, Secret, TokenOptions, clock,
    error::Code,
    oidc::{jws, token::TokenResponse},
    scopes,
    session::StoredAccessToken,
    types::TokenKey,
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
    /// # Errors
    /// `not_authenticated`, `session.ended` and `session.no_refresh_token`: the user has to sign in.
    /// `token.resource_refused`, `token.scope_refused`, `organization.access_denied`, `client.rejected`: see the hint; the session is kept.
    /// `network.…` and others with [`Error::is_transient`]: try again; the session is kept.
    pub async fn get_access_token(&mut self, options: TokenOptions) -> Result<AccessToken> {
        let client = self.client.clone();
        let now = client.config().now();
        let validity = options.min_validity.map(clock::whole_seconds);
        let key = options.key();
        let data = self.open.data().ok_or_else(not_authenticated)?;
        if let (Some(token), false) = (data.access_token(&key, now, validity), options.force_refresh) {
            return Ok(token.into());
        }
        if key.organization.is_some() && !client.config().scopes.iter().any(|scope| scope == scopes::ORGANIZATIONS) {
            return Err(Error::new(
                Code::MissingOrganizationScope,
                "the user was not asked for the scope of organizations",
            ));
        }
        let living = data.access_token(&key, now, Some(0)).map(AccessToken::from);
        let Some(refresh_token) = data.refresh_token.clone() else {
            return living.filter(|_| !options.force_refresh).ok_or_else(|| {
                Error::new(Code::NoRefreshToken, "the access token has ended and the session holds no refresh token")
            });
        };
        let before = self.id_token_claims().ok_or_else(not_authenticated)?;
        let refreshed = match client.renew(&refresh_token, key, options.force_refresh, validity, before).await {
            Ok(refreshed) => refreshed,
            Err(error) => {
                if error.is(Code::SessionEnded) {
                    tracing::info!(target: "logto::refresh", %error, "the session has ended");
                    self.open.clear();
                }
                return Err(error);
            }
        };
        // A refresh that brought nothing is nothing to write: it must not stand as an equal beside one that another instance made.
        let renewed = refreshed.access_token.is_ok() || refreshed.refresh_token != refresh_token;
        if renewed && let Some(data) = self.open.data_mut() {
            data.refreshes = data.refreshes.saturating_add(1);
            data.refresh_token = Some(refreshed.refresh_token);
            data.id_token = refreshed.id_token.unwrap_or_else(|| data.id_token.clone());
            if let Ok(token) = &refreshed.access_token {
                data.put_access_token(token.clone());
            }
        }
        match (refreshed.access_token, living) {
            (Ok(token), _) => Ok((&token).into()),
            (Err(error), Some(living)) if error.is_transient() && !options.force_refresh => {
                tracing::warn!(target: "logto::refresh", %error, "Logto cannot be asked; the present access token is used to its end");
                Ok(living)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// An organization token: an access token with the user's permissions in an organization.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token); `missing_scope_organizations`; `organization.access_denied` for a user who
    /// is not a member.
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
