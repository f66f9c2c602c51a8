//! What an application implements or chooses itself: stores behind an `Arc`, a token source of its own, a jar by reference.

use std::{
    future::ready,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Router, http::HeaderMap, routing::get};
use logto::{
    AccessToken, ContextOptions, Cookies, HeaderCookies, LogtoClient, LogtoConfig, Result, TokenOptions,
    api_client::{ApiClient, TokenSource},
    integrate::{BoxError, BoxFuture, Clock},
    store::{
        RefreshCoordinator, RevocationStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession,
    },
    testing::TestSession,
};

use crate::support::{BOOKS, COOKIE_SECRET};

/// Says which of its methods was called.
#[derive(Clone, Default)]
struct Probe(Arc<Mutex<Vec<&'static str>>>);

impl Probe {
    fn answer<T: Send + 'static, E: Send + 'static>(
        &self,
        method: &'static str,
        value: T,
    ) -> BoxFuture<'_, Result<T, E>> {
        self.0.lock().unwrap().push(method);
        Box::pin(ready(Ok(value)))
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl SessionStore for Probe {
    fn create<'a>(&'a self, _: &'a SessionId, _: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.answer("create", true)
    }

    fn load<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        self.answer("load", None)
    }

    fn save<'a>(
        &'a self,
        _: &'a SessionId,
        _: &'a StoredSession,
        _: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        self.answer("save", SaveOutcome::Saved)
    }

    fn delete<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer("delete", ())
    }

    fn revoke<'a>(&'a self, _: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        self.answer("revoke", 0)
    }

    fn list<'a>(&'a self, _: &'a str) -> Option<BoxFuture<'a, Result<Vec<(SessionId, StoredSession)>, BoxError>>> {
        Some(self.answer("list", Vec::new()))
    }

    fn coordinator(&self) -> Option<Arc<dyn RefreshCoordinator>> {
        self.0.lock().unwrap().push("coordinator");
        Some(Arc::new(self.clone()))
    }

    fn revocations(&self) -> Option<Arc<dyn RevocationStore>> {
        self.0.lock().unwrap().push("revocations");
        Some(Arc::new(self.clone()))
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        self.answer("warnings", Vec::new())
    }
}

impl RevocationStore for Probe {
    fn record<'a>(&'a self, _: &'a str, _: SystemTime, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer("revoke", ())
    }

    fn latest_cutoff<'a>(&'a self, _: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        self.answer("revoked_until", None)
    }

    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.answer("claim", true)
    }

    fn release<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer("release", ())
    }

    fn warnings(&self) -> BoxFuture<'_, Result<Vec<String>, BoxError>> {
        self.answer("warnings", Vec::new())
    }
}

impl RefreshCoordinator for Probe {
    fn lock<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.answer("lock", None)
    }

    fn unlock<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer("unlock", ())
    }

    fn load_result<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        self.answer("get", None)
    }

    fn store_result<'a>(&'a self, _: &'a str, _: &'a str, _: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        self.answer("put", ())
    }
}

/// A service account's token, from wherever the application has it.
#[derive(Default)]
struct Vault {
    replaced: Mutex<Vec<String>>,
}

impl TokenSource for Vault {
    fn access_token<'a>(&'a self, _: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        Box::pin(ready(Ok(AccessToken::new("first", ["read:books write:books"], UNIX_EPOCH))))
    }

    fn replace_rejected<'a>(
        &'a self,
        refused: &'a AccessToken,
        _: &'a TokenOptions,
    ) -> BoxFuture<'a, Result<AccessToken>> {
        self.replaced.lock().unwrap().push(refused.token().to_owned());
        Box::pin(ready(Ok(AccessToken::new("second", refused.scopes(), refused.expires_at()))))
    }
}

struct Fixed(SystemTime);

impl Clock for Fixed {
    fn now(&self) -> SystemTime {
        self.0
    }
}

async fn all_of(store: impl SessionStore, id: &SessionId, session: &StoredSession, which: &SessionSelector) {
    store.create(id, session).await.unwrap();
    store.load(id).await.unwrap();
    store.save(id, session, 0).await.unwrap();
    store.delete(id).await.unwrap();
    store.revoke(which).await.unwrap();
    store.list("ada").unwrap().await.unwrap();
    store.coordinator().unwrap();
    store.revocations().unwrap();
    store.warnings().await.unwrap();
}

async fn all_of_revocations(store: impl RevocationStore) {
    store.record("sub/ada", UNIX_EPOCH, Duration::ZERO).await.unwrap();
    store.latest_cutoff(&["sub/ada".to_owned()]).await.unwrap();
    store.claim("jti/1", Duration::ZERO).await.unwrap();
    store.release("jti/1").await.unwrap();
    store.warnings().await.unwrap();
}

async fn all_of_coordinator(coordinator: impl RefreshCoordinator) {
    coordinator.lock("key", Duration::ZERO).await.unwrap();
    coordinator.unlock("key", "holder").await.unwrap();
    coordinator.load_result("key").await.unwrap();
    coordinator.store_result("key", "value", Duration::ZERO).await.unwrap();
}

/// Code that is generic over jars, and has no more than a reference to one.
async fn is_signed_in(logto: &LogtoClient, mut jar: impl Cookies) -> bool {
    logto.get_context(&mut jar, ContextOptions::new()).await.unwrap().is_authenticated()
}

#[tokio::test]
async fn a_store_behind_an_arc_has_every_method_of_the_store() {
    let probe = Probe::default();
    let id = SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap();
    let (session, ada) = (StoredSession::new("ada", "sealed"), SessionSelector::User("ada".to_owned()));
    let store: Arc<dyn SessionStore> = Arc::new(probe.clone());
    all_of(store, &id, &session, &ada).await;
    let methods = ["create", "load", "save", "delete", "revoke", "list", "coordinator", "revocations", "warnings"];
    assert_eq!(probe.take(), methods);

    let store: Arc<dyn RevocationStore> = Arc::new(probe.clone());
    all_of_revocations(store).await;
    assert_eq!(probe.take(), ["revoke", "revoked_until", "claim", "release", "warnings"]);

    let coordinator: Arc<dyn RefreshCoordinator> = Arc::new(probe.clone());
    all_of_coordinator(coordinator).await;
    assert_eq!(probe.take(), ["lock", "unlock", "get", "put"]);
}

#[tokio::test]
async fn stores_chosen_at_run_time_are_accepted_as_trait_objects() {
    let probe = Probe::default();
    let now = UNIX_EPOCH + Duration::from_secs(1_795_385_584);
    let sessions: Arc<dyn SessionStore> = Arc::new(probe.clone());
    let revocations: Arc<dyn RevocationStore> = Arc::new(probe.clone());
    let coordinator: Arc<dyn RefreshCoordinator> = Arc::new(probe.clone());
    let clock: Arc<dyn Clock> = Arc::new(Fixed(now));
    let config = LogtoConfig::builder().endpoint("http://localhost:1").app_id("app").base_url("http://localhost:2");
    let config = config.cookie_secret(COOKIE_SECRET).session_store(sessions).revocation_store(revocations);
    let config = config.refresh_coordinator(coordinator).clock(Arc::clone(&clock)).build().unwrap();
    assert_eq!(config.clock().now(), now);

    let mut jar = TestSession::new().sub("ada").cookies(&config).await.unwrap();
    assert_eq!(probe.take(), ["create", "revoked_until"], "the session store and the revocation store");
    let logto = LogtoClient::new(config).unwrap();
    assert!(!is_signed_in(&logto, &mut jar).await, "the store forgets everything");
    assert!(probe.take().contains(&"load"));
    let deletion = jar.set_cookie_headers().concat();
    assert!(deletion.contains("Max-Age=0"), "what was queued by reference is in the jar: {deletion}");
    let by_reference: &mut dyn Cookies = &mut HeaderCookies::parse("logto_app=x");
    assert!(!is_signed_in(&logto, by_reference).await);
}

#[tokio::test]
async fn a_token_source_of_the_applications_own_serves_an_api_client() {
    async fn books(headers: HeaderMap) -> (http::StatusCode, String) {
        let token = headers["authorization"].to_str().unwrap().to_owned();
        let status = if token == "Bearer second" { 200 } else { 401 };
        (http::StatusCode::from_u16(status).unwrap(), token)
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/books", get(books))).await.unwrap() });
    let api = ApiClient::builder().base_url(base).token_options(TokenOptions::new().resource(BOOKS)).build().unwrap();

    let vault = Arc::new(Vault::default());
    let source: Arc<dyn TokenSource> = vault.clone();
    let response = api.send(&source, http::Request::get("/books").body(vec![]).unwrap()).await.unwrap();
    assert_eq!(String::from_utf8(response.into_body()).unwrap(), "Bearer second");
    assert_eq!(*vault.replaced.lock().unwrap(), ["first"]);

    let token = source.access_token(&TokenOptions::new()).await.unwrap();
    assert_eq!((token.token(), token.expires_at()), ("first", UNIX_EPOCH));
    assert_eq!(token.scopes(), ["read:books", "write:books"]);
}
