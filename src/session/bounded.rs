//! Stores that are not waited for longer than a setting says. What takes longer is an error, as any other error of a store.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime},
};

use super::store::{
    RefreshCoordinator, RevocationStore, RevokedSessions, SaveOutcome, SessionId, SessionStore, StoredSession,
};
use crate::{BoxError, BoxFuture};

/// A store of any kind whose calls end within the limit.
pub(crate) struct Bounded<S: ?Sized> {
    store: Arc<S>,
    limit: Duration,
}

impl<S: ?Sized> Bounded<S> {
    pub(crate) fn new(store: Arc<S>, limit: Duration) -> Self {
        Self { store, limit }
    }
}

impl<S: ?Sized> fmt::Debug for Bounded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What a call gives, or an error after `limit`. The call is dropped then; whether it was carried out, nobody knows.
fn within<'a, T: Send + 'a>(
    limit: Duration,
    mut call: BoxFuture<'a, Result<T, BoxError>>,
) -> BoxFuture<'a, Result<T, BoxError>> {
    Box::pin(async move {
        // A store in memory has its answer at once, and needs neither a timer nor a runtime that has one.
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        if let Poll::Ready(answer) = first {
            return answer;
        }
        match tokio::time::timeout(limit, call).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {limit:?} (setting store_timeout)").into()),
        }
    })
}

impl SessionStore for Bounded<dyn SessionStore> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        within(self.limit, self.store.create(id, session))
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        within(self.limit, self.store.load(id))
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        within(self.limit, self.store.save(id, session, expected))
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        within(self.limit, self.store.delete(id))
    }

    fn revoke<'a>(&'a self, which: &'a RevokedSessions) -> BoxFuture<'a, Result<u64, BoxError>> {
        within(self.limit, self.store.revoke(which))
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        Some(Arc::new(Bounded::new(self.store.coordinator()?, self.limit)))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(Bounded::new(self.store.revocations()?, self.limit)))
    }
}

impl RevocationStore for Bounded<dyn RevocationStore> {
    fn revoke<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        within(self.limit, self.store.revoke(key, until, ttl))
    }

    fn revoked_until<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        within(self.limit, self.store.revoked_until(keys))
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        within(self.limit, self.store.claim(key, ttl))
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        within(self.limit, self.store.release(key))
    }
}

impl RefreshCoordinator for Bounded<dyn RefreshCoordinator> {
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        within(self.limit, self.store.lock(key, ttl))
    }

    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        within(self.limit, self.store.unlock(key, holder))
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        within(self.limit, self.store.get(key))
    }

    fn put<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        within(self.limit, self.store.put(key, value, ttl))
    }
}

#[cfg(test)]
mod tests;
