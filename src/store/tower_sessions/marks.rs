//! Marks: records under ids that are made from a name, for what a store without an index cannot look up.
//!
//! A mark has a random value, new each time it is left. A session remembers the values that it found when it began; it is over as soon as one is
//! another. So no clock is compared with that of another machine, and a new session of the same user is not hit.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tower_sessions_core::{SessionStore as Backend, session::Id};

use super::{
    entry::{from_record, nonce, record},
    insert,
};
use crate::{
    clock::{Clock, SystemClock, after, unix_seconds},
    error::BoxError,
    store::{SessionId, SessionSelector, StoredSession},
};

/// Two processes that leave one mark at once agree in the second round; more rounds mean a store that does not keep what it is given.
const MAX_ROUNDS: usize = 8;

pub(super) struct Mark(Id);

impl Mark {
    pub(super) fn revoked(which: &SessionSelector) -> Self {
        match which {
            SessionSelector::LogtoSession(sid) => Self::named("sid", sid),
            SessionSelector::User(sub) => Self::named("sub", sub),
        }
    }

    /// Of a session that was deleted.
    pub(super) fn ended(id: &SessionId) -> Self {
        Self::named("ended", &id.to_key())
    }

    /// Of a key of a [`RevocationStore`](crate::store::RevocationStore).
    pub(super) fn revocation(key: &str) -> Self {
        Self::named("revocation", key)
    }

    pub(super) fn id(&self) -> Id {
        self.0
    }

    pub(super) fn first_byte(&self) -> u8 {
        let [first, ..] = self.0.0.to_le_bytes();
        first
    }

    /// The first 16 bytes of a hash: a collision would take 2^64 names.
    fn named(kind: &str, name: &str) -> Self {
        let hash = Sha256::digest(format!("logto/{kind}/{name}").as_bytes());
        let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
        Self(Id(i128::from_le_bytes(bytes)))
    }

    pub(super) async fn read(&self, backend: &impl Backend) -> Result<Option<String>, BoxError> {
        backend.load(&self.0).await?.map(from_record).transpose()
    }

    /// Leaves the mark, with a new value.
    pub(super) async fn leave(&self, backend: &impl Backend, lifetime: Duration) -> Result<(), BoxError> {
        let value = nonce()?;
        let expires_at = u64::try_from(unix_seconds(after(SystemClock.now(), lifetime)))?;
        let record = record(self.0, &value, expires_at)?;
        for _ in 0..MAX_ROUNDS {
            // Some stores save only what is there, and some create only what is not.
            match self.read(backend).await? {
                Some(_) => backend.save(&record).await?,
                None => _ = insert(backend, record.clone()).await?,
            }
            if self.read(backend).await?.as_ref() == Some(&value) {
                return Ok(());
            }
        }
        Err(format!("the store did not keep a record in {MAX_ROUNDS} attempts").into())
    }
}

/// The values of the marks that a session may be revoked by.
#[derive(Serialize, Deserialize, PartialEq)]
pub(super) struct Marks {
    sub: Option<String>,
    sid: Option<String>,
}

impl Marks {
    pub(super) async fn read(backend: &impl Backend, session: &StoredSession) -> Result<Self, BoxError> {
        let (sub, sid) = read_both(backend, session).await;
        Ok(Self { sub: sub?, sid: sid? })
    }

    /// Whether another mark was left since. One that is gone was forgotten, after all sessions that it was meant for.
    pub(super) async fn are_outdated(&self, backend: &impl Backend, session: &StoredSession) -> Result<bool, BoxError> {
        let now = Self::read(backend, session).await?;
        Ok((now.sub.is_some() && now.sub != self.sub) || (now.sid.is_some() && now.sid != self.sid))
    }
}

type Value = Result<Option<String>, BoxError>;

/// The values now, read at once.
async fn read_both(backend: &impl Backend, session: &StoredSession) -> (Value, Value) {
    let sub = Mark::named("sub", &session.sub);
    let sid = session.sid.as_ref().map(|sid| Mark::named("sid", sid));
    let read_sid = async {
        match sid {
            Some(sid) => sid.read(backend).await,
            None => Ok(None),
        }
    };
    tokio::join!(sub.read(backend), read_sid)
}
