//! axum, black-box over HTTP.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    http::HeaderMap,
    response::{AppendHeaders, IntoResponse},
    routing::{get, post},
};
use logto::{
    Error, LogtoClient, LogtoContext, RequestSession, SignInOptions, TokenOptions,
    axum::SignedIn,
    testing::{Endpoint, Fault, MockLogto, TestClock},
};
use reqwest::{Method, Response, StatusCode};
use tokio::sync::{Notify, watch};

use crate::support::{APP_SECRET, BOOKS, Browser, app, settings};

/// An application on a port of its own, with a browser in front of it.
struct Served {
    mock: MockLogto,
    clock: TestClock,
    base: String,
    browser: Browser,
    http: reqwest::Client,
    late: Arc<Late>,
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

async fn books(_user: SignedIn, session: RequestSession) -> Result<Json<Vec<String>>, Error> {
    // Two calls, one session, one exchange.
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(Json(session.get_access_token(TokenOptions::new().resource(BOOKS)).await?.scopes().to_vec()))
}

/// A handler that sets cookies of its own while the session changes, too.
async fn cookies(session: RequestSession) -> Result<impl IntoResponse, Error> {
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    Ok(AppendHeaders([("set-cookie", "theme=dark"), ("set-cookie", "lang=ko"), ("cache-control", "private")]))
}

async fn kakao(session: RequestSession) -> Result<logto::Redirect, Error> {
    session.sign_in(SignInOptions::new().direct_sign_in(logto::DirectSignIn::social("kakao"))).await
}

/// A task of the application asks for a token when the response is through.
#[derive(Default)]
struct Late {
    answered: Notify,
    told: watch::Sender<Option<&'static str>>,
}

async fn late(session: RequestSession, Extension(late): Extension<Arc<Late>>) -> String {
    tokio::spawn(async move {
        late.answered.notified().await;
        let error = session.get_access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
        late.told.send_replace(Some(error.code().as_str()));
    });
    String::new()
}

impl Served {
    async fn start() -> Self {
        Self::with("", |router| router).await
    }

    async fn with(prefix: &str, nest: impl FnOnce(Router) -> Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let base = format!("{origin}{prefix}");
        let clock = TestClock::new();
        let registered = app("app").redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(&base);
        let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
        let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&base);
        let late = Arc::new(Late::default());
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let router = Router::new()
            .route("/", get(home))
            .route("/me", get(me).post(me))
            .route("/maybe", get(maybe))
            .route("/books", get(books))
            .route("/cookies", get(cookies))
            .route("/kakao", post(kakao))
            .route("/late", get(self::late).layer(Extension(Arc::clone(&late))))
            .route("/static", get(|| async { "the same for everyone" }))
            .merge(logto::axum::routes(&logto));
        let router = nest(router).layer(logto::axum::layer(logto));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
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
    served.clock.advance(std::time::Duration::from_secs(3600));
    let response = served.navigate("/cookies").await;
    let names: Vec<_> =
        set_cookies(&response).iter().map(|cookie| cookie.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["theme", "lang", "logto_app"]);
    assert_eq!(response.headers()["cache-control"], "private, no-store", "the handler said private");
    assert_eq!(served.mock.requests(Endpoint::Token), 2, "the sign-in, and one refresh");
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
    served.clock.advance(std::time::Duration::from_secs(3600));
    served.mock.fault(Endpoint::Token, Fault::status(500).retry_after(std::time::Duration::from_secs(7)).times(1));
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
async fn a_prefix_may_be_nested_or_taken_off_by_a_proxy() {
    let mut nested = Served::with("/app", |router| Router::new().nest("/app", router)).await;
    let response = nested.navigate("/app/me").await;
    assert_eq!(location(&response), "/app/logto/sign-in?return_to=%2Fapp%2Fme");
    let sign_in = location(&response).to_owned();
    assert_eq!(nested.sign_in(&sign_in).await, format!("{}/app/me", nested.base));
    assert_eq!(nested.navigate("/app/me").await.text().await.unwrap(), "ada");

    // The proxy asks for /me where the browser asked for /app/me; Host is its own.
    let mut proxied = Served::with("/app", |router| router).await;
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
async fn a_missing_layer_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(home))).await.unwrap() });
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), 500);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["code"], "integration.missing");
    assert!(body["hint"].as_str().unwrap().contains("logto::axum::layer(logto)"));
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
    served.late.answered.notify_one();
    let mut told = served.late.told.subscribe();
    assert_eq!(*told.wait_for(Option::is_some).await.unwrap(), Some("session.already_committed"));
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
