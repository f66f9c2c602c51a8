//! The fairing: the session of each request, and the answer to those whom a guard refused.

use rocket::{
    Build, Catcher, Data, Request, Response, Rocket, catcher,
    fairing::{self, Fairing, Info, Kind},
    http::{Method, Status},
};

use super::{
    replace::replace,
    request::{joined, without_session},
};
use crate::{
    client::{CurrentClient, RequestSession},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
};

/// Returns the fairing that gives each request its session and appends the session's cookies to the response.
#[must_use]
pub fn fairing(logto: impl Into<CurrentClient>) -> LogtoFairing {
    LogtoFairing(logto.into())
}

/// See [`fairing()`].
#[derive(Debug, Clone)]
pub struct LogtoFairing(CurrentClient);

/// The status of a request that a guard of ours refused. Nobody else uses it, so the fairing knows what it has to answer; it is never sent.
pub(super) const INTERNAL_STATUS: Status = Status { code: 461 };

/// Why a guard of ours could not tell who is there.
struct Failure(Error);

/// The same where it overrides the response of a handler that ran nevertheless. A handler may take several guards, and have answered for the first.
struct Overriding(Error);

/// The route whose guard forwarded because nobody is signed in.
struct Forwarded(String);

/// Remembers a failure for the response.
pub(super) fn remember_failure(request: &Request<'_>, error: &Error, override_response: bool) {
    request.local_cache(|| Some(Failure(error.clone())));
    if override_response {
        request.local_cache(|| Some(Overriding(error.clone())));
    }
}

/// Remembers that the route that is asked was refused.
pub(super) fn remember_forward(request: &Request<'_>) {
    // A fairing that asks who is there refuses nothing.
    if let Some(route) = request.route() {
        request.local_cache(|| Some(Forwarded(route.uri.to_string())));
    }
}

/// Whether the request went on to other routes after a guard of ours had refused it, and none of them had anything for it: a `FileServer`
/// without such a file says 404, a parameter of another type 422. A route with the address of the one that was refused is there for those who
/// are not signed in, and its answer counts.
fn found_nothing_after_a_refusal(request: &Request<'_>, status: Status) -> bool {
    let found_nothing = status == Status::NotFound || status == Status::UnprocessableEntity;
    let refused = || request.local_cache(|| None::<Forwarded>).as_ref();
    found_nothing
        && refused().is_some_and(|Forwarded(refused)| request.route().is_some_and(|last| last.uri.as_str() != refused))
}

/// The error, known to be logged by the response that the fairing puts in the place of the handler's.
pub(super) fn logged_by_the_fairing(request: &Request<'_>, error: Error) -> Error {
    match request.local_cache(|| None::<Overriding>) {
        Some(Overriding(failure)) if failure.code() == error.code() => error.logged(),
        _ => error,
    }
}

#[rocket::async_trait]
impl Fairing for LogtoFairing {
    fn info(&self) -> Info {
        Info { name: "Logto", kind: Kind::Ignite | Kind::Request | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        // The application's default catcher need not know a status that is never sent.
        Ok(rocket.manage(self.clone()).register("/", vec![Catcher::new(INTERNAL_STATUS.code, internal_status_catcher)]))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Rocket has a GET route answer it, and calls it GET from then on: the session learns what it is before.
        if request.method() == Method::Head {
            self.session(request);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let refusal = self.refusal(request, response.status());
        let finished = self.session(request).commit().await;
        let replacement = finished.as_ref().err().map(|error| self.error_response(request, error)).or(refusal);
        if let Some(replacement) = replacement {
            replace(request, response, replacement);
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
    pub(super) fn session<'r>(&self, request: &'r Request<'_>) -> &'r RequestSession {
        request.local_cache(|| without_session(request).enter(self.0.get().as_ref()))
    }

    fn refusal(&self, request: &Request<'_>, status: Status) -> Option<AuthResponse> {
        let is_refused = status == INTERNAL_STATUS;
        let failure = || request.local_cache(|| None::<Failure>).as_ref().map(|Failure(error)| error);
        let overriding = request.local_cache(|| None::<Overriding>).as_ref().map(|Overriding(error)| error);
        match overriding.or_else(|| failure().filter(|_| is_refused)) {
            Some(error) => Some(self.error_response(request, error)),
            None if is_refused || found_nothing_after_a_refusal(request, status) => {
                Some(self.session(request).sign_in_redirect(&auth_request(request)))
            }
            None => None,
        }
    }

    pub(super) fn error_response(&self, request: &Request<'_>, error: &Error) -> AuthResponse {
        self.session(request).error_response(&auth_request(request), error)
    }
}

/// The request with its session.
pub(super) fn auth_request(request: &Request<'_>) -> AuthRequest {
    let fairing = request.rocket().state::<LogtoFairing>();
    without_session(request).session(fairing.map(|fairing| fairing.session(request).clone()))
}
