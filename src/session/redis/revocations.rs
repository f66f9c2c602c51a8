//! Until when the sessions of somebody are over.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use redis::{Cmd, Script};

use super::{
    connection::Connection,
    keys::{self, Keys},
};
use crate::{BoxError, BoxFuture, RevocationStore};

/// `KEYS[1]` whose; `ARGV` the time and the lifetime. The later time stays, and for the longer.
const REVOKE: &str = "
    local known = redis.call('GET', KEYS[1]) or 0
    local left = redis.call('PTTL', KEYS[1])
    redis.call('SET', KEYS[1], math.max(known, ARGV[1]), 'PX', math.max(left, ARGV[2]))";

/// Remembers in Redis which sessions in cookies were ended, for all instances at once.
///
/// Made by [`RedisStore::revocations`](crate::RedisStore::revocations).
#[derive(Clone)]
pub struct RedisRevocations {
    connection: Connection,
    keys: Keys,
}

impl RedisRevocations {
    pub(super) fn new(connection: Connection, keys: Keys) -> Self {
        Self { connection, keys }
    }

    async fn remember(&self, key: &str, until: SystemTime, ttl: Duration) -> Result<(), BoxError> {
        let script = Script::new(REVOKE);
        let mut revoke = script.key(self.keys.of("revoked", key));
        revoke.arg(keys::millis(until)).arg(keys::lifetime(ttl));
        Ok(revoke.invoke_async(&mut self.connection.clone()).await?)
    }

    async fn latest(&self, keys: &[String]) -> Result<Option<SystemTime>, BoxError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let keys: Vec<String> = keys.iter().map(|key| self.keys.of("revoked", key)).collect();
        let found: Vec<Option<u64>> = Cmd::mget(keys).query_async(&mut self.connection.clone()).await?;
        Ok(found.into_iter().flatten().max().map(keys::time))
    }
}

impl RevocationStore for RedisRevocations {
    fn revoke<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.remember(key, until, ttl))
    }

    fn revoked_until<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        Box::pin(self.latest(keys))
    }
}

impl fmt::Debug for RedisRevocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRevocations").field("keys", &self.keys).field("on", &self.connection).finish()
    }
}
