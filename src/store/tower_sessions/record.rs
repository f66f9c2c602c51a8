//! Records of `tower-sessions`: what is in them, and under which ids they are.

use std::collections::HashMap;

use base64_simd::URL_SAFE_NO_PAD;
use cookie::time::OffsetDateTime;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tower_sessions_core::{
    SessionStore as Backend,
    session::{Id, Record},
};

use crate::{clock, error::BoxError, store::SessionId};

/// What a record of ours has its data under.
const MEMBER: &str = "logto";

/// A record that holds `value` until `expires_at`, in Unix seconds.
pub(super) fn to_record(id: Id, value: &impl Serialize, expires_at: u64) -> Result<Record, BoxError> {
    Ok(Record {
        id,
        data: HashMap::from([(MEMBER.to_owned(), serde_json::to_value(value)?)]),
        expiry_date: OffsetDateTime::from_unix_timestamp(i64::try_from(expires_at)?)?,
    })
}

pub(super) fn from_record<T: DeserializeOwned>(mut record: Record) -> Result<T, BoxError> {
    let value = record.data.remove(MEMBER).ok_or("the record was not written by logto: give it a table of its own")?;
    Ok(serde_json::from_value(value)?)
}

/// `false` if the id is taken: these stores then choose another one, under which nobody would look.
pub(super) async fn insert(backend: &impl Backend, mut record: Record) -> Result<bool, BoxError> {
    let id = record.id;
    backend.create(&mut record).await?;
    if record.id == id {
        return Ok(true);
    }
    backend.delete(&record.id).await?;
    Ok(false)
}

/// The id of a session's record.
pub(super) fn session_id(id: &SessionId) -> Id {
    Id(i128::from_le_bytes(*id.as_bytes()))
}

/// The id of a record that is found by a name: the first 16 bytes of a hash, since a collision would take 2^64 names.
pub(super) fn named_id(kind: &str, name: &str) -> Id {
    let hash = Sha256::digest(format!("logto/{kind}/{name}").as_bytes());
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    Id(i128::from_le_bytes(bytes))
}

/// 128 random bits.
pub(super) fn random_value() -> Result<String, BoxError> {
    Ok(URL_SAFE_NO_PAD.encode_to_string(clock::random_bytes::<16>()?))
}
