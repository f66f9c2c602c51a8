//! A handler that takes the signed-in user as a `Result`.

use std::sync::atomic::Ordering;

use logto::{
    Error, ErrorCode, LogtoClient, LogtoConfig, SignedIn,
    testing::{TestClock, TestSession},
};
use reqwest::{Response, StatusCode};

use crate::counted_store::Counted;
use crate::plain_http::plain_http;

/// The handler answers everybody.
async fn told(user: Result<SignedIn, Error>) -> String {
    match user {
        Ok(user) => format!("hello, {}", user.sub()),
        Err(error) if error.requires_sign_in() => "please sign in".to_owned(),
        Err(error) if error.code() == ErrorCode::STORE_FAILED => "later".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The handler leaves the answer to the integration.
async fn returned(user: Result<SignedIn, Error>) -> Result<String, Error> {
    Ok(user?.into_claims().sub)
}

/// The handler is asked for users alone.
async fn plain(user: SignedIn) -> String {
    user.into_claims().sub
}

struct World {
    store: Counted,
    logto: LogtoClient,
    base: String,
    cookie: String,
    http: reqwest::Client,
}

impl World {
    /// An application with sessions in a store, before it listens, and where it is to.
    async fn new() -> (Self, std::net::TcpListener) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let clock = TestClock::new();
        let store = Counted::new(&clock);
        let config = LogtoConfig::builder().endpoint("http://localhost:1").app_id("app").base_url(&base);
        let config = config.cookie_secret(crate::support::COOKIE_SECRET).session_store(store.clone()).clock(clock);
        let config = config.build().unwrap();
        let cookie = TestSession::new().sub("ada").cookie_header(&config).await.unwrap();
        let http = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let logto = LogtoClient::new(config).unwrap();
        (Self { store, logto, base, cookie, http }, listener)
    }

    async fn ask(&self, path: &str, cookie: &str, accept: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).header("cookie", cookie).header("accept", accept);
        request.send().await.unwrap()
    }

    async fn text(&self, path: &str, cookie: &str) -> (StatusCode, String) {
        let response = self.ask(path, cookie, "*/*").await;
        (response.status(), response.text().await.unwrap())
    }

    /// Status, `Location` and body of what one who is not signed in gets.
    async fn refusal(&self, path: &str, accept: &str) -> (StatusCode, Option<String>, String) {
        let response = self.ask(path, "", accept).await;
        let location = response
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().replace(path.trim_start_matches('/'), "…"));
        (response.status(), location, response.text().await.unwrap())
    }

    /// What axum and actix-web have in common.
    async fn users_and_strangers(&self) {
        assert_eq!(self.text("/told", &self.cookie).await, (StatusCode::OK, "hello, ada".to_owned()));
        assert_eq!(self.text("/told", "").await, (StatusCode::OK, "please sign in".to_owned()));
        for path in ["/returned", "/plain"] {
            assert_eq!(self.text(path, &self.cookie).await, (StatusCode::OK, "ada".to_owned()), "{path}");
        }
        let page = self.refusal("/returned", "text/html").await;
        assert_eq!(page.0, StatusCode::FOUND);
        assert!(page.1.as_deref().unwrap().contains("/logto/sign-in?return_to="), "{page:?}");
        assert_eq!(page, self.refusal("/plain", "text/html").await);
        let json = self.refusal("/returned", "application/json").await;
        assert!(json.0 == StatusCode::UNAUTHORIZED && json.2.contains("not_authenticated"), "{json:?}");
        assert_eq!(json, self.refusal("/plain", "application/json").await);
    }

    async fn failures(&self, told: (StatusCode, &str)) {
        self.store.down.store(true, Ordering::SeqCst);
        let (status, text) = self.text("/told", &self.cookie).await;
        assert!(status == told.0 && text.contains(told.1), "{status} {text}");
        for path in ["/returned", "/plain"] {
            let (status, text) = self.text(path, &self.cookie).await;
            assert!(status == StatusCode::SERVICE_UNAVAILABLE && text.contains("store.failed"), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn an_axum_handler_with_a_result_argument_answers_even_store_failures_itself() {
    use axum::{Router, routing::get};

    let (world, listener) = World::new().await;
    let router = Router::new().route("/told", get(told)).route("/returned", get(returned)).route("/plain", get(plain));
    let router = router.layer(logto::axum::layer(world.logto.clone()));
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    world.users_and_strangers().await;
    world.failures((StatusCode::OK, "later")).await;
}

#[cfg(feature = "actix-web")]
#[tokio::test]
async fn an_actix_handler_with_a_result_argument_answers_only_signed_out_users_itself() {
    use actix_web::{App, HttpServer, web};

    let (world, listener) = World::new().await;
    let logto = world.logto.clone();
    let app = move || {
        let app = App::new().route("/told", web::get().to(told)).route("/returned", web::get().to(returned));
        app.route("/plain", web::get().to(plain)).wrap(logto::actix_web::middleware(logto.clone()))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
    tokio::spawn(server.run());
    world.users_and_strangers().await;
    // Nobody may look signed out because a store is down, whatever the handler made of it.
    world.failures((StatusCode::SERVICE_UNAVAILABLE, "store.failed")).await;
}

/// Rocket forwards before there is a `Result`, and its answer to a failure is the fairing's.
#[cfg(feature = "rocket")]
#[tokio::test]
async fn a_rocket_handler_that_takes_a_result_is_asked_for_users_alone() {
    use rocket::{http::Status, local::asynchronous::Client};

    #[rocket::get("/told")]
    async fn told_by_rocket(user: Result<SignedIn, Error>) -> String {
        told(user).await
    }

    let (world, _) = World::new().await;
    let rocket = rocket::build().mount("/", rocket::routes![told_by_rocket]);
    let client = Client::untracked(rocket.attach(logto::rocket::fairing(world.logto.clone()))).await.unwrap();
    let ask = async |cookie: &str| {
        let cookie = rocket::http::Header::new("cookie", cookie.to_owned());
        let response = client.get("/told").header(cookie).dispatch().await;
        (response.status(), response.into_string().await.unwrap_or_default())
    };
    assert_eq!(ask(&world.cookie).await, (Status::Ok, "hello, ada".to_owned()));
    let (status, text) = ask("").await;
    assert!(status == Status::Unauthorized && text.contains("not_authenticated"), "{status} {text}");
    world.store.down.store(true, Ordering::SeqCst);
    let (status, text) = ask(&world.cookie).await;
    assert!(status == Status::ServiceUnavailable && text.contains("store.failed"), "{status} {text}");
}
