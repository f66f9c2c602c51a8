//! The list as people and programs read it.

use logto::{
    diagnose::CheckOutcome,
    testing::{Endpoint, Fault},
};

use super::{ASKED, diagnose, names};
use crate::support::{Browser, Site};

/// The list, with what differs from run to run replaced.
fn printed(site: &Site, diagnosis: &logto::diagnose::Diagnosis) -> String {
    diagnosis.to_string().replace(&site.mock.endpoint(), "http://127.0.0.1:3001")
}

#[tokio::test]
async fn a_diagnosis_reports_no_problem_where_all_is_right() {
    let site = Site::start().await;
    let diagnosis = diagnose(&site).await;
    assert!(diagnosis.is_ok());
    insta::assert_snapshot!(printed(&site, &diagnosis));
}

#[tokio::test]
async fn a_diagnosis_reports_every_problem() {
    let site = Site::with(
        |mock| mock,
        |config| {
            config
                .app_secret("SENTINEL of another app")
                .base_url("http://app.example.com")
                .prompt([logto::Prompt::Login])
        },
    )
    .await;
    site.mock.inject_fault(Endpoint::Jwks, Fault::html(502));
    let diagnosis = diagnose(&site).await;
    assert!(!diagnosis.is_ok());
    insta::assert_snapshot!(printed(&site, &diagnosis));
}

#[tokio::test]
async fn each_diagnosis_requests_every_endpoint_once_without_the_cache() {
    let site = Site::start().await;
    site.logto.warm_up().await.unwrap();
    for _ in 0..2 {
        assert!(diagnose(&site).await.is_ok());
        assert_eq!(ASKED.map(|endpoint| site.mock.request_count(endpoint)), [1; 5]);
        assert_eq!(site.mock.requests_total(), 5);
    }
    // What is wrong now is seen now, and what users are served stays what it was.
    site.mock.tamper_discovery(|document| document["issuer"] = "https://elsewhere.example/oidc".into());
    assert!(!diagnose(&site).await.is_ok());
    site.mock.reset_counts();
    site.signed_in("ada").await;
    assert_eq!(site.mock.request_count(Endpoint::Discovery), 0);
}

#[tokio::test]
async fn a_diagnosis_signs_nobody_out() {
    let site = Site::start().await;
    let mut browser: Browser = site.signed_in("ada").await;
    assert!(diagnose(&site).await.is_ok());
    site.advance(3600);
    let context = site
        .context(
            &mut browser,
            logto::ContextOptions::new().access_token(logto::TokenOptions::new().resource(crate::support::BOOKS)),
        )
        .await;
    assert!(context.unwrap().is_authenticated(), "the refresh token is still good");
}

#[tokio::test]
async fn a_diagnosis_is_json_for_programs() {
    let site = Site::start().await;
    site.mock.stop().await;
    let json = serde_json::to_value(diagnose(&site).await).unwrap();
    let checks = json["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 13);
    let discovery = checks.iter().find(|check| check["name"] == "discovery").unwrap();
    assert_eq!(discovery["outcome"], "failure");
    assert!(discovery["hint"].as_str().unwrap().contains("LOGTO_ENDPOINT"));
    assert_eq!(checks[0]["outcome"], "ok");
    assert!(checks[0].get("hint").is_none());
}

#[tokio::test]
async fn a_diagnosis_tells_what_could_not_be_checked() {
    let site = Site::start().await;
    site.mock.stop().await;
    let diagnosis = diagnose(&site).await;
    assert_eq!(
        names(&diagnosis, CheckOutcome::Skipped),
        [
            "clock",
            "issuer",
            "endpoints",
            "keys",
            "client authentication",
            "redirect URI",
            "scopes and resources",
            "post sign-out redirect URI"
        ]
    );
}
