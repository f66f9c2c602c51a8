//! Sessions that live in a store.

use std::{future::ready, sync::Arc};

use super::{RefreshCoordinator, RevocationStore, SessionId, StoredSession};
use crate::{
    error::{BoxError, Result},
    types::BoxFuture,
};

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

/// What [`SessionStore::list`] gives: each session with its id.
pub type StoredSessions<'a> = BoxFuture<'a, Result<Vec<(SessionId, StoredSession)>, BoxError>>;

/// Keeps sessions on the server. The cookie then contains only the sealed id.
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

    /// The sessions of the user `sub`, each as [`load`](Self::load) gives it, in any order. `None` where the store has no index by user; whether it has one is the
    /// same for each user and at any time. Default: it has none.
    ///
    /// A session that [`create`](Self::create) has kept is in the list at once, and one that ended is not. A session that is written or ended
    /// meanwhile may be there in either state.
    fn list<'a>(&'a self, _sub: &'a str) -> Option<StoredSessions<'a>> {
        None
    }

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

    /// Whether it is known to be reached over a network without encryption: warned of at the start, and refused in a strict configuration.
    fn is_in_clear_text(&self) -> bool {
        false
    }
}
