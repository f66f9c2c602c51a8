//! An application that can do without a client, and whose settings change while it runs.

use std::sync::Arc;

use http::Response;
use logto::{
    ContextOptions, LogtoClient, LogtoConfig, LogtoConfigBuilder, RequestSession, Routes, SignInOptions,
    SignOutOptions, TokenOptions,
    integrate::{AuthRequest, CurrentClient},
    step_up::{MaxAge, RecentlyAuthenticated, StepUp},
    testing::{Endpoint, TestClock},
};
use tokio::sync::Notify;

use crate::{
    gate::Gate,
    logs::{Log, listen},
    support::{APP_SECRET, BASE_URL, BOOKS, Browser, COOKIE_SECRET, Site, settings},
};

fn other_settings(site: &Site, change: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> LogtoConfig {
    change(settings(&site.mock, &site.clock).app_secret(APP_SECRET)).build().unwrap()
}

fn request(target: &str, browser: &Browser) -> AuthRequest {
    let cookies = browser.header();
    AuthRequest::new("GET", target, |name| (name == "cookie").then(|| cookies.clone()))
}

fn page(target: &str) -> AuthRequest {
    AuthRequest::new("GET", target, |name| match name {
        "accept" => Some("text/html".to_owned()),
        "sec-fetch-mode" => Some("navigate".to_owned()),
        _ => None,
    })
}

async fn is_signed_in(current: &CurrentClient, browser: &Browser) -> bool {
    let session = request("/", browser).enter(current.get().as_ref());
    session.is_authenticated().await.unwrap()
}

#[tokio::test]
async fn all_clones_serve_with_the_new_settings_from_then_on() {
    let site = Site::start().await;
    let current = CurrentClient::from(&site.logto);
    let clone = current.clone();
    let base_url = |current: &CurrentClient| current.get().unwrap().config().base_url().to_owned();
    assert_eq!(base_url(&clone), BASE_URL);
    current.replace(other_settings(&site, |config| config.base_url("http://localhost:4000"))).unwrap();
    assert_eq!(base_url(&clone), "http://localhost:4000");
    clone.remove();
    assert!(current.get().is_none());
    current.replace(other_settings(&site, |config| config)).unwrap();
    assert_eq!(base_url(&clone), BASE_URL);
    // The client itself has the settings that it was made with.
    assert_eq!(site.logto.config().base_url(), BASE_URL);
}

#[tokio::test]
async fn a_request_under_way_ends_with_the_settings_that_it_began_with() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let current = CurrentClient::from(&site.logto);
    let (began, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let task = tokio::spawn({
        let (current, began, go_on) = (current.clone(), Arc::clone(&began), Arc::clone(&go_on));
        let request = request("/", &browser);
        async move {
            let page = |session: RequestSession| async move {
                began.notify_one();
                go_on.notified().await;
                let redirect = session.sign_out(SignOutOptions::new().local_only(true)).await?;
                Ok(Response::new(redirect.location().to_owned()))
            };
            current.handle_request(&request, page).await
        }
    });
    began.notified().await;
    let others = |config: LogtoConfigBuilder| {
        config.app_id("another").cookie_secret(format!("{COOKIE_SECRET}, another")).base_url("http://localhost:4000")
    };
    current.replace(other_settings(&site, others)).unwrap();
    go_on.notify_one();
    let response: Response<String> = task.await.unwrap();
    assert_eq!(response.body(), &format!("{BASE_URL}/"));
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert!(cookies.iter().any(|cookie| cookie.to_str().unwrap().starts_with("logto_app=")), "{cookies:?}");
}

/// The session of a layer that began before is the one that the routes inside it work with.
#[tokio::test]
async fn a_route_inside_a_layer_joins_its_session_across_a_replacement() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let current = CurrentClient::from(&site.logto);
    let outer = request("/", &browser).enter(current.get().as_ref());
    current.replace(other_settings(&site, |config| config.base_url("http://localhost:4000"))).unwrap();
    let headers = |name: &str| match name {
        "cookie" => Some(browser.header()),
        "sec-fetch-site" => Some("same-origin".to_owned()),
        _ => None,
    };
    let inner = AuthRequest::new("POST", "/logto/sign-out", headers).session(Some(outer.clone()));
    let response = current.handle_auth_routes(&inner).await.unwrap();
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers().filter(|(name, _)| *name == "set-cookie").count(), 0, "the layer writes it");
    assert!(!outer.is_authenticated().await.unwrap());
    assert_eq!(outer.commit().await.unwrap().set_cookies().len(), 1);
}

#[tokio::test]
async fn a_mistake_in_the_new_settings_leaves_those_of_before_in_force() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let current = CurrentClient::from(&site.logto);
    let error = settings(&site.mock, &site.clock).endpoint("logto").cookie_secret("short").build().unwrap_err();
    assert!(error.to_string().starts_with("2 settings are wrong: "), "{error}");
    let other_routes = other_settings(&site, |config| config.routes(Routes::new().callback("/back")));
    let error = current.replace(other_routes.clone()).unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    assert!(error.to_string().contains("routes are not those that the application has mounted"), "{error}");
    assert_eq!(error.config_problems().first().map(logto::diagnose::ConfigProblem::setting), Some("routes"));
    assert!(is_signed_in(&current, &browser).await);
    let mounted = CurrentClient::with_routes(Routes::new().callback("/back"));
    mounted.replace(other_routes).unwrap();
    assert!(mounted.get().is_some());
}

#[tokio::test]
async fn sessions_go_on_where_their_cookies_still_open() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let current = CurrentClient::from(&site.logto);
    let new_secret = format!("{COOKIE_SECRET}, another");
    for (what, config, goes_on) in [
        ("the same", other_settings(&site, |config| config.scopes(["email"])), true),
        (
            "a rotated secret",
            other_settings(&site, |config| {
                config.cookie_secret(new_secret.as_str()).previous_cookie_secrets([COOKIE_SECRET])
            }),
            true,
        ),
        ("another secret", other_settings(&site, |config| config.cookie_secret(new_secret.as_str())), false),
        ("another application", other_settings(&site, |config| config.app_id("other")), false),
        ("the first again", other_settings(&site, |config| config), true),
    ] {
        current.replace(config).unwrap();
        assert_eq!(is_signed_in(&current, &browser).await, goes_on, "{what}");
    }
}

/// A session in cookies is ended by what memory knows of it.
#[tokio::test]
async fn a_session_that_ended_stays_ended() {
    let site = Site::start().await;
    let current = CurrentClient::from(&site.logto);
    let copied = site.signed_in("ada").await;
    _ = site.logto.sign_out(&mut copied.request(), SignOutOptions::new()).await.unwrap();
    assert!(!is_signed_in(&current, &copied).await);
    current.replace(other_settings(&site, |config| config.scopes(["email"]))).unwrap();
    assert!(!is_signed_in(&current, &copied).await, "after other settings");
    current.remove();
    current.replace(other_settings(&site, |config| config)).unwrap();
    assert!(!is_signed_in(&current, &copied).await, "after there was no client");
}

/// The refresh token is good for one use: a second exchange would end the session.
#[tokio::test]
async fn a_refresh_under_way_is_shared_with_the_client_that_comes_after() {
    let gate = Gate::new();
    let site = Site::rotating_with(|config| config.http_client(gate.clone())).await;
    let browser = site.signed_in("ada").await;
    let current = CurrentClient::from(&site.logto);
    gate.close();
    let ask = |client: LogtoClient| {
        let mut cookies = browser.request();
        tokio::spawn(async move {
            let token = client.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await;
            token.map(|token| token.token().to_owned())
        })
    };
    let before = ask(current.get().unwrap());
    gate.someone_waits().await;
    let spa = |clock: &TestClock| settings(&site.mock, clock).app_id("spa").build().unwrap();
    current.replace(spa(&site.clock)).unwrap();
    let after = ask(current.get().unwrap());
    tokio::task::yield_now().await;
    gate.open();
    let (before, after) = (before.await.unwrap().unwrap(), after.await.unwrap().unwrap());
    assert_eq!((before == after, site.mock.request_count(Endpoint::Token)), (true, 1));
    // A browser that never saw the answer comes back with the spent token, beyond what Logto forgives.
    site.advance(600);
    current.remove();
    current.replace(spa(&site.clock)).unwrap();
    let late = ask(current.get().unwrap()).await.unwrap();
    assert!(late.is_ok(), "{late:?}");
}

#[tokio::test]
async fn a_sign_in_under_way_ends_with_the_client_that_comes_after() {
    let site = Site::start().await;
    let current = CurrentClient::from(&site.logto);
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/wanted")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    current.replace(other_settings(&site, |config| config.scopes(["email"]))).unwrap();
    let mut cookies = browser.request();
    let redirect = current.get().unwrap().handle_sign_in(&mut cookies, &callback).await.unwrap();
    assert_eq!(redirect.location(), format!("{BASE_URL}/wanted"));
    // The same callback once more, at a client that comes after: the code is not exchanged again.
    current.replace(other_settings(&site, |config| config)).unwrap();
    site.mock.reset_counts();
    _ = current.get().unwrap().handle_sign_in(&mut browser.request(), &callback).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 0);
}

#[tokio::test]
async fn without_a_client_nobody_is_signed_in() {
    let current = CurrentClient::from(None::<LogtoClient>);
    let mut browser = Browser::default();
    browser.cookies.insert("logto_app".into(), "garbage".into());
    let session = request("/", &browser).enter(current.get().as_ref());
    assert!(session.client().is_none());
    assert!(!session.is_authenticated().await.unwrap());
    assert!(session.user().await.unwrap().is_none());
    assert!(session.get_id_token().await.unwrap().is_none());
    assert!(session.get_refresh_token().await.unwrap().is_none());
    let context = session.get_context(ContextOptions::new().fetch_user_info(true)).await.unwrap();
    assert!(!context.is_authenticated());
    assert!(RecentlyAuthenticated::<MaxAge<300>>::extract_optional(&session).await.unwrap().is_none());
    let refused = [
        session.require_user().await.unwrap_err(),
        session.sign_in(SignInOptions::new()).await.unwrap_err(),
        session.handle_sign_in("code=c&state=s").await.unwrap_err(),
        session.sign_out(SignOutOptions::new()).await.unwrap_err(),
        session.get_access_token(TokenOptions::new()).await.unwrap_err(),
        session.clear_all_tokens().await.unwrap_err(),
        session.require_recent_auth(&StepUp::new()).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.not_set_up", 403));
        assert!(error.means_nobody() && !error.requires_sign_in());
    }
    assert!(session.commit().await.unwrap().set_cookies().is_empty());
}

#[tokio::test]
async fn without_a_client_routes_are_refused_for_people_as_for_programs() {
    let current = CurrentClient::default();
    for target in ["/logto/sign-in", "/logto/sign-up", "/callback?code=c&state=s", "/logto/sign-out", "/logto/user"] {
        let response = current.handle_auth_routes(&page(target)).await.unwrap();
        assert_eq!(response.status(), 403, "{target}");
        assert!(response.body().contains("sign-in is not set up"), "{}", response.body());
        assert!(response.body().contains("href=\"/\""), "{}", response.body());
        assert!(!response.body().contains("/logto/sign-in"), "{}", response.body());
        let response = current.handle_auth_routes(&request(target, &Browser::default())).await.unwrap();
        let json: serde_json::Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!((response.status(), json["code"].as_str().unwrap()), (403, "sign_in.not_set_up"), "{target}");
    }
    let told = AuthRequest::new("POST", "/logto/back-channel-logout", |_| None);
    assert_eq!(current.handle_auth_routes(&told).await.unwrap().status(), 400);
    assert!(current.handle_auth_routes(&page("/me")).await.is_none());
    let page_of =
        |session: RequestSession| async move { Ok(Response::new(session.require_user().await?.sub().to_owned())) };
    let response: Response<String> = current.handle_request(&page("/me"), page_of).await;
    assert_eq!(response.status(), 403);
    let inner = current.clone();
    let response: Response<String> = current
        .with_session(page("/me"), |request, _| async move { inner.handle_request(&request, page_of).await })
        .await;
    assert_eq!(response.status(), 403);
    // A service may put the error among the extensions of its response, and the body may be of any type.
    let refused = |session: RequestSession| async move {
        let mut response = Response::new(Vec::new());
        response.extensions_mut().insert(session.require_user().await.unwrap_err());
        response
    };
    let page_of = |session| async move { Ok(refused(session).await) };
    let pages = [
        current.handle_request_with(&page("/me"), String::into_bytes, page_of).await,
        current.with_session_with(page("/me"), String::into_bytes, |_, session| refused(session)).await,
    ];
    for page in pages {
        assert_eq!(page.status(), 403);
        assert!(String::from_utf8(page.into_body()).unwrap().contains("sign-in is not set up"));
    }
}

/// The routes are mounted before there is a client.
#[tokio::test]
async fn routes_that_were_mounted_without_a_client_are_not_warned_of() {
    let (log, _guard) = listen("logto=warn");
    let site = Site::start().await;
    let is_warned = |log: &Log| log.text().contains("the sign-in route");
    let mounted = CurrentClient::default();
    assert!(!mounted.route_paths().is_empty());
    mounted.replace(other_settings(&site, |config| config)).unwrap();
    mounted.remove();
    mounted.replace(other_settings(&site, |config| config.app_id("other"))).unwrap();
    _ = mounted.get().unwrap().sign_in_redirect(&page("/me"));
    assert!(!is_warned(&log), "{}", log.text());
    let forgotten = CurrentClient::default();
    forgotten.replace(other_settings(&site, |config| config)).unwrap();
    _ = forgotten.get().unwrap().sign_in_redirect(&page("/me"));
    assert!(is_warned(&log), "{}", log.text());
}

#[tokio::test]
async fn a_client_with_cookies_of_another_name_takes_over_what_the_slot_and_a_sign_in_hold() {
    let site = Site::start().await;
    let current = CurrentClient::from(&site.logto);
    let mut browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    site.logto.set_data(&mut cookies, "a note").await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    let url = site.begin(&mut browser, SignInOptions::new().app_state("second tab")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    current
        .replace(other_settings(&site, |config| config.cookie_name("new").previous_cookie_names(["logto_app"])))
        .unwrap();
    let session = request("/", &browser).enter(current.get().as_ref());
    assert_eq!(session.data::<String>().await.unwrap().as_deref(), Some("a note"));
    browser.receive(session.commit().await.unwrap().set_cookies());
    assert!(browser.cookies.contains_key("new") && !browser.cookies.contains_key("logto_app"), "{browser:?}");
    let session = request("/callback", &browser).enter(current.get().as_ref());
    _ = session.handle_sign_in(&callback).await.unwrap();
    assert_eq!(session.data::<String>().await.unwrap().as_deref(), Some("a note"));
    assert_eq!(session.take_app_state::<String>().await.unwrap().as_deref(), Some("second tab"));
    browser.receive(session.commit().await.unwrap().set_cookies());
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["new"]);
}
