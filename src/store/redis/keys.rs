//! The names of things in Redis, and how times are written there.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64_simd::URL_SAFE_NO_PAD;
use redis::{RedisResult, Script};

use super::connection::Connection;
use crate::{clock, error::Result};

/// A hundred years: what is to last longer lasts so long. Beyond some limit Redis takes no lifetime at all.
const MAX_LIFETIME_MILLIS: u64 = 100 * 365 * 24 * 3600 * 1000;

/// `KEYS[1]` what to take; `ARGV` its holder and the lifetime. What this very command has taken before is its holder's.
const TAKE: &str = "
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
    if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end
    return 0";

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

/// Takes `key` for `holder`, in one step: `false` where another one has it.
pub(super) async fn take(connection: &Connection, key: String, holder: &str, ttl: Duration) -> RedisResult<bool> {
    let script = Script::new(TAKE);
    connection.run(script.key(key).arg(holder).arg(lifetime(ttl))).await
}

/// 128 random bits: what tells a write, or the holder of a lock, from all others.
pub(super) fn random() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode_to_string(clock::random_bytes::<16>()?))
}

/// A lifetime in milliseconds. Redis takes none of zero, so what is over lives for one more.
pub(super) fn lifetime(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(MAX_LIFETIME_MILLIS).clamp(1, MAX_LIFETIME_MILLIS)
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
