//! Stores: each by the conformance suite, and under whole sign-ins.

mod bad;
pub mod life;
mod processes;

#[allow(dead_code, unused_imports)]
#[path = "../../examples/custom_store.rs"]
mod custom_store;

use std::{
    future::IntoFuture,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use logto::{
    store::{
        MemoryRevocations, MemoryStore, SessionId, SessionSelector, SessionStore, StoredSession, TowerSessionStore,
        TowerSessions015,
    },
    testing::{TestClock, TestSession, revocation_conformance, store_conformance},
};
use tower_sessions_memory_store::MemoryStore as TowerMemoryStore;

use self::{bad::Strict, custom_store::FileStore};
use crate::support::{COOKIE_SECRET, Site};

/// A directory that goes with the test.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("logto-stores-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn store(&self) -> FileStore {
        FileStore::new(self.0.join("sessions")).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_store_passes_the_conformance_suite() {
    let clock = TestClock::new();
    let store = MemoryStore::new().capacity(2_000).clock(clock.clone());
    store_conformance(store.clone()).instance(store).clock(&clock).await;
    store_conformance(MemoryStore::new()).await;
    let store = MemoryStore::new();
    life::of_a_session([store.clone(), store]).await;
}

#[tokio::test]
async fn a_full_memory_forgets_what_expires_first() {
    let store = MemoryStore::new().capacity(3);
    let site = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
    let first = site.signed_in("ada").await;
    let mut browsers = Vec::new();
    for _ in 0..3 {
        site.advance(60);
        browsers.push(site.signed_in("ada").await);
    }
    assert_eq!(store.len(), 3);
    assert!(!site.is_signed_in(&first).await, "it would have expired first");
    for browser in &browsers {
        assert!(site.is_signed_in(browser).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_in_memory_or_tower_sessions_pass_the_conformance_suite() {
    let revocations = MemoryRevocations::new();
    revocation_conformance([revocations.clone(), revocations]).await;
    revocation_conformance([TowerSessionStore::new(TowerMemoryStore::default())]).await;
    let store = TowerSessionStore::new(Strict::default());
    revocation_conformance([store.clone(), store]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_that_stores_in_files_passes_the_conformance_suite() {
    let directory = Directory::new();
    store_conformance(directory.store()).instance(directory.store()).await;
    life::of_a_session([directory.store(), directory.store()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tower_sessions_in_memory_pass_the_conformance_suite() {
    let shared = TowerMemoryStore::default();
    let (a, b) = (TowerSessionStore::new(shared.clone()), TowerSessionStore::new(shared));
    store_conformance(a.clone()).instance(b.clone()).without_revocation_count().single_process_compare_and_swap().await;
    // Clones are one instance.
    store_conformance(a.clone()).instance(a.clone()).without_revocation_count().await;
    life::of_a_session([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tower_sessions_of_version_0_15_pass_the_conformance_suite() {
    let shared = tower_sessions_memory_store_0_15::MemoryStore::default();
    let of = |store| TowerSessionStore::new(TowerSessions015::new(store));
    let (a, b) = (of(shared.clone()), of(shared));
    store_conformance(a.clone()).instance(b.clone()).without_revocation_count().single_process_compare_and_swap().await;
    revocation_conformance([a.clone()]).await;
    life::of_a_session([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tower_sessions_that_save_only_existing_records_pass_the_conformance_suite() {
    let store = TowerSessionStore::new(Strict::default());
    store_conformance(store.clone()).instance(store).without_revocation_count().await;
}

#[tokio::test]
async fn tower_sessions_refuse_a_session_that_outlives_its_revocation() {
    let store = TowerSessionStore::new(TowerMemoryStore::default()).revocation_lifetime(Duration::from_secs(60));
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    let error = TestSession::new().cookies(site.logto.config()).await.unwrap_err();
    assert_eq!(error.code(), "store.failed");
    assert!(error.to_string().contains("revocation_lifetime"), "{error}");
    assert!(!error.to_string().contains(COOKIE_SECRET));
}

#[tokio::test]
async fn a_tower_session_that_begins_after_a_revocation_of_its_user_or_its_login_stays() {
    for which in [SessionSelector::User("ada".into()), SessionSelector::LogtoSession("sid".into())] {
        let store = TowerSessionStore::new(TowerMemoryStore::default());
        let id = SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let expires_at = SystemTime::now() + Duration::from_secs(3600);
        let session = StoredSession::new("ada", "sealed").sid(Some("sid".into())).revision(1).expires_at(expires_at);
        store.revoke(&which).await.unwrap();
        assert!(store.create(&id, &session).await.unwrap());
        assert!(store.load(&id).await.unwrap().is_some(), "{which:?}");
        store.revoke(&which).await.unwrap();
        assert!(store.load(&id).await.unwrap().is_none(), "{which:?}");
    }
}

/// So that no instance has to be given a store of revocations of its own.
#[tokio::test]
async fn what_was_revoked_is_in_the_store_of_the_tower_sessions() {
    let shared = TowerMemoryStore::default();
    let [here, there] = [TowerSessionStore::new(shared.clone()), TowerSessionStore::new(shared)];
    let (key, cutoff) = ("a key".to_owned(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    here.revocations().unwrap().record(&key, cutoff, Duration::from_secs(60)).await.unwrap();
    let latest = there.revocations().unwrap().latest_cutoff(&[key]).await.unwrap();
    assert_eq!(latest, Some(cutoff));
}

#[tokio::test]
async fn the_store_conformance_suite_names_the_violated_rule_in_a_sentence() {
    for (fault, sentence) in [
        (
            bad::Fault::SavesWithoutLooking,
            "`save` has to give Conflict where the session does not have the expected revision",
        ),
        (bad::Fault::CreatesBySaving, "`save` has to give Gone where nobody created the session"),
        (bad::Fault::ForgetsSid, "`load` has to give what `create` was given"),
        (bad::Fault::NeverRevokes, "`revoke` has to give how many sessions it ended: 2; it gave 0"),
        (bad::Fault::Fails, "`create` failed, where it has to succeed: no connection"),
    ] {
        let run = tokio::spawn(store_conformance(bad::Bad::new(fault)).into_future());
        let panic = run.await.unwrap_err().into_panic();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(sentence), "{message}");
    }
}
