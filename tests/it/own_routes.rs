//! The verbs in handlers of the application's own have the protections of the routes, in each framework. The handlers are those of
//! `docs/own-routes.md`.

use http::StatusCode;
use logto::{
    Error, LogtoClient, Redirect, RequestSession, Result, SignInOptions, SignOutOptions, TokenOptions,
    integrate::{AuthRequest, AuthResponse},
    testing::{Endpoint, Fault, MockApp, MockLogto, TestClock},
};
use reqwest::{Method, Response};

use crate::{
    asked::{self, FETCH, NAVIGATION, header},
    http_browser::{location, request, without_redirects},
    logs::listen,
    support::{APP_SECRET, BASE_URL, BOOKS, Browser, Site, settings},
};

async fn login(session: &RequestSession, redirect_uri: &str) -> Result<Redirect> {
    session.sign_in(SignInOptions::new().redirect_uri(redirect_uri).post_redirect_uri("/me")).await
}

async fn leave(session: &RequestSession) -> Result<Redirect> {
    session.require_from_this_site()?;
    session.sign_out(SignOutOptions::new()).await
}

/// An application without our routes, and a browser.
struct Served {
    mock: MockLogto,
    origin: String,
    http: reqwest::Client,
    browser: Browser,
}

impl Served {
    async fn start(port: u16, serve: impl AsyncFnOnce(LogtoClient, String)) -> Self {
        let origin = format!("http://localhost:{port}");
        let clock = TestClock::new();
        let own = format!("{origin}/auth/return");
        let app = MockApp::new("app", APP_SECRET).redirect_uri(&own).post_logout_redirect_uri(&origin);
        let mock = MockLogto::builder().app(app).clock(clock.clone()).start().await.unwrap();
        let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(&origin).sign_in_page("/login");
        serve(LogtoClient::new(config.build().unwrap()).unwrap(), own).await;
        Self { mock, origin, http: without_redirects(), browser: Browser::default() }
    }

    async fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)]) -> Response {
        self.browser.send(request(&self.http, method, &self.origin, target, headers)).await
    }

    /// What each framework has to do.
    async fn signs_in_and_out_by_hand(mut self, answers_head: bool) {
        let wanted = self.ask(Method::GET, "/me", NAVIGATION).await;
        assert_eq!(location(&wanted), "/login?return_to=%2Fme");

        // Who only looks begins nothing.
        let prefetch = [NAVIGATION, &[("sec-purpose", "prefetch;prerender")]].concat();
        let response = self.ask(Method::GET, "/login", &prefetch).await;
        assert_eq!((response.status(), response.headers().get("set-cookie")), (StatusCode::NO_CONTENT, None));
        if answers_head {
            let response = self.ask(Method::HEAD, "/login", NAVIGATION).await;
            assert_eq!((response.status(), response.headers().get("set-cookie")), (StatusCode::NO_CONTENT, None));
        }

        let begun = self.ask(Method::GET, "/login", NAVIGATION).await;
        assert_eq!(begun.status(), StatusCode::SEE_OTHER);
        let callback = self.mock.sign_in(location(&begun), "ada").await;
        assert!(callback.starts_with(&format!("{}/auth/return?code=", self.origin)), "{callback}");

        // Nor does it use the code up.
        let response = self.ask(Method::GET, &callback, &prefetch).await;
        assert_eq!((response.status(), response.headers().get("set-cookie")), (StatusCode::NO_CONTENT, None));
        if answers_head {
            assert_eq!(self.ask(Method::HEAD, &callback, NAVIGATION).await.status(), StatusCode::NO_CONTENT);
        }
        assert_eq!(self.mock.request_count(Endpoint::Token), 0);
        let landed = self.ask(Method::GET, &callback, NAVIGATION).await;
        assert_eq!(location(&landed), format!("{}/me", self.origin));
        assert_eq!(self.ask(Method::GET, "/me", NAVIGATION).await.text().await.unwrap(), "ada");

        // Another site signs nobody out, and neither does a link.
        for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example")], &[]] {
            let response = self.ask(Method::POST, "/leave", &[NAVIGATION, headers].concat()).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{headers:?}");
        }
        assert_eq!(self.ask(Method::GET, "/me", NAVIGATION).await.text().await.unwrap(), "ada");
        let left = self.ask(Method::POST, "/leave", &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(self.mock.end_session(location(&left)).await.trim_end_matches('/'), self.origin);
        assert_eq!(location(&self.ask(Method::GET, "/me", NAVIGATION).await), "/login?return_to=%2Fme");
        assert!(self.browser.cookies.is_empty());
    }
}

fn port_of(listener: &std::net::TcpListener) -> u16 {
    listener.local_addr().unwrap().port()
}

mod in_axum {
    use axum::{
        Extension, Router,
        extract::OriginalUri,
        routing::{get, post},
    };
    use logto::SignedIn;

    use super::*;

    async fn login(session: RequestSession, Extension(redirect_uri): Extension<String>) -> Result<Redirect> {
        super::login(&session, &redirect_uri).await
    }

    async fn returned(session: RequestSession, OriginalUri(uri): OriginalUri) -> Result<Redirect> {
        session.handle_sign_in(&uri.to_string()).await
    }

    async fn leave(session: RequestSession) -> Result<Redirect> {
        super::leave(&session).await
    }

    async fn me(user: SignedIn) -> String {
        user.claims().username.clone().unwrap_or_default()
    }

    #[tokio::test]
    async fn own_routes_sign_in_and_out() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = Served::start(listener.local_addr().unwrap().port(), async |logto, redirect_uri| {
            let router = Router::new()
                .route("/login", get(login))
                .route("/auth/return", get(returned))
                .route("/leave", post(leave))
                .route("/me", get(me))
                .layer(Extension(redirect_uri))
                .layer(logto::axum::layer(logto));
            tokio::spawn(async move { axum::serve(listener, router).await });
        });
        served.await.signs_in_and_out_by_hand(true).await;
    }
}

#[cfg(feature = "actix-web")]
mod in_actix_web {
    use actix_web::{App, HttpRequest, HttpServer, web};
    use logto::SignedIn;

    use super::*;
    use crate::actix_web::serve;

    async fn login(session: RequestSession, redirect_uri: web::Data<String>) -> Result<Redirect> {
        super::login(&session, &redirect_uri).await
    }

    async fn returned(session: RequestSession, request: HttpRequest) -> Result<Redirect> {
        session.handle_sign_in(&request.uri().to_string()).await
    }

    async fn leave(session: RequestSession) -> Result<Redirect> {
        super::leave(&session).await
    }

    async fn me(user: SignedIn) -> String {
        user.claims().username.clone().unwrap_or_default()
    }

    #[tokio::test]
    async fn own_routes_sign_in_and_out() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let served = Served::start(port_of(&listener), async |logto, redirect_uri| {
            serve!(listener, move || {
                App::new()
                    .app_data(web::Data::new(redirect_uri.clone()))
                    .route("/login", web::route().to(login))
                    .route("/auth/return", web::route().to(returned))
                    .route("/leave", web::post().to(leave))
                    .route("/me", web::get().to(me))
                    .wrap(logto::actix_web::middleware(logto.clone()))
            });
        });
        served.await.signs_in_and_out_by_hand(true).await;
    }
}

#[cfg(feature = "rocket")]
mod in_rocket {
    use logto::SignedIn;
    use rocket::{State, get, http::uri::Origin, post, routes};

    use super::*;
    use crate::port::Port;

    #[get("/login")]
    async fn login(session: RequestSession, redirect_uri: &State<String>) -> Result<Redirect> {
        super::login(&session, redirect_uri).await
    }

    #[get("/auth/return")]
    async fn returned(session: RequestSession, uri: &Origin<'_>) -> Result<Redirect> {
        session.handle_sign_in(&uri.to_string()).await
    }

    #[post("/leave")]
    async fn leave(session: RequestSession) -> Result<Redirect> {
        super::leave(&session).await
    }

    #[get("/me")]
    fn me(user: SignedIn) -> String {
        user.into_claims().username.unwrap_or_default()
    }

    #[tokio::test]
    async fn own_routes_sign_in_and_out() {
        let port = Port::reserve();
        let served = Served::start(port.number(), async |logto, redirect_uri| {
            let app = crate::rocket::build(port.number())
                .manage(redirect_uri)
                .mount("/", routes![login, returned, leave, me])
                .attach(logto::rocket::fairing(logto));
            crate::rocket::launch(app).await;
        });
        served.await.signs_in_and_out_by_hand(true).await;
    }
}

/// An error type of an application, which says of ours what a user may know.
struct AppError(Error);

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl AppError {
    fn answer(&self) -> http::Response<String> {
        let mut response = http::Response::new(format!("own: {}", self.0.summary()));
        *response.status_mut() = self.0.status();
        response
    }
}

async fn books(session: &RequestSession) -> Result<(), AppError> {
    session.get_access_token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await?;
    Ok(())
}

#[tokio::test]
async fn an_error_that_the_application_answers_by_itself_is_logged_once() {
    let (log, _guard) = listen("logto=info");
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    let asked = asked::request(&browser, "GET", "/books", NAVIGATION);
    let response: http::Response<String> = site
        .logto
        .handle_request(&asked, |session| async move {
            Ok(books(&session).await.map_or_else(|error| error.answer(), |()| http::Response::default()))
        })
        .await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        response.body().starts_with("own: The sign-in service cannot be reached right now."),
        "{}",
        response.body()
    );
    assert_eq!(log.text().matches("answered with an error").count(), 1, "{}", log.text());
    assert!(log.text().contains("WARN"), "{}", log.text());
}

#[tokio::test]
async fn an_error_that_a_page_of_ours_tells_is_logged_once_as_well() {
    let (log, _guard) = listen("logto=info");
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    let asked = asked::request(&browser, "GET", "/books", NAVIGATION);
    let response: http::Response<String> = site
        .logto
        .handle_request(&asked, |session| async move {
            session.get_access_token(TokenOptions::new().resource(BOOKS).force_refresh(true)).await?;
            Ok(http::Response::default())
        })
        .await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(log.text().matches("answered with an error").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn an_error_after_the_response_began_is_logged_at_once() {
    let (log, _guard) = listen("logto=info");
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let session = asked::request(&browser, "GET", "/stream", NAVIGATION).enter(&site.logto);
    assert!(session.commit().await.unwrap().set_cookies().is_empty());
    let error = session.sign_in(SignInOptions::new()).await.unwrap_err();
    assert_eq!(error.code(), "session.already_committed");
    assert_eq!(log.text().matches("answered with an error").count(), 1, "{}", log.text());
    error.log();
    assert_eq!(log.text().matches("answered with an error").count(), 1, "who says it again is not heard again");
}

#[tokio::test]
async fn an_error_over_cookies_of_the_application_is_logged_when_it_says_so() {
    let (log, _guard) = listen("logto=info");
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    let mut cookies = browser.request();
    let options = TokenOptions::new().resource(BOOKS).force_refresh(true);
    let error = site.logto.get_access_token(&mut cookies, options).await.unwrap_err();
    browser.receive(&cookies.set_cookie_headers());
    assert!(!log.text().contains("answered with an error"));
    error.log();
    assert!(log.text().contains("answered with an error"), "{}", log.text());
}

/// The verbs that begin or end something, by a request that must do neither.
#[tokio::test]
async fn a_verb_of_a_request_that_only_looks_changes_nothing() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    for (method, headers) in [
        ("HEAD", &[][..]),
        ("GET", &[("sec-purpose", "prefetch")][..]),
        ("GET", &[("purpose", "prefetch")]),
        ("GET", &[("x-purpose", "preview")]),
        ("GET", &[("x-moz", "prefetch")]),
        ("GET", &[("next-router-prefetch", "1")]),
    ] {
        let request = asked::request(&browser, method, "/own", headers);
        let session = request.enter(&site.logto);
        let refused = [
            session.sign_in(SignInOptions::new()).await.map(drop).unwrap_err(),
            session.handle_sign_in("?code=1&state=2").await.map(drop).unwrap_err(),
            session.verify_sign_in("?code=1&state=2").await.map(drop).unwrap_err(),
            session.sign_out(SignOutOptions::new()).await.map(drop).unwrap_err(),
            session.clear_all_tokens().await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.code().as_str(), error.status()), ("request.looks_only", StatusCode::NO_CONTENT));
            for response in [site.logto.error_response(&request, &error), AuthResponse::from(&error)] {
                assert_eq!((response.status(), response.body(), header(&response, "location")), (204, "", None));
            }
        }
        // To look is what it may.
        assert!(session.is_authenticated().await.unwrap() && session.user().await.unwrap().is_some());
        assert!(session.commit().await.unwrap().set_cookies().is_empty());
    }
    assert!(site.is_signed_in(&browser).await);
    // A layer further in knows it, too.
    let outer = asked::request(&browser, "HEAD", "/own", &[]).enter(&site.logto);
    let inner = outer.of(&site.logto).unwrap();
    assert!(inner.sign_out(SignOutOptions::new()).await.is_err());
}

/// The handlers of the guide over the bare contract.
#[tokio::test]
async fn own_routes_over_the_bare_contract_sign_in_and_out() {
    async fn answer(logto: &LogtoClient, request: AuthRequest, path: &str) -> (AuthResponse, Vec<String>) {
        let session = request.enter(logto);
        let outcome = match path {
            "/login" => session.sign_in(SignInOptions::new().post_redirect_uri("/me")).await,
            "/leave" => leave(&session).await,
            callback => session.handle_sign_in(callback).await,
        };
        let response = match outcome {
            Ok(redirect) => request.follow(&redirect),
            Err(error) => logto.error_response(&request, &error),
        };
        (response, session.commit().await.unwrap().set_cookies().to_vec())
    }
    let site = Site::start().await;
    let mut browser = Browser::default();
    let (begun, cookies) = answer(&site.logto, asked::request(&browser, "GET", "/login", FETCH), "/login").await;
    browser.receive(&cookies);
    let location = asked::json(&begun)["location"].as_str().unwrap().to_owned();
    let callback = site.mock.sign_in(&location, "ada").await;
    let callback = callback.strip_prefix(BASE_URL).unwrap();
    let (landed, cookies) = answer(&site.logto, asked::request(&browser, "GET", callback, NAVIGATION), callback).await;
    browser.receive(&cookies);
    assert_eq!((landed.status(), header(&landed, "location")), (302, Some("http://localhost:3000/me")));
    let (left, cookies) = answer(&site.logto, asked::request(&browser, "POST", "/leave", FETCH), "/leave").await;
    browser.receive(&cookies);
    assert!(left.status() == 200 && !site.is_signed_in(&browser).await);
}
