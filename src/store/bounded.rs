//! Stores that are not waited for longer than a setting says. What takes longer is an error, as any other error of a store. Of a store that hangs
//! the calls of a moment fail with the first one, so a request waits for it once.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::Poll,
    time::{Duration, SystemTime},
};

use super::breaker::{Breaker, OPEN_MESSAGE};
use crate::{
    clock,
    error::BoxError,
    store::{
        RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
        StoredSessions,
    },
    telemetry::{StoreKind, store_asked},
    types::BoxFuture,
};

/// A failure that took so long is that of a store that hangs. One that refuses at once may be asked by everybody.
const HANG_THRESHOLD: Duration = Duration::from_secs(1);

/// A store of any kind whose calls end within the limit.
pub(crate) struct Bounded<S: ?Sized> {
    store: Arc<S>,
    limit: Duration,
    breaker: Arc<Breaker>,
}

impl<S: ?Sized + Send + Sync> Bounded<S> {
    pub(crate) fn new(store: Arc<S>, limit: Duration) -> Self {
        Self { store, limit, breaker: Arc::default() }
    }

    /// Another face of the same store: when the one hangs, so does the other.
    fn beside<T: ?Sized + Send + Sync>(&self, store: Arc<T>) -> Bounded<T> {
        Bounded { store, limit: self.limit, breaker: Arc::clone(&self.breaker) }
    }

    /// What a call gives, or an error after the limit. The call is dropped then; whether it was carried out, nobody knows.
    fn within<'a, T: Send + 'a>(
        &'a self,
        (kind, operation): (StoreKind, &'static str),
        mut call: BoxFuture<'a, Result<T, BoxError>>,
    ) -> BoxFuture<'a, Result<T, BoxError>> {
        Box::pin(async move {
            if !self.breaker.lets_pass(self.limit) {
                store_asked(kind, operation, true, None);
                return Err(OPEN_MESSAGE.into());
            }
            let began = clock::moment();
            // A store in memory has its answer at once, and needs neither a timer nor a runtime that has one.
            let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            let answer = match first {
                Poll::Ready(answer) => answer,
                Poll::Pending => tokio::time::timeout(self.limit, call).await.unwrap_or_else(|_| {
                    Err(format!("no answer within {:?} (setting store_timeout)", self.limit).into())
                }),
            };
            store_asked(kind, operation, answer.is_err(), Some(began));
            self.breaker.learn(answer.is_err() && began.elapsed() >= HANG_THRESHOLD);
            answer
        })
    }
}

impl<S: ?Sized> fmt::Debug for Bounded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl SessionStore for Bounded<dyn SessionStore> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.within((StoreKind::Session, "create"), self.store.create(id, session))
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.within((StoreKind::Session, "load"), self.store.load(id))
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.within((StoreKind::Session, "save"), self.store.save(id, session, expected_revision))
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.within((StoreKind::Session, "delete"), self.store.delete(id))
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.within((StoreKind::Session, "revoke"), self.store.revoke(which))
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<StoredSessions<'a>> {
        Some(self.within((StoreKind::Session, "list"), self.store.list(sub)?))
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        Some(Arc::new(self.beside(self.store.coordinator()?)))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(self.beside(self.store.revocations()?)))
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        self.within((StoreKind::Session, "warnings"), self.store.warnings())
    }

    fn is_in_clear_text(&self) -> bool {
        self.store.is_in_clear_text()
    }
}

impl RevocationStore for Bounded<dyn RevocationStore> {
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.within((StoreKind::Revocation, "record"), self.store.record(key, cutoff, ttl))
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        self.within((StoreKind::Revocation, "latest_cutoff"), self.store.latest_cutoff(keys))
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.within((StoreKind::Revocation, "claim"), self.store.claim(key, ttl))
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.within((StoreKind::Revocation, "release"), self.store.release(key))
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        self.within((StoreKind::Revocation, "warnings"), self.store.warnings())
    }

    fn is_in_clear_text(&self) -> bool {
        self.store.is_in_clear_text()
    }
}

impl RefreshCoordinator for Bounded<dyn RefreshCoordinator> {
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.within((StoreKind::Coordinator, "lock"), self.store.lock(key, ttl))
    }

    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.within((StoreKind::Coordinator, "unlock"), self.store.unlock(key, holder))
    }

    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.within((StoreKind::Coordinator, "load_result"), self.store.load_result(key))
    }

    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.within((StoreKind::Coordinator, "store_result"), self.store.store_result(key, value, ttl))
    }

    fn is_in_clear_text(&self) -> bool {
        self.store.is_in_clear_text()
    }
}

#[cfg(test)]
mod tests;
