//! `access_denied` has three sources: a user who left, a rule of Logto against a user (access control of the application, a Custom JWT script),
//! and an organization. The answers are the recorded ones, in `tests/fixtures/recorded-seeds/oidc.jsonl`.

use logto::{
    ContextOptions, Error, ErrorKind, LogtoClient, SignInOptions, TokenOptions,
    integrate::AuthRequest,
    machine::{MachineClient, TokenExchange},
    store::MemoryStore,
    testing::{Endpoint, Fault, MockApp, MockLogto},
};
use serde_json::Value;
use url::Url;

use crate::support::{APP_SECRET, BOOKS, Browser, Site};

/// A recorded answer.
fn recorded(name: &str) -> Value {
    let lines = include_str!("../fixtures/recorded-seeds/oidc.jsonl").lines();
    let exchanges = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    exchanges.into_iter().find(|exchange| exchange["name"] == name).unwrap()["response"].clone()
}

fn fault_of(name: &str) -> Fault {
    let response = recorded(name);
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    Fault::body(status, "application/json", response["body_json"].to_string())
}

/// Application access control refuses a refresh.
const BARRED: &str = "97-application-access-control/12-refresh-denied";
/// A Custom JWT script refuses one token.
const SCRIPT: &str = "96-custom-jwt/17-denied";
const NOT_A_MEMBER: &str = "93-token-exchange/07-pat-other-organization";

/// A callback with the recorded answer of the authorization endpoint to a user whom access control keeps out.
async fn barred_callback(site: &Site, browser: &mut Browser) -> String {
    let url: Url = site.begin(browser, SignInOptions::new()).await.parse().unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let location = recorded("97-application-access-control/14-authorize-with-session")["headers"]["location"].clone();
    let mut callback: Url = location.as_str().unwrap().parse().unwrap();
    let pairs: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
    callback.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| match name.as_str() {
        "state" => (name, &state),
        _ => (name, value),
    }));
    callback
        .as_str()
        .replace("http%3A%2F%2Flocalhost%3A3001%2Foidc", &site.mock.issuer().replace(':', "%3A").replace('/', "%2F"))
}

#[track_caller]
fn assert_is(error: &Error, code: &str, description: &str) {
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.oauth_error().unwrap().error(), "access_denied");
    assert_eq!(error.oauth_error().unwrap().error_description(), Some(description));
    assert!(error.to_string().contains(description), "the log has it: {error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_user_whom_the_application_is_not_for_is_told_so_at_the_callback() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let callback = barred_callback(&site, &mut browser).await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_is(&error, "sign_in.access_denied", "Access denied.");
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Forbidden, 403));
    assert!(error.hint().contains("› Rules") && !error.requires_sign_in(), "{}", error.hint());
    assert!(site.is_signed_in(&browser).await, "it may be another user who is signed in here");
}

#[tokio::test]
async fn a_cancelled_sign_in_is_reported_differently_from_denied_access() {
    let site = Site::start().await;
    let issuer = site.mock.issuer();
    for (error, description, code) in [
        ("oidc.aborted", "user canceled the interaction", "user_cancelled"),
        ("access_denied", "End-User aborted interaction", "user_cancelled"),
        ("access_denied", "not today", "sign_in.access_denied"),
        ("access_denied", "", "sign_in.access_denied"),
    ] {
        let mut browser = Browser::default();
        let url: Url = site.begin(&mut browser, SignInOptions::new()).await.parse().unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let mut callback: Url = "http://localhost:3000/callback".parse().unwrap();
        let pairs = [("error", error), ("error_description", description), ("state", &state), ("iss", &issuer)];
        callback.query_pairs_mut().extend_pairs(pairs);
        assert_eq!(site.end(&mut browser, callback.as_str()).await.unwrap_err().code(), code, "{error} {description}");
    }
    let cancelled = site.end(&mut Browser::default(), "http://localhost:3000/callback").await.unwrap_err();
    assert_eq!(cancelled.code(), "user_cancelled");
}

#[tokio::test]
async fn a_rule_that_comes_before_the_code_is_exchanged_denies_the_sign_in() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.mock.inject_fault(Endpoint::Token, fault_of(BARRED));
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_is(&error, "sign_in.access_denied", "Access denied.");
    assert_eq!(error.provider_status(), Some(400));
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_session_ends_when_logto_no_longer_lets_its_user_into_the_application() {
    let in_cookies = Site::start().await;
    let in_a_store = Site::with(|mock| mock, |config| config.session_store(MemoryStore::new())).await;
    let rotating = Site::rotating().await;
    let narrower = Site::start().await;
    for (site, scopes) in [(in_cookies, &[][..]), (in_a_store, &[]), (rotating, &[]), (narrower, &["email"])] {
        let mut browser = site.signed_in("ada").await;
        let (copy, options) =
            (browser.clone(), || TokenOptions::new().scopes(scopes.iter().copied()).force_refresh(true));
        site.mock.inject_fault(Endpoint::Token, fault_of(BARRED));
        let mut cookies = browser.request();
        let error = site.logto.get_access_token(&mut cookies, options()).await.unwrap_err();
        browser.receive(&cookies.set_cookie_headers());
        assert_is(&error, "session.ended", "Access denied.");
        assert!(error.requires_sign_in() && error.hint().contains("› Rules"), "{}", error.hint());
        assert!(!site.is_signed_in(&browser).await);

        // The sign-in that follows says no, and does not go round in circles.
        let callback = barred_callback(&site, &mut browser).await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "sign_in.access_denied");

        // A request that is still on its way with the old cookies gets no token either.
        let error = site.logto.get_access_token(&mut copy.request(), options()).await.unwrap_err();
        assert!(error.requires_sign_in(), "{error}");
    }
}

#[tokio::test]
async fn claims_that_are_renewed_end_the_session_of_a_user_who_lost_access() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, fault_of(BARRED));
    site.advance(3600);
    let minute = std::time::Duration::from_secs(60);
    let context = site.context(&mut browser, ContextOptions::new().claims_max_age(minute)).await.unwrap();
    assert!(!context.is_authenticated());
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_token_denied_by_a_custom_jwt_script_leaves_the_user_signed_in() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    for (name, description) in [(SCRIPT, "not today"), (BARRED, "Access denied.")] {
        for options in
            [TokenOptions::new().resource(BOOKS), TokenOptions::new().resource(BOOKS).organization("org-acme")]
        {
            site.mock.inject_fault(Endpoint::Token, fault_of(name).times(1));
            let mut cookies = browser.request();
            let error = site.logto.get_access_token(&mut cookies, options.force_refresh(true)).await.unwrap_err();
            browser.receive(&cookies.set_cookie_headers());
            assert_is(&error, "token.access_denied", description);
            assert_eq!((error.kind(), error.http_status()), (ErrorKind::Forbidden, 403));
            assert!(error.hint().contains("Custom JWT") && !error.hint().contains("rganization"), "{}", error.hint());
            assert!(site.is_signed_in(&browser).await);
        }
    }
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS).force_refresh(true)).await.unwrap();
}

#[tokio::test]
async fn a_token_that_was_denied_is_not_given_out_again_from_the_session() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    for (denied, force, code) in
        [(false, false, None), (true, true, Some("token.access_denied")), (true, false, Some("token.access_denied"))]
    {
        site.mock.clear_faults();
        if denied {
            site.mock.inject_fault(Endpoint::Token, fault_of(SCRIPT));
        }
        let mut cookies = browser.request();
        let books = TokenOptions::new().resource(BOOKS).force_refresh(force);
        let token = site.logto.get_access_token(&mut cookies, books).await;
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(token.err().map(|error| error.code().as_str()), code, "denied {denied}, force {force}");
    }
}

#[tokio::test]
async fn an_organization_is_blamed_only_where_one_was_asked_for() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let description = "user is not a member of the organization";
    for (options, code) in [
        (TokenOptions::new().organization("org-acme"), "organization.not_a_member"),
        (TokenOptions::new().resource(BOOKS).organization("org-acme"), "organization.not_a_member"),
        (TokenOptions::new().resource(BOOKS), "token.access_denied"),
    ] {
        site.mock.inject_fault(Endpoint::Token, fault_of(NOT_A_MEMBER).times(1));
        let options = options.force_refresh(true);
        let error = site.logto.get_access_token(&mut browser.request(), options).await.unwrap_err();
        assert_is(&error, code, description);
    }
}

#[tokio::test]
async fn a_machine_that_is_denied_a_token_is_not_told_to_join_an_organization() {
    let app = MockApp::new("machine", APP_SECRET).role("librarian").token_exchange(true);
    let mock = MockLogto::builder().machine_to_machine_app(app).start().await.unwrap();
    let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
    let machine = machine.build().unwrap();
    mock.inject_fault(Endpoint::Token, fault_of(SCRIPT));
    let books = || TokenOptions::new().resource(BOOKS).scopes(["read:books"]);
    for options in [books(), books().organization("org-acme")] {
        let error = machine.get_access_token(options).await.unwrap_err();
        assert_is(&error, "token.access_denied", "not today");
        assert!(
            error.hint().contains("machine-to-machine") && !error.hint().contains("rganization"),
            "{}",
            error.hint()
        );
    }
    let exchange = || TokenExchange::personal_access_token("pat").resource(BOOKS);
    assert_is(&machine.exchange_token(exchange()).await.unwrap_err(), "token.access_denied", "not today");
    mock.clear_faults();
    mock.inject_fault(Endpoint::Token, fault_of(NOT_A_MEMBER));
    let error = machine.exchange_token(exchange().organization("org-acme")).await.unwrap_err();
    assert_eq!(error.code(), "organization.not_a_member");
}

#[tokio::test]
async fn a_user_who_is_denied_access_gets_a_page_with_a_sign_out_form() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let callback = barred_callback(&site, &mut browser).await;
    let (page, json) = answers(&site.logto, &callback, &browser).await;
    for text in
        ["<h1>You do not have access to this application.</h1>", "<title>No access</title>", "sign_in.access_denied"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(page.contains(r#"<form method="post" action="/logto/sign-out">"#), "{page}");
    assert!(!page.contains("cancelled") && !page.contains(r#"href="/logto/sign-in"#), "{page}");
    assert_eq!(json["code"], "sign_in.access_denied");
    assert_eq!(json["message"], "You do not have access to this application.");
}

/// The page and the JSON for the same callback, in two copies of a browser.
async fn answers(logto: &LogtoClient, callback: &str, browser: &Browser) -> (String, Value) {
    let mut bodies = Vec::new();
    for mode in ["navigate", "cors"] {
        let header = |name: &str| match name {
            "cookie" => Some(browser.header()),
            "sec-fetch-mode" => Some(mode.to_owned()),
            _ => None,
        };
        let target = callback.strip_prefix("http://localhost:3000").unwrap();
        let reply = logto.handle_auth_routes(&AuthRequest::new("GET", target, header)).await.unwrap();
        assert_eq!(reply.status(), 403, "{}", reply.body());
        bodies.push(reply.into_body());
    }
    (bodies[0].clone(), serde_json::from_str(&bodies[1]).unwrap())
}
