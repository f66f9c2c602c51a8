//! Tombstones: records under ids that are made from a name, which say that sessions ended, for a store without an index.
//!
//! A tombstone has a random value, new each time it is written. A session remembers the values that it found when it began; it is over as soon
//! as one is another. So no clock is compared with that of another machine, and a new session of the same user is not hit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tower_sessions_core::{SessionStore as Backend, session::Id};

use super::record::{from_record, insert, named_id, random_value, to_record};
use crate::{
    clock::{Clock, SystemClock, after, unix_seconds},
    error::BoxError,
    store::{SessionId, SessionSelector, StoredSession},
};

/// Two processes that write one tombstone at once agree in the second round; more rounds mean a store that does not keep what it is given.
const MAX_WRITE_ATTEMPTS: usize = 8;

pub(super) struct Tombstone(Id);

impl Tombstone {
    /// Of the sessions that were revoked.
    pub(super) fn of_revoked(which: &SessionSelector) -> Self {
        match which {
            SessionSelector::LogtoSession(sid) => Self::of_logto_session(sid),
            SessionSelector::User(sub) => Self::of_user(sub),
        }
    }

    /// Of a session that was deleted.
    pub(super) fn of_deleted(id: &SessionId) -> Self {
        Self(named_id("ended", &id.to_key()))
    }

    fn of_logto_session(sid: &str) -> Self {
        Self(named_id("sid", sid))
    }

    fn of_user(sub: &str) -> Self {
        Self(named_id("sub", sub))
    }

    pub(super) async fn read(&self, backend: &impl Backend) -> Result<Option<String>, BoxError> {
        backend.load(&self.0).await?.map(from_record).transpose()
    }

    /// Writes the tombstone, with a new value.
    pub(super) async fn write(&self, backend: &impl Backend, lifetime: Duration) -> Result<(), BoxError> {
        let value = random_value()?;
        let expires_at = u64::try_from(unix_seconds(after(SystemClock.now(), lifetime)))?;
        let record = to_record(self.0, &value, expires_at)?;
        for _ in 0..MAX_WRITE_ATTEMPTS {
            // Some stores save only what is there, and some create only what is not.
            match self.read(backend).await? {
                Some(_) => backend.save(&record).await?,
                None => _ = insert(backend, record.clone()).await?,
            }
            if self.read(backend).await?.as_ref() == Some(&value) {
                return Ok(());
            }
        }
        Err(format!("the store did not keep a record in {MAX_WRITE_ATTEMPTS} attempts").into())
    }
}

/// The values of the tombstones that a session may be revoked by.
#[derive(Serialize, Deserialize, PartialEq)]
pub(super) struct KnownTombstones {
    sub: Option<String>,
    sid: Option<String>,
}

impl KnownTombstones {
    pub(super) async fn read(backend: &impl Backend, session: &StoredSession) -> Result<Self, BoxError> {
        let (sub, sid) = read_both(backend, session).await;
        Ok(Self { sub: sub?, sid: sid? })
    }

    /// Whether another tombstone was written since. One that is gone was forgotten, after all sessions that it was meant for.
    pub(super) async fn are_outdated(&self, backend: &impl Backend, session: &StoredSession) -> Result<bool, BoxError> {
        let now = Self::read(backend, session).await?;
        Ok((now.sub.is_some() && now.sub != self.sub) || (now.sid.is_some() && now.sid != self.sid))
    }
}

type Value = Result<Option<String>, BoxError>;

/// The values now, of the user and of the session at Logto, read at once.
async fn read_both(backend: &impl Backend, session: &StoredSession) -> (Value, Value) {
    let of_user = Tombstone::of_user(&session.sub);
    let of_logto_session = session.sid.as_deref().map(Tombstone::of_logto_session);
    let read_of_logto_session = async {
        match of_logto_session {
            Some(tombstone) => tombstone.read(backend).await,
            None => Ok(None),
        }
    };
    tokio::join!(of_user.read(backend), read_of_logto_session)
}
