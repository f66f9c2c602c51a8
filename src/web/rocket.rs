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
//! // A browser without a session is redirected to sign-in and back; `fetch` gets 401.
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
//! # Public pages
//!
//! Take [`LogtoContext`]: it states whether a user is signed in. If that is not known (the session store is unavailable), the guard fails and the
//! handler is not called.
//!
//! [`SignedIn`] *forwards* if nobody is signed in, as guards in Rocket do, so the page for other users may be a separate route:
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
//! `Option<SignedIn>` is `None` if nobody is signed in. After a failure Rocket makes it `None`, too, and calls the handler. The response is still
//! that of the failure, so that an unavailable store does not look like a sign-out. To handle failures yourself, take `Result<LogtoContext,
//! logto::Error>`, or [`RequestSession`] and its methods. `Result<SignedIn, logto::Error>` forwards if nobody is signed in, as Rocket does for every
//! guard that forwards. It is `Err` only after a failure; the response is then as with `Option`.
//!
//! # Files at `/`
//!
//! Rocket forwards a request that [`SignedIn`] refused to the following routes, for example to a [`FileServer`](rocket::fs::FileServer). If the last
//! of them finds nothing (404, or 422 for a parameter that does not fit), the refusal takes precedence: a browser is redirected to sign-in, an API
//! client gets 401. The response of a route with the same address as the refused one is the page for users who are not signed in, and is kept with
//! any status.
//!
//! - A catch-all route that returns the page of a front end receives refused requests, too, also those of an API. Give an API routes that do not
//!   forward: [guards](crate::guide::guards) has one for a whole mount.
//! - A route that takes `Option<SignedIn>` and then forwards for another reason (a parameter that does not fit) counts as refused: Rocket does not
//!   tell the two apart. Take [`LogtoContext`] there.
//!
//! # Catchers
//!
//! You need no catcher: the fairing replaces the response to a request that one of these guards refused. Your own catchers handle your own errors,
//! including 401 and 503.
//!
//! For a mount that requires sign-in, a guard by role and your own error type that keeps the redirect to sign-in see [guards](crate::guide::guards).
//!
//! # What is logged
//!
//! Rocket logs with `log`, and so does this crate if no `tracing` subscriber is set: Rocket's logger prints both. Without the fairing Rocket does not
//! launch, and the log has the reason.
//!
//! # By hand
//!
//! [`JarCookies`] is a guard for the operations of [`LogtoClient`](crate::LogtoClient) over Rocket's cookies. It needs no fairing.
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
//!         .attach(logto::rocket::api(api))
//! }
//! ```
//!
//! The fairing mounts the API's metadata (RFC 9728), too.
//!
//! It never forwards. `Option<ApiAuth>` is `None` for a request without credentials. An invalid token is rejected, but as above after the handler has
//! run; a handler that must not run takes `Result<ApiAuth, logto::Error>` and [`ApiAuth::optional`](crate::api::ApiAuth::optional).
//!
//! [`LogtoContext`]: crate::LogtoContext
//! [`RequestSession`]: crate::RequestSession
//! [`SignedIn`]: crate::SignedIn

mod api;
mod cookies;
mod fairing;
mod guards;
#[cfg(feature = "protected-app")]
mod protected_app;
mod recent_auth;
mod replace;
mod request;
mod response;
#[cfg(feature = "webhooks")]
mod webhooks;

use rocket::{
    Data, Request, Route,
    data::{Capped, ToByteUnit},
    http::Method::{self, Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace},
    route,
};

pub use self::{
    api::{ApiFairing, api, api_metadata},
    cookies::JarCookies,
    fairing::{LogtoFairing, fairing},
};
use crate::{client::CurrentClient, routes::AuthRequest};

/// Returns the authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
/// [`LogtoClient::handle_auth_routes`](crate::LogtoClient::handle_auth_routes).
///
/// Mount them at `/`, or where the path of the configured base URL leads. Elsewhere they answer `integration.nested`, which says how to mount them.
#[must_use]
pub fn routes(logto: impl Into<CurrentClient>) -> Vec<Route> {
    let logto = logto.into();
    let route = |path| METHODS.map(|method| Route::new(method, path, Authentication(logto.clone())));
    logto.route_paths().into_iter().flat_map(route).collect()
}

/// HEAD, too: left to Rocket it would be a GET, and begin a sign-in.
const METHODS: [Method; 9] = [Get, Head, Post, Put, Patch, Delete, Options, Trace, Connect];

#[derive(Clone)]
struct Authentication(CurrentClient);

#[rocket::async_trait]
impl route::Handler for Authentication {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        let read = data.open(AuthRequest::MAX_BODY_BYTES.bytes()).into_bytes();
        let whole = async { read.await.ok().filter(Capped::is_complete).map(Capped::into_inner).ok_or(()) };
        let auth = fairing::auth_request(request).read_body(self.0.get().as_ref(), whole).await;
        let response = self.0.handle_mounted_routes(&auth, ".mount(\"/\", logto::rocket::routes(&logto))").await;
        route::Outcome::from(request, response)
    }
}
