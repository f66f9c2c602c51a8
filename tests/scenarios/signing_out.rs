//! Signing out.

use logto::testing::Endpoint;
use reqwest::Method;
use serde_json::json;

use crate::{
    app::{App, Setup},
    example::Example,
    jar::Request,
    plain_http::plain_http,
};

const OWN: Request = Request::OWN;
const FORM: &str = "application/x-www-form-urlencoded";

pub async fn a_sign_out_is_here_and_at_logto(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.sign_out().await;
    tab.is_at(&app.home());
    tab.shows("Create account");
    assert!(tab.cookies(&app.base).is_empty());
    assert_eq!(app.mock.request_count(Endpoint::Revocation), 1, "the refresh token is dead, too");
    // Logto has forgotten the user as well.
    tab.click("Sign in").await;
    tab.sign_in("bob", "builder").await;
    tab.shows("Hello, user-bob");
}

/// Whoever copied the cookies before has nothing in hand.
pub async fn cookies_from_before_a_sign_out_are_dead(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    let copied = tab.browser.jar().header(&app.base.parse().unwrap(), OWN).unwrap();
    tab.sign_out().await;
    for page in ["/protected", "/user-info", "/access-token"] {
        let response = plain_http().build().unwrap().get(app.url(page)).header("cookie", &copied).send().await.unwrap();
        assert_eq!(response.status(), 401, "{page}");
    }
}

pub async fn a_sign_out_is_a_post(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.open(&app.url("/logto/sign-out")).await;
    assert_eq!((tab.page.status.as_u16(), tab.page.header("allow")), (405, "POST"));
    tab.shows("Please confirm that you want to sign out.");
    assert_eq!(tab.image("/logto/sign-out").await.status, 405);
    let home = tab.fetch("/logto/user").await;
    assert_eq!(home.json()["isAuthenticated"], true, "nobody was signed out");
    // The page has the form that does it.
    tab.submit(&[]).await;
    tab.is_at(&app.home());
    tab.shows("Create account");
}

/// CSRF: a form on any page of the web can post.
pub async fn a_sign_out_comes_from_this_site(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    let form = format!(r#"<form method="post" action="{}"></form>"#, app.url("/logto/sign-out"));
    for page in ["https://evil.example/", "http://127.0.0.1:3000/", "http://localhost:1/", "http://app.localhost/"] {
        let mut evil = tab.browser.page_of(page, &form);
        evil.submit(&[]).await;
        assert_eq!(evil.page.status, 403, "{page}");
        evil.shows("sign_out.cross_site");
    }
    // What no browser of today sends, and what an old one sends.
    let post = |headers: &[(&'static str, String)]| {
        let cookies = tab.browser.jar().header(&app.base.parse().unwrap(), OWN).unwrap();
        let client = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = client.post(app.url("/logto/sign-out")).header("cookie", cookies);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(post(&[]).await, 403);
    assert_eq!(post(&[("origin", "null".into())]).await, 403);
    assert_eq!(post(&[("origin", "https://evil.example".into())]).await, 403);
    assert_eq!(post(&[("sec-fetch-site", "none".into())]).await, 403);
    assert_eq!(tab.fetch("/logto/user").await.json()["isAuthenticated"], true, "nobody was signed out");
    assert_eq!(post(&[("origin", app.base.clone())]).await, 303);
}

pub async fn a_sign_out_of_nobody_is_no_error(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.page.body = r#"<form method="post" action="/logto/sign-out"></form>"#.into();
    tab.sign_out().await;
    tab.is_at(&app.home());
    tab.shows("Create account");
}

/// Logto tells the application of the sign-out in one browser, and the user is signed out in all.
pub async fn a_sign_out_reaches_other_browsers(example: Example) {
    let app = App::with(example, Setup::back_channel).await;
    let mut here = app.signed_in().await;
    let mut there = app.signed_in().await;
    here.sign_out().await;
    there.open(&app.home()).await;
    there.shows("Create account");
    assert!(there.cookies(&app.base).is_empty());
}

pub async fn a_logout_token_ends_sessions_once(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    let post = |content_type: &'static str, body: String| {
        let request = plain_http().build().unwrap().post(app.url("/logto/back-channel-logout"));
        let request = request.header("content-type", content_type).body(body);
        async move {
            let response = request.send().await.unwrap();
            let caching = response.headers()["cache-control"].to_str().unwrap().to_owned();
            (response.status().as_u16(), caching, response.text().await.unwrap())
        }
    };
    let token = format!("logout_token={}", app.mock.logout_token(Some("user-ada"), None));
    for (content_type, body) in [(FORM, "logout_token=x.y.z"), (FORM, ""), ("application/json", &token)] {
        let (status, caching, answer) = post(content_type, body.into()).await;
        assert_eq!((status, caching.as_str()), (400, "no-store"), "{answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["error"], "invalid_request");
    }
    assert_eq!(tab.fetch("/logto/user").await.json()["isAuthenticated"], true);

    assert_eq!(post(FORM, token.clone()).await, (200, "no-store".into(), String::new()));
    assert_eq!(tab.fetch("/logto/user").await.json(), json!({ "isAuthenticated": false }));
    let again = post(FORM, token).await;
    assert!(again.0 == 400 && again.2.contains("logout_token.replayed"), "{again:?}");
    assert_eq!(tab.ask(Method::GET, "/logto/back-channel-logout").await.status, 405);

    // Who signs in afterwards is signed in; tokens tell the time in whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let mut tab = app.signed_in().await;
    tab.open(&app.url("/protected")).await;
    tab.shows("user-ada");
}
