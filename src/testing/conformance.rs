//! What every [`SessionStore`] has to do, as checks that run against any.

// The checks are assertions: they end a test with a sentence.
#![allow(clippy::panic)]

mod checks;
mod listing;
mod revocation;
pub(super) mod revocations;

use std::{
    fmt,
    future::IntoFuture,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::TestClock;
use crate::{
    clock::{self, Clock},
    error::BoxError,
    store::{SessionId, SessionStore, StoredSession},
    types::BoxFuture,
};

/// Checks that a store of your own does what [`SessionStore`] asks for. Await it in a test:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use logto::{store::MemoryStore, testing::store_conformance};
///
/// let store = MemoryStore::new();
/// let other_process = store.clone(); // for a store with a server: a second connection
/// store_conformance(store).instance(other_process).await;
/// # }
/// ```
///
/// It takes some seconds, since it waits for sessions to expire. All ids and names are made at random, and all sessions expire within
/// the hour, so it may run on a database that is shared; it deletes nothing that it did not make.
///
/// # Panics
/// When awaited: at the first requirement that the store does not meet, which the message states.
pub fn store_conformance(store: impl SessionStore) -> StoreConformance {
    StoreConformance { instances: vec![Arc::new(store)], clock: None, counts: true, swaps_alone: false }
}

/// The checks of [`store_conformance`], and what they may take for granted.
#[must_use = "nothing is checked until it is awaited"]
pub struct StoreConformance {
    instances: Vec<Arc<dyn SessionStore>>,
    clock: Option<TestClock>,
    counts: bool,
    swaps_alone: bool,
}

impl StoreConformance {
    /// Another instance over the same data, as another process has it. The checks go round all instances.
    pub fn instance(mut self, store: impl SessionStore) -> Self {
        self.instances.push(Arc::new(store));
        self
    }

    /// The clock that all instances go by: it is moved where the checks would wait.
    pub fn clock(mut self, clock: &TestClock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// For a store that cannot say how many sessions it revoked.
    pub fn without_revocation_count(mut self) -> Self {
        self.counts = false;
        self
    }

    /// For a store that swaps by a lock in its process: the saves that race go to one instance.
    pub fn single_process_compare_and_swap(mut self) -> Self {
        self.swaps_alone = true;
        self
    }

    async fn run(self) {
        checks::values_come_back_as_they_went(&self).await;
        checks::create_refuses_a_taken_id(&self).await;
        checks::save_compares_the_revision(&self).await;
        checks::of_many_saves_one_wins(&self).await;
        checks::what_is_deleted_stays_deleted(&self).await;
        checks::sessions_expire(&self).await;
        revocation::by_sid(&self).await;
        revocation::by_sub(&self).await;
        listing::all(&self).await;
    }

    /// An instance: neighbours in numbers are different ones.
    fn store(&self, number: usize) -> Arc<dyn SessionStore> {
        match self.instances.iter().cycle().nth(number) {
            Some(store) => Arc::clone(store),
            None => panic!("there is no store"),
        }
    }

    fn now(&self) -> SystemTime {
        self.clock.as_ref().map_or_else(SystemTime::now, Clock::now)
    }

    async fn wait(&self, duration: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(duration),
            None => tokio::time::sleep(duration).await,
        }
    }

    /// A session that lives for `seconds`. Whole seconds: no store needs to keep less.
    fn session(&self, sub: &str, sid: Option<&str>, seconds: u64) -> StoredSession {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires_at =
            UNIX_EPOCH.checked_add(Duration::from_secs(since.saturating_add(seconds))).unwrap_or(UNIX_EPOCH);
        let session = StoredSession::new(sub, format!("sealed-{}", random("")));
        session.sid(sid.map(str::to_owned)).revision(1).expires_at(expires_at)
    }
}

impl IntoFuture for StoreConformance {
    type Output = ();
    type IntoFuture = BoxFuture<'static, ()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for StoreConformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConformance")
            .field("instances", &self.instances.len())
            .field("counts", &self.counts)
            .field("swaps_alone", &self.swaps_alone)
            .finish_non_exhaustive()
    }
}

/// The value, or the end of the test with the name of the method that failed.
fn ok<T, E: Into<BoxError>>(method: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("`{method}` failed, where it has to succeed: {}", error.into()))
}

/// A name that nobody else has.
fn random(prefix: &str) -> String {
    format!("{prefix}{}", ok("random", clock::random_token()))
}

fn id() -> SessionId {
    ok("SessionId::random", SessionId::random())
}

/// Keeps a new session.
async fn create(store: &dyn SessionStore, session: &StoredSession) -> SessionId {
    let id = id();
    assert!(ok("create", store.create(&id, session).await), "`create` has to give true for an id that is not taken");
    id
}

async fn load(store: &dyn SessionStore, id: &SessionId) -> Option<StoredSession> {
    ok("load", store.load(id).await)
}

/// Checks that `id` has exactly this session.
async fn expect(store: &dyn SessionStore, id: &SessionId, wanted: &StoredSession, rule: &str) {
    match load(store, id).await {
        Some(found) if found == *wanted => {}
        Some(found) => panic!("{rule}; the session there is another: {found:?} in place of {wanted:?}"),
        None => panic!("{rule}; there is no session"),
    }
}

async fn expect_none(store: &dyn SessionStore, id: &SessionId, rule: &str) {
    assert!(load(store, id).await.is_none(), "{rule}; there is one");
}

/// The session's next state.
fn next(session: &StoredSession) -> StoredSession {
    let mut next = session.clone();
    next.revision = session.revision.saturating_add(1);
    next.sealed = random("sealed-");
    next
}
