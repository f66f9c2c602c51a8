//! Calling an API that listens: what it sees, and how often.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Request, Response},
    routing::any,
};
use logto::{
    RequestSession, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    api_client::{ApiClient, ApiClientBuilder},
    integrate::{BodyTooLarge, HttpClient},
    machine::MachineClient,
    testing::{Endpoint, MockApp, MockLogto, TestClock},
};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    plain_http::plain_http,
    support::{APP_SECRET, BOOKS, Site},
};

/// An API that verifies tokens, or answers what it was told to.
#[derive(Clone)]
struct Api {
    server: Option<ResourceServer>,
    answers: Arc<Mutex<VecDeque<Response<Body>>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

struct Seen {
    line: String,
    authorization: Option<String>,
    headers: axum::http::HeaderMap,
    body: Vec<u8>,
}

impl Api {
    async fn start(server: Option<ResourceServer>) -> (Self, String) {
        let api = Self { server, answers: Arc::default(), seen: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(any(answer)).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (api, base)
    }

    fn will_answer(&self, status: u16, headers: &[(&str, &str)]) {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        self.answers.lock().unwrap().push_back(answer.body(Body::empty()).unwrap());
    }

    fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn answer(State(api): State<Api>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap_or_else(|_| Bytes::new());
    let authorization = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let line = format!("{} {}", parts.method, parts.uri);
    api.seen.lock().unwrap().push(Seen {
        line,
        authorization: authorization.clone(),
        headers: parts.headers,
        body: body.to_vec(),
    });
    if let Some(answer) = api.answers.lock().unwrap().pop_front() {
        return answer;
    }
    let Some(server) = &api.server else { return Response::new(Body::from("x".repeat(2000))) };
    match server.authorize(authorization.as_deref(), &TokenRequirements::new().scopes(["read:books"])).await {
        Ok(auth) => Response::new(Body::from(format!("{} {}", auth.sub(), auth.organization_id().unwrap_or("-")))),
        Err(error) => {
            let challenge = error.www_authenticate().unwrap_or_default();
            let answer = Response::builder().status(error.http_status()).header("www-authenticate", challenge);
            answer.body(Body::empty()).unwrap()
        }
    }
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS).scopes(["read:books"])
}

fn client(base: &str) -> ApiClientBuilder {
    ApiClient::builder().base_url(base).token_options(books())
}

fn get(path: &str) -> Request<Vec<u8>> {
    Request::get(path).body(Vec::new()).unwrap()
}

struct World {
    mock: MockLogto,
    clock: TestClock,
    /// The API's clock: it may be ahead of the machine's.
    api_clock: TestClock,
    machine: MachineClient,
    api: Api,
    base: String,
}

impl World {
    async fn start() -> Self {
        let (clock, api_clock) = (TestClock::new(), TestClock::new());
        let app = MockApp::new("machine", APP_SECRET).role("librarian").organization("org-acme", &["admin"]);
        let mock = MockLogto::builder().machine_to_machine_app(app).clock(clock.clone()).start().await.unwrap();
        let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
        let machine = machine.clock(clock.clone()).build().unwrap();
        let server = ResourceServer::builder()
            .endpoint(mock.endpoint())
            .audience(ApiAudience::resource(BOOKS).with_or_without_organization())
            .clock(api_clock.clone())
            .build()
            .unwrap();
        let (api, base) = Api::start(Some(server)).await;
        Self { mock, clock, api_clock, machine, api, base }
    }

    /// Lets every token of before be expired for the API, and not yet for the machine.
    async fn outlive(&self) {
        self.machine.get_access_token(books()).await.unwrap();
        self.clock.advance(Duration::from_secs(3500));
        self.api_clock.advance(Duration::from_secs(3700));
        self.mock.reset_counts();
    }
}

async fn text(
    client: &ApiClient,
    source: &(impl logto::api_client::TokenSource + ?Sized),
    request: Request<Vec<u8>>,
) -> (u16, String) {
    let response = client.send(source, request).await.unwrap();
    (response.status().as_u16(), String::from_utf8(response.into_body()).unwrap())
}

#[tokio::test]
async fn a_machine_calls_the_api_with_or_without_an_organization() {
    let world = World::start().await;
    let client = client(&world.base).build().unwrap();
    assert_eq!(text(&client, &world.machine, get("/books")).await, (200, "machine -".to_owned()));
    let acme = client.in_organization("org-acme");
    assert_eq!(text(&acme, &world.machine, get("/books?page=2")).await, (200, "machine org-acme".to_owned()));
    let seen = world.api.seen();
    assert_eq!((seen[0].line.as_str(), seen[1].line.as_str()), ("GET /books", "GET /books?page=2"));
    let shown = format!("{client:?} {acme:?}");
    assert!(shown.contains(&world.base) && !shown.contains(seen[0].authorization.as_deref().unwrap()), "{shown}");

    // What another token would not help against comes back as it is.
    let response = client.with_scopes(["write:books"]).send(&world.machine, get("/books")).await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.headers()["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
    assert_eq!(world.api.seen().len(), 1);
    world.mock.reset_counts();
    world
        .api
        .will_answer(401, &[("www-authenticate", "Bearer error=\"insufficient_user_authentication\", max_age=\"5\"")]);
    assert_eq!(text(&client, &world.machine, get("/books")).await.0, 401);
    assert_eq!((world.api.seen().len(), world.mock.request_count(Endpoint::Token)), (1, 0));
}

#[tokio::test]
async fn a_token_that_the_api_refuses_is_replaced_once() {
    let world = World::start().await;
    let client = client(&world.base).build().unwrap();
    world.api.will_answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")]);
    let request = Request::post("/books").header("x-id", "7").body(b"a book".to_vec()).unwrap();
    assert_eq!(text(&client, &world.machine, request).await, (200, "machine -".to_owned()));
    let seen = world.api.seen();
    assert!(seen.len() == 2 && seen.iter().all(|seen| seen.line == "POST /books" && seen.body == b"a book"));
    assert_ne!(seen[0].authorization, seen[1].authorization);
    assert_eq!(world.mock.request_count(Endpoint::Token), 2);
}

#[tokio::test]
async fn twenty_calls_to_an_api_that_refuses_every_token_make_two_token_requests() {
    let world = World::start().await;
    let client = client(&world.base).clock(world.clock.clone()).build().unwrap();
    for _ in 0..23 {
        world.api.will_answer(401, &[("www-authenticate", "Bearer")]);
    }
    for _ in 0..20 {
        assert_eq!(text(&client, &world.machine, get("/books")).await.0, 401);
    }
    assert_eq!((world.api.seen().len(), world.mock.request_count(Endpoint::Token)), (21, 2));
    // When the replacement is 30 seconds old, another is asked for.
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(text(&client, &world.machine, get("/books")).await.0, 401);
    assert_eq!((world.api.seen().len(), world.mock.request_count(Endpoint::Token)), (2, 3));
}

#[tokio::test]
async fn framing_or_host_headers_of_the_caller_do_not_change_a_forwarded_request() {
    let world = World::start().await;
    let client = client(&world.base).build().unwrap();
    let request = Request::post("/books")
        .header("content-length", "3")
        .header("host", "evil.example")
        .header("connection", "close, x-hop")
        .header("x-hop", "1")
        .header("x-own", "1")
        .body(b"hello world".to_vec())
        .unwrap();
    assert_eq!(text(&client, &world.machine, request).await.0, 200);
    let seen = world.api.seen();
    let header = |name: &str| seen[0].headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(seen[0].body, b"hello world");
    assert_eq!(header("host").as_deref(), world.base.strip_prefix("http://"));
    assert_eq!((header("x-hop"), header("x-own").as_deref()), (None, Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_with_an_expired_token_make_one_refresh() {
    let world = World::start().await;
    world.outlive().await;
    // By the machine's clock the token lives another 100 seconds; to the API it is over.
    let client = client(&world.base).build().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let (client, machine) = (client.clone(), world.machine.clone());
        tasks.spawn(async move { text(&client, &machine, get(&format!("/books/{number}"))).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(world.mock.request_count(Endpoint::Token), 1);
    let mut tokens: Vec<_> = world.api.seen().into_iter().map(|seen| seen.authorization.unwrap()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 2);
}

#[tokio::test]
async fn a_user_calls_by_the_session() {
    let site = Site::start().await;
    let server = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS)).build();
    let (api, base) = Api::start(Some(server.unwrap())).await;
    let client = client(&base).build().unwrap();
    let browser = site.signed_in("ada").await;
    let session = RequestSession::new(site.logto.clone(), browser.header());
    api.will_answer(401, &[]);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (client, session) = (client.clone(), session.clone());
        tasks.spawn(async move { text(&client, &session, get("/books")).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|answer| *answer == (200, "user-ada -".to_owned())), "{answers:?}");
    // One token for all of them, and one in its place for the one that was refused.
    assert_eq!((api.seen().len(), site.mock.request_count(Endpoint::Token)), (9, 2));
    // The session keeps it.
    assert!(!session.commit().await.unwrap().set_cookies().is_empty());

    // Nobody signed in: nothing is sent.
    let nobody = RequestSession::new(site.logto.clone(), "");
    assert_eq!(client.send(&nobody, get("/books")).await.unwrap_err().code(), "not_authenticated");
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn a_token_that_cannot_be_replaced_is_an_error_that_says_why() {
    let world = World::start().await;
    let client = client(&world.base).build().unwrap();
    client.send(&world.machine, get("/books")).await.unwrap();
    world.mock.stop().await;
    world.api.will_answer(401, &[]);
    let error = client.send(&world.machine, get("/books")).await.unwrap_err();
    assert!(error.code() == "network.unreachable" && error.is_transient());
    // A token at hand is all there is.
    let token = world.machine.get_access_token(books()).await.unwrap();
    world.api.will_answer(401, &[]);
    world.api.seen();
    assert_eq!(client.send(&token, get("/books")).await.unwrap().status(), 401);
    assert_eq!(world.api.seen().len(), 1);
}

#[tokio::test]
async fn the_token_goes_to_no_other_origin() {
    let world = World::start().await;
    let (other, elsewhere) = Api::start(None).await;
    let client = client(&world.base).build().unwrap();
    for address in
        [format!("{elsewhere}/books"), format!("{}@{}/books", world.base, elsewhere.trim_start_matches("http://"))]
    {
        let error = client.send(&world.machine, get(&address)).await.unwrap_err();
        assert_eq!(error.code(), "api.other_origin", "{address}");
    }
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{elsewhere}/books");
        world.api.will_answer(status, &[("location", &to)]);
        let response = client.send(&world.machine, get("/books")).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["location"].to_str().unwrap()),
            (status, to.as_str())
        );
    }
    assert!(other.seen().is_empty());
    assert_eq!(world.api.seen().len(), 5);
    // A client that would follow is told not to.
    let follower = reqwest::Client::new();
    let client =
        ApiClient::builder().base_url(&world.base).token_options(books()).http_client(follower).build().unwrap();
    world.api.will_answer(302, &[("location", &format!("{elsewhere}/books"))]);
    assert_eq!(client.send(&world.machine, get("/books")).await.unwrap_err().code(), "network.unreachable");
    assert!(other.seen().iter().all(|seen| seen.authorization.is_none()));
}

#[tokio::test]
async fn a_call_is_repeated_when_retry_after_says_so() {
    let world = World::start().await;
    let client = client(&world.base).clock(world.clock.clone()).build().unwrap();
    let over = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (status, after, method, calls) in [
        (429, "0", "GET", 2),
        (429, over, "POST", 2),
        (503, over, "PUT", 2),
        (503, "0", "POST", 1),
        (503, "31", "GET", 1),
        (429, "86400", "GET", 1),
    ] {
        world.api.will_answer(status, &[("retry-after", after)]);
        let request = Request::builder().method(method).uri("/books").body(Vec::new()).unwrap();
        let answer = client.send(&world.machine, request).await.unwrap().status().as_u16();
        assert_eq!(
            (answer, world.api.seen().len()),
            (if calls == 2 { 200 } else { status }, calls),
            "{status} {after}"
        );
    }
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let world = World::start().await;
    let (_, base) = Api::start(None).await;
    let limited = |bytes| client(&base).max_body_bytes(bytes).build().unwrap();
    assert_eq!(limited(2000).send(&world.machine, get("/")).await.unwrap().body().len(), 2000);
    let error = limited(1999).send(&world.machine, get("/")).await.unwrap_err();
    assert_eq!(error.code(), "network.body_too_large");
    assert!(error.hint().contains("max_body_bytes") && error.to_string().contains("1999 bytes"), "{error}");
    // What whoever wraps the client of `reqwest` sees.
    let http = plain_http().build().unwrap();
    let error = HttpClient::send(&http, Request::get(&base).body(Vec::new()).unwrap(), 1999).await.unwrap_err();
    assert!(error.is::<BodyTooLarge>() && error.to_string() == "the body is larger than the limit", "{error}");
}
