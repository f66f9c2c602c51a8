//! A stored session as what a record of `tower-sessions` holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tower_sessions_core::session::{Id, Record};

use super::{
    record::{from_record, random_value, to_record},
    tombstones::KnownTombstones,
};
use crate::{clock, error::BoxError, store::StoredSession};

#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    revision: u64,
    sub: String,
    sid: Option<String>,
    /// Unix seconds. The record has it, too, but not every store keeps that one exactly.
    expires_at: u64,
    sealed: String,
    #[serde(rename = "marks")]
    tombstones: KnownTombstones,
    /// New with each write, so that a writer knows its own.
    write: String,
}

impl Entry {
    pub(super) fn new(session: &StoredSession, tombstones: KnownTombstones) -> Result<Self, BoxError> {
        let session = session.clone();
        Ok(Self {
            revision: session.revision,
            sub: session.sub,
            sid: session.sid,
            expires_at: session.expires_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            sealed: session.sealed,
            tombstones,
            write: random_value()?,
        })
    }

    pub(super) fn write(&self) -> &str {
        &self.write
    }

    pub(super) fn into_parts(self) -> (StoredSession, KnownTombstones) {
        let expires_at = clock::after(UNIX_EPOCH, Duration::from_secs(self.expires_at));
        let session = StoredSession::new(self.sub, self.sealed);
        (session.sid(self.sid).revision(self.revision).expires_at(expires_at), self.tombstones)
    }

    /// # Errors
    /// Where the session would live longer than its revocation is remembered.
    pub(super) fn into_record(self, id: Id, forgotten_after: SystemTime) -> Result<Record, BoxError> {
        let latest = forgotten_after.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if self.expires_at > latest {
            return Err("the session would outlive the memory of its revocation: \
                        set TowerSessionStore::revocation_lifetime to at least SessionLifetime::idle"
                .into());
        }
        to_record(id, &self, self.expires_at)
    }

    pub(super) fn from_record(record: Record) -> Result<Self, BoxError> {
        from_record(record)
    }
}
