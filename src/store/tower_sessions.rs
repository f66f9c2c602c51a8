//! Sessions in any store made for `tower-sessions`, which there are for most databases.

mod entry;
mod record;
mod revocations;
mod tombstones;
#[cfg(feature = "tower-sessions-0-15")]
mod version_0_15;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::{Mutex, MutexGuard};
use tower_sessions_core::{SessionStore as Backend, session::Id};

#[cfg(feature = "tower-sessions-0-15")]
pub use self::version_0_15::TowerSessions015;
use self::{
    entry::Entry,
    record::{insert, session_id},
    tombstones::{KnownTombstones, Tombstone},
};
use crate::{
    clock::{self, Clock, SystemClock},
    error::BoxError,
    store::{RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    types::BoxFuture,
};

/// Keeps sessions in any [`tower_sessions_core::SessionStore`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto::{LogtoConfig, store::TowerSessionStore};
/// # use tower_sessions_memory_store::MemoryStore as AnyTowerSessionsStore;
///
/// let store = TowerSessionStore::new(AnyTowerSessionsStore::default());
/// let config = LogtoConfig::builder().session_store(store);
/// # _ = config; Ok(()) }
/// ```
///
/// Give it a table (schema, collection, key prefix) of its own: one that a `SessionManagerLayer` uses as well would take revocations for
/// sessions. Deleting expired records stays the task of the store (`ExpiredDeletion`).
///
/// # What it promises, and what it cannot
///
/// That trait knows neither compare-and-swap nor an index, so this adapter makes up for both:
///
/// - **One process** (this value and its clones): everything that [`SessionStore`] asks for, by a lock per session.
/// - **Several processes**: a session that was deleted or revoked does not come back, whatever the others write at that moment. Two processes
///   that write one session at the same moment may both be told [`SaveOutcome::Saved`], and then the last write stays. Each reads back
///   what it wrote, so both have to be within one round trip to the database, and one has to be held up there. What is lost then is what the other
///   request had added to the session: an access token, which is fetched again, or at worst a refresh token that was just rotated, which
///   ends the session with the next refresh. Where that is too much, use a store that swaps in the database, such as one after
///   `examples/custom_store.rs`.
/// - **[`revoke`](SessionStore::revoke)** holds at once in all processes: it writes a tombstone under an id made from the `sub` or `sid`,
///   and sessions begun before it are no longer found. How many those are is not known; the number given is that of the tombstones: always 1.
/// - **A store that forgets** (a bounded cache) may forget tombstones, too. A `CachingSessionStore` with a cache in the process does not see what other
///   processes delete or revoke: with several instances, put none in front.
///
/// Costs: a load is one read, and then one or two at once for the tombstones.
pub struct TowerSessionStore<S> {
    backend: Arc<S>,
    locks: Arc<[Mutex<()>; 256]>,
    revocation_lifetime: Duration,
}

impl<S> TowerSessionStore<S> {
    /// Keeps sessions in `store`. Clones of the result share its locks; create one for each process.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            backend: Arc::new(store),
            locks: Arc::new([const { Mutex::const_new(()) }; 256]),
            revocation_lifetime: Duration::from_secs(180 * 24 * 60 * 60),
        }
    }

    /// Sets how long [`revoke`](SessionStore::revoke) is remembered: at least as long as a session may go without a request
    /// ([`SessionLifetime::idle`](crate::SessionLifetime::idle)), else sessions are refused. Default: 180 days.
    #[must_use]
    pub fn revocation_lifetime(mut self, lifetime: Duration) -> Self {
        self.revocation_lifetime = lifetime;
        self
    }
}

impl<S> Clone for TowerSessionStore<S> {
    fn clone(&self) -> Self {
        Self {
            backend: Arc::clone(&self.backend),
            locks: Arc::clone(&self.locks),
            revocation_lifetime: self.revocation_lifetime,
        }
    }
}

/// Without the store: its settings may hold a password.
impl<S> fmt::Debug for TowerSessionStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerSessionStore")
            .field("revocation_lifetime", &self.revocation_lifetime)
            .finish_non_exhaustive()
    }
}

impl<S: Backend> SessionStore for TowerSessionStore<S> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let key = session_id(id);
            let _guard = self.lock(key).await;
            // Not every store looks before it creates.
            if self.backend.load(&key).await?.is_some() {
                return Ok(false);
            }
            let tombstones = KnownTombstones::read(&*self.backend, session).await?;
            let record = Entry::new(session, tombstones)?.into_record(key, self.forgotten_after())?;
            insert(&*self.backend, record).await
        })
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        Box::pin(async move { Ok(self.find(id).await?.map(|(session, _)| session)) })
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(async move {
            let key = session_id(id);
            let _guard = self.lock(key).await;
            let Some((stored, tombstones)) = self.find(id).await? else {
                return Ok(SaveOutcome::Gone);
            };
            if stored.revision != expected_revision {
                return Ok(SaveOutcome::Conflict);
            }
            // With the tombstones of its creation, so that a revocation of this moment holds for it.
            let entry = Entry::new(session, tombstones)?;
            let written = entry.write().to_owned();
            self.backend.save(&entry.into_record(key, self.forgotten_after())?).await?;
            self.check(id, &written).await
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let key = session_id(id);
            let _guard = self.lock(key).await;
            // First the tombstone, then the deletion: a later write of the session finds the tombstone, and deletes the session again.
            Tombstone::of_deleted(id).write(&*self.backend, DELETED_TOMBSTONE_LIFETIME).await?;
            Ok(self.backend.delete(&key).await?)
        })
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async move {
            Tombstone::of_revoked(which).write(&*self.backend, self.revocation_lifetime).await?;
            Ok(1)
        })
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(self.clone()))
    }
}

/// How long a write may take while its session is deleted.
const DELETED_TOMBSTONE_LIFETIME: Duration = Duration::from_secs(60 * 60);

impl<S: Backend> TowerSessionStore<S> {
    /// One request at a time for a record, in this process. Those whose ids begin alike wait for each other, too.
    async fn lock(&self, id: Id) -> Option<MutexGuard<'_, ()>> {
        let [first, ..] = id.0.to_le_bytes();
        match self.locks.get(usize::from(first)) {
            Some(mutex) => Some(mutex.lock().await),
            None => None,
        }
    }

    /// A session that is there and was not revoked, with the tombstones that were there when it began.
    async fn find(&self, id: &SessionId) -> Result<Option<(StoredSession, KnownTombstones)>, BoxError> {
        let Some(record) = self.backend.load(&session_id(id)).await? else {
            return Ok(None);
        };
        let (session, tombstones) = Entry::from_record(record)?.into_parts();
        let found =
            session.expires_at > SystemClock.now() && !tombstones.are_outdated(&*self.backend, &session).await?;
        Ok(found.then_some((session, tombstones)))
    }

    /// Looks again after a write: another process may have deleted or written the session meanwhile.
    async fn check(&self, id: &SessionId, written: &str) -> Result<SaveOutcome, BoxError> {
        let (tombstone, key) = (Tombstone::of_deleted(id), session_id(id));
        let (deleted, stored) = tokio::join!(tombstone.read(&*self.backend), self.backend.load(&key));
        if deleted?.is_some() {
            self.backend.delete(&key).await?;
            return Ok(SaveOutcome::Gone);
        }
        Ok(match stored?.map(Entry::from_record).transpose()? {
            None => SaveOutcome::Gone,
            Some(entry) if entry.write() == written => SaveOutcome::Saved,
            Some(_) => SaveOutcome::Conflict,
        })
    }

    /// When a revocation of now would be forgotten. No session may outlive it.
    fn forgotten_after(&self) -> SystemTime {
        clock::after(SystemClock.now(), self.revocation_lifetime)
    }
}
