//! Whatever comes in: a specific error, the right status, a hint, and no session lost.

use std::time::Duration;

use logto::{
    Error, HeaderCookies, LogtoClient, SignInOptions, SignOutOptions,
    testing::{Endpoint, Fault, SigningAlg},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use crate::support::{BASE_URL, Browser, Site, settings};

/// A user who is signed in begins another sign-in; `spoil` makes the callback (and the browser) what they should not be.
/// Gives the error, after checking that the session of before is still there.
async fn spoiled(site: &Site, spoil: impl AsyncFnOnce(&Site, &mut Browser, Url) -> String) -> Error {
    let mut browser = site.signed_in("ada").await;
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let callback = spoil(site, &mut browser, callback.parse().unwrap()).await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert!(site.is_signed_in(&browser).await, "{error}: the session of before is kept");
    assert!(!error.hint().is_empty() && !error.to_string().contains('\n'));
    error
}

fn without(url: &Url, name: &str) -> String {
    with(url, name, None)
}

fn with(url: &Url, name: &str, value: Option<&str>) -> String {
    let mut changed = url.clone();
    changed.set_query(None);
    changed
        .query_pairs_mut()
        .extend_pairs(url.query_pairs().filter(|(known, _)| known != name))
        .extend_pairs(value.map(|value| (name, value)));
    changed.into()
}

fn transaction_cookie(browser: &Browser) -> String {
    browser.cookies.keys().find(|name| name.contains("_txn_")).unwrap().clone()
}

#[track_caller]
fn is(error: &Error, code: &str, status: u16, message: &str) {
    assert_eq!((error.code().as_str(), error.http_status(), error.to_string().as_str()), (code, status, message));
}

#[tokio::test]
async fn a_callback_with_a_fault_is_refused_with_its_code() {
    let site = Site::start().await;
    let issuer = site.mock.issuer();

    let error = spoiled(&site, async |_, _, url| without(&url, "state")).await;
    is(&error, "callback_uri_verification.missing_state", 400, "the callback has no `state`");

    let error = spoiled(&site, async |_, _, url| with(&url, "state", Some("wrong"))).await;
    is(
        &error,
        "callback_uri_verification.state_mismatched",
        400,
        "the callback's `state` belongs to none of the sign-ins of this browser",
    );

    let error = spoiled(&site, async |site, _, _| {
        // Login CSRF: the attacker's own sign-in, in the victim's browser.
        let mut attacker = Browser::default();
        let url = site.begin(&mut attacker, SignInOptions::new()).await;
        site.mock.sign_in(&url, "bob").await
    })
    .await;
    assert_eq!(error.code(), "callback_uri_verification.state_mismatched");

    let error = spoiled(&site, async |site, browser, url| {
        site.end(browser, url.as_str()).await.unwrap();
        url.into()
    })
    .await;
    is(&error, "sign_in_session.not_found", 400, "this browser has no sign-in under way");

    let error = spoiled(&site, async |_, _, url| format!("{url}&state=again")).await;
    is(&error, "callback_uri_verification.repeated_parameter", 400, "the callback holds `state` more than once");

    for (name, code, message) in [
        ("access_denied", "sign_in.access_denied", "Logto does not let the user into this application"),
        ("oidc.aborted", "user_cancelled", "the sign-in was left"),
    ] {
        let error = spoiled(&site, async |_, _, url| {
            with(&url.as_str().replace("code=", "error_description=no+thanks&x=").parse().unwrap(), "error", Some(name))
        })
        .await;
        is(&error, code, 403, &format!("{message}: {name} (no thanks)"));
        assert_eq!(error.oauth_error().unwrap().error(), name);
    }
    let error = spoiled(&site, async |_, _, url| with(&url, "error", Some("login_required"))).await;
    is(&error, "callback_uri_verification.error_found", 403, "Logto refused the sign-in: login_required");

    // The user presses Cancel on Logto's consent page.
    let error = spoiled(&site, async |_, _, _| "http://localhost:3000/callback".into()).await;
    is(&error, "user_cancelled", 403, "the callback has no parameters: the user cancelled at Logto");

    let error = spoiled(&site, async |_, _, url| without(&url, "iss")).await;
    is(&error, "callback_uri_verification.iss_missing", 400, "the callback has no `iss`");

    let error = spoiled(&site, async |_, _, url| with(&url, "iss", Some("https://evil.example/oidc"))).await;
    is(
        &error,
        "callback_uri_verification.iss_mismatched",
        400,
        &format!("the callback comes from `https://evil.example/oidc`, not from `{issuer}`"),
    );

    let error = spoiled(&site, async |_, _, url| without(&url, "code")).await;
    is(&error, "callback_uri_verification.missing_code", 400, "the callback has neither `code` nor `error`");

    let error = spoiled(&site, async |_, _, url| with(&url, "code", Some("forged"))).await;
    assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.invalid_code", 400));

    let error = spoiled(&site, async |site, _, url| {
        site.advance(3601);
        url.into()
    })
    .await;
    is(&error, "sign_in_session.expired", 400, "the sign-in took more than 3600 s");
}

#[tokio::test]
async fn a_sign_in_cookie_with_a_fault_is_refused() {
    let site = Site::start().await;
    let spoilers: [(&str, fn(&mut Browser, &str)); 5] = [
        ("garbage", |browser, name| _ = browser.cookies.insert(name.to_owned(), "garbage".into())),
        ("truncated", |browser, name| _ = browser.cookies.get_mut(name).unwrap().pop()),
        ("bit-flipped", |browser, name| {
            let value = browser.cookies.get_mut(name).unwrap();
            let flipped = if value.as_bytes()[20] == b'A' { 'B' } else { 'A' };
            value.replace_range(20..21, &flipped.to_string());
        }),
        ("swapped", |browser, name| {
            let session = browser.cookies["logto_app"].clone();
            browser.cookies.insert(name.to_owned(), session);
        }),
        ("gone", |browser, name| _ = browser.cookies.remove(name)),
    ];
    for (what, spoil) in spoilers {
        let error = spoiled(&site, async |_, browser, url| {
            let name = transaction_cookie(browser);
            spoil(browser, &name);
            url.into()
        })
        .await;
        assert_eq!((error.code().as_str(), error.http_status()), ("sign_in_session.not_found", 400), "{what}");
    }
}

#[tokio::test]
async fn a_failed_callback_is_used_up() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback: Url = site.mock.sign_in(&url, "ada").await.parse().unwrap();
    site.end(&mut browser, &with(&callback, "code", Some("forged"))).await.unwrap_err();
    assert_eq!(site.end(&mut browser, callback.as_str()).await.unwrap_err().code(), "sign_in_session.not_found");
}

#[tokio::test]
async fn a_faulty_answer_of_the_token_endpoint_is_an_error_with_its_code() {
    let patient = Site::start().await;
    let impatient = Site::with(|mock| mock, |config| config.timeout(Duration::from_secs(1))).await;
    let body = |text: &str| Fault::body(200, "application/json", text);
    let cases: Vec<(Fault, &str, u16)> = vec![
        (Fault::status(500), "token.refused", 503),
        (Fault::html(502), "token.refused", 503),
        (Fault::html(200), "unexpected_response_error", 502),
        (Fault::malformed_body(), "unexpected_response_error", 502),
        (body("{}"), "unexpected_response_error", 502),
        (body("[]"), "unexpected_response_error", 502),
        (body(r#"{"access_token":"a","token_type":"mac","id_token":"x"}"#), "unexpected_response_error", 502),
        (
            body(r#"{"access_token":"a","token_type":"Bearer","expires_in":1e999,"id_token":"x"}"#),
            "unexpected_response_error",
            502,
        ),
        (body(r#"{"access_token":"a","token_type":"Bearer","expires_in":"soon"}"#), "id_token.invalid_token", 502),
        (
            body(r#"{"access_token":"a","token_type":"Bearer","expires_in":-5,"id_token":"x.y"}"#),
            "id_token.invalid_token",
            502,
        ),
        (body(&format!(r#"{{"access_token":"{}"}}"#, "a".repeat(2 << 20))), "network.body_too_large", 502),
        (Fault::drop_connection(), "network.unreachable", 503),
        (Fault::hang(), "network.timeout", 503),
        (Fault::slow_body(Duration::from_millis(200)), "network.timeout", 503),
        (Fault::redirect("http://127.0.0.1:1/"), "network.redirected", 502),
        (Fault::status(401), "token.refused", 502),
    ];
    for (fault, code, status) in cases {
        let what = format!("{fault:?}");
        let site = if code == "network.timeout" { &impatient } else { &patient };
        let error = spoiled(site, async |site, _, url| {
            site.mock.inject_fault(Endpoint::Token, fault);
            url.into()
        })
        .await;
        assert_eq!((error.code().as_str(), error.http_status()), (code, status), "{what}: {error}");
        site.mock.clear_faults();
    }
}

#[tokio::test]
async fn a_faulty_discovery_document_is_an_error_with_its_code() {
    let site = Site::start().await;
    let begin = async || {
        let cold = site.another_instance();
        cold.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err()
    };
    let issuer = site.mock.issuer();
    site.mock.tamper_discovery(|document| document["issuer"] = "https://evil.example/oidc".into());
    is(
        &begin().await,
        "discovery.issuer_mismatched",
        500,
        &format!("the server calls itself `https://evil.example/oidc`, not `{issuer}`"),
    );
    let slash = format!("{issuer}/");
    site.mock.tamper_discovery(move |document| document["issuer"] = slash.clone().into());
    is(
        &begin().await,
        "discovery.issuer_mismatched",
        500,
        &format!("the server calls itself `{issuer}/`, not `{issuer}` (they differ only by a trailing slash)"),
    );
    site.mock.tamper_discovery(|document| document["token_endpoint"] = "file:///etc/passwd".into());
    assert_eq!(begin().await.code(), "discovery.failed");
    site.mock.tamper_discovery(|document| document["authorization_endpoint"] = json!(null));
    assert_eq!(begin().await.code(), "discovery.failed");
    site.mock.clear_tampering();
    for fault in [Fault::status(404), Fault::html(200), Fault::malformed_body()] {
        site.mock.inject_fault(Endpoint::Discovery, fault);
        let error = begin().await;
        assert_eq!(error.code(), "discovery.failed");
        site.mock.clear_faults();
    }

    // An endpoint that is not Logto's.
    let other =
        LogtoClient::new(settings(&site.mock, &site.clock).endpoint("http://127.0.0.1:1").build().unwrap()).unwrap();
    let error = other.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status(), error.is_transient()), ("network.unreachable", 503, true));
}

/// One check of DESIGN section 6 at a time. The checks themselves have a finer table beside their code.
#[tokio::test]
async fn an_id_token_with_a_fault_is_refused_with_its_code() {
    type Tamper = fn(&mut Value, &mut Value);
    let cases: [(&str, Tamper); 24] = [
        ("id_token.invalid_iss", |_, claims| claims["iss"] = "https://evil.example/oidc".into()),
        ("id_token.invalid_iss", |_, claims| claims["iss"] = json!(null)),
        ("id_token.invalid_aud", |_, claims| claims["aud"] = "other".into()),
        ("id_token.invalid_aud", |_, claims| claims["aud"] = json!(["other", "another"])),
        ("id_token.invalid_aud", |_, claims| claims["aud"] = json!(null)),
        ("id_token.invalid_azp", |_, claims| claims["azp"] = "other".into()),
        ("id_token.invalid_aud", |_, claims| claims["aud"] = json!(["app", "other"])),
        ("id_token.invalid_sub", |_, claims| claims["sub"] = json!(null)),
        ("id_token.invalid_sub", |_, claims| claims["sub"] = "".into()),
        ("id_token.expired", |_, claims| claims["exp"] = 1.into()),
        ("id_token.expired", |_, claims| claims["exp"] = json!(null)),
        ("id_token.not_yet_valid", |_, claims| claims["nbf"] = u64::MAX.into()),
        ("id_token.invalid_iat", |_, claims| claims["iat"] = u64::MAX.into()),
        ("id_token.invalid_iat", |_, claims| claims["iat"] = json!(null)),
        ("id_token.invalid_nonce", |_, claims| claims["nonce"] = "another".into()),
        ("id_token.invalid_nonce", |_, claims| claims["nonce"] = json!(null)),
        ("id_token.invalid_at_hash", |_, claims| claims["at_hash"] = "AAAA".into()),
        ("id_token.invalid_alg", |header, _| header["alg"] = "none".into()),
        ("id_token.invalid_alg", |header, _| header["alg"] = "HS256".into()),
        ("id_token.unknown_key", |header, _| header["alg"] = "RS256".into()),
        ("id_token.unknown_key", |header, _| header["kid"] = "unknown".into()),
        ("id_token.invalid_token", |header, _| header["typ"] = "logout+jwt".into()),
        ("id_token.invalid_token", |header, _| header["crit"] = json!(["exp"])),
        ("id_token.invalid_token", |header, _| header["alg"] = json!({})),
    ];
    let site = Site::start().await;
    for (index, (code, tamper)) in cases.into_iter().enumerate() {
        let error = spoiled(&site, async |site, _, url| {
            site.mock.tamper_id_token(tamper);
            url.into()
        })
        .await;
        assert_eq!(error.code(), code, "case {index}: {error}");
        assert_eq!(error.http_status(), 502);
        site.mock.clear_tampering();
    }
    let error = spoiled(&site, async |site, _, url| {
        site.mock.break_signatures(true);
        url.into()
    })
    .await;
    is(&error, "id_token.invalid_signature", 502, "the ID token has an ES384 signature that does not verify");
}

#[tokio::test]
async fn id_tokens_of_every_algorithm_verify_after_a_key_rotation() {
    for alg in [SigningAlg::Es256, SigningAlg::Es384, SigningAlg::Es512, SigningAlg::Rs256, SigningAlg::Ps256] {
        let site = Site::start().await;
        let browser = site.signed_in("ada").await;
        assert!(site.is_signed_in(&browser).await);
        site.mock.rotate_keys(alg);
        let browser = site.signed_in("ada").await;
        assert!(site.is_signed_in(&browser).await, "{alg:?} after ES384");
        site.mock.remove_old_keys();
        site.mock.tamper_id_token(|header, _| _ = header.as_object_mut().unwrap().remove("kid"));
        let browser = site.signed_in("ada").await;
        assert!(site.is_signed_in(&browser).await, "{alg:?} without kid");
    }
}

const ELSEWHERE: &[&str] = &[
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example\t",
    "\thttps://evil.example",
    "https://evil.example",
    "https:evil.example",
    "http://localhost:3000@evil.example",
    "http://user@localhost:3000/",
    "http://localhost:3000.evil.example/",
    "http://localhost:3001/",
    "http://localhost/",
    "https://localhost:3000/",
    "http://127.0.0.1:3000/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\r\nSet-Cookie: a=b",
    "welcome",
    "",
    "http://",
    "http://localhost:3000\\@evil.example",
    "http://loc\u{0430}lhost:3000/",
];

#[tokio::test]
async fn an_address_to_return_to_on_another_site_is_refused() {
    let site = Site::start().await;
    for wanted in ELSEWHERE {
        let options = SignInOptions::new().post_redirect_uri(*wanted);
        let error = site.logto.sign_in(&mut HeaderCookies::default(), options).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.return_to_refused", 400), "{wanted:?}");
        let options = SignOutOptions::new().local_only(true).post_logout_redirect_uri(*wanted);
        assert_eq!(
            site.logto.sign_out(&mut HeaderCookies::default(), options).await.unwrap_err().code(),
            "sign_in.return_to_refused"
        );
    }
    for (wanted, reached) in [
        ("/me?a=1#top", "http://localhost:3000/me?a=1#top"),
        ("/.//evil.example", "http://localhost:3000//evil.example"),
        ("/%09/evil.example", "http://localhost:3000/%09/evil.example"),
        ("http://localhost:3000/a b", "http://localhost:3000/a%20b"),
        ("/a/../b", "http://localhost:3000/b"),
    ] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri(wanted)).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), reached);
    }
    let listed =
        settings(&site.mock, &site.clock).allowed_return_origins(["https://admin.example.com"]).build().unwrap();
    let listed = LogtoClient::new(listed).unwrap();
    let options = SignInOptions::new().post_redirect_uri("https://admin.example.com/users");
    assert!(listed.sign_in(&mut HeaderCookies::default(), options).await.is_ok());
}

#[tokio::test]
async fn options_that_cannot_be_served_are_refused() {
    let site = Site::start().await;
    let refused = async |options| site.logto.sign_in(&mut HeaderCookies::default(), options).await.unwrap_err();
    is(
        &refused(SignInOptions::new().redirect_uri("/callback")).await,
        "options.invalid",
        500,
        "redirect_uri is not an absolute URL",
    );
    let long = SignInOptions::new().redirect_uri(format!("{BASE_URL}/{}", "a".repeat(4000)));
    is(&refused(long).await, "options.invalid", 500, "the sign-in does not fit a cookie");
    let both = SignInOptions::new().prompt([logto::Prompt::None, logto::Prompt::Login]);
    is(&refused(both).await, "options.invalid", 500, "prompt holds `none` with others, and `none` stands alone");
    // What is ours cannot be overridden, nor the way that the answer comes.
    for name in ["state", "client_id", "resource", "response_mode", "request"] {
        let error = refused(SignInOptions::new().extra_param(name, "x")).await;
        is(&error, "options.invalid", 500, &format!("extra parameter `{name}` is not for the application to set"));
    }
    let options = SignInOptions::new().extra_param("tenant", "a&b=c");
    let redirect = site.logto.sign_in(&mut HeaderCookies::default(), options).await.unwrap();
    let url: Url = redirect.location().parse().unwrap();
    assert!(url.query_pairs().any(|(name, value)| name == "tenant" && value == "a&b=c"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No callback panics, whatever it holds.
    #[test]
    fn any_callback_is_an_error(query in "\\PC{0,120}", cookie in "\\PC{0,120}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let config = logto::LogtoConfig::builder()
                .endpoint("http://127.0.0.1:1")
                .app_id("app")
                .base_url("http://localhost:3000")
                .cookie_secret(crate::support::COOKIE_SECRET);
            let logto = LogtoClient::new(config.build().unwrap()).unwrap();
            let mut cookies = HeaderCookies::parse(cookie);
            for query in [query.clone(), format!("state={query}&code={query}"), format!("/callback?{query}"), format!("https://x/?{query}#{query}")] {
                assert!(logto.handle_sign_in(&mut cookies, &query).await.is_err());
            }
        });
    }
}
