//! Rocket 0.5: the routes, the fairing and the request guards.
//!
//! ```no_run
//! use logto::{LogtoClient, LogtoContext, SignedIn};
//! use rocket::{get, routes};
//!
//! #[get("/")]
//! fn home(context: LogtoContext) -> String {
//!     match context.claims() {
//!         Some(claims) => format!("hello, {}", claims.sub),
//!         None => "please sign in".into(),
//!     }
//! }
//!
//! // A browser without a session goes to sign in and comes back here; `fetch` gets 401.
//! #[get("/me")]
//! fn me(user: SignedIn) -> String {
//!     user.sub().to_owned()
//! }
//!
//! #[rocket::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let logto = LogtoClient::from_env()?;
//!     let app = rocket::build()
//!         .mount("/", routes![home, me])
//!         .mount("/", logto::rocket::routes(&logto))
//!         .attach(logto::rocket::fairing(logto));
//!     app.launch().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Pages for everyone
//!
//! Take [`LogtoContext`]: if nobody is signed in, it says so, and if that cannot be told (the session store is down), the guard fails and
//! the handler is not asked.
//!
//! [`SignedIn`] *forwards* if nobody is signed in, as guards in Rocket do, so the page for the others may be a route of its own:
//!
//! ```
//! # use logto::SignedIn;
//! # use rocket::get;
//! #[get("/")]
//! fn dashboard(user: SignedIn) -> String {
//!     format!("hello, {}", user.claims().sub)
//! }
//!
//! #[get("/", rank = 2)]
//! fn welcome() -> &'static str {
//!     "please sign in"
//! }
//! ```
//!
//! `Option<SignedIn>` is `None` if nobody is signed in. Rocket makes it `None` after a failure, too, and asks the handler; the response
//! then is the failure's all the same, for nobody may look signed out because a store is down. To answer failures yourself, take
//! `Result<LogtoContext, logto::Error>`, or [`RequestSession`] and its methods. `Result<SignedIn, logto::Error>` forwards if nobody is signed
//! in, as Rocket has it of every guard that forwards, and is `Err` after a failure alone, which is answered as with `Option`.
//!
//! # Catchers
//!
//! None is needed: what becomes of a request that one of these guards refused is decided when its response passes the fairing. Your own
//! catchers answer your own errors, 401 and 503 included.
//!
//! # An API
//!
//! [`ApiAuth`](crate::api::ApiAuth) is a guard, for the [`ResourceServer`](crate::api::ResourceServer) of [`api`](fn@api):
//!
//! ```
//! use logto::api::{ApiAuth, ResourceServer};
//! use rocket::{Build, Rocket, get, routes};
//!
//! #[get("/books")]
//! fn books(auth: ApiAuth) -> Result<String, logto::Error> {
//!     auth.require_scopes(["read:books"])?; // or by type: see `ApiAuth`
//!     Ok(format!("the books of {}", auth.sub()))
//! }
//!
//! fn app(api: ResourceServer) -> Rocket<Build> {
//!     rocket::build()
//!         .mount("/", routes![books])
//!         .mount("/", logto::rocket::api_metadata(&api))
//!         .attach(logto::rocket::api(api))
//! }
//! ```
//!
//! It never forwards. `Option<ApiAuth>` is `None` for those who send no credentials. A bad token is refused, as above after the handler has
//! run; one that must not run takes `Result<ApiAuth, logto::Error>` and [`ApiAuth::optional`](crate::api::ApiAuth::optional).

mod api;
mod recent_auth;
mod response;

use rocket::{
    Build, Catcher, Data, Ignite, Request, Response, Rocket, Route, Sentinel, catcher,
    data::{Capped, ToByteUnit},
    fairing::{self, Fairing, Info, Kind},
    http::Method::{self, Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace},
    http::Status,
    request::{FromRequest, Outcome},
    response::Responder,
    route,
};

pub use self::api::{ApiFairing, api, api_metadata};
use crate::{
    client::{LogtoClient, LogtoContext, RequestSession, SignedIn},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
    types::ContextOptions,
};

/// The authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
/// [`LogtoClient::handle_auth_routes`].
///
/// Mount them at `/`, or where the path of the configured base URL leads.
#[must_use]
pub fn routes(logto: &LogtoClient) -> Vec<Route> {
    let route = |path| METHODS.map(|method| Route::new(method, path, Authentication(logto.clone())));
    logto.config().routes().paths().into_iter().flat_map(route).collect()
}

/// HEAD, too: left to Rocket it would be a GET, and begin a sign-in.
const METHODS: [Method; 9] = [Get, Head, Post, Put, Patch, Delete, Options, Trace, Connect];

#[derive(Clone)]
struct Authentication(LogtoClient);

#[rocket::async_trait]
impl route::Handler for Authentication {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        let read = data.open(AuthRequest::MAX_BODY_BYTES.bytes()).into_bytes();
        let whole = async { read.await.ok().filter(Capped::is_complete).map(Capped::into_inner).ok_or(()) };
        let auth = auth_request(request).read_body(&self.0, whole).await;
        route::Outcome::from(request, self.0.handle_auth_routes(&auth).await)
    }
}

/// The fairing that gives each request its session and appends the session's cookies to the response.
#[must_use]
pub fn fairing(logto: LogtoClient) -> LogtoFairing {
    LogtoFairing(logto)
}

/// See [`fairing()`].
#[derive(Debug, Clone)]
pub struct LogtoFairing(LogtoClient);

/// The status of a request that a guard of ours refused. Nobody else uses it, so the fairing knows what it has to answer; it is never sent.
const INTERNAL_STATUS: Status = Status { code: 461 };

/// Why a guard of ours could not tell who is there, and whether that overrides the response of a handler that ran nevertheless.
struct Failure(Error, bool);

#[rocket::async_trait]
impl Fairing for LogtoFairing {
    fn info(&self) -> Info {
        Info { name: "Logto", kind: Kind::Ignite | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        // The application's default catcher need not know a status that is never sent.
        Ok(rocket.manage(self.clone()).register("/", vec![Catcher::new(INTERNAL_STATUS.code, internal_status_catcher)]))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let refusal = self.refusal(request, response.status());
        let finished = self.session(request).commit().await;
        let replacement = finished.as_ref().err().map(|error| self.error_response(request, error)).or(refusal);
        if let Some(Ok(replacement)) = replacement.map(|replacement| replacement.respond_to(request)) {
            // What other fairings added to the response stays, but it was not this body that one of them encoded.
            response.remove_header("content-encoding");
            response.merge(replacement);
        }
        let headers = finished.unwrap_or_default();
        let header_value = |name| response.headers().contains(name).then(|| joined(response.headers().get(name), ", "));
        for (name, value) in headers.replacements(header_value) {
            response.remove_header(name);
            if let Some(value) = value {
                response.set_raw_header(name, value);
            }
        }
        for cookie in headers.set_cookies() {
            response.adjoin_raw_header("set-cookie", cookie.clone());
        }
    }
}

fn internal_status_catcher<'r>(status: Status, _: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    Box::pin(async move { Response::build().status(status).ok() })
}

impl LogtoFairing {
    fn session<'r>(&self, request: &'r Request<'_>) -> &'r RequestSession {
        request.local_cache(|| without_session(request).enter(&self.0))
    }

    fn refusal(&self, request: &Request<'_>, status: Status) -> Option<AuthResponse> {
        let is_refused = status == INTERNAL_STATUS;
        match request.local_cache(|| None::<Failure>) {
            Some(Failure(error, override_response)) => {
                (is_refused || *override_response).then(|| self.error_response(request, error))
            }
            None => is_refused.then(|| self.0.sign_in_redirect(&auth_request(request))),
        }
    }

    fn error_response(&self, request: &Request<'_>, error: &Error) -> AuthResponse {
        self.0.error_response(&auth_request(request), error)
    }
}

/// A guard, and a sentinel: Rocket does not launch without the fairing.
macro_rules! guard {
    ($guard:ty, |$session:ident| $guarded:expr, override_response: $override_response:expr) => {
        impl Sentinel for $guard {
            fn abort(rocket: &Rocket<Ignite>) -> bool {
                rocket.state::<LogtoFairing>().is_none().then(fairing_missing).is_some()
            }
        }

        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $guard {
            type Error = Error;

            async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
                let Some(fairing) = request.rocket().state::<LogtoFairing>() else {
                    return Outcome::Error((Status::InternalServerError, fairing_missing()));
                };
                let $session = fairing.session(request);
                outcome(request, $guarded, $override_response)
            }
        }
    };
}

guard!(RequestSession, |session| Ok(Some(session.clone())), override_response: false);
guard!(LogtoContext, |session| session.get_context(ContextOptions::new()).await.map(Some), override_response: false);
// `Option<SignedIn>` would hide a failure.
guard!(SignedIn, |session| session.user().await, override_response: true);

fn outcome<T>(request: &Request<'_>, guarded: Result<Option<T>, Error>, override_response: bool) -> Outcome<T, Error> {
    match guarded {
        Ok(Some(guard)) => Outcome::Success(guard),
        Ok(None) => Outcome::Forward(INTERNAL_STATUS),
        Err(error) => {
            request.local_cache(|| Some(Failure(error.clone(), override_response)));
            Outcome::Error((INTERNAL_STATUS, error))
        }
    }
}

fn fairing_missing() -> Error {
    let error = Error::integration_missing(".attach(logto::rocket::fairing(logto))");
    tracing::error!(target: "logto", code = error.code().as_str(), %error, hint = error.hint());
    error
}

/// A page for a browser, JSON for a program.
impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let fairing = request.rocket().state::<LogtoFairing>();
        fairing.map_or_else(|| (&self).into(), |fairing| fairing.error_response(request, &self)).respond_to(request)
    }
}

fn auth_request(request: &Request<'_>) -> AuthRequest {
    without_session(request)
        .session(request.rocket().state().map(|logto: &LogtoFairing| logto.session(request).clone()))
}

fn without_session(request: &Request<'_>) -> AuthRequest {
    AuthRequest::new(request.method().as_str(), &request.uri().to_string(), |name| match name {
        "cookie" => cookie_header(request),
        _ => request.headers().contains(name).then(|| joined(request.headers().get(name), "; ")),
    })
}

fn cookie_header(request: &Request<'_>) -> Option<String> {
    if request.headers().contains("cookie") {
        return Some(joined(request.headers().get("cookie"), "; "));
    }
    // Rocket's client for tests has its cookies in the jar alone.
    let jar: Vec<_> = request.cookies().iter().map(|cookie| cookie.stripped().to_string()).collect();
    (!jar.is_empty()).then(|| jar.join("; "))
}

fn joined<'h>(values: impl Iterator<Item = &'h str>, separator: &str) -> String {
    values.collect::<Vec<_>>().join(separator)
}
