//! Rocket, black-box over HTTP.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ::rocket::{
    Build, Config, Request, Responder, Rocket, async_trait,
    config::{LogLevel, Shutdown},
    error::ErrorKind,
    fairing::AdHoc,
    get,
    http::{ContentType, CookieJar, Header, Method as Verb, Status},
    local::asynchronous::Client,
    post,
    request::{FromRequest, Outcome},
    routes,
};
use logto::{
    ContextOptions, Error, LogtoClient, LogtoConfigBuilder, LogtoContext, RequestSession, SignInOptions, TokenOptions,
    integrate::{BoxError, BoxFuture},
    rocket::SignedIn,
    store::{MemoryStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession},
    testing::{Endpoint, Fault, MockLogto, TestClock},
};
use reqwest::{Method, Response, StatusCode, header::HeaderMap};
use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    port::Port,
    support::{APP_SECRET, BOOKS, Browser, app, settings},
};

/// An application on a port of its own, with a browser in front of it.
struct Served {
    mock: MockLogto,
    clock: TestClock,
    late: Arc<Late>,
    logto: LogtoClient,
    base: String,
    browser: Browser,
    http: reqwest::Client,
    _port: Port,
}

#[get("/")]
fn home(context: LogtoContext) -> String {
    context
        .claims()
        .map_or("please sign in".into(), |claims| format!("hello, {}", claims.name.as_deref().unwrap_or(&claims.sub)))
}

#[get("/me")]
fn me(user: SignedIn) -> String {
    user.claims().username.clone().unwrap_or_default()
}

#[post("/me")]
fn post_me(user: SignedIn) -> String {
    me(user)
}

#[get("/maybe")]
fn maybe(user: Option<SignedIn>) -> String {
    format!("{}", user.is_some())
}

/// A handler with an answer of its own for those who are not signed in.
#[get("/own-401")]
fn own_401(user: Option<SignedIn>) -> Result<&'static str, (Status, &'static str)> {
    user.map(|_| "welcome").ok_or((Status::Unauthorized, "members only"))
}

#[get("/ranked")]
fn ranked(user: SignedIn) -> String {
    me(user)
}

#[get("/ranked", rank = 2)]
fn ranked_for_others() -> (Status, &'static str) {
    (Status::Unauthorized, "members only")
}

/// A handler that answers failures itself.
#[get("/either")]
fn either(context: Result<LogtoContext, Error>) -> (Status, &'static str) {
    match context {
        Ok(_) => (Status::Ok, "a context"),
        Err(error) => (Status::ServiceUnavailable, error.code().as_str()),
    }
}

/// A guard of the application's own, on top of ours.
struct Admin;

#[async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.guard::<SignedIn>().await {
            Outcome::Success(user) if user.claims().username.as_deref() == Some("root") => Outcome::Success(Self),
            Outcome::Success(_) => Outcome::Error((Status::Forbidden, ())),
            Outcome::Forward(status) => Outcome::Forward(status),
            Outcome::Error((status, _)) => Outcome::Error((status, ())),
        }
    }
}

#[get("/admin")]
fn admin(_admin: Admin) -> &'static str {
    "admin"
}

#[get("/books")]
async fn books(_user: SignedIn, session: RequestSession) -> Result<(ContentType, String), Error> {
    // Two calls, one session, one exchange.
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    let token = session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok((ContentType::JSON, serde_json::to_string(token.scopes()).unwrap()))
}

#[derive(Responder)]
struct Private(&'static str, Header<'static>);

/// A handler that sets cookies of its own while the session changes, too.
#[get("/cookies")]
async fn cookies(session: RequestSession, jar: &CookieJar<'_>) -> Result<Private, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    jar.add(("theme", "dark"));
    jar.add(("lang", "ko"));
    Ok(Private("", Header::new("cache-control", "private")))
}

#[post("/kakao")]
async fn kakao(session: RequestSession) -> Result<logto::Redirect, Error> {
    session.sign_in(SignInOptions::new().direct_sign_in(logto::DirectSignIn::social("kakao"))).await
}

#[get("/late")]
fn late(session: RequestSession, late: &::rocket::State<Arc<Late>>) {
    let late = Arc::clone(late);
    tokio::spawn(async move {
        late.answered.notified().await;
        let error = session.get_access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
        late.told.send_replace(Some(error.code().as_str()));
    });
}

#[get("/static")]
fn the_same_for_everyone() -> &'static str {
    "the same for everyone"
}

#[derive(Default)]
struct Late {
    answered: Notify,
    told: tokio::sync::watch::Sender<Option<&'static str>>,
}

#[::rocket::catch(401)]
fn own_unauthorized() -> &'static str {
    "my own 401"
}

#[::rocket::catch(403)]
fn own_forbidden() -> &'static str {
    "my own 403"
}

/// It changes the status, as a catcher may.
#[::rocket::catch(default)]
fn own_default(status: Status, _: &Request<'_>) -> (Status, String) {
    (Status::ImATeapot, format!("my own {}", status.code))
}

impl Served {
    async fn start() -> Self {
        Self::below("", "/").await
    }

    /// The base URL ends with `prefix`, and all is mounted at `mount`.
    async fn below(prefix: &str, mount: &str) -> Self {
        Self::with(prefix, mount, |config| config, |rocket| rocket).await
    }

    async fn with(
        prefix: &str,
        mount: &str,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
        more: impl FnOnce(Rocket<Build>) -> Rocket<Build>,
    ) -> Self {
        let port = Port::reserve();
        let origin = format!("http://localhost:{}", port.number());
        let base = format!("{origin}{prefix}");
        let (clock, late) = (TestClock::new(), Arc::new(Late::default()));
        let registered = app("app").redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(&base);
        let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
        let settings = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base);
        let logto = LogtoClient::new(config(settings).build().unwrap()).unwrap();
        let rocket = build(port.number())
            .mount(mount, routes![home, me, post_me, maybe, own_401, ranked, ranked_for_others, either, admin])
            .mount(mount, routes![books, cookies, kakao, self::late, the_same_for_everyone])
            .mount(mount, logto::rocket::routes(&logto))
            .manage(Arc::clone(&late))
            .attach(logto::rocket::fairing(logto.clone()));
        launch(more(rocket)).await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { mock, clock, late, logto, base: origin, browser: Browser::default(), http, _port: port }
    }

    async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        self.send(method, target, headers, "").await
    }

    async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Response {
        let url = if target.starts_with('/') { format!("{}{target}", self.base) } else { target.to_owned() };
        let mut request = self.http.request(method, url).header("cookie", self.browser.header()).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        self.browser.receive(&set_cookies(&response));
        response
    }

    /// As a browser asks for a page.
    async fn navigate(&mut self, target: &str) -> Response {
        self.ask(
            Method::GET,
            target,
            &[("accept", "text/html,*/*;q=0.8"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "same-origin")],
        )
        .await
    }

    /// From `target` to Logto and back, as `ada`; gives where the user lands.
    async fn sign_in(&mut self, target: &str) -> String {
        let response = self.navigate(target).await;
        assert_eq!(response.status(), 302);
        let callback = self.mock.sign_in(location(&response), "ada").await;
        let response = self.navigate(&callback).await;
        assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
        location(&response).to_owned()
    }
}

/// An application that opens this port; with 0, any.
pub fn build(port: u16) -> Rocket<Build> {
    ::rocket::custom(Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        log_level: LogLevel::Off,
        shutdown: Shutdown { ctrlc: false, ..Shutdown::default() },
        ..Config::release_default()
    })
}

/// Gives the port once it listens there.
pub async fn launch(rocket: Rocket<Build>) -> u16 {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = Mutex::new(Some(tell));
    let rocket = rocket.attach(AdHoc::on_liftoff("listening", move |rocket| {
        let port = rocket.config().port;
        let tell = tell.lock().unwrap().take().unwrap();
        Box::pin(async move { tell.send(port).unwrap() })
    }));
    tokio::select! {
        Ok(port) = told => port,
        ended = tokio::spawn(rocket.launch()) => panic!("Rocket did not launch: {:?}", ended.unwrap().map(drop)),
    }
}

/// A store in memory that can be switched off.
#[derive(Clone, Default)]
struct Flaky {
    memory: MemoryStore,
    down: Arc<AtomicBool>,
}

impl Flaky {
    fn go_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn up(&self) -> Result<&MemoryStore, BoxError> {
        if self.down.load(Ordering::SeqCst) { Err("no connection".into()) } else { Ok(&self.memory) }
    }
}

impl SessionStore for Flaky {
    fn create<'a>(&'a self, id: &'a SessionId, session: &'a StoredSession) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { self.up()?.create(id, session).await })
    }

    fn load<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<Option<StoredSession>, BoxError>> {
        Box::pin(async move { self.up()?.load(id).await })
    }

    fn save<'a>(
        &'a self,
        id: &'a SessionId,
        session: &'a StoredSession,
        expected: u64,
    ) -> BoxFuture<'a, Result<SaveOutcome, BoxError>> {
        Box::pin(async move { self.up()?.save(id, session, expected).await })
    }

    fn delete<'a>(&'a self, id: &'a SessionId) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.up()?.delete(id).await })
    }

    fn revoke<'a>(&'a self, which: &'a SessionSelector) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async move { self.up()?.revoke(which).await })
    }
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

fn set_cookies(response: &Response) -> Vec<String> {
    response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

async fn text(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_browser_signs_in_comes_back_and_signs_out() {
    let mut served = Served::start().await;
    assert_eq!(served.navigate("/").await.text().await.unwrap(), "please sign in");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "false");

    let response = served.navigate("/me?tab=2&q=%ED%95%9C+a%26b").await;
    assert_eq!(
        (response.status(), location(&response)),
        (StatusCode::FOUND, "/logto/sign-in?return_to=%2Fme%3Ftab%3D2%26q%3D%25ED%2595%259C%2Ba%2526b")
    );
    assert_eq!(
        (&response.headers()["cache-control"], &response.headers()["content-length"]),
        (&"no-store".parse().unwrap(), &"0".parse().unwrap())
    );
    assert!(!response.headers().contains_key("content-type"));
    let sign_in = location(&response).to_owned();
    assert_eq!(served.sign_in(&sign_in).await, format!("{}/me?tab=2&q=%ED%95%9C+a%26b", served.base));
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
    let user: Value = served.navigate("/logto/user").await.json().await.unwrap();
    assert_eq!((&user["isAuthenticated"], &user["claims"]["username"]), (&true.into(), &"ada".into()));
    assert_eq!(served.navigate("/books").await.json::<Vec<String>>().await.unwrap().len(), 2);

    let post = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")];
    let response = served.ask(Method::POST, "/logto/sign-out", &post).await;
    assert_eq!(response.status(), 303);
    let home = served.mock.end_session(location(&response)).await;
    assert_eq!(served.navigate(&home).await.text().await.unwrap(), "please sign in");
    assert!(served.browser.cookies.is_empty());
}

#[tokio::test]
async fn a_program_gets_401_as_json() {
    let mut served = Served::start().await;
    for headers in [&[("sec-fetch-mode", "cors"), ("accept", "text/html")][..], &[("accept", "application/json")], &[]]
    {
        let response = served.ask(Method::GET, "/me", headers).await;
        assert_eq!(code(response).await, (401, "not_authenticated".into()));
    }
    // A form that was posted cannot be come back to.
    let response = served.ask(Method::POST, "/me", &[("sec-fetch-mode", "navigate")]).await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/logto/sign-in"));
}

#[tokio::test]
async fn pages_for_everyone_answer_by_themselves() {
    let mut served = Served::start().await;
    assert_eq!(text(served.navigate("/own-401").await).await, (401, "members only".into()));
    assert_eq!(text(served.navigate("/ranked").await).await, (401, "members only".into()));
    served.sign_in("/logto/sign-in").await;
    assert_eq!(text(served.navigate("/own-401").await).await, (200, "welcome".into()));
    assert_eq!(text(served.navigate("/ranked").await).await, (200, "ada".into()));
}

#[tokio::test]
async fn the_applications_guards_and_catchers_stand() {
    let catchers = ::rocket::catchers![own_unauthorized, own_forbidden, own_default];
    let mut served = Served::with("", "/", |config| config, |rocket| rocket.register("/", catchers)).await;
    assert_eq!(text(served.navigate("/nowhere").await).await, (418, "my own 404".into()));
    for page in ["me", "admin"] {
        let (target, wanted) = (format!("/{page}"), format!("/logto/sign-in?return_to=%2F{page}"));
        let response = served.navigate(&target).await;
        assert_eq!((response.status().as_u16(), location(&response)), (302, wanted.as_str()));
        assert_eq!(code(served.ask(Method::GET, &target, &[]).await).await, (401, "not_authenticated".into()));
    }
    served.sign_in("/logto/sign-in").await;
    assert_eq!(text(served.navigate("/admin").await).await, (403, "my own 403".into()));
}

#[tokio::test]
async fn a_catcher_nearer_to_the_page_changes_nothing() {
    let catchers = ::rocket::catchers![self::near::default];
    let mut served = Served::with("/app", "/app", |config| config, |rocket| rocket.register("/app", catchers)).await;
    let response = served.navigate("/app/me").await;
    assert_eq!((response.status().as_u16(), location(&response)), (302, "/app/logto/sign-in?return_to=%2Fapp%2Fme"));
    assert_eq!(response.headers()["content-length"], "0");
    assert_eq!(text(served.navigate("/app/nowhere").await).await, (404, "near".into()));
}

mod near {
    #[::rocket::catch(default)]
    pub(super) fn default(_: ::rocket::http::Status, _: &::rocket::Request<'_>) -> &'static str {
        "near"
    }
}

#[tokio::test]
async fn register_and_kakao_go_straight_there() {
    let mut served = Served::start().await;
    for (target, wanted) in [
        ("/logto/sign-up", "first_screen=register"),
        ("/logto/sign-in?direct_sign_in=social:kakao", "direct_sign_in=social%3Akakao"),
        ("/logto/sign-in?login_hint=ada@example.test&ui_locales=ko", "login_hint=ada%40example.test&ui_locales=ko"),
        ("/logto/sign-in?one_time_token=t&organization_id=o", "one_time_token=t&organization_id=o"),
    ] {
        let response = served.navigate(target).await;
        assert!(location(&response).contains(wanted), "{}", location(&response));
    }
    let response = served.ask(Method::POST, "/kakao", &[]).await;
    assert_eq!(response.status(), 303);
    assert!(location(&response).contains("direct_sign_in=social%3Akakao"));
    assert_eq!(set_cookies(&response).len(), 1 + 1, "the new sign-in, and the oldest of five is forgotten");
    assert_eq!(response.headers()["cache-control"], "private, no-store");
}

#[tokio::test]
async fn the_applications_cookies_survive() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    let response = served.navigate("/cookies").await;
    let mut names: Vec<_> =
        set_cookies(&response).iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["lang", "logto_app", "theme"]);
    assert_eq!(response.headers()["cache-control"], "private, no-store", "the handler said private");
    assert_eq!(served.mock.requests(Endpoint::Token), 2, "the sign-in, and one refresh");
    // They come back in one header with ours.
    assert_eq!(served.browser.cookies.len(), 3);
    assert_eq!(served.navigate("/me").await.status(), 200);
}

#[tokio::test]
async fn pages_of_a_user_are_kept_by_nobody() {
    let mut served = Served::start().await;
    let kept = |response: &Response| response.headers().get("cache-control").cloned();
    assert_eq!(kept(&served.navigate("/").await).unwrap(), "private", "nobody is signed in");
    served.sign_in("/logto/sign-in").await;
    assert_eq!(kept(&served.navigate("/").await).unwrap(), "private, no-store");
    assert_eq!(kept(&served.navigate("/me").await).unwrap(), "private, no-store");
    assert_eq!(kept(&served.navigate("/static").await), None, "a page that asked for no session");
}

#[tokio::test]
async fn sign_out_is_a_post_of_this_site() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    let origin = served.base.clone();
    let refused: [(&str, &[(&str, &str)]); 5] = [
        ("another site", &[("sec-fetch-site", "cross-site")]),
        ("a sister site", &[("sec-fetch-site", "same-site")]),
        ("another origin", &[("origin", "https://evil.example")]),
        ("no origin", &[("origin", "null")]),
        ("nothing", &[]),
    ];
    for (what, headers) in refused {
        let response = served.ask(Method::POST, "/logto/sign-out", headers).await;
        assert_eq!(code(response).await, (403, "sign_out.cross_site".into()), "{what}");
    }
    let response = served.navigate("/logto/sign-out").await;
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
    assert!(response.text().await.unwrap().contains(r#"<form method="post" action="/logto/sign-out">"#));
    assert_eq!(served.navigate("/me").await.status(), 200, "nobody was signed out");
    let response = served.ask(Method::POST, "/logto/sign-out", &[("origin", &origin)]).await;
    assert_eq!(response.status(), 303);
}

/// Rocket takes the first field `_method` of a posted form for the method.
#[tokio::test]
async fn a_form_that_overrides_its_method_gains_nothing() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, status) in [("get", 405), ("delete", 405), ("post", 403)] {
        let cross_site = [form, ("sec-fetch-site", "cross-site"), ("accept", "text/html")];
        let body = format!("_method={method}");
        let response = served.send(Method::POST, "/logto/sign-out", &cross_site, body).await;
        assert_eq!(response.status(), status, "{method}");
        // No other verb becomes a POST.
        let same_site = [form, ("sec-fetch-site", "same-origin")];
        let response = served.send(Method::PUT, "/logto/sign-out", &same_site, "_method=post").await;
        assert_eq!(response.status(), 405);
    }
    assert_eq!(served.navigate("/me").await.status(), 200, "nobody was signed out");
    let response = served.send(Method::POST, "/logto/sign-in", &[form], "_method=head").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0));
}

#[tokio::test]
async fn a_prefetch_and_a_head_change_nothing() {
    let mut served = Served::start().await;
    for header in [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("next-router-prefetch", "1"),
    ] {
        for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=a&state=b"] {
            let response = served.ask(Method::GET, target, &[header]).await;
            assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0), "{header:?} {target}");
        }
    }
    for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=a&state=b", "/logto/user"] {
        let response = served.ask(Method::HEAD, target, &[]).await;
        assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0), "{target}");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        assert_eq!(served.ask(method, "/logto/sign-in", &[]).await.status(), 405);
    }
    assert_eq!(served.mock.requests_total(), 0);

    // A callback is there for its GET: a link checker does not use it up.
    let response = served.navigate("/logto/sign-in").await;
    let callback = served.mock.sign_in(location(&response), "ada").await;
    assert_eq!(served.ask(Method::HEAD, &callback, &[]).await.status(), 204);
    assert_eq!(served.navigate(&callback).await.status(), 302);
    // Rocket answers a HEAD to a page with its GET.
    assert_eq!(served.ask(Method::HEAD, "/me", &[]).await.status(), 200);
}

#[tokio::test]
async fn the_back_button_leads_home() {
    let mut served = Served::start().await;
    let response = served.navigate("/logto/sign-in?return_to=/me").await;
    let callback = served.mock.sign_in(location(&response), "ada").await;
    served.navigate(&callback).await;
    let response = served.navigate(&callback).await;
    assert_eq!((response.status().as_u16(), location(&response)), (302, format!("{}/", served.base).as_str()));
    // Without a session it is what it is.
    served.browser.cookies.clear();
    let response = served.navigate(&callback).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("sign_in_session.not_found"));
}

#[tokio::test]
async fn errors_are_pages_for_people_and_json_for_programs() {
    let mut served = Served::start().await;
    let response =
        served.navigate("/callback?error=access_denied&error_description=<script>alert(1)</script>&state=x").await;
    let security = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let page = response.text().await.unwrap();
    assert!(security.starts_with("default-src 'none'") && !page.contains("<script>"));
    assert!(page.contains("What to do:"), "on a developer's own machine the page says what to do");

    // Discovery is known by now: signing in begins even while Logto is away. A site that has just started has nothing.
    served.mock.stop().await;
    assert_eq!(served.navigate("/logto/sign-in").await.status(), 302);
    let mut served = Served::start().await;
    served.mock.stop().await;
    let response = served.navigate("/logto/sign-in").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"5".parse().unwrap()));
    assert!(response.text().await.unwrap().contains("try again in a moment"));
    let response = served.navigate("/logto/sign-in?return_to=//evil.example").await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_session_survives_logtos_bad_days() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    served.mock.fault(Endpoint::Token, Fault::status(500).retry_after(Duration::from_secs(7)).times(1));
    let response = served.navigate("/books").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN", "what Rocket's shield adds stays");
    assert_eq!(served.navigate("/books").await.status(), 200);
}

#[tokio::test]
async fn an_ended_session_is_deleted_with_the_response_that_tells_it() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    served.mock.revoke_all_grants();
    let response = served.ask(Method::GET, "/books", &[]).await;
    assert_eq!(code(response).await, (401, "session.ended".into()));
    assert!(served.browser.cookies.is_empty());
}

#[tokio::test]
async fn a_store_that_is_down_signs_nobody_out() {
    let store = Flaky::default();
    let mut served = Served::with("", "/", |config| config.session_store(store.clone()), |rocket| rocket).await;
    served.sign_in("/logto/sign-in").await;
    let cookies = served.browser.cookies.clone();
    store.go_down(true);
    // `/maybe` and `/own-401` ask for `Option<SignedIn>`, which Rocket makes `None`.
    for target in ["/", "/me", "/maybe", "/own-401", "/ranked", "/admin", "/books"] {
        let response = served.navigate(target).await;
        assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (503, 0), "{target}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{target}");
        assert!(response.text().await.unwrap().contains("store.failed"), "{target}");
        let response = served.ask(Method::GET, target, &[("accept", "application/json")]).await;
        assert_eq!(code(response).await, (503, "store.failed".into()), "{target}");
    }
    assert_eq!(text(served.navigate("/either").await).await, (503, "store.failed".into()), "its own page");
    store.go_down(false);
    assert_eq!(served.browser.cookies, cookies);
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
    assert_eq!(served.navigate("/either").await.text().await.unwrap(), "a context");
}

#[tokio::test]
async fn a_store_that_failed_once_has_not_signed_out_for_the_rest_of_the_request() {
    let store = Flaky::default();
    let mut served = Served::with("", "/", |config| config.session_store(store.clone()), |rocket| rocket).await;
    served.sign_in("/logto/sign-in").await;
    let session = RequestSession::new(served.logto.clone(), served.browser.header());
    store.go_down(true);
    assert_eq!(session.signed_in().await.unwrap_err().code(), "store.failed");
    assert_eq!(session.signed_in().await.unwrap_err().code(), "store.failed");
    store.go_down(false);
    assert!(session.get_context(ContextOptions::new()).await.unwrap().is_authenticated());
}

#[tokio::test]
async fn a_prefix_may_be_mounted_or_taken_off_by_a_proxy() {
    let mut mounted = Served::below("/app", "/app").await;
    let response = mounted.navigate("/app/me").await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let sign_in = location(&response).to_owned();
    assert_eq!(mounted.sign_in(&sign_in).await, format!("{}/app/me", mounted.base));
    assert_eq!(mounted.navigate("/app/me").await.text().await.unwrap(), "ada");
    assert_eq!(mounted.navigate("/logto/sign-in").await.status(), 404, "nothing is mounted there");

    // The proxy asks for /me where the browser asked for /app/me; Host is its own.
    let mut proxied = Served::below("/app", "/").await;
    let host = [
        ("accept", "text/html"),
        ("host", "10.0.0.7:8080"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
    ];
    let response = proxied.ask(Method::GET, "/me", &host).await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let response = proxied.ask(Method::GET, "/logto/sign-in?return_to=/app/me", &host).await;
    let callback = proxied.mock.sign_in(location(&response), "ada").await;
    assert!(callback.starts_with(&format!("{}/app/callback?", proxied.base)), "{callback}");
    let response = proxied.ask(Method::GET, &callback.replace("/app/", "/"), &host).await;
    assert_eq!(location(&response), format!("{}/app/me", proxied.base));
}

#[tokio::test]
async fn logto_ends_sessions_by_itself() {
    let mut served = Served::below("/app", "/app").await;
    served.sign_in("/app/logto/sign-in").await;
    let user: Value = served.navigate("/app/logto/user").await.json().await.unwrap();
    let token = served.mock.logout_token(user["claims"]["sub"].as_str(), None);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let target = "/app/logto/back-channel-logout";
    let body = format!("logout_token={token}");
    let large = format!("{body}&padding={}", "x".repeat(64 * 1024));
    let latin = [body.as_bytes(), b"&padding=\xe9"].concat();
    for wrong in [large.into_bytes(), latin] {
        let response = served.http.post(format!("{}{target}", served.base)).header(form[0].0, form[0].1).body(wrong);
        let body: Value = response.send().await.unwrap().json().await.unwrap();
        assert_eq!(body["error_description"], "logout_token.missing");
    }
    assert_eq!(served.navigate("/app/me").await.status(), 200);
    let response = served.send(Method::POST, target, &form, body).await;
    assert_eq!(text(response).await, (200, String::new()));
    assert_eq!(served.navigate("/app/me").await.status(), 302);
}

#[tokio::test]
async fn an_application_without_the_fairing_does_not_launch() {
    let error = build(0).mount("/", routes![home, me, maybe, books]).ignite().await.unwrap_err();
    let ErrorKind::SentinelAborts(sentinels) = error.kind() else { panic!("{error}") };
    let mut names: Vec<_> = sentinels.iter().map(|sentry| sentry.type_name.rsplit("::").next().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
}

/// No sentinel sees what a guard of the application's own asks for, nor what a handler answers with.
#[tokio::test]
async fn a_missing_fairing_is_named() {
    #[get("/session")]
    fn session(session: Missing) -> Result<(), Error> {
        Err(session.0)
    }
    struct Missing(Error);
    #[async_trait]
    impl<'r> FromRequest<'r> for Missing {
        type Error = ();

        async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
            match request.guard::<RequestSession>().await {
                Outcome::Error((Status::InternalServerError, error)) => Outcome::Success(Self(error)),
                _ => Outcome::Error((Status::ImATeapot, ())),
            }
        }
    }
    let port = launch(build(0).mount("/", routes![session, admin])).await;
    let response = reqwest::get(format!("http://localhost:{port}/session")).await.unwrap();
    assert_eq!(response.status(), 500);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "integration.missing");
    assert!(body["hint"].as_str().unwrap().contains(".attach(logto::rocket::fairing(logto))"));
    assert_eq!(reqwest::get(format!("http://localhost:{port}/admin")).await.unwrap().status(), 500);
}

#[tokio::test]
async fn two_cookie_headers_are_one() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    let mut headers = HeaderMap::new();
    headers.append("cookie", "theme=dark; broken=%FF".parse().unwrap());
    headers.append("cookie", served.browser.header().parse().unwrap());
    let response = served.http.get(format!("{}/me", served.base)).headers(headers).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_session_is_closed_when_the_response_begins() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/late").await.status(), 200);
    served.late.answered.notify_one();
    let mut told = served.late.told.subscribe();
    assert_eq!(*told.wait_for(Option::is_some).await.unwrap(), Some("session.already_committed"));
}

/// Rocket's own way to test an application: no network, and cookies in the jar alone.
#[tokio::test]
async fn rockets_client_for_tests_keeps_the_session() {
    let served = Served::start().await;
    let rocket = build(0)
        .mount("/", routes![me])
        .mount("/", logto::rocket::routes(&served.logto))
        .attach(logto::rocket::fairing(served.logto.clone()));
    let client = Client::tracked(rocket).await.unwrap();
    let go = async |target: String| {
        let response = client.req(Verb::Get, target).header(Header::new("accept", "text/html")).dispatch().await;
        response.headers().get_one("location").unwrap().to_owned()
    };
    let authorize = go("/logto/sign-in".into()).await;
    let callback = served.mock.sign_in(&authorize, "ada").await;
    go(callback.replace(&served.base, "")).await;
    assert_eq!(client.get("/me").dispatch().await.into_string().await.unwrap(), "ada");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let served = Served::start().await;
    assert_eq!(crate::slow_body::answer_to_half_a_form(&served.base).await, "HTTP/1.1 400 Bad Request");
}

#[tokio::test]
async fn a_one_time_token_that_another_site_leads_to_is_asked_about_first() {
    let mut served = Served::start().await;
    let target = "/logto/sign-in?one_time_token=t&login_hint=ada";
    for (from, status) in [("cross-site", 200), ("same-site", 200), ("same-origin", 302), ("none", 302)] {
        let headers = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", from)];
        let response = served.ask(Method::GET, target, &headers).await;
        assert_eq!(response.status(), status, "{from}");
        assert_eq!(set_cookies(&response).len(), usize::from(status == 302), "{from}");
    }
}
