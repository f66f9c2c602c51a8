//! A store that hangs is waited for once, and not by every call of every request.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::clock;

/// What a call fails with that is not made.
pub(super) const OPEN_MESSAGE: &str = "the store did not answer a moment ago, and is asked again in a second";
/// After a call that the store hung in, calls fail at once for so long. Then one asks again, and the others go on failing until it has an answer.
const OPEN_DURATION: Duration = Duration::from_secs(1);

/// What the calls to one store know of each other.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Until when calls fail at once.
    open_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Whether a call may be made that has not ended by `limit`.
    pub(super) fn lets_pass(&self, limit: Duration) -> bool {
        let mut open_until = self.open_until.lock().unwrap_or_else(PoisonError::into_inner);
        match *open_until {
            None => true,
            Some(until) if clock::moment() < until => false,
            // This one asks; the others wait for what it finds. If it is dropped, the next one does when its time is over.
            Some(_) => {
                *open_until = clock::moment().checked_add(limit);
                true
            }
        }
    }

    /// Learns how a call ended: whether the store hung, or answered, be it that it refused.
    pub(super) fn learn(&self, hung: bool) {
        let mut open_until = self.open_until.lock().unwrap_or_else(PoisonError::into_inner);
        *open_until = clock::moment().checked_add(OPEN_DURATION).filter(|_| hung);
    }
}
