//! Stores that do not do what they should, and one of tower-sessions that is strict.

use logto::{BoxError, BoxFuture, MemoryStore, RevokedSessions, SaveOutcome, SessionId, SessionStore, StoredSession};
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

    fn revoke<'a>(&'a self, which: &'a RevokedSessions) -> BoxFuture<'a, Result<u64, BoxError>> {
        match self.fault {
            Fault::NeverRevokes => Box::pin(async { Ok(0) }),
            _ => self.memory.revoke(which),
        }
    }
}

/// Saves only what is there, as a store on Redis does with `SET … XX`, and creates by the trait's default, which does not look.
#[derive(Debug, Default, Clone)]
pub struct Strict(TowerMemoryStore);

impl TowerStore for Strict {
    fn create<'a, 'b, 'c>(
        &'a self,
        record: &'b mut Record,
    ) -> std::pin::Pin<Box<dyn Future<Output = session_store::Result<()>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(async move { self.0.save(record).await })
    }

    fn save<'a, 'b, 'c>(
        &'a self,
        record: &'b Record,
    ) -> std::pin::Pin<Box<dyn Future<Output = session_store::Result<()>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        Box::pin(async move {
            match self.0.load(&record.id).await? {
                Some(_) => self.0.save(record).await,
                None => Ok(()),
            }
        })
    }

    fn load<'a, 'b, 'c>(
        &'a self,
        id: &'b Id,
    ) -> std::pin::Pin<Box<dyn Future<Output = session_store::Result<Option<Record>>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        self.0.load(id)
    }

    fn delete<'a, 'b, 'c>(
        &'a self,
        id: &'b Id,
    ) -> std::pin::Pin<Box<dyn Future<Output = session_store::Result<()>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
    {
        self.0.delete(id)
    }
}
