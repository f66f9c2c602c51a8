//! Memory after many requests is memory before them, and what is kept is bounded. Counted by the allocator, so a byte more is noticed.
//!
//! `LOGTO_TEST_REQUESTS=100000 cargo test --all-features --test memory -- --nocapture` prints the figures of `docs/supply-chain.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions
)]

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use allocation_counter::measure;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, Response};
use logto::{
    ContextOptions, HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, RequestSession, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    integrate::{AuthRequest, BoxError, BoxFuture, HttpClient},
    machine::MachineClient,
    store::{MemoryRevocations, MemoryStore, RevocationStore, SessionId, SessionStore, StoredSession},
    testing::{MockLogto, TestClock, TestSession},
};
use serde_json::json;

const BOOKS: &str = "https://api.example.test";
/// Of each kind, in each round: four times what the caches hold, so that each is turned over four times and ends where it began.
const POOL: usize = 256;
const KEPT: usize = 64;
const KINDS: usize = 10;
const ROUND: usize = POOL * KINDS;
/// No block is left over. But a hash table whose entries come and go may double once, at a moment that its random seed decides, and then
/// has room for the traces of what went: so many bytes for the tables of 64 entries, two of them at the most.
const MOST: i64 = 64 * 1024;

/// Logto's answers without a network, and without a memory of its own.
#[derive(Clone)]
struct Canned {
    discovery: &'static str,
    keys: &'static str,
}

/// Of one length, so that no answer is longer than another.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl HttpClient for Canned {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let body = match request.uri().path() {
            path if path.ends_with("/openid-configuration") => self.discovery.to_owned(),
            path if path.ends_with("/jwks") => self.keys.to_owned(),
            path if path.ends_with("/token") => format!(
                r#"{{"access_token":"access-{number:020}","refresh_token":"refresh-{number:020}","token_type":"Bearer","expires_in":3600}}"#
            ),
            path => panic!("nobody asks for {path}"),
        };
        Box::pin(async { Ok(Response::new(body.into_bytes())) })
    }
}

/// An application with sessions in cookies, another with a store, an API and a machine.
struct World {
    logto: LogtoClient,
    cookie: String,
    stored: LogtoClient,
    stored_cookie: String,
    store: MemoryStore,
    /// Its clock goes a minute further with each refresh, so that what is remembered for an hour is forgotten again and again.
    refreshing: LogtoClient,
    refreshing_cookie: String,
    clock: TestClock,
    api: ResourceServer,
    requirements: TokenRequirements,
    /// `Authorization` headers, each with another token.
    headers: Vec<String>,
    forged: String,
    machine: MachineClient,
    resources: Vec<TokenOptions>,
    ids: Vec<SessionId>,
}

impl World {
    async fn start() -> Self {
        let mock = MockLogto::start().await;
        let canned = Canned {
            discovery: fetch(format!("{}/.well-known/openid-configuration", mock.issuer())).await,
            keys: fetch(format!("{}/jwks", mock.issuer())).await,
        };
        let settings = || -> LogtoConfigBuilder {
            let config =
                LogtoConfig::builder().endpoint(mock.endpoint()).app_id("app").base_url("http://localhost:3000");
            config.cookie_secret("a cookie secret for the test of the memory").http_client(canned.clone())
        };
        let client = |config: LogtoConfigBuilder| LogtoClient::new(config.build().unwrap()).unwrap();
        let (store, clock) = (MemoryStore::new().capacity(KEPT), TestClock::new());
        let logto = client(settings());
        let stored = client(settings().session_store(store.clone()));
        let refreshing = client(settings().clock(clock.clone()));
        let user =
            TestSession::new().access_token(TokenOptions::new().resource(BOOKS), "access-token", &["read:books"]);
        let api = ResourceServer::builder().endpoint(mock.endpoint()).audience(ApiAudience::resource(BOOKS));
        let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret("a secret");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let header = |number: usize| {
            let claims = json!({
                "jti": format!("{number:043}"), "sub": "ada", "iat": now, "exp": now + 24 * 60 * 60,
                "scope": "read:books", "client_id": "app", "iss": mock.issuer(), "aud": BOOKS,
            });
            format!("Bearer {}", mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims))
        };
        let headers: Vec<_> = (0..POOL).map(header).collect();
        Self {
            cookie: user.cookie_header(logto.config()).await.unwrap(),
            stored_cookie: user.cookie_header(stored.config()).await.unwrap(),
            refreshing_cookie: user.cookie_header(refreshing.config()).await.unwrap(),
            api: api.token_cache_capacity(KEPT).http_client(canned.clone()).build().unwrap(),
            requirements: TokenRequirements::new().scopes(["read:books"]),
            forged: format!("{}AAAA", headers[0]),
            headers,
            machine: machine.token_cache_capacity(KEPT).http_client(canned).build().unwrap(),
            resources: (0..POOL).map(|n| TokenOptions::new().resource(format!("{BOOKS}/{n:03}"))).collect(),
            ids: (0..POOL).map(id).collect(),
            logto,
            stored,
            store,
            refreshing,
            clock,
        }
    }

    async fn request(&mut self, number: usize) {
        let (kind, turn) = (number % KINDS, number / KINDS % POOL);
        match kind {
            0 => assert!(page(&self.logto, &self.cookie).await, "a page of a user"),
            1 => assert_eq!(self.ask("GET", "/logto/user", &self.cookie).await, 200),
            2 => {
                // Another user signs in at the same time; whoever would expire first makes room.
                let expires_at = SystemTime::now() + Duration::from_secs(3600);
                let other = StoredSession::new("ada", "x".repeat(500)).revision(1).expires_at(expires_at);
                let _ = self.store.create(&self.ids[turn], &other).await.unwrap();
                assert!(page(&self.stored, &self.stored_cookie).await, "a page of a user in a store");
            }
            // The very token of the last request, and one that was forgotten.
            3 => drop(self.authorize(&self.headers[turn.saturating_sub(1)]).await.unwrap()),
            4 => drop(self.authorize(&self.headers[turn]).await.unwrap()),
            5 => assert_eq!(self.authorize(&self.forged).await.unwrap_err().http_status(), 401),
            6 => assert_eq!(self.ask("GET", "/logto/sign-in?return_to=/me", "").await, 302),
            7 => assert_eq!(self.ask("GET", "/callback?code=a&state=b", &self.cookie).await, 302),
            8 => drop(self.machine.get_access_token(self.resources[turn].clone()).await.unwrap()),
            _ => self.refresh().await,
        }
    }

    async fn authorize(&self, header: &str) -> logto::Result<logto::api::AuthInfo> {
        self.api.authorize([header], &self.requirements).await
    }

    async fn ask(&self, method: &str, target: &str, cookie: &str) -> u16 {
        let header = |name: &str| (name == "cookie").then(|| cookie.to_owned());
        self.logto.handle_auth_routes(&AuthRequest::new(method, target, header)).await.unwrap().status()
    }

    /// As a browser of a public client does it for months: each answer brings another refresh token.
    async fn refresh(&mut self) {
        self.clock.advance(Duration::from_secs(60));
        let mut cookies = HeaderCookies::parse(self.refreshing_cookie.as_str());
        let options = TokenOptions::new().force_refresh(true);
        self.refreshing.get_access_token(&mut cookies, options).await.unwrap();
        let written = cookies.set_cookie_headers();
        written[0].split(';').next().unwrap().clone_into(&mut self.refreshing_cookie);
    }
}

async fn fetch(address: String) -> &'static str {
    reqwest::get(address).await.unwrap().text().await.unwrap().leak()
}

async fn page(logto: &LogtoClient, cookie: &str) -> bool {
    let session = RequestSession::new(logto.clone(), cookie);
    let context = session.get_context(ContextOptions::new()).await.unwrap();
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    drop(session.commit().await.unwrap());
    context.is_authenticated()
}

fn id(number: usize) -> SessionId {
    SessionId::from_key(&URL_SAFE_NO_PAD.encode((number as u128).to_be_bytes())).unwrap()
}

/// Everything runs on this one thread, so the allocator of this thread sees all of it.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn memory_after_many_requests_is_memory_before_them() {
    let requests: usize = env::var("LOGTO_TEST_REQUESTS").map_or(2 * ROUND, |text| text.parse().expect("a number"));
    let runtime = runtime();
    let mut world = runtime.block_on(World::start());
    let mut number = 0;
    let mut round = |world: &mut World| {
        measure(|| {
            runtime.block_on(async {
                for _ in 0..ROUND {
                    world.request(number).await;
                    number += 1;
                }
            });
        })
    };
    // Caches fill, and what is made when it is first needed is made.
    let warm_up = [round(&mut world), round(&mut world)];
    println!(
        "warm-up: {ROUND} requests left {} bytes, {ROUND} more {}",
        warm_up[0].bytes_current, warm_up[1].bytes_current
    );
    let (mut bytes, mut blocks, mut highest) = (0, 0, 0);
    let mut done = 0;
    while done < requests {
        let counted = round(&mut world);
        done += ROUND;
        highest = highest.max(bytes + i64::try_from(counted.bytes_max).unwrap());
        (bytes, blocks) = (bytes + counted.bytes_current, blocks + counted.count_current);
        println!(
            "after {done} requests: {bytes} bytes in {blocks} blocks, {} allocations each",
            counted.count_total / ROUND as u64
        );
        assert!(blocks == 0 && bytes.abs() <= MOST, "{bytes} bytes in {blocks} blocks more after {done} requests");
    }
    println!("at no time more than {highest} bytes above what there was after the warm-up");
    assert_eq!(world.store.len(), KEPT);
}

#[test]
fn the_memory_of_past_sign_outs_is_bounded() {
    const MOST_REMEMBERED: usize = 200_000;
    let revocations = MemoryRevocations::new();
    let runtime = runtime();
    let sign_out = |numbers: std::ops::Range<usize>| {
        measure(|| {
            runtime.block_on(async {
                for number in numbers {
                    let (key, ttl) = (format!("id/{number:022}"), Duration::from_secs(3600 + number as u64));
                    revocations.record(&key, SystemTime::now(), ttl).await.unwrap();
                }
            });
        })
    };
    let filled = sign_out(0..MOST_REMEMBERED);
    assert_eq!(format!("{revocations:?}"), format!("MemoryRevocations {{ len: {MOST_REMEMBERED}, .. }}"));
    println!("{MOST_REMEMBERED} sign-outs: {} bytes", filled.bytes_current);
    let more = sign_out(MOST_REMEMBERED..MOST_REMEMBERED + 5);
    assert_eq!(format!("{revocations:?}"), format!("MemoryRevocations {{ len: {MOST_REMEMBERED}, .. }}"));
    assert_eq!(more.bytes_current, 0, "one came for each that went");
}
