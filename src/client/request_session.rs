//! The session of one request, shared between a middleware and the handlers.

use std::{fmt, sync::Arc};

use ::http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, SET_COOKIE},
};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::{LogtoClient, Session};
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

    /// The `Set-Cookie` values of the response, each to be appended as a header of its own. From here on every verb fails.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn finish(&self) -> Result<Vec<String>> {
        let mut state = self.state.lock().await;
        match std::mem::replace(&mut *state, State::Finished) {
            State::Open(session) => {
                let mut cookies = HeaderCookies::default();
                session.commit(&mut cookies).await?;
                Ok(cookies.set_cookie_headers())
            }
            State::Untouched(_) | State::Finished => Ok(Vec::new()),
        }
    }

    /// [`finish`](Self::finish) for the frameworks on `http` 1: appends the cookies to the headers of the response.
    ///
    /// A response that carries them, or that was made while a user was signed in, is for that user alone: it gets
    /// `cache-control: no-store`, unless the handler has set another. So the back button shows nothing private after a sign-out.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn finish_into(&self, headers: &mut HeaderMap) -> Result<()> {
        let signed_in = matches!(&*self.state.lock().await, State::Open(session) if session.is_authenticated());
        let cookies = self.finish().await?;
        if signed_in || !cookies.is_empty() {
            headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        for cookie in cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.append(SET_COOKIE, cookie);
        }
        Ok(())
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
        if let State::Untouched(cookie_header) = &mut *state {
            let cookies = HeaderCookies::parse(std::mem::take(cookie_header));
            *state = State::Open(Box::new(self.client.load(&cookies).await?));
        }
        MutexGuard::try_map(state, |state| match state {
            State::Open(session) => Some(&mut **session),
            State::Untouched(_) | State::Finished => None,
        })
        .map_err(|_| Error::new(Code::SessionCommitted, "the session was already written to the response"))
    }
}
