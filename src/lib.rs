//! Logto for Rust.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod clock;
mod config;
mod error;
mod http;
mod oidc;
mod reply;
mod routes;
mod secret;
mod session;
mod types;
mod web;

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "tower-sessions")]
pub use self::session::tower::TowerSessionStore;
#[cfg(feature = "axum")]
pub use self::web::axum;
pub use self::{
    client::{AccessToken, LogtoClient, LogtoContext, RequestSession, Session},
    clock::Clock,
    config::{LogtoConfig, LogtoConfigBuilder, Routes},
    error::{BoxError, Error, ErrorKind, OAuthError, Result},
    http::{BodyTooLarge, BoxFuture, HttpClient},
    oidc::claims::{AccessTokenClaims, Audience, IdTokenClaims, UserInfo},
    reply::{Reply, Requester},
    routes::AuthRequest,
    secret::Secret,
    session::{
        SessionLifetime,
        cookies::{Cookies, HeaderCookies},
        memory::{MemoryRevocations, MemoryStore},
        store::{
            RefreshCoordinator, RevocationStore, RevokedSessions, SaveOutcome, SessionId, SessionStore, StoredSession,
        },
    },
    types::{
        ContextOptions, DirectSignIn, FirstScreen, Identifier, ORGANIZATION_URN_PREFIX, ORGANIZATIONS_RESOURCE, Prompt,
        Redirect, SignInOptions, SignOutOptions, TokenOptions, scopes,
    },
};
