//! Rotation, reuse, lifetimes and scopes.

use std::time::Duration;

use logto::testing::{MockApp, MockLogto, TestClock};

use crate::support::{
    API, Answer, REDIRECT_URI, authorization_url, client, decoded, exchange, refresh, text, token, tokens, userinfo,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn public(clock: &TestClock) -> MockLogto {
    let app = MockApp::new("spa", "").public_client().redirect_uri(REDIRECT_URI);
    MockLogto::builder().app(app).clock(clock.clone()).start().await.unwrap()
}

async fn public_token(mock: &MockLogto, form: &[(&str, &str)]) -> Answer {
    let form: Vec<_> = form.iter().copied().chain([("client_id", "spa")]).collect();
    Answer::of(client().post(format!("{}/token", mock.issuer())).form(&form)).await
}

async fn public_refresh(mock: &MockLogto, token: &str) -> Answer {
    public_token(mock, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn public_tokens(mock: &MockLogto) -> serde_json::Value {
    let callback = mock.sign_in(&authorization_url(mock, &[]), "ada").await;
    let code = crate::support::param(&callback, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", crate::support::VERIFIER),
    ];
    public_token(mock, &form).await.json()
}

#[tokio::test]
async fn a_web_app_keeps_its_refresh_token_until_70_percent() {
    let clock = TestClock::new();
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let first = tokens(&mock, &[]).await;
    let first = text(&first, "refresh_token");
    clock.advance(DAY * 9);
    assert_eq!(refresh(&mock, first, &[]).await.json()["refresh_token"], first);
    clock.advance(DAY);
    let one = refresh(&mock, first, &[]).await.json();
    let two = refresh(&mock, first, &[]).await.json();
    assert_ne!(one["refresh_token"], first);
    assert_ne!(one["refresh_token"], two["refresh_token"]);
    for new in [one, two] {
        let again = refresh(&mock, text(&new, "refresh_token"), &[]).await;
        assert_eq!(again.json()["refresh_token"], new["refresh_token"]);
    }
}

#[tokio::test]
async fn a_replaced_refresh_token_is_valid_until_three_seconds_pass_without_use() {
    let clock = TestClock::new();
    let mock = public(&clock).await;
    let first = public_tokens(&mock).await;
    let old = text(&first, "refresh_token");
    let mut newest = String::new();
    for _ in 0..5 {
        let answer = public_refresh(&mock, old).await;
        assert_eq!(answer.status, 200);
        newest = text(&answer.json(), "refresh_token").to_owned();
        assert_ne!(newest, old);
        clock.advance(Duration::from_secs(2));
    }
    clock.advance(Duration::from_secs(2));
    let late = public_refresh(&mock, old).await;
    assert_eq!((late.status, text(&late.json(), "error")), (400, "invalid_grant"));
    assert_eq!(public_refresh(&mock, &newest).await.status, 400, "the whole grant is gone");
    assert_eq!(userinfo(&mock, text(&first, "access_token")).await.status, 401);
}

#[tokio::test]
async fn refresh_token_rotation_prolongs_only_the_grant_of_a_web_app() {
    let clock = TestClock::new();
    let web = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let spa = public(&clock).await;
    let of_web = tokens(&web, &[]).await;
    let of_spa = public_tokens(&spa).await;
    clock.advance(DAY * 13);
    let of_web = refresh(&web, text(&of_web, "refresh_token"), &[]).await.json();
    let of_spa = public_refresh(&spa, text(&of_spa, "refresh_token")).await.json();
    clock.advance(DAY * 2);
    assert_eq!(refresh(&web, text(&of_web, "refresh_token"), &[]).await.status, 200);
    assert_eq!(public_refresh(&spa, text(&of_spa, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn reuse_of_an_authorization_code_revokes_the_grant_in_the_mock() {
    let mock = MockLogto::start().await;
    let callback = mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    let first = exchange(&mock, &callback).await.json();
    assert_eq!(exchange(&mock, &callback).await.status, 400);
    assert_eq!(refresh(&mock, text(&first, "refresh_token"), &[]).await.status, 400);
    assert_eq!(userinfo(&mock, text(&first, "access_token")).await.status, 401);
    // The session lives, and gets a new grant.
    let second = exchange(&mock, &mock.sign_in(&authorization_url(&mock, &[]), "ada").await).await;
    assert_eq!(second.status, 200);
}

#[tokio::test]
async fn a_refresh_in_the_mock_reflects_changes_to_the_user() {
    let mock = MockLogto::start().await;
    let scope = "openid offline_access profile roles read:books delete:books";
    let first = tokens(&mock, &[("scope", scope), ("resource", API)]).await;
    let token = text(&first, "refresh_token");
    let before = refresh(&mock, token, &[("resource", API)]).await.json();
    assert_eq!(before["scope"], "read:books", "delete:books is granted to nobody");
    assert!(mock.update_user("ada", |ada| ada.without_roles().name("Countess Lovelace")));
    let after = refresh(&mock, token, &[("resource", API)]).await.json();
    assert_eq!(after["scope"], "");
    let (_, claims) = decoded(text(&after, "id_token"));
    assert_eq!(claims["name"], "Countess Lovelace");
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["roles"], serde_json::json!([]));
    let narrow = refresh(&mock, token, &[("scope", "profile")]).await.json();
    assert_eq!(narrow.get("id_token"), None);
}

#[tokio::test]
async fn the_token_endpoint_answers_any_input() {
    let mock = MockLogto::start().await;
    let url = format!("{}/token", mock.issuer());
    for body in ["", "%", "=&=", "grant_type", "grant_type=&client_id=%ff", "{", "[]", "{\"grant_type\":1}"] {
        for kind in ["application/x-www-form-urlencoded", "application/json", "text/plain", ""] {
            for auth in ["Basic", "Basic Og==", "Basic 4oKs", "Bearer x", ""] {
                let request = client().post(&url).header("content-type", kind).header("authorization", auth);
                let answer = Answer::of(request.body(body)).await;
                assert!(matches!(answer.status, 400 | 401), "{answer:?}");
                answer.json();
            }
        }
    }
    assert_eq!(token(&mock, &[("grant_type", "authorization_code"), ("code", "x")]).await.status, 400);
}

#[tokio::test]
async fn credentials_are_form_decoded_inside_basic() {
    let app = MockApp::new("an app", "p%+:&ä").allow_any_loopback_redirect();
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let encoded: String = url::form_urlencoded::byte_serialize("p%+:&ä".as_bytes()).collect();
    let request = client().post(format!("{}/token", mock.issuer())).basic_auth("an+app", Some(encoded));
    let answer = Answer::of(request.form(&[("grant_type", "refresh_token"), ("refresh_token", "x")])).await;
    assert_eq!(text(&answer.json(), "error"), "invalid_grant");
}
