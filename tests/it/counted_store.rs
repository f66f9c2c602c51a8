//! A store in memory that counts what it is asked, and that can be switched off.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use logto::{
    integrate::{BoxError, BoxFuture},
    store::{MemoryStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    testing::TestClock,
};

#[derive(Clone)]
pub struct Counted {
    pub store: MemoryStore,
    reads: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
    pub down: Arc<AtomicBool>,
    /// Says that it has written, and has not.
    pub forgetful: Arc<AtomicBool>,
    /// Cannot list at the moment.
    pub unlisted: Arc<AtomicBool>,
}

impl Counted {
    pub fn new(clock: &TestClock) -> Self {
        let store = MemoryStore::new().clock(clock.clone());
        let (down, forgetful, unlisted) = (Arc::default(), Arc::default(), Arc::default());
        Self { store, reads: Arc::default(), writes: Arc::default(), down, forgetful, unlisted }
    }

    fn count(&self, operations: &AtomicUsize) -> Result<(), BoxError> {
        operations.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) { Err("connection refused".into()) } else { Ok(()) }
    }

    /// The reads and writes since it was asked last.
    pub fn take(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::SeqCst), self.writes.swap(0, Ordering::SeqCst))
    }
}

impl SessionStore for Counted {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.count(&self.writes)?;
            self.store.create(id, session).await
        })
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        Box::pin(async move {
            self.count(&self.reads)?;
            self.store.load(id).await
        })
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(async move {
            self.count(&self.writes)?;
            if self.forgetful.load(Ordering::SeqCst) {
                return Ok(SaveOutcome::Saved);
            }
            self.store.save(id, session, expected).await
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.count(&self.writes)?;
            self.store.delete(id).await
        })
    }

    fn list<'a>(&'a self, sub: &'a str) -> Option<BoxFuture<'a, Result<Vec<(SessionId, StoredSession)>, BoxError>>> {
        Some(Box::pin(async move {
            self.count(&self.reads)?;
            if self.unlisted.load(Ordering::SeqCst) {
                return Err("no answer to a list".into());
            }
            self.store.list(sub).unwrap().await
        }))
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async move {
            self.count(&self.writes)?;
            self.store.revoke(which).await
        })
    }
}
