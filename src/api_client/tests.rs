use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Method, Request, Response, request::Parts};

use super::{ApiClient, ApiClientBuilder, TokenSource};
use crate::{
    client::AccessToken,
    error::{BoxError, Result},
    http::HttpClient,
    session::StoredAccessToken,
    types::{BoxFuture, TokenKey, TokenOptions},
};

/// An API in the process: answers with these, in order, and writes down what it was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<Vec<Response<Vec<u8>>>>,
    asked: Mutex<Vec<(Request<Vec<u8>>, tokio::time::Instant)>>,
}

impl HttpClient for Script {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        self.asked.lock().unwrap().push((request, tokio::time::Instant::now()));
        Box::pin(async { self.answers.lock().unwrap().pop().ok_or_else(|| "nothing more to say".into()) })
    }
}

/// Counts how often a token was asked for, and forced.
#[derive(Default)]
struct Source {
    asked: AtomicUsize,
    forced: AtomicUsize,
}

impl TokenSource for Source {
    fn access_token<'a>(&'a self, options: &'a TokenOptions) -> BoxFuture<'a, Result<AccessToken>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let number = self.forced.fetch_add(usize::from(options.force_refresh), Ordering::Relaxed);
        let number = number + usize::from(options.force_refresh);
        Box::pin(async move { Ok(token(&format!("token-{number}"))) })
    }
}

fn token(text: &str) -> AccessToken {
    let stored = StoredAccessToken::new(TokenKey::default(), text.into(), String::new(), 0, 60);
    AccessToken::from(&stored)
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Response<Vec<u8>> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(Vec::new()).unwrap()
}

fn busy(status: u16, retry_after: &str) -> Response<Vec<u8>> {
    answer(status, &[("retry-after", retry_after)])
}

struct World {
    script: Arc<Script>,
    source: Source,
    api: ApiClient,
}

impl World {
    fn new(answers: Vec<Response<Vec<u8>>>, settings: impl FnOnce(ApiClientBuilder) -> ApiClientBuilder) -> Self {
        let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().rev().collect()), ..Script::default() });
        let builder = ApiClient::builder().base_url("https://api.example.com/v1/");
        let builder = builder
            .token_options(TokenOptions::new().resource("https://api.example.com"))
            .http_client(Arc::clone(&script));
        Self { script, source: Source::default(), api: settings(builder).build().unwrap() }
    }

    async fn send(&self, method: Method) -> u16 {
        let request = Request::builder().method(method).uri("/books").body(b"body".as_slice()).unwrap();
        self.api.send(&self.source, request).await.unwrap().status().as_u16()
    }

    /// The tokens that the API saw.
    fn seen(&self) -> Vec<String> {
        let asked = self.script.asked.lock().unwrap();
        asked.iter().map(|(request, _)| request.headers()["authorization"].to_str().unwrap().to_owned()).collect()
    }
}

fn url(base: &str, address: &str) -> Result<String> {
    let api = ApiClient::builder().base_url(base).logto_api().build().unwrap();
    let Ok(request) = Request::get(address).body(()) else { return Ok("no request".to_owned()) };
    let (parts, ()): (Parts, ()) = request.into_parts();
    api.api.url(&parts).map(String::from)
}

#[test]
fn an_address_below_the_base_url_is_resolved_against_the_base_url() {
    for (base, address, expected) in [
        ("https://api.example.com", "/books?a=1", "https://api.example.com/books?a=1"),
        ("https://api.example.com/", "/", "https://api.example.com/"),
        ("https://api.example.com/v1", "/books", "https://api.example.com/v1/books"),
        ("https://api.example.com/v1/", "/books", "https://api.example.com/v1/books"),
        ("https://api.example.com/v1", "/a/../books", "https://api.example.com/v1/books"),
        ("https://api.example.com/v1", "/?q", "https://api.example.com/v1/?q"),
        ("https://api.example.com/v1", "https://api.example.com/v1/books", "https://api.example.com/v1/books"),
        ("https://api.example.com/v1", "https://API.example.com:443/v1/books", "https://api.example.com/v1/books"),
        ("https://api.example.com/v1", "https://api.example.com/v1", "https://api.example.com/v1"),
        ("https://api.example.com/v1", "/a%2Fb/..%2Fc", "https://api.example.com/v1/a%2Fb/..%2Fc"),
        ("https://api.example.com/v1", "/a...%2Fb/%25?q=..%2f", "https://api.example.com/v1/a...%2Fb/%25?q=..%2f"),
        // Two slashes do not make a host.
        ("https://api.example.com", "//evil.example/books", "https://api.example.com//evil.example/books"),
        ("http://localhost:3002", "/books", "http://localhost:3002/books"),
        ("http://[::1]:3002", "/books", "http://[::1]:3002/books"),
    ] {
        assert_eq!(url(base, address).unwrap(), expected, "{base} {address}");
    }
}

#[test]
fn an_address_outside_of_the_base_url_is_refused() {
    let base = "https://api.example.com/v1";
    for address in [
        "https://evil.example/v1/books",
        "http://api.example.com/v1/books",
        "https://api.example.com:8443/v1/books",
        "https://api.example.com.evil.example/v1/books",
        "https://api.example.com@evil.example/v1/books",
        "https://user@api.example.com/v1/books",
        "https://api.example.com/v2/books",
        "https://api.example.com/v10",
        "https://api.example.com/",
        "/../admin",
        "/%2e%2e/admin",
        "/..\\..\\admin",
        "/..%2fadmin",
        "/..%5Cadmin",
        "/a/..%2F..%2fadmin",
        "/.%2e%2fadmin",
        "/%252e%252e%252fadmin",
        "/%25252e.%2fadmin",
        "/..;a=b/admin",
        "/.%2e;/admin",
        "https://api.example.com/v1/..%2f..%2fadmin",
        "evil.example:443",
        "*",
    ] {
        match url(base, address) {
            Err(error) => {
                assert_eq!((error.code().as_str(), error.http_status()), ("api.other_origin", 500), "{address}");
            }
            Ok(url) => assert_eq!(url, "no request", "{address}"),
        }
    }
}

#[test]
fn an_address_that_is_no_path_is_refused_as_such() {
    let error = url("https://api.example.com/v1", "*").unwrap_err().to_string();
    assert!(error.contains("it is no path, which begins with a slash"), "{error}");
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = |builder: ApiClientBuilder| builder.build().unwrap_err().to_string();
    let text = problems(
        ApiClient::builder().timeout(Duration::from_millis(10)).token_options(TokenOptions::new().resource("books")),
    );
    for problem in
        ["3 settings are wrong", "base_url is missing (give the address", "timeout is not", "a resource is not"]
    {
        assert!(text.contains(problem), "{problem}: {text}");
    }
    for (base, problem) in [
        ("https://api.example.com", "token names no resource and no organization"),
        ("http://api.example.com", "base_url is http on another machine"),
        ("ftp://api.example.com", "base_url is not a URL"),
        ("https://user:pass@api.example.com", "base_url has a user name"),
        ("https://api.example.com/?q", "base_url has a query"),
    ] {
        assert!(problems(ApiClient::builder().base_url(base)).contains(problem), "{base}");
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let invalid = || answer(401, &[("www-authenticate", "Bearer error=\"invalid_token\"")]);
    for (answers, status, forced) in [
        (vec![invalid(), answer(200, &[])], 200, 1),
        (vec![answer(401, &[]), answer(204, &[])], 204, 1),
        (vec![answer(401, &[("www-authenticate", "Bearer realm=\"books\"")]), answer(200, &[])], 200, 1),
        (vec![invalid(), invalid(), answer(200, &[])], 401, 1),
        (vec![answer(401, &[("www-authenticate", "Bearer error=\"insufficient_user_authentication\"")])], 401, 0),
        (vec![answer(401, &[("www-authenticate", "Bearer error=\"insufficient_scope\"")])], 401, 0),
        (vec![answer(403, &[("www-authenticate", "Bearer error=\"insufficient_scope\"")])], 403, 0),
        (vec![answer(403, &[("www-authenticate", "Bearer error=\"invalid_token\"")])], 403, 0),
        (vec![answer(500, &[])], 500, 0),
    ] {
        // A POST, too: the API refused it before it did anything.
        let world = World::new(answers, |api| api);
        assert_eq!(world.send(Method::POST).await, status);
        assert_eq!(world.source.forced.load(Ordering::Relaxed), forced);
        let expected: Vec<_> = (0..=forced).map(|number| format!("Bearer token-{number}")).collect();
        assert_eq!(world.seen(), expected);
        assert!(world.script.asked.lock().unwrap().iter().all(|(request, _)| request.body() == b"body"));
    }
}

#[tokio::test]
async fn a_static_token_that_is_refused_is_not_replaced() {
    let world = World::new(vec![answer(401, &[])], |api| api);
    let request = Request::get("/books").body("").unwrap();
    let response = world.api.send(&token("mine"), request).await.unwrap();
    assert_eq!((response.status().as_u16(), world.seen()), (401, vec!["Bearer mine".to_owned()]));
}

#[test]
fn an_api_client_is_a_thread_safe_clonable_type() {
    fn goes_anywhere<T: Clone + Send + Sync + 'static>() {}
    goes_anywhere::<ApiClient>();
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_long_as_retry_after_says() {
    let world = World::new(vec![busy(503, "7"), busy(429, "2"), answer(200, &[])], |api| api);
    let begin = tokio::time::Instant::now();
    assert_eq!(world.send(Method::GET).await, 200);
    let at: Vec<_> =
        world.script.asked.lock().unwrap().iter().map(|(_, at)| at.duration_since(begin).as_secs()).collect();
    assert_eq!(at, [0, 7, 9]);
    // One token was enough.
    assert_eq!(world.source.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_no_longer_than_max_retry_wait() {
    let ten = |api: ApiClientBuilder| api.max_retry_wait(Duration::from_secs(10));
    for (answers, asked, waited) in [
        (vec![busy(503, "11")], 1, 0),
        (vec![busy(503, "6"), busy(503, "5")], 2, 6),
        (vec![answer(503, &[])], 1, 0),
        (vec![busy(503, "soon")], 1, 0),
        (vec![busy(503, "1"), busy(503, "1"), busy(503, "1"), busy(503, "1")], 4, 3),
    ] {
        let world = World::new(answers, ten);
        let before = tokio::time::Instant::now();
        assert_eq!(world.send(Method::GET).await, 503);
        assert_eq!(world.seen().len(), asked);
        assert_eq!(before.elapsed().as_secs(), waited);
    }
    // Methods that may not be repeated, and the wish that they be.
    let world = World::new(vec![busy(503, "1")], |api| api);
    assert_eq!((world.send(Method::POST).await, world.seen().len()), (503, 1));
    let world = World::new(vec![busy(503, "1"), answer(201, &[])], |api| api.retry_non_idempotent(true));
    assert_eq!((world.send(Method::POST).await, world.seen().len()), (201, 2));
    let world = World::new(vec![busy(429, "1"), answer(201, &[])], |api| api);
    assert_eq!((world.send(Method::POST).await, world.seen().len()), (201, 2));
}

struct Noon(std::time::SystemTime);

impl crate::clock::Clock for Noon {
    fn now(&self) -> std::time::SystemTime {
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_until_the_date_of_retry_after() {
    let now = std::time::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for (date, waited) in [("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sun, 06 Nov 1994 08:49:00 GMT", 0)] {
        let world = World::new(vec![busy(503, date), answer(200, &[])], |api| api.clock(Noon(now)));
        let begin = tokio::time::Instant::now();
        assert_eq!(world.send(Method::GET).await, 200);
        assert_eq!(begin.elapsed().as_secs(), waited);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_wait_an_expired_token_is_still_replaced() {
    let world = World::new(vec![busy(503, "30"), answer(401, &[]), answer(200, &[])], |api| api);
    assert_eq!(world.send(Method::GET).await, 200);
    assert_eq!(world.seen(), ["Bearer token-0", "Bearer token-0", "Bearer token-1"]);
}

#[tokio::test]
async fn only_the_authorization_header_of_the_caller_is_replaced() {
    let world = World::new(vec![answer(200, &[])], |api| api);
    let request = Request::get("/books")
        .header("authorization", "Basic abc")
        .header("authorization", "Basic def")
        .header("accept", "text/csv")
        .header("x-many", "1")
        .header("x-many", "2")
        .header("user-agent", "mine")
        .body(Vec::new())
        .unwrap();
    world.api.send(&world.source, request).await.unwrap();
    let asked = world.script.asked.lock().unwrap();
    let headers = asked[0].0.headers();
    let values = |name: &str| headers.get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(values("authorization"), ["Bearer token-0"]);
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(
        (values("accept"), values("x-many"), values("user-agent")),
        (vec!["text/csv"], vec!["1", "2"], vec!["mine"])
    );
}

#[tokio::test]
async fn an_unreachable_api_is_named_in_the_hint() {
    let world = World::new(Vec::new(), |api| api);
    let request = Request::get("/books").body("").unwrap();
    let error = world.api.send(&world.source, request).await.unwrap_err();
    assert_eq!(error.code(), "network.unreachable");
    assert!(error.hint().contains("API's `base_url`"), "{}", error.hint());
    let error = world.api.send(&token("a\r\nb: c"), Request::get("/books").body("").unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "access_token.invalid_token");
}
