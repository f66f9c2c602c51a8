//! A store that does not answer is a store that is down: requests end, and nobody is signed out.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use logto::{
    HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, TokenOptions,
    integrate::{BoxError, BoxFuture},
    store::{
        MemoryRevocations, MemoryStore, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore,
        StoredSession,
    },
    testing::TestSession,
};
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    time::{Instant, advance},
};

use crate::support::{BASE_URL, COOKIE_SECRET};

/// After it a store that hung is asked again.
const SECOND: Duration = Duration::from_secs(1);

/// Answers from memory until it hangs.
#[derive(Clone, Default)]
struct Hanging<S> {
    store: S,
    hangs: Arc<AtomicBool>,
}

impl<S> Hanging<S> {
    fn or_hang<'a, T: Send + 'a>(
        &'a self,
        answer: impl FnOnce() -> BoxFuture<'a, Result<T, BoxError>>,
    ) -> BoxFuture<'a, Result<T, BoxError>> {
        if self.hangs.load(Ordering::SeqCst) { Box::pin(pending()) } else { answer() }
    }
}

impl SessionStore for Hanging<MemoryStore> {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.or_hang(|| self.store.create(id, session))
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.or_hang(|| self.store.load(id))
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.or_hang(|| self.store.save(id, session, expected))
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.or_hang(|| self.store.delete(id))
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.or_hang(|| SessionStore::revoke(&self.store, which))
    }
}

impl RevocationStore for Hanging<MemoryRevocations> {
    fn record<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.or_hang(|| self.store.record(key, until, ttl))
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        self.or_hang(|| self.store.latest_cutoff(keys))
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.or_hang(|| self.store.claim(key, ttl))
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.or_hang(|| self.store.release(key))
    }
}

fn config() -> LogtoConfigBuilder {
    LogtoConfig::builder()
        .endpoint("http://localhost:3001")
        .app_id("app")
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
}

#[tokio::test(start_paused = true)]
async fn a_session_store_that_hangs_is_an_error_when_the_time_is_over() {
    for (timeout, seconds) in [(None, 3), (Some(7), 7)] {
        let store = Hanging::<MemoryStore>::default();
        let config = config().session_store(store.clone());
        let config = timeout.map_or(config.clone(), |timeout| config.store_timeout(Duration::from_secs(timeout)));
        let config = config.build().unwrap();
        let header = TestSession::new().cookie_header(&config).await.unwrap();
        let logto = LogtoClient::new(config).unwrap();
        let cookies = HeaderCookies::parse(header.as_str());
        assert!(logto.is_authenticated(&cookies).await.unwrap());

        store.hangs.store(true, Ordering::SeqCst);
        let began = Instant::now();
        let error = logto.is_authenticated(&cookies).await.unwrap_err();
        assert_eq!((error.code().as_str(), began.elapsed()), ("store.failed", Duration::from_secs(seconds)));
        assert!(error.is_transient() && error.to_string().contains("store_timeout"), "{error}");
        advance(SECOND).await;
        let began = Instant::now();
        assert_eq!(logto.end_user_sessions("test-user").await.unwrap_err().code(), "store.failed");
        assert_eq!(began.elapsed(), Duration::from_secs(seconds));

        // A write that hangs, after a read that did not.
        store.hangs.store(false, Ordering::SeqCst);
        advance(SECOND).await;
        let mut session = logto.load_session(&cookies).await.unwrap();
        session.clear_access_token();
        store.hangs.store(true, Ordering::SeqCst);
        let (began, mut answer) = (Instant::now(), HeaderCookies::parse(header.as_str()));
        let error = session.commit(&mut answer).await.unwrap_err();
        assert_eq!((error.code().as_str(), began.elapsed()), ("store.failed", Duration::from_secs(seconds)));
        assert_eq!(answer.set_cookie_headers(), [""; 0], "the cookie stays");

        store.hangs.store(false, Ordering::SeqCst);
        advance(SECOND).await;
        assert!(logto.is_authenticated(&cookies).await.unwrap(), "and is good when the store is back");
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_store_that_hangs_signs_nobody_out() {
    let revocations = Hanging::<MemoryRevocations>::default();
    let config = config().revocation_store(revocations.clone()).build().unwrap();
    let header = TestSession::new().cookie_header(&config).await.unwrap();
    let logto = LogtoClient::new(config).unwrap();
    revocations.hangs.store(true, Ordering::SeqCst);
    let began = Instant::now();
    assert!(logto.is_authenticated(&HeaderCookies::parse(header.as_str())).await.unwrap(), "taken as valid");
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    let mut cookies = HeaderCookies::parse(header.as_str());
    logto.clear_all_tokens(&mut cookies).await.unwrap();
    assert!(!cookies.set_cookie_headers().is_empty(), "who signs out is signed out of this browser");
    assert_eq!(logto.end_user_sessions("test-user").await.unwrap_err().code(), "store.failed");
}

/// With real time and a real connection: a server that takes every connection and never says a word.
struct Mute(String);

impl Mute {
    async fn ask<T>(&self) -> Result<T, BoxError> {
        let mut stream = tokio::net::TcpStream::connect(&self.0).await?;
        let mut answer = [0];
        stream.read_exact(&mut answer).await?;
        Err("it spoke".into())
    }
}

impl SessionStore for Mute {
    fn create<'a>(&'a self, _: &'a SessionId, _: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(self.ask())
    }

    fn load<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        Box::pin(self.ask())
    }

    fn save<'a>(
        &'a self,
        _: &'a SessionId,
        _: &'a StoredSession,
        _: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(self.ask())
    }

    fn delete<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.ask())
    }

    fn revoke<'a>(&'a self, _: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(self.ask())
    }
}

#[tokio::test]
async fn a_store_on_a_connection_that_is_mute_holds_no_request_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let taken = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&taken);
    tokio::spawn(async move {
        loop {
            let connection = listener.accept().await.unwrap();
            kept.lock().unwrap().push(connection);
        }
    });
    let of_before = config().session_store(MemoryStore::new()).build().unwrap();
    let header = TestSession::new().cookie_header(&of_before).await.unwrap();
    let config = config().session_store(Mute(address)).store_timeout(Duration::from_secs(1)).build().unwrap();
    let logto = LogtoClient::new(config).unwrap();
    let mut cookies = HeaderCookies::parse(header);
    for outcome in [
        logto.is_authenticated(&cookies).await.map(drop),
        logto.get_access_token(&mut cookies, TokenOptions::new()).await.map(drop),
        logto.end_user_sessions("test-user").await,
    ] {
        assert_eq!(outcome.unwrap_err().code(), "store.failed");
    }
    assert_eq!(taken.lock().unwrap().len(), 1, "the others failed with the first");
    assert_eq!(cookies.set_cookie_headers(), [""; 0]);
}
