//! A sign-in that waits for the application's decision.

use std::{fmt, sync::Arc};

use super::{
    LogtoClient,
    code_exchange::{CodeExchange, Progress, Verified},
};
use crate::{
    claims::{IdTokenClaims, UserInfo},
    error::{Code, Error, Result},
    oidc::user_info,
    session,
    types::{Destination, TokenKey},
};

/// A sign-in that Logto has confirmed and the application has not yet accepted: [`verify_sign_in`](LogtoClient::verify_sign_in) gives one.
///
/// Nobody is signed in by it, and nothing is written, until it is [accepted](LogtoClient::accept_sign_in). One that is dropped leaves the
/// session of before as it was; the sign-in is used up all the same.
///
/// ```
/// # async fn may_enter(sub: &str) -> bool { true }
/// use logto::{Redirect, RequestSession, Result};
///
/// /// The address to go to, or `None` for a user who may not enter.
/// async fn callback(session: RequestSession, query: &str) -> Result<Option<Redirect>> {
///     let pending = session.verify_sign_in(query).await?;
///     if may_enter(&pending.claims().sub).await {
///         return session.accept_sign_in(pending).await.map(Some);
///     }
///     pending.refuse().await;
///     Ok(None)
/// }
/// ```
#[must_use = "nobody is signed in until the sign-in is accepted"]
pub struct PendingSignIn {
    pub(super) client: LogtoClient,
    pub(super) exchange: Arc<CodeExchange>,
    pub(super) verified: Arc<Verified>,
    pub(super) return_to: Destination,
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingSignIn(…)")
    }
}

impl PendingSignIn {
    /// The claims of the ID token, which were verified.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.verified.claims
    }

    /// Where the user goes when the sign-in is accepted.
    #[must_use]
    pub fn return_to(&self) -> &str {
        &self.return_to
    }

    /// What Logto's userinfo endpoint says of the user, custom data and identities included.
    ///
    /// # Errors
    /// `fetch_user_info_failed`; `user_info.sub_mismatched`; `network.…`.
    pub async fn fetch_user_info(&self) -> Result<UserInfo> {
        let failed = |message| Error::new(Code::UserInfoFailed, message);
        let metadata = self.client.metadata().await?;
        let endpoint =
            metadata.userinfo_endpoint.as_ref().ok_or_else(|| failed("the server has no userinfo endpoint"))?;
        let key = TokenKey::default();
        let token = self.verified.data.access_tokens.iter().find(|token| token.key == key);
        let token = token.ok_or_else(|| failed("the sign-in has no access token for the userinfo endpoint"))?;
        user_info::fetch(self.client.transport(), endpoint, &token.token, &self.claims().sub).await
    }

    /// Refuses the sign-in: no request with this callback signs in any more, a session that another of them began is ended, and the refresh
    /// token is revoked at Logto. A revocation that fails or takes longer than 2 seconds is logged, and nothing else comes of it.
    ///
    /// The session of before is left as it was. The user's session at Logto goes on: the next sign-in may need no password.
    pub async fn refuse(self) {
        let (config, data) = (self.client.config(), &self.verified.data);
        self.client.note_progress(&self.exchange, Progress::Refused).await;
        session::end_session(&config.cookies, data, config.now()).await;
        tracing::info!(target: "logto::sign_in", sub = %self.claims().sub, "a sign-in was refused by the application");
        if let Some(refresh_token) = &data.refresh_token {
            self.client.0.refreshes.sign_out(refresh_token, config.now());
            self.client.revoke(refresh_token).await;
        }
    }
}
