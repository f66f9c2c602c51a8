//! Whether and when a request is sent again that an API had no time for.

use std::time::{Duration, SystemTime};

use http::{Method, Response, StatusCode};

use super::builder::RetryBudget;
use crate::http::retry_after_at;

/// However short the times are that the API names.
const MAX_RETRIES: u32 = 3;

/// Each further one is twice as long.
const FIRST_UNNAMED_WAIT: Duration = Duration::from_secs(1);

/// What is left of the retry budget for one request.
pub(super) struct Retries {
    remaining_wait: Duration,
    remaining_count: u32,
    any_method: bool,
    of_logto: bool,
    /// The next wait for an answer that names none.
    unnamed_wait: Option<Duration>,
}

impl Retries {
    pub(super) fn new(retry_budget: &RetryBudget) -> Self {
        let remaining_count = if retry_budget.max_retry_wait.is_zero() { 0 } else { MAX_RETRIES };
        Self {
            remaining_wait: retry_budget.max_retry_wait,
            remaining_count,
            any_method: retry_budget.any_method,
            of_logto: retry_budget.of_logto,
            unnamed_wait: retry_budget.of_logto.then_some(FIRST_UNNAMED_WAIT),
        }
    }

    /// How long to wait before the request is sent again, if it is to be.
    pub(super) fn next_wait<B>(
        &mut self,
        method: &Method,
        response: &Response<B>,
        now: SystemTime,
    ) -> Option<Duration> {
        let may_be_repeated = match response.status() {
            // RFC 6585 section 4: the request was turned away, whatever it was.
            StatusCode::TOO_MANY_REQUESTS => true,
            // RFC 9110 section 9.2.2: nobody knows how far it came, so only what may be done twice is done twice.
            StatusCode::SERVICE_UNAVAILABLE => {
                self.any_method || (method.is_idempotent() && !(self.of_logto && *method == Method::DELETE))
            }
            _ => false,
        };
        if !may_be_repeated {
            return None;
        }
        let wait = retry_after_at(response.headers(), || now).or(self.unnamed_wait)?;
        self.unnamed_wait = self.unnamed_wait.map(|wait| wait.saturating_mul(2));
        self.remaining_count = self.remaining_count.checked_sub(1)?;
        self.remaining_wait = self.remaining_wait.checked_sub(wait)?;
        Some(wait)
    }
}

#[cfg(test)]
mod tests;
