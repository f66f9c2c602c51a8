//! What the pages of the applications do, as axum and actix-web take handlers. Rocket's handlers call these.

use std::sync::Arc;

use logto::{DirectSignIn, Error, LogtoContext, Redirect, RequestSession, SignInOptions, SignedIn, TokenOptions};
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
