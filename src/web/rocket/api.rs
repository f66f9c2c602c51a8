//! The other side: an API that takes access tokens.

use rocket::{
    Build, Catcher, Data, Ignite, Request, Response, Rocket, Route, Sentinel, catcher,
    fairing::{self, Fairing, Info, Kind},
    http::{Method, Status},
    request::{FromRequest, Outcome},
    route,
};

use super::replace::replace;
use crate::{
    api::{ApiAuth, ApiPolicy, ApiRequest, ResourceServer},
    error::Error,
    response::AuthResponse,
};

/// Returns the fairing that sets the API for which [`ApiAuth`] validates tokens, and that sends its rejections. It mounts the routes of the API's
/// [metadata](ResourceServer::protected_resource_metadata).
#[must_use]
pub fn api(api: ResourceServer) -> ApiFairing {
    ApiFairing(api)
}

/// See [`api`].
#[derive(Debug, Clone)]
pub struct ApiFairing(ResourceServer);

/// The status of a request that the guard refused. Nobody else uses it, so the fairing knows what it has to answer; it is never sent.
const INTERNAL_STATUS: Status = Status { code: 462 };

/// Why the guard refused a request, and whether that overrides the response of a handler that ran nevertheless.
struct Refusal(Error, bool);

#[rocket::async_trait]
impl Fairing for ApiFairing {
    fn info(&self) -> Info {
        Info { name: "Logto API", kind: Kind::Ignite | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let is_there = |route: &Route| {
            rocket.routes().any(|known| known.method == route.method && known.uri.as_str() == route.uri.as_str())
        };
        let metadata: Vec<_> = api_metadata(&self.0).into_iter().filter(|route| !is_there(route)).collect();
        let rocket = rocket.mount("/", metadata);
        // The application's default catcher need not know a status that is never sent.
        Ok(rocket.manage(self.clone()).register("/", vec![Catcher::new(INTERNAL_STATUS.code, internal_status_catcher)]))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(Refusal(error, override_response)) = request.local_cache(|| None::<Refusal>) else { return };
        if !override_response && response.status() != INTERNAL_STATUS {
            return;
        }
        replace(request, response, AuthResponse::from(error));
    }
}

fn internal_status_catcher<'r>(status: Status, _: &'r Request<'_>) -> catcher::BoxFuture<'r> {
    Box::pin(async move { Response::build().status(status).ok() })
}

/// Rocket does not launch without the fairing.
impl<R> Sentinel for ApiAuth<R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<ApiFairing>().is_none().then(fairing_missing).is_some()
    }
}

#[rocket::async_trait]
impl<'r, R: ApiPolicy> FromRequest<'r> for ApiAuth<R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Error> {
        let Some(ApiFairing(api)) = request.rocket().state() else {
            return Outcome::Error((Status::InternalServerError, fairing_missing()));
        };
        let address = Address::of(request);
        let api = &api.addressed(&address.request());
        let authorization: Vec<_> = request.headers().get("authorization").collect();
        let (refused, override_response) = match Self::authorize_optional(api, &authorization).await {
            Ok(Some(auth)) => return Outcome::Success(auth),
            // There are no credentials. This says so, and an `Option` may forget it.
            Ok(None) => (Self::authorize(api, &authorization).await, false),
            // `Option<ApiAuth>` would hide it.
            Err(error) => (Err(error), true),
        };
        match refused {
            Ok(auth) => Outcome::Success(auth),
            Err(error) => {
                request.local_cache(|| Some(Refusal(error.clone(), override_response)));
                Outcome::Error((INTERNAL_STATUS, error))
            }
        }
    }
}

fn fairing_missing() -> Error {
    let error = Error::integration_missing(".attach(logto::rocket::api(api))");
    tracing::error!(target: "logto", code = error.code().as_str(), hint = error.hint(), "{error}");
    error.logged()
}

/// Returns the routes of the API's metadata (RFC 9728): see [`ResourceServer::protected_resource_metadata`]. The fairing mounts them; mount them
/// yourself, at `/`, where there is none. No route, if the API has no metadata. Rocket decodes paths before it compares them, so a resource with `%`
/// in its path needs a route of your own.
#[must_use]
pub fn api_metadata(api: &ResourceServer) -> Vec<Route> {
    let route =
        |path: &str| [Method::Get, Method::Options].map(|method| Route::new(method, path, Document(api.clone())));
    api.protected_resource_metadata_paths().flat_map(route).collect()
}

#[derive(Clone)]
struct Document(ResourceServer);

#[rocket::async_trait]
impl route::Handler for Document {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> route::Outcome<'r> {
        route::Outcome::from(request, self.0.protected_resource_metadata(&Address::of(request).request()))
    }
}

/// Where a request was sent. Rocket has it in parts.
struct Address {
    method: &'static str,
    target: String,
    host: Option<String>,
}

impl Address {
    fn of(request: &Request<'_>) -> Self {
        let host = request.host().map(ToString::to_string);
        Self { method: request.method().as_str(), target: request.uri().to_string(), host }
    }

    fn request(&self) -> ApiRequest<'_> {
        ApiRequest::new(self.method, &self.target).host(self.host.as_deref())
    }
}
