//! The session of one request, as a value.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    LogtoClient,
    code_exchange::{CodeExchange, Progress},
};
use crate::{
    claims::IdTokenClaims,
    error::{Code, Error, Result},
    events::EventKind,
    secret::Secret,
    session::{Cookies, LoadedSession},
};

/// The session of one request: loaded once, used any number of times, committed once.
///
/// The type keeps that order. [`load`](LogtoClient::load_session) borrows the cookies only to read them; what may change it needs `&mut`, so two never race;
/// [`commit`](Self::commit) takes the session by value, so nothing can be changed after it was written. A session that is dropped without
/// `commit` writes nothing, except that a sign-out stands.
///
/// ```
/// # async fn example(logto: logto::LogtoClient, mut cookies: logto::HeaderCookies) -> logto::Result<()> {
/// use logto::TokenOptions;
///
/// let mut session = logto.load_session(&cookies).await?;
/// let books = session.get_access_token(TokenOptions::new().resource("https://books.example.com")).await?;
/// let mail = session.get_access_token(TokenOptions::new().resource("https://mail.example.com")).await?;
/// session.commit(&mut cookies).await?; // at most one Set-Cookie
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail
/// # async fn example(logto: logto::LogtoClient, mut cookies: logto::HeaderCookies) -> logto::Result<()> {
/// let session = logto.load_session(&cookies).await?;
/// session.commit(&mut cookies).await?;
/// session.is_authenticated(); // error: the session was committed
/// # Ok(())
/// # }
/// ```
#[must_use = "changes are lost unless the session is committed"]
pub struct Session {
    pub(crate) client: LogtoClient,
    /// Locked to look or to change, never while waiting for anything.
    state: Held,
}

/// A session that the tasks of a request share, with [`RequestSession`](super::RequestSession).
pub(super) struct SharedSession {
    pub(crate) client: LogtoClient,
    state: Arc<Mutex<State>>,
}

/// Who has the state of a session. A session of one owner costs no allocation.
#[allow(clippy::large_enum_variant, reason = "the large one is what is not allocated")]
enum Held {
    Own(Mutex<State>),
    Shared(Arc<Mutex<State>>),
}

pub(super) struct State {
    loaded: LoadedSession,
    /// The sign-in that this request has accepted.
    pub(super) signed_in_by: Option<Arc<CodeExchange>>,
    /// The refresh token of a session that this one took the place of, and that no session has any more.
    pub(super) left_behind: Option<Secret>,
    /// Whether this request signed out, with or without a session.
    pub(super) signed_out: bool,
}

impl Deref for State {
    type Target = LoadedSession;

    fn deref(&self) -> &LoadedSession {
        &self.loaded
    }
}

impl DerefMut for State {
    fn deref_mut(&mut self) -> &mut LoadedSession {
        &mut self.loaded
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_authenticated", &self.is_authenticated()).finish_non_exhaustive()
    }
}

impl LogtoClient {
    /// Loads the session of a request. An invalid, foreign or expired cookie counts as no session, and is never an error.
    ///
    /// # Errors
    /// `store.failed` where sessions are kept in a store and it cannot be asked; with
    /// [`require_revocation_store`](crate::LogtoConfigBuilder::require_revocation_store) also where the revocation store cannot. Else sessions in
    /// cookies never fail here.
    pub async fn load_session(&self, cookies: &dyn Cookies) -> Result<Session> {
        let loaded = LoadedSession::load(&self.config().cookies, cookies, self.config().now()).await?;
        Ok(self.session(loaded))
    }

    /// The same for a request that ends the session: while its store is down, that much can be done all the same.
    pub(super) async fn load_to_end(&self, cookies: &dyn Cookies) -> Result<Session> {
        match self.load_session(cookies).await {
            Err(error) if error.is(Code::StoreFailed) => {
                tracing::error!(target: "logto::session", %error, "a session is ended while its store is down");
                let config = self.config();
                // What is not to be read without the revocation store can be ended without it.
                let settings =
                    config.require_revocation_store().then(|| config.cookies.clone().requiring_revocations(false));
                let loaded = match settings {
                    Some(settings) => LoadedSession::load(&settings, cookies, config.now()).await.ok(),
                    None => None,
                };
                Ok(self.session(loaded.unwrap_or_else(|| LoadedSession::load_ids(&config.cookies, cookies))))
            }
            session => session,
        }
    }

    fn session(&self, loaded: LoadedSession) -> Session {
        let state = State { loaded, signed_in_by: None, left_behind: None, signed_out: false };
        Session { client: self.clone(), state: Held::Own(Mutex::new(state)) }
    }
}

impl SharedSession {
    /// The session, for one of the tasks.
    pub(super) fn session(&self) -> Session {
        Session { client: self.client.clone(), state: Held::Shared(Arc::clone(&self.state)) }
    }
}

impl Session {
    /// Queues the cookies of the response, if anything changed.
    ///
    /// # Errors
    /// `session.too_large` where the session does not fit the browser's limits; it names the largest member. `store.failed`.
    pub async fn commit(self, cookies: &mut dyn Cookies) -> Result<()> {
        self.write_back(cookies).await
    }

    /// Writes what changed. From here on the session can be read and not changed.
    pub(super) async fn write_back(&self, cookies: &mut dyn Cookies) -> Result<()> {
        let config = self.client.config();
        let (changes, signed_in_by, user, left_behind) = {
            let mut state = self.read();
            if state.has_no_changes(&config.cookies) && state.signed_in_by.is_none() && state.left_behind.is_none() {
                state.close();
                return Ok(());
            }
            // Its only user does not read it any more.
            let readable = matches!(self.state, Held::Shared(_));
            let signed_in_by = state.signed_in_by.take();
            let user = signed_in_by.as_ref().and_then(|_| Some(state.head()?.subject.sub.clone()));
            (state.loaded.take_changes(readable), signed_in_by, user, state.left_behind.take())
        };
        // In a box that is made only here: most requests have nothing to write, and carry no space for it.
        for cookie in Box::pin(changes.commit(&config.cookies, config.now())).await? {
            cookies.set(cookie);
        }
        // From here on another request with the same callback finds the session, or it was ended.
        if let Some(exchange) = signed_in_by {
            self.client.note_progress(&exchange, Progress::Written).await;
        }
        if let Some(sub) = user {
            self.client.end_beyond_limit(&sub).await;
        }
        if let Some(refresh_token) = left_behind {
            self.client.revoke_in_background(refresh_token);
        }
        Ok(())
    }

    /// The session, for all tasks of the request.
    pub(super) fn into_shared(self) -> SharedSession {
        let state = match self.state {
            Held::Own(state) => Arc::new(state),
            Held::Shared(state) => state,
        };
        SharedSession { client: self.client, state }
    }

    /// The session as it is known now.
    pub(super) fn read(&self) -> MutexGuard<'_, State> {
        let state = match &self.state {
            Held::Own(state) => state,
            Held::Shared(state) => state,
        };
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, to be changed.
    ///
    /// # Errors
    /// `session.already_committed` once the response has begun.
    pub(super) fn write(&self) -> Result<MutexGuard<'_, State>> {
        let loaded = self.read();
        match loaded.is_committed() {
            true => Err(Error::new(Code::SessionCommitted, "the session was already written to the response")),
            false => Ok(loaded),
        }
    }

    /// Returns the client this session belongs to.
    #[must_use]
    pub fn client(&self) -> &LogtoClient {
        &self.client
    }

    /// The bytes of its id.
    pub(crate) fn session_id(&self) -> Option<[u8; 16]> {
        Some(*self.read().head()?.id.as_bytes())
    }

    /// Returns whether a user is signed in.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.read().head().is_some()
    }

    /// Returns the ID token, as Logto signed it.
    #[must_use]
    pub fn get_id_token(&self) -> Option<Secret> {
        Some(self.read().data()?.id_token.compact())
    }

    /// Returns the claims of the ID token. They were validated at the sign-in or at the refresh that returned them. `auth_time`, `acr`, `amr` and
    /// `nonce` are those of the sign-in: a refresh authenticates nobody (OpenID Connect Core 12.2).
    #[must_use]
    pub fn get_id_token_claims(&self) -> Option<IdTokenClaims> {
        id_token_claims(&self.read())
    }

    /// Returns the refresh token.
    #[must_use]
    pub fn get_refresh_token(&self) -> Option<Secret> {
        self.read().data()?.refresh_token.clone()
    }

    /// Removes the access tokens from the session. The next call requests a new one, with the same effect as
    /// [`refresh_session`](Self::refresh_session).
    pub fn clear_access_token(&mut self) {
        // A session that a caller owns is not committed.
        _ = self.try_clear_access_token();
    }

    /// Removes the local session. The session at Logto and the refresh token stay valid; use [`sign_out`](Self::sign_out) to end them.
    #[doc(alias = "clear_session")]
    pub fn clear_all_tokens(&mut self) {
        _ = self.try_clear_all_tokens();
    }

    pub(super) fn try_clear_access_token(&self) -> Result<()> {
        let mut loaded = self.write()?;
        if let Some(data) = loaded.data_mut() {
            if let Some(refresh_token) = &data.refresh_token {
                self.client.0.under_way.refreshes.forget_results(refresh_token, self.client.config().now());
            }
            data.access_tokens.clear();
        }
        Ok(())
    }

    pub(super) fn try_clear_all_tokens(&self) -> Result<()> {
        if let Some(ended) = self.write()?.forget() {
            let event = EventKind::SignedOut.event().client_id(self.client.config().app_id()).by("application");
            event.sub(&ended.subject.sub).session(ended.id.as_bytes()).write();
        }
        Ok(())
    }
}

pub(crate) fn not_authenticated() -> Error {
    Error::new(Code::NotAuthenticated, "nobody is signed in")
}

/// The claims of a session's ID token. They were checked when it came.
pub(super) fn id_token_claims(loaded: &LoadedSession) -> Option<IdTokenClaims> {
    let claims = loaded.claims()?;
    // Looked through once, and not again for each text in it.
    match str::from_utf8(&claims) {
        Ok(claims) => serde_json::from_str(claims).ok(),
        Err(_) => serde_json::from_slice(&claims).ok(),
    }
}
