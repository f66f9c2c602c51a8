//! What the Logto Console knows of the app, and what it does not.

use logto::{
    diagnose::CheckOutcome,
    testing::{Endpoint, Fault, MockApp},
};

use super::{check, diagnose, failed, names, says};
use crate::support::{APP_SECRET, BASE_URL, Site, app};

#[tokio::test]
async fn a_wrong_secret_is_reported() {
    let site = Site::with(|mock| mock, |config| config.app_secret("SENTINEL of another app")).await;
    failed(
        &diagnose(&site).await,
        "client authentication",
        "Logto refuses the secret of the app `app`",
        "Endpoints & Credentials: set LOGTO_APP_ID to the App ID and LOGTO_APP_SECRET to an App secret",
    );
}

#[tokio::test]
async fn a_secret_that_is_missing_or_not_wanted_is_reported() {
    let site = Site::start().await;
    let config = crate::support::settings(&site.mock, &site.clock).build().unwrap();
    let diagnosis = logto::LogtoClient::new(config).unwrap().diagnose().await;
    failed(&diagnosis, "client authentication", "wants a secret of the app `app`", "set LOGTO_APP_SECRET");

    let site = Site::rotating().await;
    let diagnosis = diagnose(&site).await;
    assert!(diagnosis.is_ok(), "{diagnosis}");
    says(check(&diagnosis, "client authentication"), "`spa`, as a public client, without a secret", "");
    let site = Site::rotating_with(|config| config.app_secret(APP_SECRET)).await;
    failed(&diagnose(&site).await, "client authentication", "refuses the secret", "has no secret: leave it out");
}

#[tokio::test]
async fn an_app_that_logto_does_not_know_is_reported() {
    let site = Site::with(|mock| mock, |config| config.app_id("typo")).await;
    let diagnosis = diagnose(&site).await;
    let all = ["client authentication", "redirect URI", "post sign-out redirect URI"];
    assert_eq!(names(&diagnosis, CheckOutcome::Failure), all);
    for name in all {
        says(check(&diagnosis, name), "invalid client typo", "set LOGTO_APP_ID to the App ID there");
    }
    assert_eq!(names(&diagnosis, CheckOutcome::Skipped), ["scopes and resources"]);
}

#[tokio::test]
async fn a_machine_to_machine_app_is_reported_as_no_app_to_sign_in_to() {
    let site =
        Site::with(|mock| mock.machine_to_machine_app(MockApp::new("m2m", APP_SECRET)), |config| config.app_id("m2m"))
            .await;
    let diagnosis = diagnose(&site).await;
    assert!(!diagnosis.is_ok());
    says(check(&diagnosis, "redirect URI"), "is not registered", "(a traditional web app)");
    says(check(&diagnosis, "client authentication"), "", "Traditional web");
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_reported() {
    let routes = logto::Routes::new().callback("/auth/callback");
    let site = Site::with(|mock| mock, |config| config.routes(routes)).await;
    let diagnosis = diagnose(&site).await;
    let uri = format!("{BASE_URL}/auth/callback");
    failed(
        &diagnosis,
        "redirect URI",
        &format!("{uri} is not registered"),
        &format!(
            "Logto Console › Applications › your app (a traditional web app) › Redirect URIs: add {uri}; its path letter by letter"
        ),
    );
    assert_eq!(names(&diagnosis, CheckOutcome::Skipped), ["scopes and resources"]);
}

#[tokio::test]
async fn a_post_sign_out_redirect_uri_that_is_not_registered_is_reported() {
    let registered = MockApp::new("second", APP_SECRET).redirect_uri(format!("{BASE_URL}/callback"));
    let site = Site::with(|mock| mock.app(registered), |config| config.app_id("second")).await;
    failed(
        &diagnose(&site).await,
        "post sign-out redirect URI",
        &format!("{BASE_URL} is not registered"),
        &format!("Post sign-out redirect URIs: add {BASE_URL}; a slash at its end makes no difference"),
    );
}

#[tokio::test]
async fn addresses_that_are_registered_in_another_case_or_with_a_slash_are_reported() {
    let other_case = BASE_URL.to_uppercase();
    let registered = MockApp::new("second", APP_SECRET).redirect_uri(format!("{other_case}/callback"));
    let registered = registered.post_logout_redirect_uri(format!("{other_case}/"));
    let site = Site::with(|mock| mock.app(registered), |config| config.app_id("second")).await;
    let diagnosis = diagnose(&site).await;
    for name in ["redirect URI", "post sign-out redirect URI"] {
        says(check(&diagnosis, name), "is registered", "");
    }
}

#[tokio::test]
async fn a_resource_that_logto_does_not_know_is_reported() {
    let site = Site::with(|mock| mock, |config| config.resources(["https://typo.example.test"])).await;
    let diagnosis = diagnose(&site).await;
    failed(&diagnosis, "scopes and resources", "invalid_target", "letter by letter: https://typo.example.test. Or");
    says(check(&diagnosis, "redirect URI"), "is registered", "");
}

#[tokio::test]
async fn a_scope_that_logto_does_not_grant_is_reported() {
    let site = Site::with(|mock| mock.app(app("third").third_party()), |config| config.app_id("third")).await;
    failed(
        &diagnose(&site).await,
        "scopes and resources",
        "invalid_scope",
        "your app › Permissions: grant what LOGTO_SCOPES asks for",
    );
}

#[tokio::test]
async fn endpoints_with_an_unexpected_answer_are_reported() {
    let site = Site::start().await;
    for (endpoint, name) in [
        (Endpoint::Token, "client authentication"),
        (Endpoint::Authorization, "redirect URI"),
        (Endpoint::EndSession, "post sign-out redirect URI"),
    ] {
        for fault in [
            Fault::status(500),
            Fault::html(403),
            Fault::redirect("https://www.example.com/?secret=1"),
            Fault::drop_connection(),
        ] {
            site.mock.inject_fault(endpoint, fault);
            let diagnosis = diagnose(&site).await;
            failed(&diagnosis, name, "", "");
            assert!(!diagnosis.to_string().contains("secret=1"));
            site.mock.clear_faults();
        }
    }
    let tokens = r#"{"access_token":"a","token_type":"Bearer"}"#;
    site.mock.inject_fault(Endpoint::Token, Fault::body(200, "application/json", tokens));
    failed(&diagnose(&site).await, "client authentication", "a code that does not exist", "a Logto server");
}
