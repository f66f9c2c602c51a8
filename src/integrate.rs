//! For integrations: what stands between this crate and a framework, an HTTP client or a clock.
//!
//! The names are defined on the floors of the crate that need them; this is their public place.

pub use crate::{
    client::SessionHeaders,
    clock::Clock,
    error::BoxError,
    http::{BodyChunks, BodyStream, BodyTooLarge, HttpClient},
    response::{AuthResponse, ResponseFormat},
    routes::AuthRequest,
    types::BoxFuture,
};
