//! A stored session as a record of `tower-sessions`.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64_simd::URL_SAFE_NO_PAD;
use cookie::time::OffsetDateTime;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tower_sessions_core::session::{Id, Record};

use super::marks::Marks;
use crate::{clock, error::BoxError, store::StoredSession};

/// What a record of ours has its data under.
const NAME: &str = "logto";

#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    revision: u64,
    sub: String,
    sid: Option<String>,
    /// Unix seconds. The record has it, too, but not every store keeps that one exactly.
    expires_at: u64,
    sealed: String,
    marks: Marks,
    /// New with each write, so that a writer knows its own.
    write: String,
}

impl Entry {
    pub(super) fn new(session: &StoredSession, marks: Marks) -> Result<Self, BoxError> {
        let session = session.clone();
        Ok(Self {
            revision: session.revision,
            sub: session.sub,
            sid: session.sid,
            expires_at: session.expires_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            sealed: session.sealed,
            marks,
            write: nonce()?,
        })
    }

    pub(super) fn write(&self) -> &str {
        &self.write
    }

    pub(super) fn into_parts(self) -> (StoredSession, Marks) {
        let expires_at = clock::after(UNIX_EPOCH, Duration::from_secs(self.expires_at));
        (StoredSession::new(self.revision, self.sub, self.sid, expires_at, self.sealed), self.marks)
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
        let expires_at = self.expires_at;
        record(id, &self, expires_at)
    }

    pub(super) fn from_record(record: Record) -> Result<Self, BoxError> {
        from_record(record)
    }
}

/// A record that holds `value` until `expires_at`, in Unix seconds.
pub(super) fn record(id: Id, value: &impl Serialize, expires_at: u64) -> Result<Record, BoxError> {
    Ok(Record {
        id,
        data: HashMap::from([(NAME.to_owned(), serde_json::to_value(value)?)]),
        expiry_date: OffsetDateTime::from_unix_timestamp(i64::try_from(expires_at)?)?,
    })
}

pub(super) fn from_record<T: DeserializeOwned>(mut record: Record) -> Result<T, BoxError> {
    let value = record.data.remove(NAME).ok_or("the record was not written by logto: give it a table of its own")?;
    Ok(serde_json::from_value(value)?)
}

/// 128 random bits.
pub(super) fn nonce() -> Result<String, BoxError> {
    Ok(URL_SAFE_NO_PAD.encode_to_string(clock::random_bytes::<16>()?))
}
