use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::*;

#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        Self::at(self.0.load(Ordering::Relaxed))
    }
}

fn session(expires_at: u64) -> StoredSession {
    StoredSession::new("ada", "sealed").expires_at(Hand::at(expires_at))
}

#[tokio::test]
async fn a_session_in_a_memory_store_is_gone_from_the_second_of_its_expiry() {
    let hand = Hand::default();
    let store = MemoryStore::new().clock(hand.clone());
    let id = SessionId::from_bytes([1; 16]);
    assert!(store.is_empty());
    assert!(store.create(&id, &session(100)).await.unwrap());
    assert!(!store.is_empty());
    hand.set(99);
    assert!(!store.create(&id, &session(200)).await.unwrap(), "the id is taken");
    assert!(store.load(&id).await.unwrap().is_some());
    hand.set(100);
    assert!(store.load(&id).await.unwrap().is_none());
    assert_eq!(store.save(&id, &session(200), 0).await.unwrap(), SaveOutcome::Gone);
    assert!(store.create(&id, &session(200)).await.unwrap(), "the id is free again");
}

#[tokio::test]
async fn expired_sessions_make_room_before_living_ones() {
    let hand = Hand::default();
    let store = MemoryStore::new().clock(hand.clone()).capacity(3);
    let ids = [1, 2, 3, 4].map(|byte| SessionId::from_bytes([byte; 16]));
    for (id, expires_at) in ids.iter().zip([100, 100, 300]) {
        store.create(id, &session(expires_at)).await.unwrap();
    }
    hand.set(100);
    store.create(&ids[3], &session(50_000)).await.unwrap();
    assert_eq!(store.len(), 2, "both that have expired are gone");
    assert!(store.load(&ids[2]).await.unwrap().is_some());
}

#[tokio::test]
async fn a_revocation_is_forgotten_when_its_time_is_over() {
    let hand = Hand::default();
    let by_default = MemoryRevocations::with_clock(Arc::new(hand.clone()));
    for revocations in [MemoryRevocations::new().clock(hand.clone()), by_default] {
        hand.set(0);
        revocations.record("sub:ada", Hand::at(7), Duration::from_secs(100)).await.unwrap();
        let known = async || revocations.latest_cutoff(&["sub:ada".to_owned()]).await.unwrap();
        hand.set(99);
        assert_eq!(known().await, Some(Hand::at(7)));
        hand.set(100);
        assert_eq!(known().await, None);
    }
}
