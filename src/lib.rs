//! Logto for Rust: sign users in, keep their sessions, read their claims, get access tokens.
//!
//! [Logto](https://logto.io) is an OpenID Connect server. This crate is its SDK for web applications, over any framework.
//!
//! ```no_run
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
//! async fn me(user: SignedIn) -> String {
//!     user.sub().to_owned()
//! }
//!
//! # fn main() -> logto::Result<()> {
//! let logto = LogtoClient::from_env()?;
//! let app: Router = Router::new()
//!     .route("/", get(home))
//!     .route("/me", get(me))
//!     .merge(logto::axum::routes(&logto))
//!     .layer(logto::axum::layer(logto));
//! # drop(app); Ok(())
//! # }
//! ```
//!
//! `cargo run --example quickstart` shows it at work against a Logto of its own, with nothing to install and nothing to set up.
//!
//! # Without an integration
//!
//! Every verb works over a `Cookie` header, a [`cookie::CookieJar`](https://docs.rs/cookie), or your own [`Cookies`]:
//!
//! ```
//! # async fn example(logto: logto::LogtoClient, cookie_header: &str, query: &str) -> logto::Result<()> {
//! use logto::{ContextOptions, HeaderCookies, SignInOptions, SignOutOptions};
//!
//! let mut cookies = HeaderCookies::parse(cookie_header);
//! let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
//! let redirect = logto.handle_sign_in(&mut cookies, query).await?;
//! let context = logto.get_context(&mut cookies, ContextOptions::new()).await?;
//! let redirect = logto.sign_out(&mut cookies, SignOutOptions::new()).await?;
//! for header in cookies.set_cookie_headers() { /* append to the response as Set-Cookie, never insert */ }
//! # drop((context, redirect)); Ok(())
//! # }
//! ```
//!
//! [`LogtoClient::respond`] answers the authentication routes for any framework. [`Session`] is for several verbs in one request.
//!
//! # Where to begin
//!
//! - [`LogtoConfig`]: the settings, by builder, serde or environment.
//! - [`LogtoClient`]: the verbs. [`SignInOptions`], [`SignOutOptions`], [`ContextOptions`], [`TokenOptions`]: what they take.
//! - [`LogtoContext`], [`IdTokenClaims`], [`UserInfo`], [`AccessToken`]: what they give.
//! - [`RecentlyAuthenticated`], [`StepUp`]: a fresh or a stronger login before something sensitive.
//! - [`ResourceServer`], [`ApiAuth`]: the other side, an API that verifies the access tokens that others send it.
//! - [`MachineClient`], [`ApiClient`], [`TokenExchange`]: a program's own tokens, calling an API with them, and acting for a user.
//! - [`Error`]: one type with a kind, a stable code, and a hint that says what to do.
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `reqwest` | yes | the HTTP client that reaches Logto; without it, give an [`HttpClient`] of your own |
//! | `rustls` | yes | TLS by rustls with aws-lc-rs |
//! | `rustls-no-provider` | | TLS by rustls with the cryptography that the application installs |
//! | `native-tls` | | TLS of the system |
//! | `actix-web` | | `logto::actix_web`: routes, middleware and extractors for actix-web 4 |
//! | `axum` | | `logto::axum`: routes, layer and extractors for axum 0.8 |
//! | `rocket` | | `logto::rocket`: routes, fairing and request guards for Rocket 0.5 |
//! | `testing` | | `logto::testing`: MockLogto, forged sessions, a test clock; for development and tests only |
//!
//! # What this crate is not
//!
//! - An OpenID Connect library for every server. It speaks the standard, and is made for Logto.
//! - A user database. Users, roles and organizations live in Logto.
//! - A place for your application's own data. Sessions hold tokens and claims, in sealed cookies or in a [`SessionStore`].
//!
//! # More
//!
//! The [guides](guide): concepts, configuration, sessions, organizations, APIs, testing, deployment, troubleshooting, security and more. In the
//! repository: the [examples](https://github.com/logto-rust/logto/tree/main/examples),
//! [architecture](https://github.com/logto-rust/logto/blob/main/docs/architecture.md).
//!
//! Logs go to [`tracing`](https://docs.rs/tracing) under targets that begin with `logto`. No token and no secret is ever in them.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_client;
mod client;
mod clock;
mod config;
mod error;
mod http;
mod machine;
mod oidc;
mod reply;
mod resource_server;
mod routes;
mod secret;
mod session;
mod types;
mod web;

// Text alone: it is there for readers, and its examples are tests where all features are.
#[cfg(any(
    doc,
    all(doctest, feature = "actix-web", feature = "axum", feature = "redis", feature = "rocket", feature = "testing")
))]
pub mod guide;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "redis")]
pub use self::session::redis::{RedisCoordinator, RedisRevocations, RedisStore, RedisStoreBuilder};
#[cfg(feature = "tower-sessions")]
pub use self::session::tower_sessions::TowerSessionStore;
#[cfg(feature = "actix-web")]
pub use self::web::actix_web;
#[cfg(feature = "axum")]
pub use self::web::axum;
#[cfg(feature = "rocket")]
pub use self::web::rocket;
pub use self::{
    api_client::{ApiClient, ApiClientBuilder, TokenSource},
    client::{
        AccessToken, Check, CheckOutcome, Diagnosis, LogtoClient, LogtoContext, MaxAge, PendingSignIn,
        RecentlyAuthenticated, RequestSession, Session, SessionHeaders, SignedIn, StepUpPolicy, TokenExchange,
        TokenExchangeResponse,
    },
    clock::Clock,
    config::{LogtoConfig, LogtoConfigBuilder, Routes},
    error::{BoxError, Error, ErrorCode, ErrorKind, OAuthError, Result},
    http::{BodyChunks, BodyStream, BodyTooLarge, HttpClient},
    machine::{MachineClient, MachineClientBuilder},
    oidc::claims::{AccessTokenClaims, Actor, Audience, IdTokenClaims, UserInfo, user_data as claims},
    reply::{AuthResponse, ResponseFormat},
    resource_server::{
        ApiAudience, ApiAuth, ApiPolicy, AuthInfo, ResourceServer, ResourceServerBuilder, TokenRequirements,
    },
    routes::AuthRequest,
    secret::Secret,
    session::{
        SessionFormat, SessionLifetime,
        cookies::{Cookies, HeaderCookies},
        memory::{MemoryRevocations, MemoryStore},
        store::{
            RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
        },
    },
    types::{
        BoxFuture, ContextOptions, DirectSignIn, FirstScreen, Identifier, ORGANIZATION_URN_PREFIX,
        ORGANIZATIONS_RESOURCE, Prompt, Redirect, ResponseMode, SignInOptions, SignOutOptions, StepUp, TokenOptions,
        scopes,
    },
};

/// Its examples compile and run where all features are there.
#[cfg(all(doctest, feature = "axum", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
