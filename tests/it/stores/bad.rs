//! Stores that do not do what they should, and stores of tower-sessions that do it in their own way or time.

use std::sync::Arc;

use async_trait::async_trait;
use logto::{
    integrate::{BoxError, BoxFuture},
    store::{MemoryStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
};
use tokio::sync::Notify;
use tower_sessions_core::{
    SessionStore as TowerStore,
    session::{Id, Record},
    session_store,
};
use tower_sessions_memory_store::MemoryStore as TowerMemoryStore;

#[derive(Clone, Copy, PartialEq)]
pub enum Fault {
    SavesWithoutLooking,
    CreatesBySaving,
    ForgetsSid,
    NeverRevokes,
    Fails,
}

pub struct Bad {
    memory: MemoryStore,
    fault: Fault,
}

impl Bad {
    pub fn new(fault: Fault) -> Self {
        Self { memory: MemoryStore::new(), fault }
    }
}

impl SessionStore for Bad {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let mut session = session.clone();
            match self.fault {
                Fault::Fails => return Err("no connection".into()),
                Fault::ForgetsSid => session.sid = None,
                _ => {}
            }
            self.memory.create(id, &session).await
        })
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.memory.load(id)
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(async move {
            let outcome = self.memory.save(id, session, expected).await?;
            match (self.fault, outcome) {
                (Fault::SavesWithoutLooking, SaveOutcome::Conflict) => self.memory.delete(id).await?,
                (Fault::CreatesBySaving, SaveOutcome::Gone) => {}
                _ => return Ok(outcome),
            }
            self.memory.create(id, session).await?;
            Ok(SaveOutcome::Saved)
        })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.memory.delete(id)
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        match self.fault {
            Fault::NeverRevokes => Box::pin(async { Ok(0) }),
            _ => self.memory.revoke(which),
        }
    }
}

/// Saves only what is there, as a store on Redis does with `SET … XX`, and creates by the trait's default, which does not look.
#[derive(Debug, Default, Clone)]
pub struct Strict(TowerMemoryStore);

#[async_trait]
impl TowerStore for Strict {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        self.0.save(record).await
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        match self.0.load(&record.id).await? {
            Some(_) => self.0.save(record).await,
            None => Ok(()),
        }
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        self.0.load(id).await
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.delete(id).await
    }
}

/// Holds each save up: it says that it is about to write, and waits for leave.
#[derive(Debug, Default, Clone)]
pub struct Held {
    pub memory: TowerMemoryStore,
    pub reached: Arc<Notify>,
    pub leave: Arc<Notify>,
}

#[async_trait]
impl TowerStore for Held {
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.reached.notify_one();
        self.leave.notified().await;
        self.memory.save(record).await
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        self.memory.load(id).await
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.memory.delete(id).await
    }
}

/// After each save another process, which was held up in its own, writes as well.
#[derive(Debug, Clone)]
pub struct Overtaken {
    pub by: Held,
    pub done: Arc<Notify>,
}

#[async_trait]
impl TowerStore for Overtaken {
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.by.memory.save(record).await?;
        self.by.leave.notify_one();
        self.done.notified().await;
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        self.by.load(id).await
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.by.delete(id).await
    }
}
