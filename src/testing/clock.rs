//! A clock that stands still until it is told to move.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use crate::clock::Clock;

/// A clock for tests: it stands still, and moves when told to. Clones are hands of the same clock.
///
/// ```
/// use std::time::Duration;
/// use logto::{integrate::Clock, testing::TestClock};
///
/// let clock = TestClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().duration_since(before).unwrap(), Duration::from_secs(60));
/// ```
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Mutex<SystemTime>>);

impl TestClock {
    /// A clock that shows the real time of this moment, and stands still.
    #[must_use]
    pub fn new() -> Self {
        Self::at(SystemTime::now())
    }

    /// A clock that shows `time`, and stands still.
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves the clock forward. A step beyond the end of time is not taken.
    pub fn advance(&self, step: Duration) {
        self.turn(|time| time.checked_add(step));
    }

    /// Moves the clock back. A step beyond the beginning of time is not taken.
    pub fn rewind(&self, step: Duration) {
        self.turn(|time| time.checked_sub(step));
    }

    fn turn(&self, step: impl FnOnce(SystemTime) -> Option<SystemTime>) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = step(*time).unwrap_or(*time);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_test_clock_share_one_time_within_its_limits() {
        let clock = TestClock::at(SystemTime::UNIX_EPOCH);
        let clone = clock.clone();
        clock.advance(Duration::from_secs(5));
        clone.rewind(Duration::from_secs(2));
        assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3));
        clock.advance(Duration::MAX);
        assert_eq!(clone.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(3));
    }
}
