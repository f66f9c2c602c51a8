//! What the pages of the applications do, as axum and actix-web take handlers. Rocket's handlers call these.

use std::sync::Arc;

use logto::{
    ContextOptions, Cookies, DirectSignIn, Error, LogtoClient, LogtoContext, Redirect, RequestSession, SignInOptions,
    SignOutOptions, SignedIn, TokenOptions,
};
use tokio::sync::{Notify, watch};

use crate::support::BOOKS;

pub async fn home(context: LogtoContext) -> String {
    context
        .claims()
        .map_or("please sign in".into(), |claims| format!("hello, {}", claims.name.as_deref().unwrap_or(&claims.sub)))
}

pub async fn me(user: SignedIn) -> String {
    user.claims().username.clone().unwrap_or_default()
}

pub async fn maybe(user: Option<SignedIn>) -> String {
    format!("{}", user.is_some())
}

pub async fn result(user: Result<SignedIn, Error>) -> Result<String, Error> {
    Ok(me(user?).await)
}

/// What [`by_hand`] answers: where the browser goes, or a text.
pub enum Answer {
    Redirect(String),
    Text(String),
}

/// The operations of the client over the cookies alone, without the session that the request has otherwise.
pub async fn by_hand(logto: &LogtoClient, target: &str, cookies: &mut dyn Cookies) -> Result<Answer, Error> {
    let redirect = match target.split('?').next() {
        Some("/hand/sign-in") => {
            let callback = format!("{}/hand/callback", logto.config().base_url().trim_end_matches('/'));
            logto.sign_in(cookies, SignInOptions::new().redirect_uri(callback).post_redirect_uri("/hand/me")).await?
        }
        Some("/hand/callback") => {
            let redirect = logto.handle_sign_in(cookies, target).await?;
            // What was queued is seen in the same request.
            assert!(logto.is_authenticated(cookies).await?);
            redirect
        }
        Some("/hand/sign-out") => logto.sign_out(cookies, SignOutOptions::new().local_only(true)).await?,
        _ => {
            let context = logto.get_context(cookies, ContextOptions::new()).await?;
            return Ok(Answer::Text(context.claims().and_then(|claims| claims.username.clone()).unwrap_or_default()));
        }
    };
    Ok(Answer::Redirect(redirect.location().to_owned()))
}

/// The scopes of a token for the books. Two calls, one session, one exchange.
pub async fn books(session: &RequestSession) -> Result<Vec<String>, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(session.get_access_token(TokenOptions::new().resource(BOOKS)).await?.scopes().to_vec())
}

pub async fn kakao(session: RequestSession) -> Result<Redirect, Error> {
    session.sign_in(SignInOptions::new().direct_sign_in(DirectSignIn::social("kakao"))).await
}

pub async fn the_same_for_everyone() -> &'static str {
    "the same for everyone"
}

/// What a task outlives its request with: told to ask the session for a token, it tells the code of the error.
#[derive(Default)]
pub struct Late {
    pub answered: Notify,
    pub told: watch::Sender<Option<&'static str>>,
}

impl Late {
    /// Begins the task; it asks once the response is through.
    pub fn ask_later(self: Arc<Self>, session: RequestSession) {
        tokio::spawn(async move {
            self.answered.notified().await;
            let error = session.get_access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
            self.told.send_replace(Some(error.code().as_str()));
        });
    }
}
