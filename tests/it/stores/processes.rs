//! Two processes over one tower-sessions store, one of them held up between its read and its write: the worst moment.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use logto::store::{SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession, TowerSessionStore};
use tower_sessions_memory_store::MemoryStore;

use super::bad::{Held, Overtaken};

struct Processes {
    other: TowerSessionStore<MemoryStore>,
    id: SessionId,
}

fn session(revision: u64, sealed: &str) -> StoredSession {
    let expires_at = SystemTime::now() + Duration::from_secs(3600);
    StoredSession::new("ada", sealed).sid(Some("sid".into())).revision(revision).expires_at(expires_at)
}

impl Processes {
    /// Does `meanwhile` while a save is held up. Gives how the save ended, and what is there afterwards.
    async fn during_a_save(meanwhile: impl AsyncFnOnce(&Self)) -> (SaveOutcome, Option<String>) {
        let held = Held::default();
        let slow = TowerSessionStore::new(held.clone());
        let other = TowerSessionStore::new(held.memory.clone());
        let this = Self { other, id: SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap() };
        assert!(this.other.create(&this.id, &session(1, "first")).await.unwrap());
        let (writer, id) = (slow.clone(), this.id);
        let save = tokio::spawn(async move { writer.save(&id, &session(2, "slow"), 1).await.unwrap() });
        held.reached.notified().await;
        meanwhile(&this).await;
        held.leave.notify_one();
        let outcome = save.await.unwrap();
        let found = this.other.load(&this.id).await.unwrap();
        assert_eq!(slow.load(&this.id).await.unwrap(), found);
        (outcome, found.map(|session| session.sealed))
    }
}

#[tokio::test]
async fn a_session_that_one_process_deletes_is_not_written_again_by_another() {
    let ended = Processes::during_a_save(async |this| this.other.delete(&this.id).await.unwrap()).await;
    assert_eq!(ended, (SaveOutcome::Gone, None));
}

#[tokio::test]
async fn a_session_that_one_process_revokes_is_not_written_again_by_another() {
    for which in [SessionSelector::User("ada".into()), SessionSelector::LogtoSession("sid".into())] {
        let revoke = async |this: &Processes| _ = this.other.revoke(&which).await.unwrap();
        let (_, found) = Processes::during_a_save(revoke).await;
        assert_eq!(found, None);
    }
}

/// The documented limit: between processes the last write stays.
#[tokio::test]
async fn the_last_of_two_concurrent_writes_of_processes_stays() {
    let write = async |this: &Processes| {
        let saved = this.other.save(&this.id, &session(2, "other"), 1).await.unwrap();
        assert_eq!(saved, SaveOutcome::Saved);
    };
    assert_eq!(Processes::during_a_save(write).await, (SaveOutcome::Saved, Some("slow".into())));
}

/// Of two saves of one moment the one that wrote last keeps its word; the other is told.
#[tokio::test]
async fn a_write_that_another_process_overwrote_at_once_is_a_conflict() {
    let held = Held::default();
    let (other, id) = (TowerSessionStore::new(held.clone()), SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap());
    let overtaken = Overtaken { by: held.clone(), done: Arc::default() };
    let this = TowerSessionStore::new(overtaken.clone());
    assert!(TowerSessionStore::new(held.memory.clone()).create(&id, &session(1, "first")).await.unwrap());
    let done = Arc::clone(&overtaken.done);
    let save = tokio::spawn(async move {
        let outcome = other.save(&id, &session(2, "other"), 1).await.unwrap();
        done.notify_one();
        outcome
    });
    held.reached.notified().await;
    assert_eq!(this.save(&id, &session(2, "this"), 1).await.unwrap(), SaveOutcome::Conflict);
    assert_eq!(save.await.unwrap(), SaveOutcome::Saved);
    assert_eq!(this.load(&id).await.unwrap().unwrap().sealed, "other");
}

#[tokio::test]
async fn in_one_process_the_first_of_two_saves_wins() {
    let held = Held::default();
    let (store, id) = (TowerSessionStore::new(held.clone()), SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap());
    assert!(TowerSessionStore::new(held.memory.clone()).create(&id, &session(1, "first")).await.unwrap());
    let save = |sealed: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { store.save(&id, &session(2, sealed), 1).await.unwrap() })
    };
    let first = save("one");
    held.reached.notified().await;
    let second = save("two");
    // Time for the second to come as far as it can.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    held.leave.notify_one();
    assert_eq!(first.await.unwrap(), SaveOutcome::Saved);
    held.leave.notify_one();
    assert_eq!(second.await.unwrap(), SaveOutcome::Conflict);
    assert_eq!(store.load(&id).await.unwrap().unwrap().sealed, "one");
}
