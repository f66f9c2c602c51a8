//! Logto for Rust.

mod clock;
mod error;
mod http;
mod oidc;
mod secret;

#[cfg(feature = "testing")]
pub mod testing;

pub use self::{
    clock::Clock,
    error::{BoxError, Error, ErrorKind, OAuthError, Result},
    http::{BodyTooLarge, BoxFuture, HttpClient},
    oidc::claims::{AccessTokenClaims, Audience, IdTokenClaims, UserInfo},
    secret::Secret,
};
