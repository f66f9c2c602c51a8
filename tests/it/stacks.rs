//! The layers among those of tower-http and others: a sign-in passes each stack.

mod guards;
mod list;
mod mounting;
mod seams;
mod tower;

use std::{convert::Infallible, fmt, time::Duration};

use ::tower::{Service, ServiceExt, util::BoxCloneService};
use axum::{
    Router,
    body::{Body, HttpBody},
    http::{HeaderMap, Request, Response, StatusCode, header},
    routing::get,
};
use http_body_util::BodyExt;
use logto::{
    Error, LogtoClient, RequestSession, SignedIn, TokenOptions,
    testing::{Endpoint, MockLogto},
};

use crate::support::{BASE_URL, BOOKS, Browser, Site};

/// A page for users, one that renews a token, one that panics after it did, and one that hangs after it did. Without the layer.
fn pages(logto: &LogtoClient) -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/books", get(books))
        .route("/panic", get(panics))
        .route("/slow", get(slow))
        .merge(logto::axum::routes(logto))
}

async fn me(user: SignedIn) -> String {
    user.sub().to_owned()
}

async fn books(session: RequestSession) -> Result<String, Error> {
    let token = session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(token.scopes().join(" "))
}

async fn panics(session: RequestSession) -> Result<(), Error> {
    books(session).await?;
    panic!("a handler's own")
}

async fn slow(session: RequestSession) -> Result<(), Error> {
    books(session).await?;
    std::future::pending().await
}

/// Any stack, as one type: the body of its response is read by whoever asks.
type Stack = BoxCloneService<Request<Body>, Response<Body>, Infallible>;

/// Through this a stack becomes one, whatever its bodies are.
fn stack<S, B>(service: S) -> Stack
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: fmt::Debug,
    B: HttpBody<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    BoxCloneService::new(service.map_response(|response| response.map(Body::new)).map_err(|error| panic!("{error:?}")))
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// Where the browser is sent: a path on this site, or another site's address.
    fn location(&self) -> &str {
        let location = self.headers[header::LOCATION].to_str().unwrap();
        location.strip_prefix(BASE_URL).unwrap_or(location)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn set_cookies(&self) -> Vec<String> {
        let values = self.headers.get_all(header::SET_COOKIE).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

/// As a browser asks for a page.
fn navigation(browser: &Browser, target: &str) -> Request<Body> {
    let request = Request::get(target).header("accept", "text/html").header("sec-fetch-mode", "navigate");
    request.header("accept-encoding", "gzip").header("cookie", browser.header()).body(Body::empty()).unwrap()
}

async fn send(stack: &mut Stack, request: Request<Body>) -> Answer {
    let (head, body) = stack.ready().await.unwrap().call(request).await.unwrap().into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

async fn ask(stack: &mut Stack, browser: &mut Browser, target: &str) -> Answer {
    // A path, or the whole address to which Logto sent the browser.
    let target = target.strip_prefix(BASE_URL).unwrap_or(target);
    let answer = send(stack, navigation(browser, target)).await;
    browser.receive(&answer.set_cookies());
    answer
}

/// From the page at `target` to Logto and back, as `ada`.
async fn sign_in(stack: &mut Stack, mock: &MockLogto, browser: &mut Browser, target: &str) {
    let answer = ask(stack, browser, target).await;
    assert_eq!(answer.status, StatusCode::FOUND, "{target}: {:?}", answer.headers);
    let sign_in = answer.location().to_owned();
    let answer = ask(stack, browser, &sign_in).await;
    let callback = mock.sign_in(answer.location(), "ada").await;
    let answer = ask(stack, browser, &callback).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::FOUND, target),
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
}

/// A user signs in, sees the page, gets a renewed session, and still sees the page.
async fn passes(site: &Site, stack: Stack) -> Stack {
    passes_at(site, stack, "/me").await
}

async fn passes_at(site: &Site, mut stack: Stack, me: &str) -> Stack {
    let mut browser = Browser::default();
    sign_in(&mut stack, &site.mock, &mut browser, me).await;
    for round in 0..2 {
        let answer = ask(&mut stack, &mut browser, me).await;
        assert_eq!(answer.status, StatusCode::OK, "round {round}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(content(&answer), "user-ada", "round {round}");
        // After a tenth of the idle lifetime the session is written again.
        assert_eq!(answer.set_cookies().len(), round, "round {round}");
        assert!(answer.headers[header::CACHE_CONTROL].to_str().unwrap().contains("private"));
        site.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    }
    stack
}

/// The text of the body, which a stack may have compressed.
fn content(answer: &Answer) -> String {
    match answer.headers.get(header::CONTENT_ENCODING) {
        None => answer.text().to_owned(),
        Some(encoding) => {
            assert_eq!(encoding, "gzip");
            let mut text = String::new();
            std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(answer.body.as_slice()), &mut text)
                .unwrap();
            text
        }
    }
}

/// One request that renews the session, if nothing on the way loses it.
async fn renews(stack: &mut Stack, site: &Site, target: &str, status: StatusCode) {
    let mut browser = site.signed_in("ada").await;
    assert_eq!(site.mock.requests(Endpoint::Token).len(), 0);
    let answer = ask(stack, &mut browser, target).await;
    assert_eq!(answer.status, status);
    assert!(!answer.set_cookies().is_empty(), "{target}: the token came, and its cookie did not");
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(site.mock.requests(Endpoint::Token).len(), 1, "{target}");
}
