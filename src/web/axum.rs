//! axum 0.8: the routes, the layer and the extractors.
//!
//! ```
//! use axum::{Router, routing::get};
//! use logto::{LogtoClient, LogtoContext, SignedIn};
//!
//! async fn home(context: LogtoContext) -> String {
//!     match context.claims() {
//!         Some(claims) => format!("hello, {}", claims.sub),
//!         None => "please sign in".into(),
//!     }
//! }
//!
//! // A browser without a session is redirected to sign-in and back; `fetch` gets 401.
//! async fn me(user: SignedIn) -> String {
//!     user.sub().to_owned()
//! }
//!
//! fn app(logto: LogtoClient) -> Router {
//!     Router::new()
//!         .route("/", get(home))
//!         .route("/me", get(me))
//!         .merge(logto::axum::routes(&logto))
//!         .layer(logto::axum::layer(logto))
//! }
//! ```
//!
//! # Requiring sign-in
//!
//! | The handler takes | Nobody is signed in | The session cannot be read |
//! |---|---|---|
//! | [`SignedIn`] | is not called: a browser is redirected to sign-in and back, an API client gets 401 | is not called: 503 |
//! | `Option<SignedIn>` | `None` | is not called: 503 |
//! | `Result<SignedIn, logto::Error>` | `Err`; [`requires_sign_in`](crate::Error::requires_sign_in) is true | `Err` |
//!
//! If the handler returns the error of the last row, the response is that of the first row.
//! [`RecentlyAuthenticated`](crate::step_up::RecentlyAuthenticated) can be taken in the same three forms.
//!
//! # An API
//!
//! [`ApiAuth`](crate::api::ApiAuth) and `Option<ApiAuth>` are extractors, for the [`ResourceServer`](crate::api::ResourceServer) of the nearest
//! [`api`](fn@api) or [`Extension`](axum::Extension):
//!
//! ```
//! use axum::{Router, routing::get};
//! use logto::api::{ApiAuth, ResourceServer};
//!
//! async fn books(auth: ApiAuth) -> Result<String, logto::Error> {
//!     auth.require_scopes(["read:books"])?; // or by type: see `ApiAuth`
//!     Ok(format!("the books of {}", auth.sub()))
//! }
//!
//! fn app(api: ResourceServer) -> Router {
//!     Router::new().route("/books", get(books)).layer(logto::axum::api(api))
//! }
//! ```
//!
//! The layer also serves the API's metadata (RFC 9728). In a router that is nested or merged into another it does not receive these requests: add
//! [`api_metadata`] to the outermost router.

mod api;

#[cfg(feature = "protected-app")]
mod protected_app;
mod recent_auth;
#[cfg(feature = "webhooks")]
mod webhooks;

use std::task::{Context, Poll};

use axum::{
    BoxError, Router,
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri, Request},
    http::{self, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::any,
};
use tower_layer::Layer;
use tower_service::Service;

pub use self::api::{ApiLayer, ApiService, api, api_metadata};
use crate::{
    client::{CurrentClient, LogtoContext, RequestSession, SignedIn},
    error::Error,
    response::AuthResponse,
    routes::AuthRequest,
    types::{BoxFuture, ContextOptions, Redirect},
};

/// Returns the authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
/// [`LogtoClient::handle_auth_routes`].
///
/// Merge them at the outermost router, or nest them below the path of the configured base URL. Nested elsewhere they answer `integration.nested`, which says
/// how to mount them.
///
/// [`LogtoClient::handle_auth_routes`]: crate::LogtoClient::handle_auth_routes
pub fn routes<S: Clone + Send + Sync + 'static>(logto: impl Into<CurrentClient>) -> Router<S> {
    let logto = logto.into();
    logto.route_paths().into_iter().fold(Router::new(), |router, path| {
        let logto = logto.clone();
        router.route(path, any(move |request: Request| handle_auth_route(logto.clone(), request)))
    })
}

async fn handle_auth_route(logto: CurrentClient, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request =
        auth_request(&parts).read_body(logto.get().as_ref(), to_bytes(body, AuthRequest::MAX_BODY_BYTES)).await;
    let response = logto.handle_mounted_routes(&request, ".merge(logto::axum::routes(&logto))").await;
    response.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

/// Returns the layer that gives each request its session and appends the session's cookies to the response. axum applies a layer only to the routes
/// that were added before it, so call `.layer(…)` last.
///
/// It can be used like any layer of tower-http: around a [`Router`], in a `ServiceBuilder`, around or inside of compression, tracing, limits and
/// timeouts, around any service on `http` 1. The body of its response is axum's; [`logto::tower::layer`](crate::tower::layer) is without axum.
#[must_use]
pub fn layer(logto: impl Into<CurrentClient>) -> LogtoLayer {
    LogtoLayer { logto: logto.into() }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct LogtoLayer {
    logto: CurrentClient,
}

impl<S> Layer<S> for LogtoLayer {
    type Service = LogtoService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LogtoService { logto: self.logto.clone(), inner }
    }
}

/// See [`layer`].
#[derive(Debug, Clone)]
pub struct LogtoService<S> {
    logto: CurrentClient,
    inner: S,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for LogtoService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ResBody: HttpBody<Data = Bytes> + Send + 'static,
    ResBody::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let auth = auth_request(&parts);
        let session = auth.enter(self.logto.get().as_ref());
        parts.extensions.insert(session.clone());
        let inner = self.inner.call(Request::from_parts(parts, body));
        Box::pin(async move {
            // Axum's own body stays as it is.
            let outcome = inner.await.map(|response| response.map(Body::new));
            session.finish_response(&auth, outcome, Body::from).await
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestSession {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Error::integration_missing("logto::axum::layer(logto)"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LogtoContext {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let session = RequestSession::from_request_parts(parts, state).await?;
        session.get_context(ContextOptions::new()).await
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Error> {
        let session = RequestSession::from_request_parts(parts, state).await?;
        session.user().await
    }
}

/// The layer answers the rejection, unless the handler takes a `Result` and answers it: a browser is redirected to sign-in, an API client gets 401.
impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let session = RequestSession::from_request_parts(parts, state).await?;
        session.require_user().await
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        axum::response::Redirect::to(self.location()).into_response()
    }
}

impl IntoResponse for AuthResponse {
    fn into_response(self) -> Response {
        http::Response::<String>::from(self).map(Body::from)
    }
}

/// An opaque JSON response, of which the layer makes a page for a browser.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = AuthResponse::from(&self).into_response();
        response.extensions_mut().insert(self.logged());
        response
    }
}

/// The request as the browser sent it, also below a nested router.
fn auth_request(parts: &Parts) -> AuthRequest {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    AuthRequest::from_parts(parts, uri)
}
