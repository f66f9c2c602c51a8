//! The life of a session in a store, over two instances: sign-in, requests, refreshes, sign-out. Store operations are counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use logto::{
    BoxError, BoxFuture, ContextOptions, LogtoClient, RevokedSessions, SaveOutcome, SessionId, SessionStore,
    SignOutOptions, StoredSession, TokenOptions,
    testing::{Endpoint, MockLogto, TestClock},
};

use crate::support::{APP_SECRET, BOOKS, Browser, Site, app, settings};

/// Counts what a store is asked for.
#[derive(Default)]
pub struct Counts {
    pub loads: AtomicUsize,
    pub writes: AtomicUsize,
}

impl Counts {
    /// Loads and writes since the last time.
    pub fn take(&self) -> (usize, usize) {
        (self.loads.swap(0, Relaxed), self.writes.swap(0, Relaxed))
    }
}

pub struct Counting<S> {
    pub store: S,
    pub counts: Arc<Counts>,
}

impl<S: SessionStore> SessionStore for Counting<S> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.counts.writes.fetch_add(1, Relaxed);
        self.store.create(id, session)
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.counts.loads.fetch_add(1, Relaxed);
        self.store.load(id)
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.counts.writes.fetch_add(1, Relaxed);
        self.store.save(id, session, expected)
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.counts.writes.fetch_add(1, Relaxed);
        self.store.delete(id)
    }

    fn revoke<'a>(&'a self, which: &'a RevokedSessions) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.counts.writes.fetch_add(1, Relaxed);
        self.store.revoke(which)
    }
}

/// Two instances of one application, each with its own connection to the sessions.
pub async fn instances<S: SessionStore>(stores: [S; 2]) -> ([Site; 2], Arc<Counts>) {
    let clock = TestClock::new();
    let counts = Arc::new(Counts::default());
    let mock = MockLogto::builder().app(app("app")).clock(clock.clone()).start().await.unwrap();
    let sites = stores.map(|store| {
        let store = Counting { store, counts: Arc::clone(&counts) };
        let config = settings(&mock, &clock).app_secret(APP_SECRET).session_store(store).build().unwrap();
        Site { mock: mock.clone(), logto: LogtoClient::new(config).unwrap(), clock: clock.clone() }
    });
    (sites, counts)
}

pub async fn of_a_session<S: SessionStore>(stores: [S; 2]) {
    let ([a, b], counts) = instances(stores).await;
    let mut browser = a.signed_in("ada").await;
    assert_eq!(counts.take(), (0, 1), "a sign-in is one write");
    assert!(browser.header().len() < 200, "the cookie holds nothing but the sealed id");

    let context = b.context(&mut browser, ContextOptions::new()).await.unwrap();
    assert!(context.is_authenticated(), "the other instance knows the session");
    assert_eq!(counts.take(), (1, 0), "a request of a signed-in user is one load and no write");

    let first = token(&b, &mut browser).await.unwrap();
    assert_eq!(counts.take(), (1, 1), "a new token is one load and one write");
    assert_eq!(token(&a, &mut browser).await.unwrap(), first, "the other instance has the token, too");
    assert_eq!(counts.take(), (1, 0));
    assert_eq!(a.mock.requests(Endpoint::Token), 1);

    a.advance(3600);
    assert_ne!(token(&a, &mut browser).await.unwrap(), first);
    assert_eq!(a.mock.requests(Endpoint::Token), 2);
    // Past the grace period, with the refresh token that the other instance received.
    b.advance(3600);
    token(&b, &mut browser).await.unwrap();
    assert!(a.is_signed_in(&browser).await);

    let stolen = browser.clone();
    let mut cookies = browser.request();
    b.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    for site in [&a, &b] {
        assert!(!site.is_signed_in(&browser).await);
        assert!(!site.is_signed_in(&stolen).await, "a copy of the cookie is worth nothing after the sign-out");
    }
    a_slow_response_does_not_undo_a_sign_out(&a, &b).await;
}

/// A refresh on one instance is under way while the user signs out on the other.
async fn a_slow_response_does_not_undo_a_sign_out(a: &Site, b: &Site) {
    let browser = a.signed_in("ada").await;
    a.advance(3600);
    a.mock.fault(Endpoint::Token, logto::testing::Fault::delay(Duration::from_millis(300)));
    let (logto, mut slow) = (a.logto.clone(), browser.clone());
    let refresh = tokio::spawn(async move {
        let mut cookies = slow.request();
        _ = logto.get_access_token(&mut cookies, TokenOptions::resource(BOOKS)).await;
        slow.receive(&cookies.set_cookie_headers());
        slow
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut cookies = browser.request();
    b.logto.sign_out(&mut cookies, SignOutOptions::new().revoke(false)).await.unwrap();
    let slow = refresh.await.unwrap();
    a.mock.clear_faults();
    for browser in [&slow, &browser] {
        assert!(!a.is_signed_in(browser).await && !b.is_signed_in(browser).await, "the session stays ended");
    }
}

pub async fn token(site: &Site, browser: &mut Browser) -> logto::Result<String> {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, TokenOptions::resource(BOOKS)).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}
