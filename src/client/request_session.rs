//! The session of one request, shared between a middleware and the handlers.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::OnceCell;

use super::{
    LogtoClient, Session, SessionHeaders,
    session::{SharedSession, not_authenticated},
};
use crate::{claims::IdTokenClaims, error::Result, session::HeaderCookies};

/// The session of one request, as handlers get it: cheap to clone, with all operations.
///
/// A request has one for each [`LogtoClient`]. Routes, layers, middleware and handlers share it, so each sees what the others did: after the
/// callback the user is signed in, after the sign-out nobody is. The cookies are read when the first operation is called, so a page that does not
/// ask for the session costs nothing, and written once.
///
/// An integration calls [`enter`](Self::enter) for each request and [`commit`](Self::commit) when the response is there. From then on
/// what is known can be read, in the body of a stream for example; what would have to write a cookie fails with `session.already_committed`.
///
/// Reading what is known never waits for a request to Logto that another task makes.
#[derive(Clone)]
pub struct RequestSession {
    client: LogtoClient,
    shared: Arc<Shared>,
    /// Whether an outer layer of the same client finishes the session.
    joined: bool,
    /// The session of an outer layer, which may be another client's.
    outer: Option<Arc<Self>>,
}

struct Shared {
    /// The value of the `Cookie` header.
    cookies: String,
    session: OnceCell<SharedSession>,
    /// Whether the session was asked for.
    asked: AtomicBool,
    /// Whether the response has begun.
    finished: AtomicBool,
}

/// A signed-in user, as handlers ask for one: the integrations make an extractor or a guard of it.
///
/// Where nobody is signed in, a browser goes to sign in and comes back to the page it wanted, and a program gets 401 as JSON.
/// `Option<SignedIn>` is `None` instead.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    claims: IdTokenClaims,
}

impl SignedIn {
    pub(crate) fn new(claims: IdTokenClaims) -> Self {
        Self { claims }
    }

    /// The user's id.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.claims.sub
    }

    /// The claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.claims
    }

    /// The claims of the ID token, without a copy.
    #[must_use]
    pub fn into_claims(self) -> IdTokenClaims {
        self.claims
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
        let shared = Shared {
            cookies: cookie_header.into(),
            session: OnceCell::new(),
            asked: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        };
        Self { client, shared: Arc::new(shared), joined: false, outer: None }
    }

    /// For integrations: the session that a layer of `client` works with, inside of what `outer` gave the request already.
    ///
    /// If the request has a session of this client, it is that one, and the layer that made it finishes it: [`commit`](Self::commit)
    /// of this one does nothing. Otherwise it is a new one. A session of another client stays within reach of [`of`](Self::of).
    #[must_use]
    pub fn enter(client: &LogtoClient, outer: Option<Self>, cookie_header: &str) -> Self {
        let Some(outer) = outer else {
            return Self::new(client.clone(), cookie_header);
        };
        let entered = match outer.of(client) {
            Some(known) => Self { joined: true, ..known },
            None => Self::new(client.clone(), cookie_header),
        };
        Self { outer: Some(Arc::new(outer)), ..entered }
    }

    /// The request's session of `client`: this one, or that of a layer further out.
    #[must_use]
    pub fn of(&self, client: &LogtoClient) -> Option<Self> {
        let mut session = Some(self);
        while let Some(found) = session {
            if found.client.is_same(client) {
                return Some(found.clone());
            }
            session = found.outer.as_deref();
        }
        None
    }

    /// What the session adds to the response. From here on the session can be read and not changed.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn commit(&self) -> Result<SessionHeaders> {
        if self.joined {
            return Ok(SessionHeaders::default());
        }
        self.shared.finished.store(true, Ordering::SeqCst);
        let mut headers =
            SessionHeaders { is_read: self.shared.asked.load(Ordering::SeqCst), ..SessionHeaders::default() };
        if let Some(session) = self.shared.session.get().map(SharedSession::session) {
            headers.is_signed_in = session.is_authenticated();
            let mut cookies = HeaderCookies::default();
            session.write_back(&mut cookies).await?;
            headers.set_cookies = cookies.set_cookie_headers();
        }
        Ok(headers)
    }

    /// The client that the session belongs to.
    #[must_use]
    pub fn client(&self) -> &LogtoClient {
        &self.client
    }

    /// The signed-in user, if there is one.
    ///
    /// # Errors
    /// See [`LogtoClient::load_session`].
    pub async fn user(&self) -> Result<Option<SignedIn>> {
        Ok(self.get_id_token_claims().await?.map(|claims| SignedIn { claims }))
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// `not_authenticated` if nobody is signed in: returned from a handler, it leads a browser to sign in and back. See also
    /// [`LogtoClient::load_session`].
    pub async fn require_user(&self) -> Result<SignedIn> {
        self.user().await?.ok_or_else(not_authenticated)
    }

    /// The session, which is loaded once. After a store that failed, the next call asks again.
    pub(crate) async fn open(&self) -> Result<Session> {
        self.open_by(|cookies| async move { self.client.load_session(&cookies).await }).await
    }

    /// The same for a request that ends the session.
    pub(super) async fn open_to_end(&self) -> Result<Session> {
        self.open_by(|cookies| async move { self.client.load_to_end(&cookies).await }).await
    }

    async fn open_by<F: Future<Output = Result<Session>>>(
        &self,
        load: impl FnOnce(HeaderCookies) -> F,
    ) -> Result<Session> {
        let Shared { cookies, session, asked, finished } = &*self.shared;
        asked.store(true, Ordering::SeqCst);
        let load = || async { Ok(load(HeaderCookies::parse(cookies.as_str())).await?.into_shared()) };
        let session = session.get_or_try_init(load).await?.session();
        if finished.load(Ordering::SeqCst) {
            session.read().close();
        }
        Ok(session)
    }
}
