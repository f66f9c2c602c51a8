//! Until when the sessions of somebody are over.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use redis::{Cmd, Script};

use super::{
    condition::Condition,
    connection::Connection,
    keys::{self, Keys},
};
use crate::{clock, error::BoxError, store::RevocationStore, types::BoxFuture};

/// `KEYS[1]` whose; `ARGV` the time, the lifetime and the latest time there is. The later time stays, and for the longer; one that cannot be
/// read is the latest. Numbers are written as integers.
const REVOKE: &str = "
    local known = redis.call('GET', KEYS[1])
    if known then known = tonumber(known) or tonumber(ARGV[3]) else known = 0 end
    local left = redis.call('PTTL', KEYS[1])
    local time = math.min(math.max(known, tonumber(ARGV[1])), tonumber(ARGV[3]))
    redis.call('SET', KEYS[1], string.format('%.0f', time), 'PX', string.format('%.0f', math.max(left, tonumber(ARGV[2]))))";

/// Records in Redis which sessions in cookies were ended, for all instances.
///
/// Made by [`RedisStore::revocations`](crate::store::RedisStore::revocations).
#[derive(Clone)]
pub struct RedisRevocations {
    connection: Connection,
    keys: Keys,
}

impl RedisRevocations {
    pub(super) fn new(connection: Connection, keys: Keys) -> Self {
        Self { connection, keys }
    }

    async fn remember(&self, key: &str, cutoff: SystemTime, ttl: Duration) -> Result<(), BoxError> {
        let script = Script::new(REVOKE);
        let mut revoke = script.key(self.keys.of("revoked", key));
        revoke.arg(keys::millis(cutoff)).arg(keys::lifetime(ttl)).arg(keys::millis(clock::far_future()));
        Ok(self.connection.run(&revoke).await?)
    }

    pub(super) async fn latest(&self, keys: &[String]) -> Result<Option<SystemTime>, BoxError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let keys: Vec<String> = keys.iter().map(|key| self.keys.of("revoked", key)).collect();
        let found: Vec<Option<Vec<u8>>> = Cmd::mget(keys).query_async(&mut self.connection.clone()).await?;
        Ok(found.into_iter().flatten().map(|value| read(&value)).max())
    }

    async fn take(&self, key: &str, ttl: Duration) -> Result<bool, BoxError> {
        // The first moment of 1970, in digits that tell who took it.
        let holder = format!("0.{:039}", u128::from_le_bytes(clock::random_bytes()?));
        Ok(keys::take(&self.connection, self.keys.of("revoked", key), &holder, ttl).await?)
    }

    async fn give_back(&self, key: &str) -> Result<(), BoxError> {
        Ok(Cmd::del(self.keys.of("revoked", key)).exec_async(&mut self.connection.clone()).await?)
    }
}

/// A time that cannot be read is the latest there is: an ended session stays ended.
pub(super) fn read(millis: &[u8]) -> SystemTime {
    let read = |text: &str| match text.split_once('.') {
        Some(("0", holder)) if holder.bytes().all(|digit| digit.is_ascii_digit()) => Some(0),
        _ => text.parse().ok(),
    };
    let millis = str::from_utf8(millis).ok().and_then(read);
    millis.map_or_else(clock::far_future, keys::time)
}

impl RevocationStore for RedisRevocations {
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.remember(key, cutoff, ttl))
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        Box::pin(self.latest(keys))
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(self.take(key, ttl))
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.give_back(key))
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        Box::pin(async move { Ok(Condition::of(&self.connection).await?.warnings()) })
    }

    fn is_in_clear_text(&self) -> bool {
        self.connection.is_in_clear_text()
    }
}

impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations").field("keys", &self.keys).field("on", &self.connection).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_claim_revokes_nothing_where_a_time_that_cannot_be_read_revokes_everything() {
        assert_eq!(read(b"1800000000000"), keys::time(1_800_000_000_000));
        assert_eq!(read(b"0.000000000000000000000000000000000000042"), UNIX_EPOCH);
        let unreadable: [&[u8]; 6] = [b"", b"soon", b"0.4x", b"1.5", b"-1", b"\xff"];
        for text in unreadable {
            assert_eq!(read(text), clock::far_future(), "{text:?}");
        }
    }
}
