//! The life of a session in a store, over two instances: sign-in, requests, refreshes, sign-out. Store operations are counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use logto::{
    ContextOptions, LogtoClient, SignOutOptions,
    integrate::{BoxError, BoxFuture},
    store::{SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    testing::{Endpoint, Fault, MockLogto, TestClock},
};

use crate::support::{APP_SECRET, Browser, Site, app, settings};

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

struct Counting<S> {
    store: S,
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

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.counts.writes.fetch_add(1, Relaxed);
        self.store.revoke(which)
    }
}

/// Two instances of one application, each with its own connection to the sessions.
pub struct Instances {
    pub first: Site,
    pub second: LogtoClient,
    pub counts: Arc<Counts>,
}

impl Instances {
    pub async fn over<S: SessionStore>([first, second]: [S; 2]) -> Self {
        let clock = TestClock::new();
        let counts = Arc::new(Counts::default());
        let mock = MockLogto::builder().app(app("app")).clock(clock.clone()).start().await.unwrap();
        let client = |store| {
            let store = Counting { store, counts: Arc::clone(&counts) };
            let config = settings(&mock, &clock).app_secret(APP_SECRET).session_store(store).build().unwrap();
            LogtoClient::new(config).unwrap()
        };
        let (logto, second) = (client(first), client(second));
        Self { first: Site { mock, logto, clock }, second, counts }
    }

    /// Whether either knows the browser's session.
    async fn is_signed_in(&self, browser: &Browser) -> bool {
        let first = self.first.is_signed_in(browser).await;
        assert_eq!(self.second.is_authenticated(&browser.request()).await.unwrap(), first, "both say the same");
        first
    }
}

pub async fn of_a_session<S: SessionStore>(stores: [S; 2]) {
    let both = Instances::over(stores).await;
    let Instances { first: site, second, counts } = &both;
    let mut browser = site.signed_in("ada").await;
    assert_eq!(counts.take(), (0, 1), "a sign-in is one write");
    assert!(browser.header().len() < 200, "the cookie holds nothing but the sealed id");

    let mut cookies = browser.request();
    let context = second.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
    assert!(context.is_authenticated(), "the other instance knows the session");
    assert_eq!(counts.take(), (1, 0), "a request of a signed-in user is one load and no write");

    let first = browser.get_token(second).await.unwrap();
    assert_eq!(counts.take(), (1, 1), "a new token is one load and one write");
    assert_eq!(browser.get_token(&site.logto).await.unwrap(), first, "the other instance has the token, too");
    assert_eq!(counts.take(), (1, 0));
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);

    site.advance(3600);
    assert_ne!(browser.get_token(&site.logto).await.unwrap(), first);
    assert_eq!(site.mock.request_count(Endpoint::Token), 2);
    // Past the grace period, with the refresh token that the other instance received.
    site.advance(3600);
    browser.get_token(second).await.unwrap();
    assert!(both.is_signed_in(&browser).await);

    let stolen = browser.clone();
    sign_out(second, &mut browser).await;
    assert!(!both.is_signed_in(&browser).await);
    assert!(!both.is_signed_in(&stolen).await, "a copy of the cookie is worth nothing after the sign-out");
    a_slow_response_does_not_undo_a_sign_out(&both).await;
}

/// A refresh on one instance is under way while the user signs out on the other.
async fn a_slow_response_does_not_undo_a_sign_out(both: &Instances) {
    let Instances { first: site, second, .. } = both;
    let mut browser = site.signed_in("ada").await;
    site.advance(3600);
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(300)));
    let asked = site.mock.request_count(Endpoint::Token);
    let (logto, mut slow) = (site.logto.clone(), browser.clone());
    let refresh = tokio::spawn(async move {
        _ = slow.get_token(&logto).await;
        slow
    });
    while site.mock.request_count(Endpoint::Token) == asked {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    sign_out(second, &mut browser).await;
    let slow = refresh.await.unwrap();
    site.mock.clear_faults();
    assert!(!both.is_signed_in(&slow).await && !both.is_signed_in(&browser).await, "the session stays ended");
}

async fn sign_out(logto: &LogtoClient, browser: &mut Browser) {
    let mut cookies = browser.request();
    _ = logto.sign_out(&mut cookies, SignOutOptions::new().revoke_refresh_token(false)).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
}
