//! `require_revocation_store`: while the revocation store fails no session is read, as while a session store fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use logto::{
    ContextOptions, RequestSession, SessionFormat, SignInOptions, SignOutOptions,
    integrate::{BoxError, BoxFuture},
    store::{MemoryRevocations, MemoryStore, RevocationStore},
};

use crate::support::{Browser, Site};

/// Answers from memory unless it is down.
#[derive(Clone, Default)]
pub struct Failing {
    store: Arc<MemoryRevocations>,
    pub down: Arc<AtomicBool>,
}

impl Failing {
    fn or_fail<'a, T: Send + 'a>(
        &'a self,
        answer: impl FnOnce() -> BoxFuture<'a, Result<T, BoxError>>,
    ) -> BoxFuture<'a, Result<T, BoxError>> {
        if self.down.load(Ordering::SeqCst) { Box::pin(async { Err("down".into()) }) } else { answer() }
    }
}

impl RevocationStore for Failing {
    fn record<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.or_fail(|| self.store.record(key, until, ttl))
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        self.or_fail(|| self.store.latest_cutoff(keys))
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.or_fail(|| self.store.claim(key, ttl))
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.or_fail(|| self.store.release(key))
    }
}

async fn sites(required: bool) -> Vec<(&'static str, Site, Failing)> {
    let mut sites = Vec::new();
    for (place, format) in [("cookies", SessionFormat::Logto), ("next", SessionFormat::Next)] {
        let store = Failing::default();
        let site = Site::with(
            |mock| mock,
            |config| config.revocation_store(store.clone()).require_revocation_store(required).session_format(format),
        );
        sites.push((place, site.await, store));
    }
    sites
}

#[tokio::test]
async fn a_session_that_was_ended_is_not_valid_again_while_the_store_is_down() {
    for required in [true, false] {
        for (place, site, store) in sites(required).await {
            let mut browser = site.signed_in("ada").await;
            let copy = browser.clone();
            let mut cookies = browser.request();
            _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
            assert!(!site.is_signed_in(&copy).await, "{place}");
            store.down.store(true, Ordering::SeqCst);
            let context = site.context(&mut copy.clone(), ContextOptions::new()).await;
            match required {
                true => assert_eq!(context.unwrap_err().code(), "store.failed", "{place}"),
                false => assert!(context.unwrap().is_authenticated(), "{place}: nobody is signed out by a store"),
            }
            // Who has no session is served all the same.
            browser.cookies.clear();
            assert!(!site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated(), "{place}");
        }
    }
}

#[tokio::test]
async fn a_store_that_is_down_loses_no_session() {
    for (place, site, store) in sites(true).await {
        let mut browser = site.signed_in("ada").await;
        store.down.store(true, Ordering::SeqCst);
        let before = browser.cookies.clone();
        let error = site.context(&mut browser, ContextOptions::new()).await.unwrap_err();
        assert!((error.http_status(), error.is_transient()) == (503, true), "{place} {error}");
        assert_eq!(browser.cookies, before, "{place}");
        store.down.store(false, Ordering::SeqCst);
        assert!(site.is_signed_in(&browser).await, "{place}");
        // While a request is under way.
        let session = RequestSession::new(site.logto.clone(), browser.header());
        session.clear_access_token().await.unwrap();
        store.down.store(true, Ordering::SeqCst);
        assert_eq!(session.commit().await.unwrap_err().code(), "store.failed", "{place}");
        store.down.store(false, Ordering::SeqCst);
        assert!(site.is_signed_in(&browser).await, "{place}");
    }
}

#[tokio::test]
async fn a_user_signs_out_while_the_store_is_down() {
    for (place, site, store) in sites(true).await {
        let mut browser = site.signed_in("ada").await;
        store.down.store(true, Ordering::SeqCst);
        let session = RequestSession::new(site.logto.clone(), browser.header());
        let to_logto = session.sign_out(SignOutOptions::new()).await.unwrap();
        assert!(to_logto.location().starts_with(&site.mock.endpoint()), "{place}");
        browser.receive(session.commit().await.unwrap().set_cookies());
        store.down.store(false, Ordering::SeqCst);
        assert!(!site.is_signed_in(&browser).await, "{place} {browser:?}");
    }
}

#[tokio::test]
async fn a_sign_in_is_finished_when_the_store_is_back() {
    for (place, site, store) in sites(true).await {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        store.down.store(true, Ordering::SeqCst);
        let sent = browser.clone();
        assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "store.failed", "{place}");
        store.down.store(false, Ordering::SeqCst);
        browser = sent;
        site.end(&mut browser, &callback).await.unwrap();
        assert!(site.is_signed_in(&browser).await, "{place}: the same callback, opened again");
    }
}

/// What ends a stored session is in its own store, and a failing revocation store is asked when one begins.
#[tokio::test]
async fn a_stored_session_is_read_by_its_own_store() {
    let failing = Failing::default();
    let site = Site::with(
        |mock| mock,
        |config| {
            config.session_store(MemoryStore::new()).revocation_store(failing.clone()).require_revocation_store(true)
        },
    )
    .await;
    let browser = site.signed_in("ada").await;
    failing.down.store(true, Ordering::SeqCst);
    assert!(site.is_signed_in(&browser).await);
    let mut other = Browser::default();
    let url = site.begin(&mut other, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut other, &callback).await.unwrap_err().code(), "store.failed");
    assert!(!site.is_signed_in(&other).await);
}
