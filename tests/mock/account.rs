//! The part of the Account API that there is.

use logto::testing::MockLogto;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, client, text, tokens};

async fn ask(mock: &MockLogto, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let request = client().request(method, format!("{}/api/my-account{path}", mock.endpoint()));
    Answer::of(request.bearer_auth(token).json(body)).await
}

async fn token(mock: &MockLogto, scope: &str) -> String {
    text(&tokens(mock, &[("scope", scope), ("nonce", "")]).await, "access_token").to_owned()
}

#[tokio::test]
async fn the_account_api_of_the_mock_applies_changes_to_the_profile() {
    let mock = MockLogto::start().await;
    let token = token(&mock, "openid profile email phone custom_data identities").await;
    let shown = ask(&mock, Method::GET, "", &token, &json!(null)).await.json();
    for (name, value) in [
        ("id", json!("user-ada")),
        ("primaryEmail", json!("ada@example.test")),
        ("primaryPhone", json!("14155550123")),
        ("customData", json!({ "plan": "pro", "nested": { "n": 1 } })),
        ("applicationId", json!(mock.app_id())),
        ("hasPassword", json!(true)),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    let changes = json!({ "name": "Countess Lovelace", "avatar": null, "customData": { "plan": "free" } });
    let changed = ask(&mock, Method::PATCH, "", &token, &changes).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    for (name, value) in changes.as_object().unwrap() {
        assert_eq!(changed.json()[name], *value, "{name}");
    }
    let profile = ask(&mock, Method::PATCH, "/profile", &token, &json!({ "nickname": "Countess" })).await.json();
    assert_eq!((&profile["nickname"], &profile["familyName"]), (&json!("Countess"), &json!("Lovelace")));
    let user = crate::support::userinfo(&mock, &token).await.json();
    assert_eq!((&user["name"], &user["nickname"]), (&json!("Countess Lovelace"), &json!("Countess")));
}

#[tokio::test]
async fn the_account_api_of_the_mock_is_limited_to_the_scopes_of_the_token() {
    let mock = MockLogto::start().await;
    let token = token(&mock, "openid email").await;
    let shown = ask(&mock, Method::GET, "", &token, &json!(null)).await.json();
    let names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["hasSecurityVerificationMethod", "id", "primaryEmail"]);
    for (path, body) in [("", json!({ "name": "x" })), ("", json!({ "customData": {} })), ("/profile", json!({}))] {
        let refused = ask(&mock, Method::PATCH, path, &token, &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (400, "auth.unauthorized"), "{path} {body}");
    }
}

#[tokio::test]
async fn an_account_request_that_is_not_permitted_or_malformed_is_refused() {
    let mock = MockLogto::start().await;
    let all = token(&mock, "openid profile custom_data").await;
    let closed = token(&mock, "profile").await;
    for (bearer, status, code) in [("garbage", 401, "auth.unauthorized"), (&closed, 403, "auth.forbidden")] {
        let refused = ask(&mock, Method::GET, "", bearer, &json!(null)).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code), "{bearer}");
    }
    for (body, status, code) in [
        (json!({ "username": "countess" }), 401, "verification_record.permission_denied"),
        (json!({ "avatar": 1 }), 400, "guard.invalid_input"),
        (json!({ "customData": "x" }), 400, "guard.invalid_input"),
        (json!("x"), 400, "guard.invalid_input"),
    ] {
        let refused = ask(&mock, Method::PATCH, "", &all, &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code), "{body}");
    }
    assert_eq!(ask(&mock, Method::PATCH, "/profile", &all, &json!({ "nickname": 1 })).await.status, 400);
    assert_eq!(ask(&mock, Method::GET, "/nosuch", &all, &json!(null)).await.status, 404);
    assert!(mock.suspend_user("ada"));
    assert_eq!(ask(&mock, Method::GET, "", &all, &json!(null)).await.status, 401);
}
