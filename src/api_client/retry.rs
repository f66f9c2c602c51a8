//! Whether and when a request is sent again that an API had no time for.

use std::time::{Duration, SystemTime};

use http::{Method, Response, StatusCode};

use super::builder::Patience;
use crate::http::retry_after_at;

/// However short the times are that the API names.
const MOST: u32 = 3;

/// What is left of the patience for one request.
pub(super) struct Retries {
    left: Duration,
    times: u32,
    any_method: bool,
}

impl Retries {
    pub(super) fn new(patience: &Patience) -> Self {
        let times = if patience.max_retry_wait.is_zero() { 0 } else { MOST };
        Self { left: patience.max_retry_wait, times, any_method: patience.any_method }
    }

    /// How long to wait before the request is sent again, if it is to be.
    pub(super) fn next<B>(&mut self, method: &Method, response: &Response<B>, now: SystemTime) -> Option<Duration> {
        let may_be_repeated = match response.status() {
            // RFC 6585 section 4: the request was turned away, whatever it was.
            StatusCode::TOO_MANY_REQUESTS => true,
            // RFC 9110 section 9.2.2: nobody knows how far it came, so only what may be done twice is done twice.
            StatusCode::SERVICE_UNAVAILABLE => self.any_method || method.is_idempotent(),
            _ => false,
        };
        let wait = may_be_repeated.then(|| retry_after_at(response.headers(), || now)).flatten()?;
        self.times = self.times.checked_sub(1)?;
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }
}

#[cfg(test)]
mod tests;
