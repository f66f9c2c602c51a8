//! The session in streamed pages and in server functions, seen from outside: the example's own binary, a Logto with tokens of a short life.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use logto::testing::{Endpoint, MockLogto, MockResource};
use reqwest::{Client, Method, RequestBuilder, Response, header, redirect::Policy};

const RESOURCE: &str = "https://books.example.test";
const LIFE: Duration = Duration::from_secs(10);
/// The crate renews a token of so short a life from the half of it on.
const RENEWED_AFTER: Duration = Duration::from_secs(6);

#[tokio::test]
async fn the_head_of_a_stream_carries_the_refresh() {
    let app = App::start().await;
    let ada = app.signed_in().await;
    stream(&app, &ada).await;
    assert_eq!(app.exchanges(), 1, "the session held no token for the resource");

    let response = app.get(&ada, "/access-token").await;
    assert_eq!(cookies(&response), 0, "a token that lives is not renewed");
    assert_eq!(app.exchanges(), 1);

    tokio::time::sleep(RENEWED_AFTER).await;
    stream(&app, &ada).await;
    assert_eq!(app.exchanges(), 2);
}

/// The cookie is in the head, the page begins, and what takes its time comes later.
async fn stream(app: &App, ada: &Browser) {
    let mut response = app.get(ada, "/access-token").await;
    assert_eq!(response.status(), 200);
    assert_eq!(cookies(&response), 1);
    let begin = text(response.chunk().await.unwrap().unwrap());
    assert!(begin.contains("<h1>Claims of an access token</h1>") && !begin.contains("user-ada"), "{begin}");
    let mut rest = String::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        rest += &text(chunk);
    }
    assert!(rest.contains("user-ada") && rest.contains(RESOURCE) && rest.contains("</html>"), "{rest}");
}

#[tokio::test]
async fn many_streams_at_once_make_one_exchange() {
    let app = App::start().await;
    let ada = app.signed_in().await;
    app.get(&ada, "/access-token").await;
    tokio::time::sleep(RENEWED_AFTER).await;
    app.logto.reset_counts();

    let pages: Vec<_> = (0..64).map(|_| tokio::spawn(ada.page(format!("{}/access-token", app.base)).send())).collect();
    for page in pages {
        let response = page.await.unwrap().unwrap();
        assert_eq!(cookies(&response), 1, "each response brings the new session");
        assert!(response.text().await.unwrap().contains("user-ada"));
    }
    assert_eq!(app.exchanges(), 1);
}

#[tokio::test]
async fn a_server_function_renews_the_access_token_in_the_session_cookie() {
    let app = App::start().await;
    let ada = app.signed_in().await;
    for exchanges in [1, 2] {
        let response = app.call(&ada, "claims_of_access_token", "application/json").await;
        assert_eq!((response.status().as_u16(), cookies(&response)), (200, 1));
        assert!(response.text().await.unwrap().contains(r#""sub":"user-ada""#));
        assert_eq!(app.exchanges(), exchanges);
        let again = app.call(&ada, "claims_of_access_token", "application/json").await;
        assert_eq!((cookies(&again), app.exchanges()), (0, exchanges));
        tokio::time::sleep(RENEWED_AFTER).await;
    }
}

#[tokio::test]
async fn a_form_post_to_a_server_function_redirects_to_the_page() {
    let app = App::start().await;
    let ada = app.signed_in().await;
    let response = app.call(&ada, "renew", "text/html").await;
    assert_eq!((response.status().as_u16(), cookies(&response)), (302, 1));
    assert_eq!(response.headers()[header::LOCATION], "/access-token");
}

#[tokio::test]
async fn failures_are_told_before_a_stream_begins() {
    let app = App::start().await;
    let nobody = Browser::default();
    let refused = app.call(&nobody, "claims_of_access_token", "application/json").await;
    told(refused, 401, "not_authenticated").await;

    let ada = app.signed_in().await;
    told(app.get(&ada, "/organization/org-of-others").await, 403, "organization.not_a_member").await;

    app.logto.stop().await;
    for accept in ["application/json", "text/html"] {
        let response = app.call(&ada, "claims_of_access_token", accept).await;
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        assert!(!response.headers().contains_key(header::LOCATION));
        told(response, 503, "network.unreachable").await;
    }
    let response = app.get(&ada, "/access-token").await;
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    told(response, 503, "network.unreachable").await;
    assert_eq!(app.get(&ada, "/protected").await.status(), 200, "the session is kept");
}

async fn told(response: Response, status: u16, code: &str) {
    assert_eq!(response.status(), status);
    let body = response.text().await.unwrap();
    assert!(body.contains(code), "{body}");
}

/// The running example with its Logto; it stops with the test.
struct App {
    process: Child,
    base: String,
    logto: MockLogto,
}

impl Drop for App {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl App {
    async fn start() -> Self {
        let logto = MockLogto::builder().resource(MockResource::new(RESOURCE).access_token_ttl(LIFE)).start();
        let logto = logto.await.unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_leptos_ssr"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_") || name == "MOUNT") {
            command.env_remove(name);
        }
        command
            .env("PORT", "0")
            .env("LOGTO_ENDPOINT", logto.endpoint())
            .env("LOGTO_APP_ID", logto.app_id())
            .env("LOGTO_APP_SECRET", logto.app_secret())
            .env("LOGTO_COOKIE_SECRET", "a secret for this test alone, never for production")
            .env("LOGTO_SCOPES", "urn:logto:scope:organizations")
            .env("LOGTO_RESOURCES", RESOURCE);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = |line: String| Some(line.split_once("Open ")?.1.split_once(" in a browser")?.0.to_owned());
        let base = lines.find_map(|line| address(line.unwrap())).expect("it prints the URL");
        // It goes on writing its log, and must be able to.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, base, logto }
    }

    async fn signed_in(&self) -> Browser {
        let browser = Browser::default();
        let begun = self.get(&browser, "/logto/sign-in").await;
        let callback = self.logto.sign_in(begun.headers()[header::LOCATION].to_str().unwrap(), "ada").await;
        let done = browser.send(browser.page(callback)).await;
        assert_eq!(
            (done.status().as_u16(), cookies(&done)),
            (302, 2),
            "the session is written, the sign-in's cookie is deleted"
        );
        self.logto.reset_counts();
        browser
    }

    async fn get(&self, browser: &Browser, path: &str) -> Response {
        browser.send(browser.page(format!("{}{path}", self.base))).await
    }

    async fn call(&self, browser: &Browser, function: &str, accept: &str) -> Response {
        let request = browser.request(Method::POST, format!("{}/api/{function}", self.base)).form(&[("", ""); 0]);
        let request = request.header(header::ACCEPT, accept).header(header::REFERER, format!("{}/", self.base));
        browser.send(request).await
    }

    fn exchanges(&self) -> usize {
        self.logto.request_count(Endpoint::Token)
    }
}

/// It keeps cookies and follows no redirect.
#[derive(Default)]
struct Browser {
    jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    fn page(&self, url: String) -> RequestBuilder {
        self.request(Method::GET, url).header(header::ACCEPT, "text/html")
    }

    fn request(&self, method: Method, url: String) -> RequestBuilder {
        let pairs: Vec<_> = self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        http.request(method, url).header(header::COOKIE, pairs.join("; "))
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            // The example deletes a cookie by an empty value.
            self.jar.lock().unwrap().insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        response
    }
}

fn cookies(response: &Response) -> usize {
    response.headers().get_all(header::SET_COOKIE).iter().count()
}

fn text(chunk: impl AsRef<[u8]>) -> String {
    String::from_utf8(chunk.as_ref().to_vec()).unwrap()
}
