//! Logto itself: out of reach, another server, no keys, another time.

use std::time::Duration;

use http::{Request, Response};
use logto::{
    SignInOptions,
    diagnose::CheckOutcome,
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{Endpoint, Fault, TestClock},
};
use serde_json::json;
use tokio::time::Instant;

use super::{check, diagnose, failed, names, says, warned};
use crate::plain_http::plain_http;
use crate::support::{Browser, Site};

#[tokio::test]
async fn a_server_that_does_not_answer_is_reported() {
    let site = Site::start().await;
    site.mock.stop().await;
    let url = format!("{}/oidc/.well-known/openid-configuration", site.mock.endpoint());
    failed(&diagnose(&site).await, "discovery", &url, &format!("Compare LOGTO_ENDPOINT ({})", site.mock.endpoint()));
}

#[tokio::test]
async fn a_server_that_is_no_logto_is_reported() {
    let site = Site::start().await;
    for (fault, found, hint) in [
        (
            Fault::html(200),
            "cannot be read (text/html)",
            "must answer with JSON. `endpoint` is the address without `/oidc`",
        ),
        (Fault::malformed_body(), "cannot be read (application/json)", "must answer with JSON"),
        (Fault::status(404), "answered 404", "must answer with JSON"),
        (Fault::status(503), "answered 503", "must answer with JSON"),
        (Fault::redirect("https://www.example.com/"), "answered with a redirect", "the final address as `endpoint`"),
        (Fault::drop_connection(), "failed", "LOGTO_ENDPOINT"),
        (Fault::body(200, "application/json", vec![b' '; 2_000_000]), "more than 1048576 bytes", "a Logto server"),
    ] {
        site.mock.inject_fault(Endpoint::Discovery, fault);
        failed(&diagnose(&site).await, "discovery", found, hint);
        // A connection that broke is tried once more.
        assert_eq!(site.mock.requests_total(), if found == "failed" { 2 } else { 1 });
        site.mock.clear_faults();
    }
}

#[tokio::test]
async fn another_server_is_not_told_the_secret() {
    let site = Site::start().await;
    site.mock.tamper_discovery(|document| document["issuer"] = "https://tenant.logto.app/oidc".into());
    failed(
        &diagnose(&site).await,
        "issuer",
        "calls itself `https://tenant.logto.app/oidc`",
        "Set LOGTO_ENDPOINT to https://tenant.logto.app, which",
    );
    assert_eq!(site.mock.requests_total(), 1);

    site.mock.tamper_discovery(|document| document["issuer"] = "https://accounts.example.com".into());
    failed(&diagnose(&site).await, "issuer", "`https://accounts.example.com`", "whose issuer ends with /oidc");
    site.mock.tamper_discovery(|document| _ = document.as_object_mut().unwrap().remove("issuer"));
    let diagnosis = diagnose(&site).await;
    assert_eq!(names(&diagnosis, CheckOutcome::Failure), ["issuer", "endpoints"]);
    says(check(&diagnosis, "issuer"), "names no issuer", "/oidc");
}

#[tokio::test]
async fn localhost_is_not_127_0_0_1_to_an_issuer() {
    let site = Site::start().await;
    let localhost = site.mock.endpoint().replace("127.0.0.1", "localhost");
    let config = crate::support::settings(&site.mock, &site.clock).endpoint(&localhost).build().unwrap();
    let diagnosis = logto::LogtoClient::new(config).unwrap().diagnose().await;
    let hint = format!("Set LOGTO_ENDPOINT to {}, which", site.mock.endpoint());
    failed(&diagnosis, "issuer", &format!("not `{localhost}/oidc`"), &hint);
}

#[tokio::test]
async fn endpoints_that_are_missing_or_elsewhere_are_reported() {
    let site = Site::start().await;
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        site.mock.tamper_discovery(move |document| _ = document.as_object_mut().unwrap().remove(name));
        failed(
            &diagnose(&site).await,
            "endpoints",
            &format!("the document lacks {name}"),
            "Open the discovery document",
        );
        assert_eq!(site.mock.requests_total(), 1);
    }
    site.mock.tamper_discovery(|document| _ = document.as_object_mut().unwrap().remove("end_session_endpoint"));
    let diagnosis = diagnose(&site).await;
    warned(&diagnosis, "endpoints", "lacks end_session_endpoint", "Open the discovery document");
    assert_eq!(names(&diagnosis, CheckOutcome::Skipped), ["post sign-out redirect URI"]);

    site.mock.tamper_discovery(|document| document["userinfo_endpoint"] = "https://old.example.com/oidc/me".into());
    warned(&diagnose(&site).await, "endpoints", "at https://old.example.com", "X-Forwarded-Proto");
    site.mock.tamper_discovery(|document| document["token_endpoint"] = "ftp://example.com/token".into());
    failed(&diagnose(&site).await, "endpoints", "the scheme ftp", "Open the discovery document");
}

#[tokio::test]
async fn keys_that_verify_nothing_are_reported() {
    let site = Site::start().await;
    site.mock.tamper_jwks(|keys| keys["keys"] = json!([]));
    failed(&diagnose(&site).await, "keys", "none that can verify a token", "Logto Console › Signing keys");
    site.mock
        .tamper_jwks(|keys| keys["keys"] = json!([{ "kty": "oct", "k": "AAAA" }, { "kty": "OKP", "crv": "Ed25519" }]));
    failed(
        &diagnose(&site).await,
        "keys",
        "2 of no use here (its type oct  is not supported; ",
        "Logto Console › Signing keys",
    );
    site.mock.tamper_jwks(|keys| keys["keys"].as_array_mut().unwrap().push(json!({ "kty": "oct", "k": "AAAA" })));
    let diagnosis = diagnose(&site).await;
    assert!(diagnosis.is_ok());
    says(check(&diagnosis, "keys"), "1 to verify tokens with: ES384; 1 of no use here", "");
    site.mock.clear_tampering();
    site.mock.inject_fault(Endpoint::Jwks, Fault::html(200));
    failed(&diagnose(&site).await, "keys", "cannot be read (text/html)", "JSON Web Key Set");
}

/// A site whose Logto has a clock of its own.
async fn with_logto_at(turn: impl FnOnce(&TestClock)) -> Site {
    let clock = TestClock::new();
    turn(&clock);
    Site::with(|mock| mock.clock(clock), |config| config).await
}

async fn sign_in(site: &Site) -> logto::Result<String> {
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await
}

#[tokio::test]
async fn a_clock_that_is_five_minutes_behind_is_reported() {
    let site = with_logto_at(|clock| clock.advance(Duration::from_secs(300))).await;
    let diagnosis = diagnose(&site).await;
    failed(
        &diagnosis,
        "clock",
        " s behind Logto, more than the leeway of 60 s",
        "Set the clock of this machine by NTP",
    );
    let seconds: u64 = check(&diagnosis, "clock").finding.split(' ').nth(3).unwrap().parse().unwrap();
    assert!((298..=301).contains(&seconds), "{seconds}");
    // It is right: nobody can sign in.
    assert_eq!(sign_in(&site).await.unwrap_err().code(), "id_token.invalid_iat");
}

#[tokio::test]
async fn a_clock_that_is_five_minutes_ahead_is_reported() {
    let site = with_logto_at(|clock| clock.rewind(Duration::from_secs(300))).await;
    warned(&diagnose(&site).await, "clock", " s ahead of Logto, more than the leeway of 60 s", "by NTP");
    sign_in(&site).await.unwrap();

    let site = with_logto_at(|clock| clock.rewind(Duration::from_secs(2 * 60 * 60))).await;
    failed(&diagnose(&site).await, "clock", "its ID tokens are over when they come", "by NTP");
    assert_eq!(sign_in(&site).await.unwrap_err().code(), "id_token.expired");
}

#[tokio::test]
async fn a_clock_within_the_leeway_is_no_problem() {
    for turn in [
        |clock: &TestClock| clock.advance(Duration::from_secs(50)),
        |clock: &TestClock| clock.rewind(Duration::from_secs(50)),
    ] {
        let site = with_logto_at(turn).await;
        let diagnosis = diagnose(&site).await;
        assert_eq!(check(&diagnosis, "clock").outcome, CheckOutcome::Ok, "{diagnosis}");
        sign_in(&site).await.unwrap();
    }
}

/// Serves a discovery document, once it may, and never answers anything else.
#[derive(Clone)]
struct Silent {
    discovery: Option<Vec<u8>>,
}

impl HttpClient for Silent {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let is_discovery = request.uri().path().ends_with("/openid-configuration");
        match self.discovery.clone().filter(|_| is_discovery) {
            Some(document) => Box::pin(async { Ok(Response::new(document)) }),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// The clock goes on when there is nothing to do but to wait.
#[tokio::test]
async fn a_slow_server_is_waited_for_as_long_as_is_configured() {
    let second = Duration::from_secs(1);
    let site = Site::start().await;
    let document = plain_http()
        .build()
        .unwrap()
        .get(format!("{}/.well-known/openid-configuration", site.mock.issuer()))
        .send()
        .await
        .unwrap();
    let silent = Silent { discovery: Some(document.bytes().await.unwrap().to_vec()) };
    let mute = Silent { discovery: None };
    let [of_the_rest, of_all] =
        [silent, mute].map(|http| site.redeployed(|config| config.timeout(second).http_client(http)));
    tokio::time::pause();

    let (begun, site) = (Instant::now(), Site { logto: of_the_rest, ..site });
    let diagnosis = diagnose(&site).await;
    // Four silent endpoints, one timeout: they are asked at once.
    assert!(begun.elapsed() < 2 * second, "{:?}", begun.elapsed());
    let slow = ["keys", "client authentication", "redirect URI", "post sign-out redirect URI"];
    assert_eq!(names(&diagnosis, CheckOutcome::Failure), slow);
    for name in slow {
        says(check(&diagnosis, name), "was not answered within 1s", "Logto did not answer in time");
    }

    let (begun, site) = (Instant::now(), Site { logto: of_all, ..site });
    failed(&diagnose(&site).await, "discovery", "was not answered within 1s", "LOGTO_ENDPOINT");
    assert!(begun.elapsed() < 2 * second, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_logto_inside_the_network_is_asked_there() {
    let site = Site::start().await;
    let (inside, outside) = (site.mock.endpoint(), "http://logto.localhost:9");
    let from = inside.clone();
    site.mock.tamper_discovery(move |document| {
        *document = serde_json::from_str(&document.to_string().replace(&from, outside)).unwrap();
    });
    let config = crate::support::settings(&site.mock, &site.clock).app_secret(crate::support::APP_SECRET);
    let config = config.endpoint(outside).internal_endpoint(&inside).build().unwrap();
    site.mock.reset_counts();
    let diagnosis = logto::LogtoClient::new(config).unwrap().diagnose().await;
    assert_eq!(names(&diagnosis, CheckOutcome::Ok).len(), 13, "{diagnosis}");
    assert_eq!(site.mock.requests_total(), 5);
    site.mock.stop().await;
    let config = crate::support::settings(&site.mock, &site.clock).endpoint(outside).internal_endpoint(&inside);
    let diagnosis = logto::LogtoClient::new(config.build().unwrap()).unwrap().diagnose().await;
    failed(&diagnosis, "discovery", &inside, "Compare LOGTO_INTERNAL_ENDPOINT");
}
