//! A store behind an [`Arc`] is a store: an application may choose it when it starts, and keep it for itself, too.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    error::{BoxError, Result},
    store::{
        RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
        StoredSessions,
    },
    types::BoxFuture,
};

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        (**self).create(id, session)
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        (**self).load(id)
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        (**self).save(id, session, expected_revision)
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).delete(id)
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        (**self).revoke(which)
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<StoredSessions<'a>> {
        (**self).list(sub)
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        (**self).coordinator()
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        (**self).revocations()
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        (**self).warnings()
    }

    fn is_in_clear_text(&self) -> bool {
        (**self).is_in_clear_text()
    }
}

impl<S: RevocationStore + ?Sized> RevocationStore for Arc<S> {
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).record(key, cutoff, ttl)
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        (**self).latest_cutoff(keys)
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        (**self).claim(key, ttl)
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).release(key)
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        (**self).warnings()
    }

    fn is_in_clear_text(&self) -> bool {
        (**self).is_in_clear_text()
    }
}

impl<C: RefreshCoordinator + ?Sized> RefreshCoordinator for Arc<C> {
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        (**self).lock(key, ttl)
    }

    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).unlock(key, holder)
    }

    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        (**self).load_result(key)
    }

    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        (**self).store_result(key, value, ttl)
    }

    fn is_in_clear_text(&self) -> bool {
        (**self).is_in_clear_text()
    }
}
