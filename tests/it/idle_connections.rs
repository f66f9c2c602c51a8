//! Connections that a proxy has closed, or that lead nowhere any more, while the client still keeps them.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Request;
use logto::{
    HeaderCookies, LogtoClient, LogtoConfig, SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    api_client::ApiClient,
    integrate::HttpClient,
    machine::MachineClient,
    testing::{Endpoint, MockApp, MockLogto},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Barrier,
};

use crate::support::{APP_SECRET, BASE_URL, BOOKS, COOKIE_SECRET};

/// Connections are as they should be.
const KEEP: u8 = 0;
/// A kept connection ends without an answer when it is used again.
const DROP: u8 = 1;
/// A connection ends right after the answer, of which nothing has spoken.
const CLOSE: u8 = 2;
/// Nothing is answered on a connection that is there already.
const SWALLOW: u8 = 3;
/// A connection ends in the middle of the answer.
const HALF: u8 = 4;
/// Four requests are answered together.
const GATHER: u8 = 5;
/// An answer is larger than any of Logto's.
const LARGE: u8 = 6;

/// What stands between the client and Logto.
struct Proxy {
    origin: String,
    state: Arc<State>,
}

struct State {
    logto: String,
    mode: AtomicU8,
    /// Requests that were not answered, or by half.
    broken: AtomicUsize,
    connections: AtomicUsize,
    together: Barrier,
}

impl Proxy {
    async fn before(mock: &MockLogto) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            logto: mock.endpoint().trim_start_matches("http://").trim_end_matches('/').to_owned(),
            mode: AtomicU8::new(KEEP),
            broken: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            together: Barrier::new(4),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                state.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move { state.serve(client).await });
            }
        });
        Self { origin, state }
    }

    fn will(&self, mode: u8) {
        self.state.mode.store(mode, Ordering::SeqCst);
    }

    fn broken(&self) -> usize {
        self.state.broken.swap(0, Ordering::SeqCst)
    }

    /// Those that were made since it was asked last.
    fn connections(&self) -> usize {
        self.state.connections.swap(0, Ordering::SeqCst)
    }
}

impl State {
    async fn serve(&self, mut client: TcpStream) {
        let mut served = 0;
        while let Some(request) = message(&mut client).await {
            let mode = self.mode.load(Ordering::SeqCst);
            match mode {
                DROP if served > 0 => {
                    self.broken.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                SWALLOW if served > 0 => {
                    self.broken.fetch_add(1, Ordering::SeqCst);
                    // Until the client gives up.
                    while message(&mut client).await.is_some() {}
                    return;
                }
                GATHER => _ = self.together.wait().await,
                _ => {}
            }
            let mut logto = TcpStream::connect(&self.logto).await.unwrap();
            logto.write_all(&request).await.unwrap();
            let Some(answer) = message(&mut logto).await else { return };
            if mode == LARGE {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n";
                let _ = client.write_all(&[head.as_bytes(), " ".repeat(2_000_000).as_bytes()].concat()).await;
                return;
            }
            if mode == HALF {
                self.broken.fetch_add(1, Ordering::SeqCst);
                let _ = client.write_all(&answer[..answer.len() - 10]).await;
                return;
            }
            if client.write_all(&answer).await.is_err() || mode == CLOSE {
                return;
            }
            served += 1;
        }
    }
}

/// A request or a response with `Content-Length`.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:")).map_or("0", str::trim);
            if bytes.len() >= head + 4 + length.parse::<usize>().unwrap() {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

struct World {
    mock: MockLogto,
    proxy: Proxy,
}

impl World {
    async fn start() -> Self {
        let app = MockApp::new("app", APP_SECRET).redirect_uri(format!("{BASE_URL}/callback"));
        let machine = MockApp::new("machine", APP_SECRET).role("librarian").organization("org-acme", &["admin"]);
        let mock = MockLogto::builder().app(app).machine_to_machine_app(machine).start().await.unwrap();
        let proxy = Proxy::before(&mock).await;
        Self { mock, proxy }
    }

    fn logto(&self, http: Option<reqwest::Client>) -> LogtoClient {
        let config = LogtoConfig::builder().endpoint(self.mock.endpoint()).internal_endpoint(&self.proxy.origin);
        let config = config.app_id("app").app_secret(APP_SECRET).base_url(BASE_URL).cookie_secret(COOKIE_SECRET);
        let config = match http {
            Some(http) => config.http_client(http),
            None => config,
        };
        LogtoClient::new(config.timeout(Duration::from_secs(5)).build().unwrap()).unwrap()
    }

    fn machine(&self, http: impl HttpClient) -> MachineClient {
        let machine = MachineClient::builder().endpoint(self.mock.endpoint()).internal_endpoint(&self.proxy.origin);
        machine.app_id("machine").app_secret(APP_SECRET).http_client(http).build().unwrap()
    }

    async fn sign_in(&self, logto: &LogtoClient) -> HeaderCookies {
        let mut cookies = HeaderCookies::parse("");
        let to_logto = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        let callback = self.mock.sign_in(to_logto.location(), "ada").await;
        let _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        cookies
    }
}

fn fresh() -> TokenOptions {
    TokenOptions::new().force_refresh(true)
}

fn me() -> Request<Vec<u8>> {
    Request::get("/oidc/me").body(Vec::new()).unwrap()
}

/// Every request finds a kept connection that ends as it is used.
#[tokio::test]
async fn every_endpoint_is_reached_although_the_kept_connection_was_closed() {
    let world = World::start().await;
    let http = crate::http_browser::without_redirects();
    world.proxy.will(DROP);
    // Each call after the first request finds a connection that the one before has left: discovery, the code, the keys.
    let logto = world.logto(Some(http.clone()));
    let mut cookies = world.sign_in(&logto).await;
    assert_eq!(world.proxy.broken(), 2);
    logto.get_access_token(&mut cookies, fresh()).await.unwrap();
    assert_eq!(world.proxy.broken(), 1, "refresh");
    logto.fetch_user_info(&mut cookies).await.unwrap();
    assert_eq!(world.proxy.broken(), 1, "user info");
    let opaque = logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();

    let api = ResourceServer::builder().endpoint(world.mock.endpoint()).internal_endpoint(&world.proxy.origin);
    let api = api.audience(ApiAudience::resource(BOOKS)).introspection("app", APP_SECRET).http_client(http.clone());
    let verdict = api.build().unwrap().verify(opaque.token()).await;
    assert_ne!(verdict.err().map(|error| error.code().as_str()), Some("network.unreachable"));
    assert_eq!(
        (world.mock.request_count(Endpoint::Introspection), world.proxy.broken()),
        (1, 2),
        "discovery, introspection"
    );

    let machine = world.machine(http.clone());
    machine.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(world.proxy.broken(), 2, "discovery, client credentials");

    let account = ApiClient::builder().base_url(&world.proxy.origin).logto_api().http_client(http).build().unwrap();
    assert_eq!(account.send(&opaque, me()).await.unwrap().status(), 200);
    assert_eq!(world.proxy.broken(), 1, "GET to an API");
    // Of another method nobody knows whether it was carried out.
    let post = Request::post("/oidc/me").body(Vec::new()).unwrap();
    assert_eq!(account.send(&opaque, post).await.unwrap_err().code(), "network.unreachable");
    assert_eq!(world.proxy.broken(), 1, "POST to an API");

    world.proxy.will(KEEP);
    account.send(&opaque, me()).await.unwrap();
    world.proxy.will(DROP);
    let _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    assert_eq!((world.mock.request_count(Endpoint::Revocation), world.proxy.broken()), (1, 1), "revocation");
}

/// A code that was answered is used up; a refresh token is good again for 3 seconds.
#[tokio::test]
async fn a_token_request_with_a_broken_response_is_retried_only_for_a_refresh_token() {
    let world = World::start().await;
    let logto = world.logto(None);
    let mut cookies = HeaderCookies::parse("");
    let to_logto = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
    let callback = world.mock.sign_in(to_logto.location(), "ada").await;
    world.proxy.will(HALF);
    let error = logto.handle_sign_in(&mut cookies, &callback).await.unwrap_err();
    assert_eq!((error.code().as_str(), world.proxy.broken()), ("network.unreachable", 1));

    world.proxy.will(KEEP);
    let mut cookies = world.sign_in(&logto).await;
    world.proxy.will(HALF);
    let error = logto.get_access_token(&mut cookies, fresh()).await.unwrap_err();
    assert_eq!((error.code().as_str(), world.proxy.broken()), ("network.unreachable", 2));
    world.proxy.will(KEEP);
    logto.get_access_token(&mut cookies, fresh()).await.unwrap();
}

#[tokio::test]
async fn four_kept_connections_that_swallow_everything_cost_one_timeout() {
    let world = World::start().await;
    let machine = MachineClient::builder().endpoint(world.mock.endpoint()).internal_endpoint(&world.proxy.origin);
    let machine = machine.app_id("machine").app_secret(APP_SECRET).timeout(Duration::from_secs(1)).build().unwrap();
    let kinds = [
        TokenOptions::new().resource(BOOKS),
        TokenOptions::new().resource(BOOKS).scopes(["read:books"]),
        TokenOptions::new().resource(BOOKS).organization("org-acme"),
        TokenOptions::new().organization("org-acme"),
    ];
    // Discovery, before four requests at once have four connections.
    machine.get_access_token(kinds[0].clone()).await.unwrap();
    world.proxy.will(GATHER);
    let [a, b, c, d] = kinds.each_ref().map(|kind| machine.get_access_token(kind.clone().force_refresh(true)));
    let (a, b, c, d) = tokio::join!(a, b, c, d);
    for token in [a, b, c, d] {
        token.unwrap();
    }
    world.proxy.will(SWALLOW);
    let mut outcomes = Vec::new();
    for kind in kinds {
        let outcome = machine.get_access_token(kind.force_refresh(true)).await;
        outcomes.push(outcome.err().map_or("a token", |error| error.code().as_str()));
    }
    assert_eq!(outcomes, ["network.timeout", "a token", "a token", "a token"]);
    assert_eq!(world.proxy.broken(), 1);
}

#[tokio::test]
async fn an_answer_that_is_too_large_says_nothing_of_the_connections() {
    let world = World::start().await;
    let logto = world.logto(None);
    let mut cookies = world.sign_in(&logto).await;
    world.proxy.will(LARGE);
    let error = logto.get_access_token(&mut cookies, fresh()).await.unwrap_err();
    assert_eq!(error.code(), "network.body_too_large");
    world.proxy.will(KEEP);
    world.proxy.connections();
    for _ in 0..3 {
        logto.get_access_token(&mut cookies, fresh()).await.unwrap();
    }
    assert_eq!(world.proxy.connections(), 1, "in place of the one that was given up");
    // One that broke does, and each request has a connection of its own for a while.
    world.proxy.will(DROP);
    logto.get_access_token(&mut cookies, fresh()).await.unwrap();
    world.proxy.will(KEEP);
    assert_eq!(world.proxy.connections(), 1);
    for _ in 0..3 {
        logto.get_access_token(&mut cookies, fresh()).await.unwrap();
        assert_eq!(world.proxy.connections(), 1);
    }
}

/// `LOGTO_TEST_REQUESTS=1000` asks each endpoint so often.
#[tokio::test]
async fn no_request_is_lost_by_a_proxy_that_closes_after_each_answer() {
    let rounds = env::var("LOGTO_TEST_REQUESTS").map_or(25, |rounds| rounds.parse().unwrap());
    let world = World::start().await;
    world.proxy.will(CLOSE);
    let account = ApiClient::builder().base_url(&world.proxy.origin).logto_api().build().unwrap();
    let machine = MachineClient::builder().endpoint(world.mock.endpoint()).internal_endpoint(&world.proxy.origin);
    let machine = machine.app_id("machine").app_secret(APP_SECRET).build().unwrap();
    let api = ResourceServer::builder().endpoint(world.mock.endpoint()).internal_endpoint(&world.proxy.origin);
    let api = api.audience(ApiAudience::resource(BOOKS)).introspection("app", APP_SECRET).build().unwrap();
    for _ in 0..rounds {
        // Discovery, the code, the keys; a refresh; user info.
        let logto = world.logto(None);
        let mut cookies = world.sign_in(&logto).await;
        let opaque = logto.get_access_token(&mut cookies, fresh()).await.unwrap();
        logto.fetch_user_info(&mut cookies).await.unwrap();
        assert_eq!(account.send(&opaque, me()).await.unwrap().status(), 200);
        let verdict = api.verify(opaque.token()).await;
        assert_ne!(verdict.err().map(|error| error.code().as_str()), Some("network.unreachable"));
        machine.get_access_token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await.unwrap();
        let _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    }
    assert_eq!(
        (world.mock.request_count(Endpoint::Revocation), world.mock.request_count(Endpoint::Introspection)),
        (rounds, rounds)
    );
}
