//! Where sessions may live besides cookies.

use std::{
    fmt,
    future::ready,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64_simd::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::{
    clock,
    error::{BoxError, Result},
    types::BoxFuture,
};

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

    /// What the store has noted of endings: [`RevocationStore::latest_cutoff`] for `id/<id>`, `sub/<sub>` and `sid/<sid>`. A session that
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

/// How a [`SessionStore::save`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SaveOutcome {
    /// Written.
    Saved,
    /// Not written: the session has another revision by now.
    Conflict,
    /// Not written: the session is there no more. It was ended, and saving must not bring it back.
    Gone,
}

/// Which sessions to end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionSelector {
    /// Those of one session at Logto, by `sid`.
    LogtoSession(String),
    /// All of a user, by `sub`.
    User(String),
}

/// Keeps sessions on the server. The cookie then holds nothing but the sealed id.
///
/// A store is object-safe and shared: implement it over whatever you run.
/// All methods may be called at once, for the same session, from several processes.
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session. `false` if the id is taken: nothing is written then.
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// The session, unless it has expired or was deleted.
    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>>;

    /// Writes a session over its revision `expected_revision`, all at once or not at all (compare-and-swap).
    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected_revision: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>>;

    /// Forgets a session. One that is not there is no error.
    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Forgets sessions by `sid` or `sub`; gives how many.
    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>>;

    /// What makes refreshes exclusive over several processes, where the store can. Default: each process for itself.
    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        None
    }

    /// What remembers for several processes which sessions were ended, where the store can. Default: each process for itself.
    ///
    /// A stored session is deleted when it ends. This is for stores whose index may be gone ([`StoredSession::revoked_until`]), for those that began in cookies and moved into the store (the browser may have a copy
    /// of the old cookie), for sign-ins that are just being finished, and for logout tokens that were taken.
    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        None
    }

    /// What may harm sessions in this store, in sentences for an operator: [`LogtoClient::diagnose`](crate::LogtoClient::diagnose) tells
    /// them. Default: nothing.
    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}

/// Lets several processes agree on one exchange at a time for a refresh token, and share what it gave.
///
/// Keys are hashes and values are sealed: it learns no token.
pub trait RefreshCoordinator: Send + Sync + 'static {
    /// Takes the lock `key` for at most `ttl`, after which it is free again by itself (its holder may have crashed). `None` if it is
    /// taken; else what [`unlock`](Self::unlock) needs to know its holder.
    fn lock<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>>;

    /// Gives the lock back, if `holder` still holds it.
    fn unlock<'a>(&'a self, key: &'a str, holder: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;

    /// A shared value.
    fn load_result<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>>;

    /// Shares a value for `ttl`.
    fn store_result<'a>(&'a self, key: &'a str, value: &'a str, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// Remembers which sessions were ended, for sessions that live in cookies and cannot be deleted from here.
///
/// What cannot be read or kept as it should be counts as ended: a time that is too late for the store becomes the latest that it can keep.
/// All methods may be called at once, for the same key, from several processes. `testing::revocation_conformance` checks a store of your own.
pub trait RevocationStore: Send + Sync + 'static {
    /// All sessions of `key` that began at `cutoff` or before are over. May be forgotten after `ttl`, when the last of them has expired. Of
    /// several calls for one key the latest `cutoff` stays, for the longest `ttl`.
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The latest `cutoff` of any of `keys`.
    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>>;

    /// Takes `key` for `ttl`, in one step: of many calls at once exactly one gives `true`. `false` where it is taken, and where it was
    /// [`record`](Self::record)ed and not forgotten. `record` keeps a taken key for longer.
    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Gives a key back, so that it can be taken again. One that is not there is no error.
    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;

    /// What may harm what it remembers, in sentences for an operator: [`LogtoClient::diagnose`](crate::LogtoClient::diagnose) tells them.
    /// Default: nothing.
    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}
