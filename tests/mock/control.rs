//! What tests do to the server while it runs.

use std::time::{Duration, UNIX_EPOCH};

use logto::testing::{Endpoint, Fault, MockApp, MockLogto, MockUser, SigningAlg, TestClock};
use serde_json::{Value, json};

use crate::support::{
    Answer, REDIRECT_URI, authorization_url, client, decoded, exchange, param, refresh, text, tokens, userinfo,
};

async fn get(mock: &MockLogto, path: &str) -> Value {
    Answer::of(client().get(format!("{}{path}", mock.issuer()))).await.json()
}

#[tokio::test]
async fn rotated_keys_of_the_mock_stay_in_the_jwks_until_removed() {
    let mock = MockLogto::start().await;
    for (alg, kinds) in [
        (SigningAlg::Rs256, vec!["RSA", "EC"]),
        (SigningAlg::Es512, vec!["EC", "RSA", "EC"]),
        (SigningAlg::Ps256, vec!["RSA", "EC", "RSA", "EC"]),
    ] {
        mock.rotate_keys(alg);
        let keys = get(&mock, "/jwks").await;
        let listed: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kty")).collect();
        assert_eq!(listed, kinds);
        let (header, _) = decoded(text(&tokens(&mock, &[]).await, "id_token"));
        assert_eq!((&header["alg"], &header["kid"]), (&json!(alg.as_str()), &keys["keys"][0]["kid"]));
        let discovery = get(&mock, "/.well-known/openid-configuration").await;
        assert_eq!(discovery["id_token_signing_alg_values_supported"], json!([alg.as_str()]));
    }
    mock.remove_old_keys();
    assert_eq!(get(&mock, "/jwks").await["keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_mock_applies_tampering_to_each_of_its_responses() {
    let mock = MockLogto::start().await;
    mock.tamper_id_token(|header, claims| {
        header["alg"] = json!("none");
        claims["aud"] = json!("someone-else");
    });
    let (header, claims) = decoded(text(&tokens(&mock, &[]).await, "id_token"));
    assert_eq!((&header["alg"], &claims["aud"]), (&json!("none"), &json!("someone-else")));
    mock.clear_tampering();

    let signature = |jwt: &str| jwt.rsplit('.').next().unwrap().to_owned();
    mock.break_signatures(true);
    let hint = tokens(&mock, &[]).await;
    let hint = text(&hint, "id_token");
    assert_eq!(signature(hint).len(), 128);
    let url = format!("{}/session/end?id_token_hint={hint}", mock.issuer());
    assert_eq!(Answer::of(client().get(url)).await.status, 400, "the server itself does not believe it");

    mock.tamper_discovery(|document| document["issuer"] = json!("https://evil.test"));
    mock.tamper_jwks(|keys| keys["keys"] = json!([]));
    mock.tamper_user_info(|user| user["sub"] = json!("someone-else"));
    mock.tamper_token_response(|tokens| tokens["expires_in"] = json!("soon"));
    mock.omit_iss(true);
    assert_eq!(get(&mock, "/.well-known/openid-configuration").await["issuer"], "https://evil.test");
    assert_eq!(get(&mock, "/jwks").await["keys"], json!([]));
    let callback = mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    assert_eq!(param(&callback, "iss"), None);
    let tampered = exchange(&mock, &callback).await.json();
    assert_eq!(tampered["expires_in"], "soon");
    assert_eq!(userinfo(&mock, text(&tampered, "access_token")).await.json()["sub"], "someone-else");
}

#[tokio::test]
async fn the_mock_keeps_received_requests_for_inspection_until_a_reset() {
    let mock = MockLogto::start().await;
    let first = tokens(&mock, &[]).await;
    refresh(&mock, text(&first, "refresh_token"), &[("scope", "openid")]).await;
    assert_eq!(mock.request_count(Endpoint::Token), 2);
    assert!(mock.requests_total() > 2);
    let last = mock.last_request(Endpoint::Token).unwrap();
    assert_eq!((last.method(), last.path()), ("POST", "/oidc/token"));
    assert_eq!(last.form_value("scope"), Some("openid"));
    assert!(last.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(mock.requests(Endpoint::Token)[0].form_value("grant_type"), Some("authorization_code"));
    assert_eq!(mock.requests(Endpoint::Authorization)[0].query_value("state"), Some("the-state"));
    mock.reset_counts();
    assert_eq!(mock.requests_total(), 0);
}

#[tokio::test]
async fn a_mock_that_was_stopped_starts_again_with_its_state() {
    let mock = MockLogto::start().await;
    let first = tokens(&mock, &[]).await;
    mock.stop().await;
    let request = client().get(format!("{}/jwks", mock.issuer()));
    assert!(request.send().await.unwrap_err().is_connect());
    mock.restart().await.unwrap();
    assert_eq!(refresh(&mock, text(&first, "refresh_token"), &[]).await.status, 200);
    let (port, url) = (mock.endpoint(), format!("{}/jwks", mock.issuer()));
    let taken = port.rsplit(':').next().unwrap().parse().unwrap();
    assert!(MockLogto::builder().port(taken).start().await.is_err());
    drop(mock);
    assert!(client().get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn users_of_a_running_mock_can_be_added_or_suspended() {
    let mock = MockLogto::start().await;
    mock.add_user(
        MockUser::new("grace").claim("website", "https://grace.test").claim("custom_data", json!({ "a": 1 })),
    );
    let callback = mock
        .sign_in(&authorization_url(&mock, &[("scope", "openid offline_access profile custom_data")]), "grace")
        .await;
    let grace = exchange(&mock, &callback).await.json();
    let (_, claims) = decoded(text(&grace, "id_token"));
    assert_eq!((&claims["sub"], &claims["website"]), (&json!("user-grace"), &json!("https://grace.test")));
    assert_eq!(claims.get("custom_data"), None);
    assert!(mock.suspend_user("grace"));
    assert_eq!(refresh(&mock, text(&grace, "refresh_token"), &[]).await.status, 400);
    assert!(mock.unsuspend_user("user-grace"));
    assert_eq!(refresh(&mock, text(&grace, "refresh_token"), &[]).await.status, 200);
    mock.revoke_all_grants();
    assert_eq!(refresh(&mock, text(&grace, "refresh_token"), &[]).await.status, 400);
    assert!(!mock.suspend_user("nobody"));
}

#[tokio::test]
#[should_panic(expected = "MockLogto has no user \"nobody\"; it has: ada, bob")]
async fn an_unknown_user_is_told_by_name() {
    let mock = MockLogto::start().await;
    mock.sign_in(&authorization_url(&mock, &[]), "nobody").await;
}

#[tokio::test]
#[should_panic(expected = "redirect_uri did not match")]
async fn a_refused_url_is_told_with_the_reason() {
    let app = MockApp::new("id", "secret").redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    mock.sign_in(&authorization_url(&mock, &[("redirect_uri", "http://evil.test")]), "ada").await;
}

#[tokio::test]
async fn the_browser_inside_keeps_the_session() {
    let mock = MockLogto::start().await;
    let silent = authorization_url(&mock, &[("prompt", "none")]);
    mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    assert!(param(&mock.sign_in(&silent, "ada").await, "code").is_some());
    let other = mock.sign_in(&silent, "bob").await;
    assert_eq!(param(&other, "error").as_deref(), Some("login_required"));
    let denied = mock.cancel_sign_in(&authorization_url(&mock, &[])).await;
    assert_eq!(param(&denied, "error").as_deref(), Some("oidc.aborted"));
    assert_eq!(param(&denied, "error_description"), None);
}

#[tokio::test]
async fn any_token_can_be_signed() {
    let mock = MockLogto::start().await;
    let (header, claims) = decoded(&mock.sign_jwt(json!({ "typ": "at+jwt" }), &json!({ "sub": "x" })));
    assert_eq!((&header["alg"], &header["typ"], &claims["sub"]), (&json!("ES384"), &json!("at+jwt"), &json!("x")));
}

#[tokio::test]
async fn the_date_header_of_a_mock_is_that_of_its_clock() {
    // The example of RFC 9110 section 5.6.7.
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(784_111_777));
    let mock = MockLogto::builder().clock(clock).start().await.unwrap();
    mock.inject_fault(Endpoint::Jwks, Fault::status(503));
    for path in ["/oidc/.well-known/openid-configuration", "/oidc/jwks", "/nowhere"] {
        let answer = Answer::of(client().get(format!("{}{path}", mock.endpoint()))).await;
        assert_eq!(answer.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"), "{path}");
    }
}
