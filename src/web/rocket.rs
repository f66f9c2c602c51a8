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
//! # Files at `/`
//!
//! A request that [`SignedIn`] refused goes on to the routes that come after it, a [`FileServer`](rocket::fs::FileServer) among them. Where the
//! last of them finds nothing (404, or 422 for a parameter that does not fit), the refusal prevails: a browser goes to sign in, a program gets
//! 401. What a route with the address of the refused one answers is for those who are not signed in, and stays, whatever its status.
//!
//! - A route for every address that answers with the page of a front end takes refused requests, too, those of an API among them. Give an API
//!   routes that do not forward: [guards](crate::guide::guards) has one for a whole mount.
//! - A route that takes `Option<SignedIn>` and then forwards for another reason (a parameter that does not fit) counts as refused: Rocket does not
//!   tell the two apart. Take [`LogtoContext`] there.
//!
//! # Catchers
//!
//! None is needed: what becomes of a request that one of these guards refused is decided when its response passes the fairing. Your own
//! catchers answer your own errors, 401 and 503 included.
//!
//! A whole mount for users, a guard by role and errors of your own that keep the way to sign in: see [guards](crate::guide::guards).
//!
//! # What is logged
//!
//! Rocket logs by `log`, and so does this crate where no subscriber of `tracing` is set: Rocket's logger prints both. A missing fairing keeps Rocket from
//! launching, and the reason is there.
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
//! It never forwards. `Option<ApiAuth>` is `None` for those who send no credentials. A bad token is refused, as above after the handler has
//! run; one that must not run takes `Result<ApiAuth, logto::Error>` and [`ApiAuth::optional`](crate::api::ApiAuth::optional).
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

/// The authentication routes: sign-in, sign-up, callback, sign-out, user, back-channel logout; login initiation, if it is on. See
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
