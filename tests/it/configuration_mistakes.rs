//! A mistake in the configuration that shows when a user comes back from Logto: it is the operator's, and not a sign-in that was cancelled.

use logto::{ErrorKind, SignInOptions, integrate::AuthRequest};
use serde_json::Value;
use url::Url;

use crate::{
    logs,
    support::{Browser, Site},
};

/// The error, Logto's description where one was recorded (`tests/fixtures/logto/11-authorization-requests`), and a part of the hint.
const MISTAKES: [(&str, &str, &str); 6] = [
    ("invalid_target", "resource indicator is missing, or unknown", "Console › API resources"),
    ("invalid_scope", "requested scope is not allowed", "› Permissions"),
    ("invalid_request", "requested response_type is not allowed for this client", "Logto Console"),
    ("unauthorized_client", "", "Console › Applications"),
    ("unsupported_response_type", "unsupported response_type requested", "Console › Applications"),
    ("invalid_client", "client is invalid", "Console › Applications › your app › Endpoints & Credentials"),
];

/// Begins a sign-in in the browser, and gives the callback with an error.
async fn callback_with(site: &Site, browser: &mut Browser, error: &str, description: &str) -> Url {
    let url: Url = site.begin(browser, SignInOptions::new()).await.parse().unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut callback: Url = "http://localhost:3000/callback".parse().unwrap();
    let issuer = site.mock.issuer();
    let pairs = [("error", error), ("error_description", description), ("state", &state), ("iss", &issuer)];
    callback.query_pairs_mut().extend_pairs(pairs);
    callback
}

#[tokio::test]
async fn a_request_refused_by_logto_at_the_callback_is_logged_as_an_error_with_status_500() {
    let site = Site::start().await;
    for (error, description, hint) in MISTAKES {
        let (log, _guard) = logs::listen("logto=debug,logto::testing=off");
        let mut browser = site.signed_in("ada").await;
        for mode in ["navigate", "cors"] {
            let callback = callback_with(&site, &mut browser, error, description).await;
            let header = |name: &str| match name {
                "cookie" => Some(browser.header()),
                "sec-fetch-mode" => Some(mode.to_owned()),
                _ => None,
            };
            let target = format!("/callback?{}", callback.query().unwrap());
            let reply = site.logto.handle_auth_routes(&AuthRequest::new("GET", &target, header)).await.unwrap();
            assert_eq!(reply.status(), 500, "{error}: {}", reply.body());
            assert!(reply.body().contains("sign_in.request_refused") && !reply.body().contains("cancelled"), "{error}");
            if mode == "cors" {
                let json: Value = serde_json::from_str(reply.body()).unwrap();
                assert_eq!(json["message"], "Something is wrong with the sign-in. Please try again later.");
            }
        }
        let log = log.text();
        let line = log.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{error}: {log}"));
        for part in ["sign_in.request_refused", error, description, hint] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(site.is_signed_in(&browser).await, "{error}");
    }
}

#[tokio::test]
async fn a_request_that_logto_refuses_is_an_error_of_the_kind_config_with_what_logto_said() {
    let site = Site::start().await;
    for (name, description, hint) in MISTAKES {
        let mut browser = Browser::default();
        let callback = callback_with(&site, &mut browser, name, description).await;
        let error = site.end(&mut browser, &format!("{callback}&scope=phone")).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), ("sign_in.request_refused", ErrorKind::Config), "{error}");
        assert_eq!((error.http_status(), error.is_transient(), error.requires_sign_in()), (500, false, false));
        let oauth = error.oauth_error().unwrap();
        assert_eq!((oauth.error(), oauth.error_description()), (name, Some(description)));
        assert_eq!(oauth.scope(), Some("phone"), "which scope is refused");
        assert!(error.hint().contains(hint), "{name}: {}", error.hint());
    }
}

#[tokio::test]
async fn an_api_resource_that_logto_does_not_know_is_found_at_the_first_sign_in() {
    let site = Site::with(|mock| mock, |config| config.resources(["https://nosuch.example.test"])).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.request_refused", 500), "{error}");
    assert!(error.hint().contains("API resources"), "{}", error.hint());
}

#[tokio::test]
async fn a_logto_that_fails_during_the_sign_in_is_said_to_fail_for_the_moment() {
    let site = Site::start().await;
    for (name, status) in [("server_error", 500), ("temporarily_unavailable", 503)] {
        let mut browser = Browser::default();
        let callback = callback_with(&site, &mut browser, name, "").await;
        let error = site.end(&mut browser, callback.as_str()).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), ("sign_in.server_error", ErrorKind::Provider));
        assert_eq!((error.http_status(), error.is_transient(), error.provider_status()), (503, true, Some(status)));
    }
}

#[tokio::test]
async fn an_interaction_required_error_at_the_callback_is_answered_403_rather_than_500() {
    let site = Site::start().await;
    for name in ["login_required", "consent_required", "interaction_required", "unmet_authentication_requirements"] {
        let mut browser = Browser::default();
        let callback = callback_with(&site, &mut browser, name, "").await;
        let error = site.end(&mut browser, callback.as_str()).await.unwrap_err();
        let found = (error.code().as_str(), error.kind(), error.http_status());
        assert_eq!(found, ("callback_uri_verification.error_found", ErrorKind::Forbidden, 403), "{name}");
    }
}
