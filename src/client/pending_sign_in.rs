//! A sign-in that waits for the application's decision.

use std::{fmt, ops::Deref, sync::Arc};

use super::{
    LogtoClient,
    code_exchange::{CodeExchange, Progress, Verified},
};
use crate::{
    claims::user_info::UserInfo,
    error::{Code, Error, Result},
    events::EventKind,
    hook::{SignIn, SignInFacts},
    session,
    telemetry::{SignInOutcome, sign_in_ended},
    types::{AppJson, Destination, TokenKey},
};

/// A sign-in that Logto has confirmed and the application has not yet accepted: [`verify_sign_in`](LogtoClient::verify_sign_in) returns one. It has
/// the data of a [`SignIn`].
///
/// Nobody is signed in by it, and nothing is written, until it is [accepted](LogtoClient::accept_sign_in). If it is dropped, the previous session is
/// unchanged; the sign-in is still consumed.
///
/// Where the decision is the same in each handler, [`on_sign_in`](crate::LogtoConfigBuilder::on_sign_in) is shorter, and the routes ask it, too. Where
/// both are used, the hook is asked when the application accepts.
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
    pub(super) sign_in: SignIn,
    /// Whether it asked for a recent or a stronger authentication.
    pub(super) is_step_up: bool,
}

impl Deref for PendingSignIn {
    type Target = SignIn;

    fn deref(&self) -> &SignIn {
        &self.sign_in
    }
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingSignIn(…)")
    }
}

impl PendingSignIn {
    pub(super) fn new(
        client: LogtoClient,
        (exchange, verified): (Arc<CodeExchange>, Arc<Verified>),
        return_to: Destination,
        app_state: Option<AppJson>,
        (is_new_to_browser, is_step_up): (bool, bool),
    ) -> Self {
        let key = TokenKey::default();
        let access_token = verified.data.access_tokens.iter().find(|token| token.key == key);
        let sign_in = SignIn::new(SignInFacts {
            claims: verified.claims.clone(),
            id_token: verified.data.id_token.compact(),
            access_token: access_token.map(|stored| stored.token.clone()),
            refresh_token: verified.data.refresh_token.clone(),
            return_to: return_to.to_string(),
            app_state,
            is_new_to_browser,
            fetch_user_info: {
                let (client, verified) = (client.clone(), Arc::clone(&verified));
                Box::new(move || {
                    let (client, verified) = (client.clone(), Arc::clone(&verified));
                    Box::pin(async move { client.user_info_of(&verified).await })
                })
            },
        });
        Self { client, exchange, verified, return_to, sign_in, is_step_up }
    }

    /// What the hook decides about, while the request may end.
    pub(super) fn for_the_hook(&self) -> Self {
        Self {
            client: self.client.clone(),
            exchange: Arc::clone(&self.exchange),
            verified: Arc::clone(&self.verified),
            return_to: self.return_to.clone(),
            sign_in: self.sign_in.clone(),
            is_step_up: self.is_step_up,
        }
    }

    /// Refuses the sign-in: no request with this callback signs in any more, a session that another of them began is ended, and the refresh token is
    /// revoked at Logto. A revocation that fails or takes longer than 2 seconds is logged, and has no other effect.
    ///
    /// The previous session is unchanged. The user's session at Logto stays: the next sign-in may need no password.
    pub async fn refuse(self) {
        // Two requests with one callback may be refused at once; that is one sign-in.
        if self.exchange.advance(Progress::Refused) != Progress::Refused {
            self.tell_refused("application");
            sign_in_ended(SignInOutcome::Refused);
        }
        self.client.give_up(&self.exchange, &self.verified).await;
    }
}

impl PendingSignIn {
    /// Writes the event: `application` or its `hook` let the user not in.
    pub(super) fn tell_refused(&self, by: &'static str) {
        let claims = self.claims();
        let event = EventKind::SignInRefused.event().client_id(self.client.config().app_id()).sub(&claims.sub);
        let event = event.authentication(claims.acr.as_deref(), &claims.amr);
        event.by(by).reason(Code::SignInRefused.as_str()).write();
    }
}

impl LogtoClient {
    /// Ends a sign-in for good that is to have no session.
    pub(super) async fn give_up(&self, exchange: &CodeExchange, verified: &Verified) {
        let (config, data) = (self.config(), &verified.data);
        self.note_progress(exchange, Progress::Refused).await;
        session::end_session(&config.cookies, data, config.now()).await;
        if let Some(refresh_token) = &data.refresh_token {
            self.0.under_way.refreshes.sign_out(refresh_token, config.now());
            self.revoke(refresh_token).await;
        }
    }

    async fn user_info_of(&self, verified: &Verified) -> Result<UserInfo> {
        let failed = |message| Error::new(Code::UserInfoFailed, message);
        let metadata = self.metadata().await?;
        let key = TokenKey::default();
        let token = verified.data.access_tokens.iter().find(|token| token.key == key);
        let token = token.ok_or_else(|| failed("the sign-in has no access token for the userinfo endpoint"))?;
        self.user_info(&metadata, &token.token, &verified.claims.sub).await
    }
}
