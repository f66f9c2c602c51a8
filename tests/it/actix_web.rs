//! actix-web, black-box over HTTP.

use std::{
    sync::{Mutex, atomic::Ordering},
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::ErrorImATeapot,
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use logto::{
    Error, LogtoClient, LogtoConfigBuilder, LogtoContext, RequestSession, SignInOptions, TokenOptions,
    actix_web::SignedIn,
    testing::{Endpoint, Fault, MockLogto, TestClock},
};
use reqwest::{Method, Response, StatusCode, header::HeaderMap};
use tokio::sync::Notify;

use crate::{
    instances::Counted,
    support::{APP_SECRET, BOOKS, Browser, app, settings},
};

/// An application on a port of its own, with a browser in front of it.
struct Served {
    mock: MockLogto,
    clock: TestClock,
    base: String,
    browser: Browser,
    http: reqwest::Client,
    late: web::Data<Late>,
}

async fn home(context: LogtoContext) -> String {
    context
        .claims()
        .map_or("please sign in".into(), |claims| format!("hello, {}", claims.name.as_deref().unwrap_or(&claims.sub)))
}

async fn me(user: SignedIn) -> String {
    user.claims().username.clone().unwrap_or_default()
}

async fn maybe(user: Option<SignedIn>) -> String {
    format!("{}", user.is_some())
}

async fn books(_user: SignedIn, session: RequestSession) -> Result<web::Json<Vec<String>>, Error> {
    // Two calls, one session, one exchange.
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(web::Json(session.get_access_token(TokenOptions::new().resource(BOOKS)).await?.scopes().to_vec()))
}

/// A handler that sets cookies of its own while the session changes, too.
async fn cookies(session: RequestSession) -> Result<HttpResponse, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(HttpResponse::Ok()
        .append_header(("set-cookie", "theme=dark"))
        .append_header(("set-cookie", "lang=ko"))
        .append_header(("cache-control", "private"))
        .finish())
}

async fn kakao(session: RequestSession) -> Result<logto::Redirect, Error> {
    session.sign_in(SignInOptions::new().direct_sign_in(logto::DirectSignIn::social("kakao"))).await
}

/// What a task outlives its request with: told to ask the session, it tells the answer.
#[derive(Default)]
struct Late {
    ask: Notify,
    answer: Mutex<Option<&'static str>>,
    answered: Notify,
}

async fn late(session: RequestSession, late: web::Data<Late>) -> String {
    actix_web::rt::spawn(async move {
        late.ask.notified().await;
        let error = session.get_access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
        *late.answer.lock().unwrap() = Some(error.code().as_str());
        late.answered.notify_one();
    });
    String::new()
}

/// A guard of the application's own: users alone.
async fn users_alone(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    request.extract::<SignedIn>().await?;
    next.call(request).await
}

/// A guard that changes the session and then refuses; with what, the path says.
async fn nobody(
    mut request: ServiceRequest,
    _: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let session = request.extract::<RequestSession>().await?;
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    if request.path().ends_with("teapot") {
        return Err(ErrorImATeapot("short and stout"));
    }
    session.get_access_token(TokenOptions::new().resource("https://unknown.example")).await?;
    unreachable!("the resource is not known")
}

fn pages(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(home))
        .route("/me", web::get().to(me))
        .route("/me", web::post().to(me))
        .route("/maybe", web::get().to(maybe))
        .route("/books", web::get().to(books))
        .route("/cookies", web::get().to(cookies))
        .route("/kakao", web::post().to(kakao))
        .route("/late", web::get().to(late))
        .service(web::scope("/users").wrap(from_fn(users_alone)).route("/list", web::get().to(home)))
        .service(web::scope("/nobody").wrap(from_fn(nobody)).default_service(web::to(home)));
}

/// Serves an application on a port that is already open.
macro_rules! serve {
    ($listener:expr, $app:expr) => {{
        let server = HttpServer::new($app).workers(1).disable_signals().listen($listener).unwrap();
        tokio::spawn(server.run());
    }};
}
pub(crate) use serve;

pub fn listen() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    (listener, origin)
}

impl Served {
    async fn start() -> Self {
        Self::with("", "", |config| config).await
    }

    /// At a base URL with `prefix`, which the application itself serves in the scope `scope`.
    async fn with(
        prefix: &str,
        scope: &'static str,
        config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder,
    ) -> Self {
        let (listener, origin) = listen();
        let base = format!("{origin}{prefix}");
        let clock = TestClock::new();
        let registered = app("app")
            .redirect_uri(format!("{base}/callback"))
            .post_logout_redirect_uri(&base)
            .backchannel_logout_uri(format!("{base}/logto/back-channel-logout"));
        let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
        let settings = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base);
        let late = web::Data::new(Late::default());
        let late_data = late.clone();
        let logto = LogtoClient::new(config(settings).build().unwrap()).unwrap();
        serve!(listener, move || {
            let app = App::new().app_data(late_data.clone());
            let app = match scope {
                "" => app.configure(pages).configure(logto::actix_web::routes(&logto)),
                scope => app.service(web::scope(scope).configure(pages).configure(logto::actix_web::routes(&logto))),
            };
            app.wrap(logto::actix_web::middleware(logto.clone()))
        });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { mock, clock, base: origin, browser: Browser::default(), http, late }
    }

    async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        let url = if target.starts_with('/') { format!("{}{target}", self.base) } else { target.to_owned() };
        let mut request = self.http.request(method, url).header("cookie", self.browser.header());
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

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

fn set_cookies(response: &Response) -> Vec<String> {
    response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_browser_signs_in_comes_back_and_signs_out() {
    let mut served = Served::start().await;
    assert_eq!(served.navigate("/").await.text().await.unwrap(), "please sign in");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "false");

    let response = served.navigate("/me?tab=2").await;
    assert_eq!(
        (response.status(), location(&response)),
        (StatusCode::FOUND, "/logto/sign-in?return_to=%2Fme%3Ftab%3D2")
    );
    let sign_in = location(&response).to_owned();
    assert_eq!(served.sign_in(&sign_in).await, format!("{}/me?tab=2", served.base));
    assert_eq!(served.navigate("/me").await.text().await.unwrap(), "ada");
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
    let user: serde_json::Value = served.navigate("/logto/user").await.json().await.unwrap();
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
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "not_authenticated");
    }
    // A form that was posted cannot be come back to.
    let response = served.ask(Method::POST, "/me", &[("sec-fetch-mode", "navigate")]).await;
    assert_eq!((response.status().as_u16(), location(&response)), (303, "/logto/sign-in"));
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
    assert!(location(&response).contains("direct_sign_in=social%3Akakao"));
    assert_eq!(set_cookies(&response).len(), 1 + 1, "the new sign-in, and the oldest of five is forgotten");
}

#[tokio::test]
async fn the_applications_cookies_survive() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    let response = served.navigate("/cookies").await;
    let names: Vec<_> =
        set_cookies(&response).iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["theme", "lang", "logto_app"]);
    assert_eq!(response.headers()["cache-control"], "private, no-store", "the handler said private");
    assert_eq!(served.mock.requests(Endpoint::Token), 2, "the sign-in, and one refresh");
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
        assert_eq!(response.status(), 403, "{what}");
        assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "sign_out.cross_site");
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
    let response = served.ask(Method::HEAD, "/logto/sign-in", &[]).await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0));
    assert_eq!(served.ask(Method::PUT, "/logto/sign-in", &[]).await.status(), 405);
    assert_eq!(served.mock.requests_total(), 0);
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
    assert_eq!(served.navigate("/books").await.status(), 200);
}

#[tokio::test]
async fn an_ended_session_is_deleted_with_the_response_that_tells_it() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    served.mock.revoke_all_grants();
    let response = served.ask(Method::GET, "/books", &[]).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "session.ended");
    assert!(served.browser.cookies.is_empty());
}

#[tokio::test]
async fn a_prefix_may_be_a_scope_or_taken_off_by_a_proxy() {
    let mut scoped = Served::with("/app", "/app", |config| config).await;
    let response = scoped.navigate("/app/me").await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let sign_in = location(&response).to_owned();
    assert_eq!(scoped.sign_in(&sign_in).await, format!("{}/app/me", scoped.base));
    assert_eq!(scoped.navigate("/app/me").await.text().await.unwrap(), "ada");
    assert_eq!(scoped.navigate("/logto/sign-in").await.status(), 404, "it is in the scope alone");

    // The proxy asks for /me where the browser asked for /app/me; Host is its own.
    let mut proxied = Served::with("/app", "", |config| config).await;
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
async fn logto_signs_out_over_the_back_channel() {
    for scope in ["", "/app"] {
        let mut served = Served::with(scope, scope, |config| config).await;
        served.sign_in(&format!("{scope}/logto/sign-in")).await;
        let me = format!("{scope}/me");
        let url = format!("{}{scope}/logto/back-channel-logout", served.base);
        let form = format!("logout_token={}", served.mock.logout_token(Some("user-ada"), None));
        let post = async |body: Vec<u8>| {
            let request = served.http.post(&url).header("content-type", "application/x-www-form-urlencoded");
            request.body(body).send().await.unwrap().status()
        };
        // A padded form is a good one as long as it is not too long.
        let padded = |length| format!("{form}&pad={}", "x".repeat(length - form.len() - "&pad=".len())).into_bytes();
        assert_eq!(post(padded(64 * 1024 + 1)).await, 400, "too long");
        assert_eq!(post([form.as_bytes(), b"&x=\xff"].concat()).await, 400, "not UTF-8");
        assert_eq!(served.http.get(&url).send().await.unwrap().status(), 405);
        let form = padded(64 * 1024);
        let before = served.browser.header();
        let request = served.http.get(format!("{}{me}", served.base)).header("cookie", before);
        assert_eq!(request.send().await.unwrap().status(), 200, "nobody was signed out");
        assert_eq!(post(form).await, 200);
        assert_eq!(served.navigate(&me).await.status(), 302);
    }
}

#[tokio::test]
async fn a_store_that_is_away_signs_nobody_out() {
    let store = Counted::new(&TestClock::new());
    let mut served = Served::with("", "", |config| config.session_store(store.clone())).await;
    served.sign_in("/logto/sign-in").await;
    store.down.store(true, Ordering::SeqCst);
    for target in ["/", "/me", "/maybe", "/books", "/users/list", "/logto/user"] {
        let response = served.navigate(target).await;
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"5".parse().unwrap()));
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "{target}");
        assert!(set_cookies(&response).is_empty() && response.text().await.unwrap().contains("store.failed"));
        let response = served.ask(Method::GET, target, &[]).await;
        assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "store.failed", "{target}");
    }
    store.down.store(false, Ordering::SeqCst);
    assert_eq!(served.navigate("/maybe").await.text().await.unwrap(), "true");
}

#[tokio::test]
async fn errors_of_other_middleware_are_answered_alike() {
    let mut served = Served::start().await;
    let response = served.navigate("/users/list?page=2").await;
    assert_eq!(location(&response), "/logto/sign-in?return_to=%2Fusers%2Flist%3Fpage%3D2");
    assert_eq!(served.ask(Method::GET, "/users/list", &[]).await.status(), 401);
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/users/list").await.text().await.unwrap(), "hello, Ada Lovelace");

    // The session that a refused request changed is kept.
    let response = served.navigate("/nobody/teapot").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (418, 1));
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    assert_eq!(response.text().await.unwrap(), "short and stout");
    served.clock.advance(Duration::from_secs(3600));
    let response = served.navigate("/nobody/at-all").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (500, 1));
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(response.text().await.unwrap().contains("token.resource_refused"));
}

#[tokio::test]
async fn a_missing_middleware_is_named() {
    let (listener, url) = listen();
    serve!(listener, || App::new().configure(pages));
    for target in ["/", "/me", "/books", "/users/list"] {
        let response = reqwest::get(format!("{url}{target}")).await.unwrap();
        assert_eq!(response.status(), 500, "{target}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], "integration.missing", "{target}");
        assert!(body["hint"].as_str().unwrap().contains(".wrap(logto::actix_web::middleware(logto.clone()))"));
    }
}

#[tokio::test]
async fn two_cookie_headers_are_one() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    let mut headers = HeaderMap::new();
    headers.append("cookie", "theme=dark".parse().unwrap());
    headers.append("cookie", served.browser.header().parse().unwrap());
    let response = served.http.get(format!("{}/me", served.base)).headers(headers).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_session_is_closed_when_the_response_begins() {
    let mut served = Served::start().await;
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.navigate("/late").await.status(), 200);
    served.late.ask.notify_one();
    served.late.answered.notified().await;
    assert_eq!(*served.late.answer.lock().unwrap(), Some("session.already_committed"));
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
