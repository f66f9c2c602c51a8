//! Rocket: the adapter of [`crate::frameworks`], and what only Rocket has.

// Rocket gives guards by value.
#![allow(clippy::needless_pass_by_value)]

mod forwards;
mod launch;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use ::rocket::{
    Build, Config, Either, Request, Responder, State, async_trait,
    config::{LogLevel, Shutdown},
    error::ErrorKind,
    fairing::AdHoc,
    get,
    http::{ContentType, CookieJar, Header, Method as Verb, Status, uri::Origin},
    local::asynchronous::Client,
    post,
    request::{FromRequest, Outcome},
    routes,
};
use logto::{
    ContextOptions, Error, LogtoContext, Redirect, RequestSession, SignedIn, TokenOptions,
    integrate::CurrentClient,
    rocket::JarCookies,
    step_up::{MaxAge, RecentlyAuthenticated},
    testing::{Endpoint, Fault, TestClock},
};
use reqwest::Method;
use serde_json::Value;

use crate::{
    counted_store::Counted,
    frameworks::{
        cases::a_page_tells_that_the_store_is_down,
        pages::{self, Answer, Late},
        served::{Adapter, Application, Served, Setup},
    },
    http_browser::{code, location, request, set_cookies, text},
    plain_http::plain_http,
    port::Port,
    support::{BOOKS, Site},
};

#[get("/")]
async fn home(context: LogtoContext) -> String {
    pages::home(context).await
}

#[get("/me")]
async fn me(user: SignedIn) -> String {
    pages::me(user).await
}

#[post("/me")]
async fn post_me(user: SignedIn) -> String {
    pages::me(user).await
}

#[get("/maybe")]
async fn maybe(user: Option<SignedIn>) -> String {
    pages::maybe(user).await
}

/// A handler with an answer of its own for those who are not signed in.
#[get("/own-401")]
fn own_401(user: Option<SignedIn>) -> Result<&'static str, (Status, &'static str)> {
    user.map(|_| "welcome").ok_or((Status::Unauthorized, "members only"))
}

#[get("/ranked")]
async fn ranked(user: SignedIn) -> String {
    pages::me(user).await
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

/// A handler that answers the failure of one guard, and has another that Rocket makes `None`.
#[get("/both")]
fn both(context: Result<LogtoContext, Error>, user: Option<SignedIn>) -> String {
    format!("{} {}", context.is_ok(), user.is_some())
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

#[get("/result")]
async fn result(user: Result<SignedIn, Error>) -> Result<String, Error> {
    pages::result(user).await
}

#[get("/hand/<_>")]
async fn by_hand(
    logto: &State<CurrentClient>,
    target: &Origin<'_>,
    mut cookies: JarCookies<'_>,
) -> Result<(Status, Either<String, AtAddress>), Error> {
    Ok(match pages::by_hand(&logto.get().unwrap(), &target.to_string(), &mut cookies).await? {
        Answer::Redirect(location) => (Status::Found, Either::Right(AtAddress((), Header::new("location", location)))),
        Answer::Text(text) => (Status::Ok, Either::Left(text)),
    })
}

#[derive(Responder)]
struct AtAddress((), Header<'static>);

#[get("/books")]
async fn books(_user: SignedIn, session: RequestSession) -> Result<(ContentType, String), Error> {
    let scopes = pages::books(&session).await?;
    Ok((ContentType::JSON, serde_json::to_string(&scopes).unwrap()))
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
async fn kakao(session: RequestSession) -> Result<Redirect, Error> {
    pages::kakao(session).await
}

#[get("/late")]
fn late(session: RequestSession, late: &State<Arc<Late>>) {
    Arc::clone(late).ask_later(session);
}

#[get("/static")]
async fn the_same_for_everyone() -> &'static str {
    pages::the_same_for_everyone().await
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

/// An application with the pages, on a port that is held as long as it is served.
fn pages_of(port: Port, Application { logto, mount, late }: Application) -> ::rocket::Rocket<Build> {
    let mount = if mount.is_empty() { "/" } else { mount };
    build(port.number())
        .mount(mount, routes![home, me, post_me, maybe, own_401, ranked, ranked_for_others, either, both, admin])
        .mount(mount, routes![result, by_hand, books, cookies, kakao, self::late, the_same_for_everyone])
        .mount(mount, logto::rocket::routes(&logto))
        .manage(late)
        .manage(logto.clone())
        .manage(port)
        .attach(logto::rocket::fairing(logto))
}

#[derive(Clone, Copy)]
pub struct Rocket;

impl Adapter for Rocket {
    type Listener = Port;

    /// Rocket keeps them in a set.
    const KEEPS_THE_ORDER_OF_COOKIES: bool = false;

    fn listen(self) -> (Port, u16) {
        let port = Port::reserve();
        let number = port.number();
        (port, number)
    }

    async fn serve(self, port: Port, application: Application) {
        launch(pages_of(port, application)).await;
    }
}

/// An application with catchers of its own at `base`.
async fn with_catchers(setup: Setup, base: &str, catchers: Vec<::rocket::Catcher>) -> Served {
    let (port, number) = Rocket.listen();
    let serve = async |application| _ = launch(pages_of(port, application).register(base, catchers)).await;
    Served::at(number, setup, serve).await
}

/// An application that opens this port; with 0, any.
pub fn build(port: u16) -> ::rocket::Rocket<Build> {
    ::rocket::custom(Config {
        address: Ipv4Addr::LOCALHOST.into(),
        port,
        log_level: LogLevel::Off,
        shutdown: Shutdown { ctrlc: false, ..Shutdown::default() },
        ..Config::release_default()
    })
}

/// Gives the port once it listens there.
pub async fn launch(rocket: ::rocket::Rocket<Build>) -> u16 {
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

#[tokio::test]
async fn a_page_that_takes_an_optional_user_answers_a_missing_one_itself() {
    let mut served = Served::start(Rocket).await;
    assert_eq!(text(served.navigate("/own-401").await).await, (401, "members only".into()));
    assert_eq!(text(served.navigate("/ranked").await).await, (401, "members only".into()));
    served.sign_in("/logto/sign-in").await;
    assert_eq!(text(served.navigate("/own-401").await).await, (200, "welcome".into()));
    assert_eq!(text(served.navigate("/ranked").await).await, (200, "ada".into()));
}

#[tokio::test]
async fn rocket_catchers_of_the_application_answer_all_errors_except_missing_sign_in() {
    let catchers = ::rocket::catchers![own_unauthorized, own_forbidden, own_default];
    let mut served = with_catchers(Setup::default(), "/", catchers).await;
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
async fn a_catcher_nearer_to_the_page_does_not_replace_the_way_to_sign_in() {
    let catchers = ::rocket::catchers![self::near::default];
    let mut served = with_catchers(Setup::below("/app"), "/app", catchers).await;
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

/// Rocket takes the first field `_method` of a posted form for the method.
#[tokio::test]
async fn a_form_that_overrides_its_method_gains_nothing() {
    let mut served = Served::start(Rocket).await;
    served.sign_in("/logto/sign-in").await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (method, status) in [("get", 405), ("delete", 405), ("post", 403)] {
        let cross_site = [form, ("sec-fetch-site", "cross-site"), ("accept", "text/html")];
        let body = format!("_method={method}");
        let response = served.post("/logto/sign-out", &cross_site, body).await;
        assert_eq!(response.status(), status, "{method}");
        // No other verb becomes a POST.
        let same_site = [form, ("sec-fetch-site", "same-origin")];
        let put = request(&served.http, Method::PUT, &served.origin, "/logto/sign-out", &same_site);
        let response = served.browser.send(put.body("_method=post")).await;
        assert_eq!(response.status(), 405);
    }
    assert_eq!(served.navigate("/me").await.status(), 200, "nobody was signed out");
    let response = served.post("/logto/sign-in", &[form], "_method=head").await;
    assert_eq!((response.status().as_u16(), set_cookies(&response).len()), (204, 0));
}

#[tokio::test]
async fn a_head_of_a_page_is_answered_with_its_get() {
    let mut served = Served::start(Rocket).await;
    served.sign_in("/logto/sign-in").await;
    assert_eq!(served.ask(Method::HEAD, "/me", &[]).await.status(), 200);
}

#[tokio::test]
async fn an_error_page_keeps_the_headers_of_rockets_shield() {
    let mut served = Served::start(Rocket).await;
    served.sign_in("/logto/sign-in").await;
    served.clock.advance(Duration::from_secs(3600));
    served.mock.inject_fault(Endpoint::Token, Fault::status(500).times(1));
    let response = served.navigate("/books").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN");
}

/// `/maybe` and `/own-401` ask for `Option<SignedIn>`, which Rocket makes `None`.
#[tokio::test]
async fn a_store_that_is_down_is_told_by_every_kind_of_page() {
    let store = Counted::new(&TestClock::new());
    let mut served = Served::with(Rocket, Setup::store(&store)).await;
    served.sign_in("/logto/sign-in").await;
    let cookies = served.browser.cookies.clone();
    store.down.store(true, Ordering::SeqCst);
    for target in ["/maybe", "/own-401", "/ranked", "/both", "/admin"] {
        a_page_tells_that_the_store_is_down(&mut served, target).await;
    }
    assert_eq!(text(served.navigate("/either").await).await, (503, "store.failed".into()), "its own page");
    store.down.store(false, Ordering::SeqCst);
    assert_eq!(served.browser.cookies, cookies);
    assert_eq!(served.navigate("/either").await.text().await.unwrap(), "a context");
}

#[tokio::test]
async fn a_store_that_failed_once_is_asked_again_in_the_same_request() {
    let store = Counted::new(&TestClock::new());
    let mut served = Served::with(Rocket, Setup::store(&store)).await;
    served.sign_in("/logto/sign-in").await;
    let session = RequestSession::new(served.logto.clone(), served.browser.header());
    store.down.store(true, Ordering::SeqCst);
    assert_eq!(session.user().await.unwrap_err().code(), "store.failed");
    assert_eq!(session.user().await.unwrap_err().code(), "store.failed");
    store.down.store(false, Ordering::SeqCst);
    assert!(session.get_context(ContextOptions::new()).await.unwrap().is_authenticated());
}

#[tokio::test]
async fn an_application_without_the_fairing_does_not_launch() {
    #[get("/recent")]
    fn recent(_user: RecentlyAuthenticated<MaxAge<300>>) {}
    let error = build(0).mount("/", routes![home, me, maybe, books, recent]).ignite().await.unwrap_err();
    let ErrorKind::SentinelAborts(sentinels) = error.kind() else { panic!("{error}") };
    let mut names: Vec<_> = sentinels.iter().map(|sentry| sentry.type_name.rsplit("::").next().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 5, "{names:?}");
}

/// No sentinel sees what a guard of the application's own asks for, nor what a handler answers with.
#[tokio::test]
async fn a_missing_fairing_is_an_error_that_names_the_fairing() {
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
    let response = plain_http().build().unwrap().get(format!("http://localhost:{port}/session")).send().await.unwrap();
    assert_eq!(response.status(), 500);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "integration.missing");
    assert!(body["hint"].as_str().unwrap().contains(".attach(logto::rocket::fairing(logto))"));
    assert_eq!(
        plain_http().build().unwrap().get(format!("http://localhost:{port}/admin")).send().await.unwrap().status(),
        500
    );
}

#[tokio::test]
async fn routes_at_a_mount_that_the_base_url_lacks_say_how_they_are_mounted_instead() {
    let site = Site::start().await;
    let rocket = build(0)
        .mount("/auth", logto::rocket::routes(&site.logto))
        .mount("/later", logto::rocket::routes(None::<logto::LogtoClient>))
        .mount("/", logto::rocket::routes(&site.logto));
    let client = Client::untracked(rocket).await.unwrap();
    for path in site.logto.config().routes().paths() {
        let response = client.get(format!("/auth{path}?state=1")).dispatch().await;
        assert_eq!(response.status().code, 500, "{path}");
        let body: Value = serde_json::from_str(&response.into_string().await.unwrap()).unwrap();
        assert_eq!(body["code"], "integration.nested", "{path}");
        let hint = body["hint"].as_str().unwrap();
        assert!(hint.contains(".mount(\"/\", logto::rocket::routes(&logto))"), "{hint}");
        assert!(hint.contains("Routes::below(\"/auth\")"), "{hint}");
        // Without a client nobody knows whether the mount is right.
        // A back channel is told 400 and nothing else (OpenID Connect Back-Channel Logout 1.0 section 2.8).
        let status = if path.contains("back-channel") { 400 } else { 403 };
        assert_eq!(client.get(format!("/later{path}")).dispatch().await.status().code, status, "{path}");
    }
    // Rocket decodes a path before it looks for the route: it is none in another spelling.
    for path in
        ["/logto/%73ign-in", "//logto/sign-in", "/auth//logto/sign-in", "//auth/logto/sign-in", "/%61uth/logto/sign-in"]
    {
        assert_eq!(client.get(path).dispatch().await.status().code, 404, "{path}");
    }
}

/// Rocket's own way to test an application: no network, and cookies in the jar alone.
#[tokio::test]
async fn rockets_client_for_tests_keeps_the_session() {
    let served = Served::start(Rocket).await;
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
    go(callback.replace(&served.origin, "")).await;
    assert_eq!(client.get("/me").dispatch().await.into_string().await.unwrap(), "ada");
}
