//! Settings that are valid, and bite all the same; and those that are refused before.

use logto::{Prompt, diagnose::CheckOutcome};

use super::{check, diagnose, says, warned};
use crate::support::{BOOKS, Site, app, settings};

/// A site at another address, registered there.
async fn at(base_url: &str) -> Site {
    let registered = app("moved").redirect_uri(format!("{base_url}/callback")).post_logout_redirect_uri(base_url);
    Site::with(|mock| mock.app(registered), |config| config.app_id("moved").base_url(base_url)).await
}

#[tokio::test]
async fn an_address_that_browsers_cannot_use_is_reported() {
    let site = at("http://app.example.com").await;
    warned(&diagnose(&site).await, "base URL", "is http on another machine", "Serve the application by https");
    let site = at("http://0.0.0.0:3000").await;
    warned(&diagnose(&site).await, "base URL", "where a server listens", "such as http://localhost:3000.");
    let site = at("https://app.example.com").await;
    warned(
        &diagnose(&site).await,
        "base URL",
        "users' browsers cannot reach it",
        "LOGTO_ENDPOINT to Logto's public address",
    );
    let site = Site::start().await;
    let config = settings(&site.mock, &site.clock).base_url(site.mock.endpoint()).build().unwrap();
    let diagnosis = logto::LogtoClient::new(config).unwrap().diagnose().await;
    says(check(&diagnosis, "base URL"), "of the application and of Logto", "Set LOGTO_BASE_URL");
}

#[tokio::test]
async fn a_diagnosis_names_the_host_to_open_the_application_under() {
    for (base_url, told) in [
        ("http://localhost:3000", "http://localhost:3000; open the application there, not at 127.0.0.1"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000; open the application there, not at localhost"),
        ("http://[::1]:3000", "http://[::1]:3000; open the application there, not at localhost"),
    ] {
        let diagnosis = diagnose(&at(base_url).await).await;
        assert_eq!(check(&diagnosis, "base URL").outcome, CheckOutcome::Ok);
        says(check(&diagnosis, "base URL"), told, "");
    }
}

#[tokio::test]
async fn a_diagnosis_names_the_cookie_that_will_be_set() {
    let cookie = |diagnosis: &logto::diagnose::Diagnosis| check(diagnosis, "cookies").finding.clone();
    let found = cookie(&diagnose(&Site::start().await).await);
    assert_eq!(
        found,
        "logto_app=…; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600 (whole session in the cookie; not Secure, as the base URL is http)"
    );
    let found = cookie(&diagnose(&at("https://app.example.com").await).await);
    assert!(found.starts_with("__Host-logto_moved=…; HttpOnly; SameSite=Lax; Secure; Path=/"), "{found}");
    assert!(found.contains("sent over https alone"));
    let site = Site::with(|mock| mock, |config| config.session_store(logto::store::MemoryStore::new())).await;
    let found = cookie(&diagnose(&site).await);
    assert!(found.contains("session in a store, reference in the cookie"), "{found}");
}

#[tokio::test]
async fn a_secure_cookie_on_http_is_refused_by_the_configuration() {
    let site = Site::start().await;
    let error = settings(&site.mock, &site.clock).cookie_secure(true).build().unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    assert!(error.to_string().contains("leave cookie_secure out, or use https"), "{error}");
}

#[tokio::test]
async fn a_sign_in_without_a_refresh_token_is_reported() {
    let site = Site::with(|mock| mock, |config| config.prompt([Prompt::Login])).await;
    warned(&diagnose(&site).await, "sign-in request", "Logto gives no refresh token", "Add `consent` to LOGTO_PROMPT");
    let site = Site::with(
        |mock| mock,
        |config| config.prompt([Prompt::Login]).include_reserved_scopes(false).scopes(["openid"]).resources([BOOKS]),
    )
    .await;
    let diagnosis = diagnose(&site).await;
    assert_eq!(check(&diagnosis, "sign-in request").outcome, CheckOutcome::Ok, "no refresh token was asked for");
}
