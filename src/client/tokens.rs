//! Gives access tokens and organization tokens.

use super::{
    access_token::AccessToken,
    freshness::FreshnessPolicy,
    session::{Session, not_authenticated},
};
use crate::{claims::AccessTokenClaims, clock, error::Result, types::TokenOptions};

impl Session {
    /// Returns an access token: the session's token if it is valid for another minute, otherwise a new one. Concurrent requests share one token
    /// request.
    ///
    /// If Logto is unreachable, a token that has not expired is returned in its last minute, too.
    ///
    /// Logto omits scopes that the user may not have, without an error: [`AccessToken::scopes`] are those that were given.
    ///
    /// # Errors
    /// `options.invalid`: the resource is no absolute URI, or the organization is blank.
    /// `not_authenticated`, `session.ended`, `session.no_refresh_token` and `session.scope_missing`: the user has to sign in.
    /// `organization.not_a_member`, `organization.mfa_required`, `organization.not_granted`: Logto refuses this organization.
    /// `token.access_denied`: a rule of Logto refuses this user the token. Where no resource and no organization was asked for, it refuses the
    /// whole application: that is `session.ended`.
    /// `token.resource_refused`, `token.scope_refused`, `client.invalid_credentials`: see the hint. The session is kept.
    /// `network.…` and others with [`Error::is_transient`](crate::Error::is_transient): try again; the session is kept.
    pub async fn get_access_token(&mut self, options: TokenOptions) -> Result<AccessToken> {
        let freshness = FreshnessPolicy {
            force: options.force_refresh,
            validity: options.min_validity.map(clock::whole_seconds),
            ..FreshnessPolicy::default()
        };
        let mut tokens = self.tokens_for(vec![options.key()], freshness).await?;
        let token = tokens.pop().map(|(_, token)| token);
        token.unwrap_or_else(|| Err(not_authenticated()))
    }

    /// Returns an organization token: an access token with the user's permissions in an organization.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token); `missing_scope_organizations` where the configuration does not ask for the
    /// scope of organizations.
    pub async fn get_organization_token(&mut self, organization_id: &str) -> Result<AccessToken> {
        self.get_access_token(TokenOptions::new().organization(organization_id)).await
    }

    /// Returns the claims of an access token for an API resource or an organization.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token) and [`AccessToken::claims`].
    pub async fn get_access_token_claims(&mut self, options: TokenOptions) -> Result<AccessTokenClaims> {
        self.get_access_token(options).await?.claims()
    }

    /// Returns the claims of an organization token.
    ///
    /// # Errors
    /// Those of [`get_organization_token`](Self::get_organization_token).
    pub async fn get_organization_token_claims(&mut self, organization_id: &str) -> Result<AccessTokenClaims> {
        self.get_organization_token(organization_id).await?.claims()
    }
}
