//! Lifetimes without an end, and times that no calendar has: each store keeps what it is given for as long as it can.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use logto::store::{MemoryStore, RedisStore, RevocationStore, SessionSelector, SaveOutcome, SessionId, SessionStore, StoredSession, TowerSessionStore};
use tower_sessions_memory_store::MemoryStore as TowerMemoryStore;

use crate::redis_server::RedisServer;

const YEAR: u64 = 366 * 24 * 60 * 60;

fn durations() -> [Duration; 5] {
    [1_000 * YEAR, 10_000 * YEAR, 1_000_000 * YEAR, u64::MAX / 2_000, u64::MAX].map(Duration::from_secs)
}

/// The latest that a `SystemTime` of this machine can be, and times on the way.
fn ends() -> Vec<SystemTime> {
    durations().into_iter().filter_map(|duration| UNIX_EPOCH.checked_add(duration)).collect()
}

async fn takes_every_lifetime(store: &dyn SessionStore) {
    for (number, expires_at) in (0_u8..).zip(ends()) {
        let id = SessionId::from_key(&format!("{number:0>21}A")).unwrap();
        let (sub, sid) = (format!("user {number}"), format!("sid {number}"));
        let session = |revision| {
            let session = StoredSession::new(sub.clone(), "sealed").sid(Some(sid.clone()));
            session.revision(revision).expires_at(expires_at)
        };
        assert!(store.create(&id, &session(1)).await.unwrap(), "{expires_at:?}");
        assert_eq!(store.save(&id, &session(2), 1).await.unwrap(), SaveOutcome::Saved, "{expires_at:?}");
        assert_eq!(store.load(&id).await.unwrap().unwrap().revision, 2, "{expires_at:?}");
        store.revoke(&SessionSelector::User(sub.clone())).await.unwrap();
        assert!(store.load(&id).await.unwrap().is_none(), "{expires_at:?}");
    }
    let revocations = store.revocations().unwrap();
    for (number, duration) in durations().into_iter().enumerate() {
        let key = format!("sub/{number}");
        for until in ends() {
            revocations.revoke(&key, until, duration).await.unwrap();
            assert!(revocations.revoked_until(&[key.clone()]).await.unwrap().is_some(), "{until:?} for {duration:?}");
        }
        let key = format!("jti/{number}");
        assert!(revocations.claim(&key, duration).await.unwrap(), "{duration:?}");
        assert!(!revocations.claim(&key, duration).await.unwrap(), "{duration:?}");
    }
}

#[tokio::test]
async fn tower_sessions_take_lifetimes_without_an_end() {
    for lifetime in durations() {
        let store = TowerSessionStore::new(TowerMemoryStore::default()).revocation_lifetime(lifetime);
        takes_every_lifetime(&store).await;
    }
}

#[tokio::test]
async fn memory_takes_lifetimes_without_an_end() {
    takes_every_lifetime(&MemoryStore::new()).await;
}

#[tokio::test]
async fn redis_takes_lifetimes_without_an_end() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(server.url()).await.unwrap();
    takes_every_lifetime(&store).await;
    for (number, duration) in durations().into_iter().enumerate() {
        let (coordinator, key) = (store.coordinator(), number.to_string());
        assert!(logto::store::RefreshCoordinator::lock(&coordinator, &key, duration).await.unwrap().is_some());
        logto::store::RefreshCoordinator::put(&coordinator, &key, "value", duration).await.unwrap();
    }
}
