//! Fetches the user info.

use super::{AccessToken, LogtoClient, Session, session::not_authenticated};
use crate::{
    claims::UserInfo,
    error::{Code, Error, Result},
    http::PauseName,
    oidc::{discovery::ProviderMetadata, user_info},
    secret::Secret,
    types::TokenOptions,
};

impl LogtoClient {
    /// What the userinfo endpoint says to an access token, if it is about this user.
    pub(super) async fn user_info(&self, metadata: &ProviderMetadata, token: &Secret, sub: &str) -> Result<UserInfo> {
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::new(Code::UserInfoFailed, "the server has no userinfo endpoint"))?;
        let config = self.config();
        let issuers = self.issuers(metadata);
        let expected = user_info::Expected {
            sub: Some(sub),
            client_id: &config.app_id,
            issuers: &issuers,
            algorithms: config.server.algorithms,
            leeway: config.server.leeway,
            now: self.clock().now(),
        };
        user_info::fetch(self.transport(), endpoint, token, &self.keys(metadata), &expected).await
    }
}

impl Session {
    /// Fetches the user info of the user, with custom data and identities. A signed response (`application/jwt`) is verified with the server's keys.
    ///
    /// # Errors
    /// Those of [`get_access_token`](Self::get_access_token); `fetch_user_info_failed`; `user_info.sub_mismatched`.
    pub async fn fetch_user_info(&mut self) -> Result<UserInfo> {
        // Without a resource the access token is opaque, and this endpoint takes no other.
        let token = self.get_access_token(TokenOptions::new()).await?;
        match self.ask_user_info(&token).await {
            // The grant may be dead, with the token in mid-life: the user was suspended, or signed out everywhere. A refresh tells.
            Err(error) if error.provider_status() == Some(401) => {
                let token = self.get_access_token(TokenOptions::new().force_refresh(true)).await?;
                self.ask_user_info(&token).await
            }
            answer => answer,
        }
    }

    async fn ask_user_info(&self, token: &AccessToken) -> Result<UserInfo> {
        let metadata = self.client.metadata().await?;
        let sub = self.get_id_token_claims().ok_or_else(not_authenticated)?.sub;
        let (pauses, clock) = (&self.client.0.under_way.pauses, &self.client.config().server.clock);
        let name = PauseName::of(token.token());
        if let Some(error) = pauses.error(name, clock.now()) {
            return Err(error);
        }
        let answer = self.client.user_info(&metadata, &Secret::new(token.token()), &sub).await;
        pauses.note(name, answer.as_ref().err(), clock.now());
        answer
    }
}
