//! The names of things in Redis, and how times are written there.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::clock;

/// A hundred years: what is to last longer lasts so long. Beyond some limit Redis takes no lifetime at all.
const MAX_LIFETIME: u64 = 100 * 365 * 24 * 3600 * 1000;

/// Names with a common prefix.
#[derive(Clone)]
pub(super) struct Keys {
    prefix: Arc<str>,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The name of the thing `name` of a kind.
    pub(super) fn of(&self, kind: &str, name: &str) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new("logto:")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*", self.prefix)
    }
}

/// A lifetime in milliseconds. Redis takes none of zero, so what is over lives for one more.
pub(super) fn lifetime(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(MAX_LIFETIME).clamp(1, MAX_LIFETIME)
}

/// Milliseconds since 1970, as an integer that Redis's scripts can count with, too: at most the end of the year 9999.
pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.min(clock::far_future()).duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time that [`millis`] gave.
pub(super) fn time(millis: u64) -> SystemTime {
    clock::after(UNIX_EPOCH, Duration::from_millis(millis))
}
