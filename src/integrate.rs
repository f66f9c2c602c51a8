//! For integrations: the interfaces to a framework, an HTTP client or a clock.
//!
//! Each name is defined in the module that first needs it; these are the public paths.

pub use crate::{
    client::{CurrentClient, SessionHeaders},
    clock::Clock,
    error::BoxError,
    http::{BodyChunks, BodyStream, BodyTooLarge, HttpClient},
    response::{AuthResponse, ErrorPageRequest, ErrorPages, ResponseFormat},
    routes::AuthRequest,
    types::BoxFuture,
};
