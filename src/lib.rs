//! Logto for Rust.

mod clock;
mod error;
mod http;
mod secret;

#[cfg(feature = "testing")]
pub mod testing;

pub use self::{
    clock::Clock,
    error::{BoxError, Error, ErrorKind, OAuthError, Result},
    http::{BodyTooLarge, BoxFuture, HttpClient},
    secret::Secret,
};
