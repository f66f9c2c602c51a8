//! Stores in the memory of this process: for one instance, for development and for tests.

mod expiring;
mod sessions;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use self::{expiring::Expiring, sessions::Sessions};
use crate::{
    clock::{self, Clock, SystemClock},
    error::BoxError,
    store::{RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession, StoredSessions},
    types::BoxFuture,
};

/// Sessions in the memory of this process. They end with the process, and other instances cannot read them.
///
/// Bounded: when it is full, the session that would expire first makes room.
#[derive(Clone)]
pub struct MemoryStore {
    sessions: Arc<Mutex<Sessions>>,
    revocations: MemoryRevocations,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Creates a store with room for 100,000 sessions, about 200 MB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sessions: Arc::default(),
            revocations: MemoryRevocations::new(),
            capacity: 100_000,
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the maximum number of sessions; at least one.
    #[must_use]
    pub fn capacity(mut self, sessions: usize) -> Self {
        self.capacity = sessions.max(1);
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self.revocations.clock = Arc::clone(&self.clock);
        self
    }

    /// Returns how many sessions it holds, those that have expired and were not yet swept included.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// Returns whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a lock guards here is whole at any time, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, BoxError>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl SessionStore for MemoryStore {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        let mut sessions = lock(&self.sessions);
        let now = self.clock.now();
        if sessions.get(id, now).is_some() {
            return ready(false);
        }
        sessions.make_room(self.capacity, now);
        sessions.put(*id, session.clone());
        ready(true)
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        let now = self.clock.now();
        ready(lock(&self.sessions).get(id, now).cloned())
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        let now = self.clock.now();
        let mut sessions = lock(&self.sessions);
        ready(match sessions.get(id, now) {
            None => SaveOutcome::Gone,
            Some(stored) if stored.revision != expected_revision => SaveOutcome::Conflict,
            Some(_) => {
                sessions.put(*id, session.clone());
                SaveOutcome::Saved
            }
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        lock(&self.sessions).remove(id);
        ready(())
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        ready(u64::try_from(lock(&self.sessions).revoke(which)).unwrap_or(u64::MAX))
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<StoredSessions<'a>> {
        Some(ready(lock(&self.sessions).of_user(sub, self.clock.now())))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(self.revocations.clone()))
    }
}

/// Revocations in the memory of this process. The default beside sessions in cookies; several instances need one that they share.
#[derive(Clone)]
pub struct MemoryRevocations {
    /// Until when sessions have ended.
    revoked: Arc<Mutex<Expiring<Arc<str>, SystemTime>>>,
    clock: Arc<dyn Clock>,
}

impl MemoryRevocations {
    /// Creates an empty one.
    #[must_use]
    pub fn new() -> Self {
        Self { revoked: Arc::default(), clock: Arc::new(SystemClock) }
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(crate) fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..Self::new() }
    }

    /// Whether nothing is remembered, not even what may be forgotten by now.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.revoked).len() == 0
    }
}

impl Default for MemoryRevocations {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryRevocations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryRevocations").field("len", &lock(&self.revoked).len()).finish_non_exhaustive()
    }
}

/// Some 40 MB; beyond it, what would be forgotten first is forgotten earlier.
const MAX_REVOCATIONS: usize = 200_000;

impl RevocationStore for MemoryRevocations {
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        let mut revoked = lock(&self.revoked);
        let now = self.clock.now();
        let mut ends = clock::after(now, ttl);
        let mut latest = cutoff;
        match revoked.end(key) {
            Some(known_end) => {
                latest = latest.max(revoked.get(key, SystemTime::UNIX_EPOCH).copied().unwrap_or(cutoff));
                ends = ends.max(known_end);
            }
            None => _ = revoked.make_room(MAX_REVOCATIONS, now),
        }
        revoked.insert(key.into(), latest, ends);
        ready(())
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        let revoked = lock(&self.revoked);
        let now = self.clock.now();
        ready(keys.iter().filter_map(|key| revoked.get(key.as_str(), now)).max().copied())
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        let mut revoked = lock(&self.revoked);
        let now = self.clock.now();
        if revoked.get(key, now).is_some() {
            return ready(false);
        }
        revoked.make_room(MAX_REVOCATIONS, now);
        revoked.insert(key.into(), SystemTime::UNIX_EPOCH, clock::after(now, ttl));
        ready(true)
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        lock(&self.revoked).remove(key);
        ready(())
    }
}

#[cfg(test)]
mod tests;
