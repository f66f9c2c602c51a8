//! The session of one request, shared between a middleware and the handlers.

use std::{fmt, sync::Arc};

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::{LogtoClient, Session, SessionHeaders, tokens::not_authenticated};
use crate::{Error, HeaderCookies, IdTokenClaims, Result, Secret, error::Code};

/// The session of one request, as handlers get it: cheap to clone, with all verbs.
///
/// An integration makes one for each request and calls [`finish`](Self::finish) when the handler is done. The cookies are read when the
/// first verb is called, so a page that does not ask for the session costs nothing, and written once.
#[derive(Clone)]
pub struct RequestSession {
    client: LogtoClient,
    state: Arc<Mutex<State>>,
}

enum State {
    /// The value of the `Cookie` header, not yet looked at.
    Untouched(String),
    Open(Box<Session>),
    Finished,
}

/// A signed-in user, as handlers ask for one: the integrations make an extractor or a guard of it.
///
/// Where nobody is signed in, a browser goes to sign in and comes back to the page it wanted, and a program gets 401 as JSON.
/// `Option<SignedIn>` is `None` instead.
#[derive(Debug, Clone)]
pub struct SignedIn {
    claims: IdTokenClaims,
}

impl SignedIn {
    pub(super) fn new(claims: IdTokenClaims) -> Self {
        Self { claims }
    }

    /// The claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.claims
    }
}

impl fmt::Debug for RequestSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestSession(…)")
    }
}

impl RequestSession {
    /// For the value of a request's `Cookie` header; join several with `"; "`.
    #[must_use]
    pub fn new(client: LogtoClient, cookie_header: impl Into<String>) -> Self {
        Self { client, state: Arc::new(Mutex::new(State::Untouched(cookie_header.into()))) }
    }

    /// What the session adds to the response. From here on every verb fails.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn finish(&self) -> Result<SessionHeaders> {
        let mut state = self.state.lock().await;
        match std::mem::replace(&mut *state, State::Finished) {
            State::Open(session) => {
                let is_authenticated = session.is_authenticated();
                let mut cookies = HeaderCookies::default();
                session.commit(&mut cookies).await?;
                let set_cookies = cookies.set_cookie_headers();
                Ok(SessionHeaders { is_private: is_authenticated || !set_cookies.is_empty(), set_cookies })
            }
            State::Untouched(_) | State::Finished => Ok(SessionHeaders::default()),
        }
    }

    /// The client that the session belongs to.
    #[must_use]
    pub fn client(&self) -> &LogtoClient {
        &self.client
    }

    /// The signed-in user, if there is one.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn signed_in(&self) -> Result<Option<SignedIn>> {
        Ok(self.get_id_token_claims().await?.map(|claims| SignedIn { claims }))
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// `not_authenticated` if nobody is signed in: [`LogtoClient::serve`] makes of it the way to sign in. `session.committed` once the
    /// response has begun.
    pub async fn require_signed_in(&self) -> Result<SignedIn> {
        self.signed_in().await?.ok_or_else(not_authenticated)
    }

    /// Whether somebody is signed in.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn is_authenticated(&self) -> Result<bool> {
        Ok(self.open().await?.is_authenticated())
    }

    /// The ID token, as Logto signed it.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn get_id_token(&self) -> Result<Option<Secret>> {
        Ok(self.open().await?.id_token())
    }

    /// The claims of the ID token.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn get_id_token_claims(&self) -> Result<Option<IdTokenClaims>> {
        Ok(self.open().await?.id_token_claims())
    }

    /// The refresh token.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn get_refresh_token(&self) -> Result<Option<Secret>> {
        Ok(self.open().await?.refresh_token().cloned())
    }

    /// Forgets the access tokens: the next one comes from Logto.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn clear_access_token(&self) -> Result<()> {
        self.open().await?.clear_access_token();
        Ok(())
    }

    /// Forgets the whole session, here alone.
    ///
    /// # Errors
    /// `session.committed` once the response has begun.
    pub async fn clear_all_tokens(&self) -> Result<()> {
        self.open().await?.clear_all_tokens();
        Ok(())
    }

    pub(super) async fn open(&self) -> Result<MappedMutexGuard<'_, Session>> {
        let mut state = self.state.lock().await;
        if let State::Untouched(cookie_header) = &*state {
            // The header stays until the session is there: after a store that failed, the next verb asks again.
            let cookies = HeaderCookies::parse(cookie_header.as_str());
            *state = State::Open(Box::new(self.client.load(&cookies).await?));
        }
        MutexGuard::try_map(state, |state| match state {
            State::Open(session) => Some(&mut **session),
            State::Untouched(_) | State::Finished => None,
        })
        .map_err(|_| Error::new(Code::SessionCommitted, "the session was already written to the response"))
    }
}
