//! Against a store that hangs in every call.

use std::{future::pending, pin::Pin, time::UNIX_EPOCH};

use tokio::time::Instant;

use super::*;

const LIMIT: Duration = Duration::from_secs(3);

struct Hangs;

fn hangs<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, BoxError>> {
    Box::pin(pending())
}

impl SessionStore for Hangs {
    fn create<'a>(&'a self, _: &'a SessionId, _: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        hangs()
    }

    fn load<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        hangs()
    }

    fn save<'a>(
        &'a self,
        _: &'a SessionId,
        _: &'a StoredSession,
        _: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        hangs()
    }

    fn delete<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        hangs()
    }

    fn revoke<'a>(&'a self, _: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        hangs()
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        Some(Arc::new(Hangs))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        Some(Arc::new(Hangs))
    }
}

impl RevocationStore for Hangs {
    fn record<'a>(&'a self, _: &'a str, _: SystemTime, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        hangs()
    }

    fn latest_cutoff<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        hangs()
    }

    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        hangs()
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        hangs()
    }
}

impl RefreshCoordinator for Hangs {
    fn lock<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        hangs()
    }

    fn unlock<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        hangs()
    }

    fn load_result<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        hangs()
    }

    fn store_result<'a>(&'a self, _: &'a str, _: &'a str, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        hangs()
    }
}

/// The call ends with an error when the limit is over, and not before.
async fn ends<T>(what: &str, call: Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + '_>>) {
    let began = Instant::now();
    let error = call.await.err().unwrap();
    assert_eq!(began.elapsed(), LIMIT, "{what}");
    assert_eq!(error.to_string(), "no answer within 3s (setting store_timeout)", "{what}");
    // The next one is asked again.
    tokio::time::advance(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_store_that_hangs_ends() {
    let sessions: Bounded<dyn SessionStore> = Bounded::new(Arc::new(Hangs), LIMIT);
    let id = SessionId::from_bytes([1; 16]);
    let session = StoredSession::new("ada", "").revision(1);
    ends("create", sessions.create(&id, &session)).await;
    ends("load", sessions.load(&id)).await;
    ends("save", sessions.save(&id, &session, 1)).await;
    ends("delete", sessions.delete(&id)).await;
    ends("revoke", sessions.revoke(&SessionSelector::User("ada".to_owned()))).await;

    let revocations = sessions.revocations().unwrap();
    ends("revoke", revocations.record("key", UNIX_EPOCH, LIMIT)).await;
    ends("revoked_until", revocations.latest_cutoff(&[])).await;
    ends("claim", revocations.claim("key", LIMIT)).await;
    ends("release", revocations.release("key")).await;

    let coordinator = sessions.coordinator().unwrap();
    ends("lock", coordinator.lock("key", LIMIT)).await;
    ends("unlock", coordinator.unlock("key", "holder")).await;
    ends("get", coordinator.load_result("key")).await;
    ends("put", coordinator.store_result("key", "value", LIMIT)).await;
}

/// As in a program that reads sessions from cookies on another executor.
#[test]
fn a_store_in_memory_needs_no_timer() {
    let store: Bounded<dyn SessionStore> = Bounded::new(Arc::new(crate::store::MemoryStore::new()), LIMIT);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let id = SessionId::from_bytes([1; 16]);
    let mut load = store.load(&id);
    assert!(matches!(load.as_mut().poll(&mut context), Poll::Ready(Ok(None))));
}
