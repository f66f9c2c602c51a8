//! A newcomer's mistakes, each with what it looks like: `docs/troubleshooting.md` says no more than these.

use std::time::Duration;

use logto::{
    LogtoClient, Routes, SignInOptions,
    diagnose::CheckOutcome,
    integrate::{AuthRequest, AuthResponse},
    testing::TestClock,
};

use crate::plain_http::plain_http;
use crate::support::{APP_SECRET, BASE_URL, Browser, Site, settings};

/// What a browser with these cookies gets from the application at `target`.
async fn open(logto: &LogtoClient, browser: &Browser, target: &str) -> AuthResponse {
    let request = AuthRequest::new("GET", target.strip_prefix(BASE_URL).unwrap(), |name| match name {
        "cookie" => Some(browser.header()),
        "accept" => Some("text/html".to_owned()),
        _ => None,
    });
    logto.handle_auth_routes(&request).await.unwrap()
}

/// A sign-in up to the callback: the browser with the sign-in's cookie, and the address that Logto sends it to.
async fn up_to_callback(site: &Site) -> (Browser, String) {
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    (browser, callback)
}

/// A page with this status and code that tells the developer what to do.
#[track_caller]
fn shows(page: &AuthResponse, status: u16, code: &str, what_to_do: &str) {
    let body = page.body();
    assert_eq!(page.status(), status, "{body}");
    assert!(body.contains(&format!("<code>{code}</code>")), "{body}");
    assert!(body.contains("What to do:") && body.contains(what_to_do), "{body}");
}

/// The names of what `diagnose` finds wrong.
async fn found(logto: &LogtoClient) -> Vec<&'static str> {
    let diagnosis = logto.diagnose().await;
    let failures = diagnosis.checks().iter().filter(|check| check.outcome == CheckOutcome::Failure);
    failures.map(|check| check.name).collect()
}

#[tokio::test]
async fn a_callback_path_that_is_not_registered_ends_at_logto() {
    let site = Site::with(|mock| mock, |config| config.routes(Routes::new().callback("/auth/callback"))).await;
    let url = site.begin(&mut Browser::default(), SignInOptions::new()).await;
    // As a browser, which would follow a redirect if there were one.
    let response = plain_http().build().unwrap().get(url).header("accept", "text/html").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().get("location")), (400, None));
    assert_eq!(response.url().path(), "/oidc/auth");
    let told: serde_json::Value = response.json().await.unwrap();
    assert_eq!(told["error"], "invalid_redirect_uri");
    assert_eq!(told["code"], "oidc.invalid_redirect_uri");
    assert_eq!(found(&site.logto).await, ["redirect URI"]);
}

#[tokio::test]
async fn a_callback_on_another_host_has_no_cookie() {
    let site = Site::start().await;
    let (_, callback) = up_to_callback(&site).await;
    // The sign-in was begun on 127.0.0.1, whose cookies are not sent to localhost; or its Secure cookie was dropped on http.
    let page = open(&site.logto, &Browser::default(), &callback).await;
    shows(&page, 400, "sign_in_session.not_found", "localhost is not 127.0.0.1");
}

#[tokio::test]
async fn instances_with_different_cookie_secrets_do_not_know_each_other() {
    let site = Site::start().await;
    let other =
        settings(&site.mock, &site.clock).app_secret(APP_SECRET).cookie_secret("another 32 bytes, on another instance");
    let other = LogtoClient::new(other.build().unwrap()).unwrap();
    let (browser, callback) = up_to_callback(&site).await;
    shows(&open(&other, &browser, &callback).await, 400, "sign_in_session.not_found", "give all instances the same");

    let browser = site.signed_in("ada").await;
    assert!(site.is_signed_in(&browser).await);
    assert!(!other.is_authenticated(&browser.request()).await.unwrap(), "signed out, on every second request");
}

#[tokio::test]
async fn a_wrong_secret_shows_at_the_callback() {
    let site = Site::with(|mock| mock, |config| config.app_secret("the secret of another app")).await;
    let (browser, callback) = up_to_callback(&site).await;
    let page = open(&site.logto, &browser, &callback).await;
    shows(&page, 500, "client.invalid_credentials", "Endpoints &amp; Credentials");
    assert!(page.body().contains("invalid_client") && page.body().contains("diagnose()"), "{}", page.body());
    assert_eq!(found(&site.logto).await, ["client authentication"]);
}

#[tokio::test]
async fn a_clock_that_is_behind_shows_at_the_callback() {
    let clock = TestClock::new();
    clock.advance(Duration::from_secs(300));
    let site = Site::with(|mock| mock.clock(clock), |config| config).await;
    let (browser, callback) = up_to_callback(&site).await;
    shows(
        &open(&site.logto, &browser, &callback).await,
        502,
        "id_token.invalid_iat",
        "Set the clock of this machine (NTP)",
    );
    assert_eq!(found(&site.logto).await, ["clock"]);
}

#[tokio::test]
async fn a_logto_out_of_reach_shows_at_the_sign_in() {
    let site = Site::start().await;
    site.mock.stop().await;
    let page = open(&site.logto, &Browser::default(), &format!("{BASE_URL}/logto/sign-in")).await;
    shows(&page, 503, "network.unreachable", "Check that this server reaches `endpoint`");
    assert_eq!(found(&site.logto).await, ["discovery"]);
}

#[tokio::test]
async fn a_resource_that_logto_does_not_know_shows_at_the_callback() {
    let site = Site::with(|mock| mock, |config| config.resources(["https://typo.example.test"])).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let no_redirects = crate::http_browser::without_redirects();
    let response = no_redirects.get(url).send().await.unwrap();
    let callback = response.headers()["location"].to_str().unwrap();
    shows(&open(&site.logto, &browser, callback).await, 500, "sign_in.request_refused", "Register the API resource");
    assert_eq!(found(&site.logto).await, ["scopes and resources"]);
}
