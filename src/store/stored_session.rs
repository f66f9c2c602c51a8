//! A session as a store keeps it, and its name.

use std::{fmt, time::SystemTime};

use base64_simd::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::{clock, error::Result};

/// The name of a stored session: 128 random bits, made here, never by the client. Who knows it has the session, so `Debug` does not tell it.
#[derive(Clone, Copy)]
pub struct SessionId([u8; 16]);

impl SessionId {
    pub(crate) fn random() -> Result<Self> {
        clock::random_bytes().map(Self)
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id as 22 base64url characters: a key for a store.
    #[must_use]
    pub fn to_key(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(self.0)
    }

    /// The id that [`to_key`](Self::to_key) gave; `None` for anything else.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode_to_vec(key).ok()?.try_into().ok().map(Self)
    }
}

impl PartialEq for SessionId {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SessionId {}

impl std::hash::Hash for SessionId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}

/// A session as a store keeps it. What is in it is sealed with the cookie keys: a leaked dump gives no tokens.
///
/// A store that has read one back says what it knows of it:
///
/// ```
/// # use std::time::SystemTime;
/// use logto::store::StoredSession;
///
/// # let (revision, sub, sid, expires_at, sealed) = (7, "ada", None::<String>, SystemTime::now(), "sealed");
/// let session = StoredSession::new(sub, sealed).sid(sid).revision(revision).expires_at(expires_at);
/// # assert_eq!((session.revision, session.expires_at), (revision, expires_at));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSession {
    /// Counts the writes.
    pub revision: u64,
    /// Whose it is: the ID token's `sub`.
    pub sub: String,
    /// The session at Logto that it belongs to: the ID token's `sid`, if it has one.
    pub sid: Option<String>,
    /// When the store may forget it.
    pub expires_at: SystemTime,
    /// The sealed session, in ASCII.
    pub sealed: String,
    /// Sessions of its id, `sub` or `sid` that began by then are over, where the store has noted that beside them.
    pub revoked_until: Option<SystemTime>,
}

impl StoredSession {
    /// A session of the user `sub`, of whom and of which nothing else is known: of revision 0, and for a store to forget at once, until
    /// [`expires_at`](Self::expires_at) is set.
    #[must_use]
    pub fn new(sub: impl Into<String>, sealed: impl Into<String>) -> Self {
        Self {
            revision: 0,
            sub: sub.into(),
            sid: None,
            expires_at: SystemTime::UNIX_EPOCH,
            sealed: sealed.into(),
            revoked_until: None,
        }
    }

    /// How often it was written.
    #[must_use]
    pub fn revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    /// The session at Logto that it belongs to, if its ID token names one.
    #[must_use]
    pub fn sid(mut self, sid: Option<String>) -> Self {
        self.sid = sid;
        self
    }

    /// When the store may forget it.
    #[must_use]
    pub fn expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// What the store has noted of endings: [`latest_cutoff`](super::RevocationStore::latest_cutoff) for `id/<id>`, `sub/<sub>` and `sid/<sid>`. A session that
    /// began by then is none, though it is still there.
    #[must_use]
    pub fn revoked_until(mut self, revoked_until: Option<SystemTime>) -> Self {
        self.revoked_until = revoked_until;
        self
    }
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("revision", &self.revision)
            .field("sub", &self.sub)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
