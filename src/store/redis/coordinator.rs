//! Locks and shared values, for refreshes that are exclusive over several processes.

use std::{fmt, time::Duration};

use redis::{Cmd, Script};

use super::{
    connection::Connection,
    keys::{self, Keys},
};
use crate::{error::BoxError, store::RefreshCoordinator, types::BoxFuture};

/// `KEYS[1]` the lock; `ARGV[1]` who holds it.
const UNLOCK: &str = "
    if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";

/// Allows one refresh at a time across all instances that share a Redis, with sessions in Redis or in cookies.
///
/// Made by [`RedisStore::coordinator`](crate::store::RedisStore::coordinator). It sees hashes for names and sealed values, no tokens.
#[derive(Clone)]
pub struct RedisCoordinator {
    connection: Connection,
    keys: Keys,
}

impl RedisCoordinator {
    pub(super) fn new(connection: Connection, keys: Keys) -> Self {
        Self { connection, keys }
    }

    async fn take(&self, key: &str, ttl: Duration) -> Result<Option<String>, BoxError> {
        let holder = keys::random()?;
        let taken = keys::take(&self.connection, self.keys.of("lock", key), &holder, ttl).await?;
        Ok(taken.then_some(holder))
    }

    async fn give_back(&self, key: &str, holder: &str) -> Result<(), BoxError> {
        let script = Script::new(UNLOCK);
        let mut unlock = script.key(self.keys.of("lock", key));
        Ok(self.connection.run(unlock.arg(holder)).await?)
    }
}

impl RefreshCoordinator for RedisCoordinator {
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(self.take(key, ttl))
    }

    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.give_back(key, holder))
    }

    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(
            async move { Ok(Cmd::get(self.keys.of("shared", key)).query_async(&mut self.connection.clone()).await?) },
        )
    }

    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        let put = Cmd::pset_ex(self.keys.of("shared", key), value, keys::lifetime(ttl));
        Box::pin(async move { Ok(put.exec_async(&mut self.connection.clone()).await?) })
    }

    fn is_in_clear_text(&self) -> bool {
        self.connection.is_in_clear_text()
    }
}

impl fmt::Debug for RedisCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCoordinator").field("keys", &self.keys).field("on", &self.connection).finish()
    }
}
