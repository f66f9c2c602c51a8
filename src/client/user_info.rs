//! Fetches what Logto knows of the user.

use super::{AccessToken, Session, session::not_authenticated};
use crate::{
    claims::UserInfo,
    error::{Code, Error, Result},
    oidc::user_info,
    secret::Secret,
    types::TokenOptions,
};

impl Session {
    /// What Logto's userinfo endpoint says of the user, custom data and identities included.
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
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::new(Code::UserInfoFailed, "the server has no userinfo endpoint"))?;
        let sub = self.get_id_token_claims().ok_or_else(not_authenticated)?.sub;
        user_info::fetch(self.client.transport(), endpoint, &Secret::new(token.token()), &sub).await
    }
}
