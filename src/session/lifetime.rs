//! How long a session lives.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// The lifetime of a session. Both limits are inside the sealed session, so a longer `Max-Age` of the cookie does not extend it.
///
/// Both are checked by [`LogtoConfigBuilder::build`](crate::LogtoConfigBuilder::build): 1 second ≤ idle ≤ absolute ≤ 400 days, which is the
/// longest that browsers keep a cookie (RFC 6265bis section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionLifetime {
    /// Seconds without a request after which the session ends. Default: 14 days, as long as Logto's refresh tokens.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// Seconds after the sign-in at which it ends, however busy. Default: 180 days, as long as Logto's grants.
    #[serde(with = "seconds")]
    pub absolute: Duration,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self { idle: Duration::from_secs(14 * DAY_SECONDS), absolute: Duration::from_secs(180 * DAY_SECONDS) }
    }
}

impl SessionLifetime {
    /// Creates the default lifetimes: 14 days idle, 180 days in all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Seconds without a request after which the session ends.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Seconds after the sign-in at which the session ends.
    #[must_use]
    pub fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// Unix seconds at which a session ends that was made and touched then.
    pub(crate) fn ends_at(&self, created_at: i64, touched_at: i64) -> i64 {
        let idle = touched_at.saturating_add(clock::whole_seconds(self.idle));
        idle.min(self.absolute_end(created_at))
    }

    /// Unix seconds at which a session ends that was made then, however busy.
    pub(crate) fn absolute_end(&self, created_at: i64) -> i64 {
        created_at.saturating_add(clock::whole_seconds(self.absolute))
    }

    /// Seconds between two writes that only say "still here": a tenth of the idle time, at most a day.
    pub(crate) fn touch_interval(&self) -> i64 {
        clock::whole_seconds(self.idle / 10).min(24 * 60 * 60)
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_touch_interval_is_a_tenth_of_the_idle_lifetime_but_at_most_a_day() {
        let interval = |idle| SessionLifetime::new().idle(Duration::from_secs(idle)).touch_interval();
        assert_eq!((interval(3600), interval(10 * DAY_SECONDS), interval(14 * DAY_SECONDS)), (360, 86_400, 86_400));
    }
}
