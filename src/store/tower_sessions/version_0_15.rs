//! Stores that were made for version 0.15 of the trait, as stores of 0.14. The two versions differ in nothing but their number.

use std::fmt;

use async_trait::async_trait;
use tower_sessions_core::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tower_sessions_core_0_15 as later;

/// A store made for tower-sessions 0.15, to be given to [`TowerSessionStore::new`](super::TowerSessionStore::new).
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto::{
///     LogtoConfig,
///     store::{TowerSessionStore, TowerSessions015},
/// };
/// # use tower_sessions_memory_store_0_15::MemoryStore as AnyStoreOfVersion015;
///
/// let store = TowerSessionStore::new(TowerSessions015::new(AnyStoreOfVersion015::default()));
/// let config = LogtoConfig::builder().session_store(store);
/// # _ = config; Ok(()) }
/// ```
#[derive(Clone)]
pub struct TowerSessions015<S>(S);

impl<S> TowerSessions015<S> {
    /// Takes a store of version 0.15.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self(store)
    }
}

/// Without the store: its settings may hold a password.
impl<S> fmt::Debug for TowerSessions015<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerSessions015").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: later::SessionStore> SessionStore for TowerSessions015<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut created = to_later(record);
        self.0.create(&mut created).await.map_err(error)?;
        *record = from_later(created);
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(&to_later(record)).await.map_err(error)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        Ok(self.0.load(&later::session::Id(id.0)).await.map_err(error)?.map(from_later))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(&later::session::Id(id.0)).await.map_err(error)
    }
}

fn to_later(record: &Record) -> later::session::Record {
    later::session::Record {
        id: later::session::Id(record.id.0),
        data: record.data.clone(),
        expiry_date: record.expiry_date,
    }
}

fn from_later(record: later::session::Record) -> Record {
    Record { id: Id(record.id.0), data: record.data, expiry_date: record.expiry_date }
}

fn error(error: later::session_store::Error) -> Error {
    match error {
        later::session_store::Error::Encode(text) => Error::Encode(text),
        later::session_store::Error::Decode(text) => Error::Decode(text),
        later::session_store::Error::Backend(text) => Error::Backend(text),
    }
}
