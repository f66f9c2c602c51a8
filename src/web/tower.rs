//! Layers for any service of tower on `http` 1, without a framework: a session for each request, and the access tokens of an API.
//!
//! | Layer | What it gives a request | What it answers by itself |
//! |---|---|---|
//! | [`layer`] | [`RequestSession`](crate::RequestSession) among its extensions | errors of ours, among them the way to sign in |
//! | [`api`] | [`ApiAuth`](crate::api::ApiAuth) among its extensions | 401 and 403 with their challenge, to a gRPC client as its status; the API's metadata |
//!
//! Applications on axum take [`logto::axum`](../axum/index.html), which has the routes and the extractors, too. [`api`] is for them as well.
//!
//! # Sessions
//!
//! The authentication routes are answered by [`LogtoClient::handle_request`](crate::LogtoClient::handle_request) or
//! [`handle_auth_routes`](crate::LogtoClient::handle_auth_routes), inside of the layer. A service says that a request needs a user, or that something of ours
//! failed, by a response with the [`Error`](crate::Error) among its extensions: the layer answers in its place.
//!
//! ```
//! use http::{Request, Response};
//! use logto::{LogtoClient, RequestSession};
//! use tower::{ServiceBuilder, service_fn};
//!
//! async fn me<B>(request: Request<B>) -> Result<Response<String>, std::convert::Infallible> {
//!     let mut response = Response::new(String::new());
//!     let session = request.extensions().get::<RequestSession>().expect("the layer");
//!     match session.require_user().await {
//!         Ok(user) => *response.body_mut() = user.sub().to_owned(),
//!         // A browser goes to sign in and comes back; a program gets 401.
//!         Err(error) => drop(response.extensions_mut().insert(error)),
//!     }
//!     Ok(response)
//! }
//!
//! # fn example(logto: LogtoClient) {
//! let service = ServiceBuilder::new().layer(logto::tower::layer(logto)).service_fn(me::<String>);
//! # drop(service); }
//! ```
//!
//! # An API
//!
//! ```
//! use http::{Request, Response};
//! use logto::api::{ApiAuth, ResourceServer, TokenRequirements};
//! use tower::ServiceBuilder;
//!
//! async fn books<B>(request: Request<B>) -> Result<Response<String>, std::convert::Infallible> {
//!     let auth = request.extensions().get::<ApiAuth>().expect("the layer");
//!     Ok(Response::new(format!("the books of {}", auth.sub())))
//! }
//!
//! # fn example(api: ResourceServer) {
//! let guard = logto::tower::api(api).require(TokenRequirements::new().scopes(["read:books"]));
//! let service = ServiceBuilder::new().layer(guard).service_fn(books::<String>);
//! # drop(service); }
//! ```
//!
//! A request of gRPC, by its `Content-Type`, gets a status of gRPC instead of one of HTTP: see [`AuthResponse::grpc`](crate::integrate::AuthResponse::grpc).
//! `examples/tonic` is a service of tonic behind it.

mod api;
mod session;

pub use self::{
    api::{ApiLayer, ApiService, api},
    session::{SessionLayer, SessionService, layer},
};
