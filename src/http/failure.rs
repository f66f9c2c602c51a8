//! Why a request brought no response, where the crate itself says so.

use std::fmt;

use crate::error::BoxError;

/// The body was larger than `max_body_bytes`. Return it from [`HttpClient::send`](super::HttpClient::send) to have the error say so.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct BodyTooLarge;

impl fmt::Display for BodyTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is larger than the limit")
    }
}

impl std::error::Error for BodyTooLarge {}

/// A client that was configured to follow redirects went somewhere we did not send it.
#[derive(Debug)]
pub(super) struct RedirectFollowed(pub(super) String);

impl fmt::Display for RedirectFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the HTTP client followed a redirect to {}", self.0)
    }
}

impl std::error::Error for RedirectFollowed {}

/// No connection could be made, so nothing was sent.
#[derive(Debug)]
pub(super) struct NotSent(pub(super) BoxError);

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NotSent {}
