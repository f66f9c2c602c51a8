//! Logto for Rust: sign users in, keep their sessions, read their claims, get access tokens.
//!
//! [Logto](https://logto.io) is an OpenID Connect server. This crate is its SDK for web applications, over any framework.
//!
//! # A whole program
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! logto = { version = "0.1", features = ["axum"] }
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use logto::{LogtoClient, LogtoContext, SignedIn};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET, LOGTO_BASE_URL, LOGTO_COOKIE_SECRET
//!     let logto = LogtoClient::from_env()?;
//!     let app = Router::new()
//!         .route("/", get(home))
//!         .route("/me", get(me))
//!         .merge(logto::axum::routes(&logto))
//!         .layer(logto::axum::layer(logto));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//!
//! async fn home(context: LogtoContext) -> String {
//!     match context.claims() {
//!         Some(claims) => format!("hello, {}", claims.sub),
//!         None => "please sign in at /logto/sign-in".into(),
//!     }
//! }
//!
//! // A browser without a session is redirected to the sign-in and back.
//! async fn me(user: SignedIn) -> String {
//!     user.sub().to_owned()
//! }
//! ```
//!
//! In a clone of the repository, `cargo run --example quickstart` runs a complete sign-in against a mock Logto. The crate needs a tokio runtime.
//!
//! # I want to …
//!
//! | | |
//! |---|---|
//! | set it up | [`LogtoConfig`], [configuration](guide::configuration) |
//! | sign in, sign out, read claims in axum, actix-web or Rocket | [`logto::axum`], [`logto::actix_web`], [`logto::rocket`] |
//! | do the same in another framework, or in a service of tower such as tonic's | [`LogtoClient::handle_request`], [a framework without an integration](guide::adding_a_framework), [`logto::tower`] |
//! | write the routes myself, over any cookies | [own routes](guide::own_routes), [`LogtoClient::sign_in`], [`handle_sign_in`](LogtoClient::handle_sign_in), [`get_context`](LogtoClient::get_context), [`sign_out`](LogtoClient::sign_out), [`Cookies`] |
//! | sign in from scripts, htmx, server-sent events | [a single-page front end](guide::single_page) |
//! | show error pages of my own, land on other pages | [`LogtoConfigBuilder::error_pages`], [`after_sign_in`](LogtoConfigBuilder::after_sign_in), [`after_sign_out`](LogtoConfigBuilder::after_sign_out) |
//! | create a row for each user, refuse some, keep data of my own in the session | [`LogtoConfigBuilder::on_sign_in`], [after the sign-in](guide::after_sign_in) |
//! | ask for a social connector, a page, a language | [`SignInOptions`] |
//! | get access tokens for APIs and organizations, and call an API with them | [`Session::get_access_token`], [`TokenOptions`], [organizations](guide::organizations), [`api_client::ApiClient`] |
//! | protect an API | [`api::ResourceServer`], [`api::ApiAuth`], [APIs](guide::apis) |
//! | let a program call an API in its own name | [`machine::MachineClient`], [machines](guide::machines) |
//! | manage users, roles and organizations · write a command line program | [`logto::management`], [guide](guide::management), [companies](guide::saas) · [`logto::cli`](cli/index.html), [guide](guide::cli) |
//! | guard a whole router, ask for a role, a recent or a stronger login | [guards](guide::guards), [`step_up`] |
//! | keep sessions in Redis, or a store of my own · end sessions everywhere | [`store`], [stores](guide::stores) · [sign-out](guide::sign_out) |
//! | test my application | [`logto::testing`], [testing](guide::testing_your_app) |
//! | serve several hosts, run without sign-in, change settings at run time | [hosts](guide::hosts), [`integrate::CurrentClient`] |
//! | find out why it does not work, know what an error means · go live | [`LogtoClient::diagnose`], [troubleshooting](guide::troubleshooting), [`Error`], [errors](guide::errors) · [deployment](guide::deployment), [security](guide::security) |
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `reqwest` | yes | the HTTP client that reaches Logto; without it, give an [`integrate::HttpClient`] of your own |
//! | `rustls` | yes | TLS by rustls with aws-lc-rs |
//! | `rustls-no-provider`, `native-tls` | | in its place: TLS by rustls with the cryptography that the application installs; TLS of the system |
//! | `actix-web` | | [`logto::actix_web`]: routes, middleware and extractors for actix-web 4 |
//! | `axum` | | [`logto::axum`]: routes, layer and extractors for axum 0.8 |
//! | `rocket` | | [`logto::rocket`]: routes, fairing and request guards for Rocket 0.5 |
//! | `redis` | | [`logto::store::RedisStore`]: sessions, locks of refreshes and revocations in Redis |
//! | `tower-sessions`, `tower-sessions-0-15` | | [`logto::store::TowerSessionStore`]: sessions in any store of tower-sessions 0.14, and of 0.15 |
//! | `tower` | | [`logto::tower`]: layers for any service on `http` 1; `axum` turns it on |
//! | `account`, `webhooks`, `protected-app`, `management`, `cli` | | [account](guide::account), [webhooks](guide::webhooks), [protected app](guide::protected_app), [Management API](guide::management), [command line programs](guide::cli); for `cli`: `cli-keyring`, `cli-qr` |
//! | `utoipa`, `metrics` | | [`logto::openapi`]: errors and security schemes in documents of OpenAPI; counters and durations: [deployment](guide::deployment#what-to-watch) |
//! | `testing` | | [`logto::testing`]: MockLogto, forged sessions, a test clock; for development and tests only |
//!
//! # What this crate is not
//!
//! An OpenID Connect library for every server: it speaks the standard, and is made for Logto. A user database: users, roles and organizations live in
//! Logto. A place for your application's data beyond [a kilobyte](Session::set_data): sessions hold tokens and claims, in sealed cookies or in a [`store::SessionStore`].
//!
//! Logs and spans go to [`tracing`](https://docs.rs/tracing) under targets that begin with `logto`, without any token or secret.
//!
//! [`logto::actix_web`]: actix_web/index.html
//! [`logto::axum`]: axum/index.html
//! [`logto::management`]: management/index.html
//! [`logto::openapi`]: openapi/index.html
//! [`logto::rocket`]: rocket/index.html
//! [`logto::store::RedisStore`]: store/struct.RedisStore.html
//! [`logto::store::TowerSessionStore`]: store/struct.TowerSessionStore.html
//! [`logto::testing`]: testing/index.html
//! [`logto::tower`]: tower/index.html

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "account")]
pub mod account;
pub mod api;
pub mod api_client;
pub mod claims;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod clock;
mod config;
pub mod cookies;
pub mod diagnose;
mod error;
mod events;
mod hook;
mod http;
pub mod integrate;
#[cfg(any(feature = "account", feature = "management"))]
mod logto_api;
pub mod machine;
#[cfg(feature = "management")]
pub mod management;
mod oidc;
#[cfg(feature = "utoipa")]
pub mod openapi;
pub mod organizations;
#[cfg(feature = "protected-app")]
pub mod protected_app;
mod response;
mod routes;
pub mod scopes;
mod secret;
mod session;
pub mod sessions;
pub mod step_up;
pub mod store;
mod telemetry;
mod token_cache;
mod types;
mod web;
#[cfg(feature = "webhooks")]
pub mod webhooks;

// Text alone: it is there for readers, and its examples are tests where all features are.
#[cfg(any(
    doc,
    all(
        doctest,
        feature = "account",
        feature = "actix-web",
        feature = "axum",
        feature = "management",
        feature = "cli",
        feature = "protected-app",
        feature = "redis",
        feature = "rocket",
        feature = "testing",
        feature = "webhooks"
    )
))]
pub mod guide;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "actix-web")]
pub use self::web::actix_web;
#[cfg(feature = "axum")]
pub use self::web::axum;
#[cfg(feature = "rocket")]
pub use self::web::rocket;
#[cfg(feature = "tower")]
pub use self::web::tower;
pub use self::{
    claims::{id_token::IdTokenClaims, user_info::UserInfo},
    client::{AccessToken, LogtoClient, LogtoContext, PendingSignIn, RequestSession, Session, SignedIn},
    config::{LogtoConfig, LogtoConfigBuilder, Routes},
    error::{Error, ErrorCode, ErrorKind, OAuthError, Result},
    hook::{SignIn, SignInRefusal},
    secret::Secret,
    session::{Cookies, HeaderCookies, SessionFormat, SessionLifetime},
    types::{
        ContextOptions, DirectSignIn, FirstScreen, Identifier, Prompt, Redirect, ResponseMode, SignInOptions,
        SignOutOptions, TokenOptions,
    },
};

/// Its examples compile and run where all features are there.
#[cfg(all(doctest, feature = "axum", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
