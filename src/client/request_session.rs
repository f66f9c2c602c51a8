//! The session of one request, shared between a middleware and the handlers.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::OnceCell;

use super::{
    LogtoClient, Session, SessionHeaders,
    session::{SharedSession, not_authenticated},
};
use crate::{
    claims::IdTokenClaims,
    error::{Code, Error, Result},
    events::EventKind,
    session::HeaderCookies,
};

/// The session of one request, for handlers. It is cheap to clone and has all operations.
///
/// A request has one for each [`LogtoClient`]. Routes, layers, middleware and handlers share it, so each sees the changes of the others: after the
/// callback the user is signed in, after the sign-out nobody is. The cookies are read when the first operation is called, so a page that does not
/// read the session has no overhead. They are written once.
///
/// An integration calls [`enter`](Self::enter) for each request and [`commit`](Self::commit) when the response is complete. After that the session
/// can be read, for example in a streamed body; an operation that has to write a cookie fails with `session.already_committed`.
///
/// A read never waits for a request to Logto that another task makes.
#[derive(Clone)]
pub struct RequestSession {
    /// None where the application has none at the moment: nobody is signed in then.
    client: Option<LogtoClient>,
    shared: Arc<Shared>,
    /// Whether an outer layer of the same client finishes the session.
    joined: bool,
    /// Whether the request is one that must change nothing.
    only_looks: bool,
    /// Whether it is a form or a script of this site that sent the request.
    from_this_site: bool,
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
    /// What operations failed with. An application may have wrapped it in an error of its own, which is answered and logged by nobody here.
    failures: OnceLock<Mutex<Vec<Error>>>,
}

/// The signed-in user of a request. The integrations implement it as an extractor (axum, actix-web) or a request guard (Rocket).
///
/// If nobody is signed in, a browser is redirected to sign-in and returned to the page, and an API client gets 401 as JSON. `Option<SignedIn>` is
/// `None` instead.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    claims: IdTokenClaims,
}

impl SignedIn {
    pub(crate) fn new(claims: IdTokenClaims) -> Self {
        Self { claims }
    }

    /// Returns the user's id.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.claims.sub
    }

    /// Returns the claims of the ID token.
    #[must_use]
    pub fn claims(&self) -> &IdTokenClaims {
        &self.claims
    }

    /// Returns the claims of the ID token, without a copy.
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
    /// Creates a session from the value of a request's `Cookie` header; join several with `"; "`.
    #[must_use]
    pub fn new(client: impl Into<Option<LogtoClient>>, cookie_header: impl Into<String>) -> Self {
        let shared = Shared {
            cookies: cookie_header.into(),
            session: OnceCell::new(),
            asked: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            failures: OnceLock::new(),
        };
        Self {
            client: client.into(),
            shared: Arc::new(shared),
            joined: false,
            only_looks: false,
            from_this_site: false,
            outer: None,
        }
    }

    /// Creates the session for a layer of `client`, inside a layer that already gave the request the session `outer`. For integrations.
    ///
    /// If the request has a session of this client, it is that one, and the layer that made it finishes it: [`commit`](Self::commit)
    /// of this one does nothing. Otherwise it is a new one. A session of another client stays within reach of [`of`](Self::of). Without a client
    /// nobody is signed in.
    #[must_use]
    pub fn enter<'c>(client: impl Into<Option<&'c LogtoClient>>, outer: Option<Self>, cookie_header: &str) -> Self {
        let client = client.into();
        let Some(outer) = outer else {
            return Self::new(client.cloned(), cookie_header);
        };
        let entered = match client.and_then(|client| outer.of(client)) {
            Some(known) => Self { joined: true, ..known },
            None => Self::new(client.cloned(), cookie_header),
        };
        Self { outer: Some(Arc::new(outer)), ..entered }
    }

    /// The same of a request that must change nothing, if `only_looks`: HEAD and prefetches begin no sign-in and use none up. One that is to change
    /// something is `from_this_site`, or may be another site's.
    pub(crate) fn of_request(self, only_looks: bool, from_this_site: bool) -> Self {
        Self { only_looks, from_this_site, ..self }
    }

    /// Returns the request's session of `client`: this one, or that of an outer layer.
    #[must_use]
    pub fn of(&self, client: &LogtoClient) -> Option<Self> {
        let mut session = Some(self);
        while let Some(found) = session {
            if found.client.as_ref().is_some_and(|known| known.is_same(client)) {
                return Some(found.clone());
            }
            session = found.outer.as_deref();
        }
        None
    }

    /// Commits the session and returns the headers to add to the response. Afterwards the session can be read, but not changed.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn commit(&self) -> Result<SessionHeaders> {
        if self.joined {
            return Ok(SessionHeaders::default());
        }
        self.shared.finished.store(true, Ordering::SeqCst);
        self.log_failures();
        let mut headers =
            SessionHeaders { is_read: self.shared.asked.load(Ordering::SeqCst), ..SessionHeaders::default() };
        if let Some(session) = self.shared.session.get().map(SharedSession::session) {
            headers.is_signed_in = session.is_authenticated();
            let mut cookies = HeaderCookies::default();
            session.write_back(&mut cookies).await?;
            headers.set_cookies = cookies.set_cookie_headers();
            headers.clear_site_data = session.clear_site_data();
        }
        Ok(headers)
    }

    /// Returns the client of the session: with several hosts the client of the request's host. `None` if the application has no client at the moment.
    #[must_use]
    pub fn client(&self) -> Option<&LogtoClient> {
        self.client.as_ref()
    }

    /// # Errors
    /// `sign_in.not_set_up`.
    fn set_up(&self) -> Result<&LogtoClient> {
        self.client().ok_or_else(Error::not_set_up)
    }

    /// Returns the signed-in user, if there is one. Sends a request to Logto if the claims are older than
    /// [`claims_max_age`](crate::LogtoConfigBuilder::claims_max_age) allows.
    ///
    /// # Errors
    /// See [`LogtoClient::load_session`].
    pub async fn user(&self) -> Result<Option<SignedIn>> {
        if self.client.is_none() {
            return Ok(None);
        }
        let mut session = self.open().await.map_err(|error| self.failed(error))?;
        session.renew_due_claims().await;
        Ok(session.get_id_token_claims().map(|claims| SignedIn { claims }))
    }

    /// Returns the signed-in user.
    ///
    /// # Errors
    /// `not_authenticated` if nobody is signed in: if a handler returns this error, a browser is redirected to sign-in and back. `sign_in.not_set_up`
    /// where the application has no client at the moment. See also [`LogtoClient::load_session`].
    pub async fn require_user(&self) -> Result<SignedIn> {
        self.set_up()?;
        self.user().await?.ok_or_else(not_authenticated)
    }

    /// Checks that a page of this site has sent the request, as a form or by a script: for a handler that signs out by POST, because another site
    /// could make a visitor's browser send this request. It compares `Sec-Fetch-Site`, or `Origin`.
    ///
    /// # Errors
    /// `sign_out.cross_site` for a request of another site, for GET, and where the session was not made by
    /// [`AuthRequest::enter`](crate::integrate::AuthRequest::enter).
    pub fn require_from_this_site(&self) -> Result<()> {
        if self.from_this_site {
            return Ok(());
        }
        let error = Error::new(Code::CrossSite, "the request was not posted by a page of this site");
        Err(cross_site_refused(self.client(), error))
    }

    /// The session, which is loaded once. After a store that failed, the next call asks again.
    pub(crate) async fn open(&self) -> Result<Session> {
        let client = self.set_up()?;
        self.open_by(|cookies| async move { client.load_session(&cookies).await }).await
    }

    /// The same for a request that begins or ends a sign-in.
    pub(super) async fn open_to_sign_in(&self) -> Result<Session> {
        self.must_act()?;
        self.open().await
    }

    /// The same for a request that ends the session.
    pub(super) async fn open_to_end(&self) -> Result<Session> {
        self.must_act()?;
        let client = self.set_up()?;
        self.open_by(|cookies| async move { client.load_to_end(&cookies).await }).await
    }

    /// # Errors
    /// `request.looks_only` for a request that must change nothing.
    pub(crate) fn must_act(&self) -> Result<()> {
        match self.only_looks {
            true => Err(Error::new(Code::LooksOnly, "a HEAD request or a prefetch changes nothing")),
            false => Ok(()),
        }
    }

    /// The error of an operation, which the application may answer by itself.
    pub(crate) fn failed(&self, error: Error) -> Error {
        if error.is_unseen() {
            return error;
        }
        let error = error.handed_out();
        if self.shared.finished.load(Ordering::SeqCst) {
            error.log();
        } else if error.is_unseen() {
            self.shared
                .failures
                .get_or_init(Mutex::default)
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(error.clone());
        }
        error
    }

    /// What the application has answered by itself is logged here.
    fn log_failures(&self) {
        let Some(failures) = self.shared.failures.get() else { return };
        for failure in std::mem::take(&mut *failures.lock().unwrap_or_else(PoisonError::into_inner)) {
            failure.log();
        }
    }

    async fn open_by<F: Future<Output = Result<Session>>>(
        &self,
        load: impl FnOnce(HeaderCookies) -> F,
    ) -> Result<Session> {
        let Shared { cookies, session, asked, finished, .. } = &*self.shared;
        asked.store(true, Ordering::SeqCst);
        let load = || async { Ok(load(HeaderCookies::parse(cookies.as_str())).await?.into_shared()) };
        let session = session.get_or_try_init(load).await?.session();
        if finished.load(Ordering::SeqCst) {
            session.read().close();
        }
        Ok(session)
    }
}

/// Writes the event of a request that another site may have sent.
pub(crate) fn cross_site_refused(client: Option<&LogtoClient>, error: Error) -> Error {
    let event = EventKind::CrossSiteRefused.event();
    match client {
        Some(client) => event.client_id(client.config().app_id()).write_error(error),
        None => event.write_error(error),
    }
}
