//! The session of one request, as a value.

use std::{fmt, sync::Arc};

use super::{
    LogtoClient,
    code_exchange::{CodeExchange, Progress},
};
use crate::{Cookies, IdTokenClaims, Result, Secret, session::OpenSession};

/// The session of one request: loaded once, worked with as often as needed, committed once.
///
/// The type keeps that order. [`load`](LogtoClient::load) borrows the cookies only to read them; the verbs need `&mut`, so two never race;
/// [`commit`](Self::commit) takes the session by value, so nothing can be changed after it was written. A session that is dropped without
/// `commit` writes nothing.
///
/// ```
/// # async fn example(logto: logto::LogtoClient, mut cookies: logto::HeaderCookies) -> logto::Result<()> {
/// use logto::TokenOptions;
///
/// let mut session = logto.load(&cookies).await?;
/// let books = session.get_access_token(TokenOptions::resource("https://books.example.com")).await?;
/// let mail = session.get_access_token(TokenOptions::resource("https://mail.example.com")).await?;
/// session.commit(&mut cookies).await?; // at most one Set-Cookie
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail
/// # async fn example(logto: logto::LogtoClient, mut cookies: logto::HeaderCookies) -> logto::Result<()> {
/// let session = logto.load(&cookies).await?;
/// session.commit(&mut cookies).await?;
/// session.is_authenticated(); // error: the session was committed
/// # Ok(())
/// # }
/// ```
#[must_use = "changes are lost unless the session is committed"]
pub struct Session {
    pub(super) client: LogtoClient,
    pub(super) open: OpenSession,
    /// The sign-in that this request has accepted.
    pub(super) signed_in_by: Option<Arc<CodeExchange>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_authenticated", &self.is_authenticated()).finish_non_exhaustive()
    }
}

impl LogtoClient {
    /// Loads the session of a request. A cookie that is garbage, foreign or expired is no session, never an error.
    ///
    /// # Errors
    /// `store.failed` where sessions are kept in a store and it cannot be asked. Sessions in cookies never fail here.
    pub async fn load(&self, cookies: &dyn Cookies) -> Result<Session> {
        let open = OpenSession::load(&self.config().cookies, cookies, self.config().now()).await?;
        Ok(Session { client: self.clone(), open, signed_in_by: None })
    }
}

impl Session {
    /// Queues the cookies of the response, if anything changed.
    ///
    /// # Errors
    /// `session.too_large` where the session does not fit the browser's limits; it names the largest member. `store.failed`.
    pub async fn commit(self, cookies: &mut dyn Cookies) -> Result<()> {
        let config = self.client.config();
        for cookie in self.open.commit(&config.cookies, config.now()).await? {
            cookies.set(cookie);
        }
        // From here on another request with the same callback finds the session, or it was ended.
        if let Some(exchange) = &self.signed_in_by {
            self.client.note_progress(exchange, Progress::Written).await;
        }
        Ok(())
    }

    /// The client this session belongs to.
    #[must_use]
    pub fn client(&self) -> &LogtoClient {
        &self.client
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.open.data().is_some()
    }

    /// The ID token, as Logto signed it.
    #[must_use]
    pub fn id_token(&self) -> Option<Secret> {
        Some(self.open.data()?.id_token.compact())
    }

    /// The claims of the ID token. They were checked when the user signed in.
    #[must_use]
    pub fn id_token_claims(&self) -> Option<IdTokenClaims> {
        serde_json::from_slice(self.open.data()?.id_token.payload()).ok()
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.open.data()?.refresh_token.as_ref()
    }

    /// Forgets the access tokens: the next one comes from Logto.
    pub fn clear_access_token(&mut self) {
        if let Some(refresh_token) = self.refresh_token() {
            self.client.0.refreshes.forget(refresh_token, self.client.config().now());
        }
        if let Some(data) = self.open.data_mut() {
            data.access_tokens.clear();
        }
    }

    /// Forgets the whole session, here alone.
    pub fn clear_all_tokens(&mut self) {
        self.open.clear();
    }
}
