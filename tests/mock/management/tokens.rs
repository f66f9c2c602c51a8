//! One-time tokens, personal access tokens and subject tokens that the Management API makes.

use std::time::{Duration, UNIX_EPOCH};

use logto::testing::{MockApp, MockLogto, TestClock};
use serde_json::json;

use crate::{
    management_client::Management,
    support::{Answer, Browser, authorization_url, client, decoded, exchange, text, token},
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

async fn magic_link(mock: &MockLogto, management: &Management<'_>, email: &str) -> String {
    let made = management.post("/one-time-tokens", &json!({ "email": email })).await.json();
    authorization_url(mock, &[("one_time_token", text(&made, "token")), ("login_hint", email)])
}

#[tokio::test]
async fn a_magic_link_signs_in_once() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let link = magic_link(&mock, &management, "ada@example.test").await;

    // A mail scanner that asks with HEAD uses nothing up.
    let mut browser = Browser::new(&mock);
    let page = browser.get(&link).await.location().to_owned();
    let scanned = Answer::of(client().head(format!("{}{page}", mock.endpoint()))).await;
    assert_eq!(scanned.status, 200);

    let callback = mock.follow_magic_link(&link).await;
    let signed_in = exchange(&mock, &callback).await.json();
    assert_eq!(decoded(text(&signed_in, "id_token")).1["sub"], json!("user-ada"));
    let again = browser.get(&page).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("The token has been consumed."), "{}", again.body);
    assert_eq!(management.get("/one-time-tokens?status=consumed").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_magic_link_to_a_new_address_registers() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let body = json!({ "email": "new@example.test", "context": { "jitOrganizationIds": ["org-acme", "nosuch"] } });
    let made = management.post("/one-time-tokens", &body).await.json();
    let asked = [
        ("one_time_token", text(&made, "token")),
        ("login_hint", "new@example.test"),
        ("scope", "openid email urn:logto:scope:organizations"),
    ];
    let signed_in = exchange(&mock, &mock.follow_magic_link(&authorization_url(&mock, &asked)).await).await.json();
    let (_, claims) = decoded(text(&signed_in, "id_token"));
    assert_eq!((&claims["email"], &claims["organizations"]), (&json!("new@example.test"), &json!(["org-acme"])));
    let known = management.get(&format!("/users/{}", text(&claims, "sub"))).await.json();
    assert_eq!((&known["primaryEmail"], &known["username"]), (&json!("new@example.test"), &json!(null)));
}

#[tokio::test]
async fn a_magic_link_that_is_not_good_signs_nobody_in() {
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let management = Management::of(&mock);
    let link = magic_link(&mock, &management, "ada@example.test").await;
    let token = crate::support::param(&link, "one_time_token").unwrap();
    let refused = [
        (
            vec![("one_time_token", token.as_str()), ("login_hint", "bob@example.test")],
            400,
            "Email mismatch with given token.",
        ),
        (vec![("one_time_token", token.as_str())], 400, "Email mismatch with given token."),
        (vec![("one_time_token", "garbage"), ("login_hint", "ada@example.test")], 404, "Token garbage not found."),
    ];
    for (asked, status, message) in refused {
        let mut browser = Browser::new(&mock);
        let page = browser.get(&authorization_url(&mock, &asked)).await.location().to_owned();
        let answer = browser.get(&page).await;
        assert_eq!((answer.status, answer.body.contains(message)), (status, true), "{}", answer.body);
        assert!(answer.header("set-cookie").is_none());
    }
    clock.advance(Duration::from_secs(600));
    let mut browser = Browser::new(&mock);
    let page = browser.get(&link).await.location().to_owned();
    let late = browser.get(&page).await;
    assert!(late.status == 400 && late.body.contains("The token is expired."), "{}", late.body);
    let id = management.get("/one-time-tokens?status=expired").await.json()[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/one-time-tokens/{id}/status");
    let back = management.put(&path, &json!({ "status": "active" })).await;
    assert_eq!((back.status, text(&back.json(), "code")), (400, "one_time_token.cannot_reactivate_token"));
    assert_eq!(management.put(&path, &json!({ "status": "revoked" })).await.json()["status"], json!("revoked"));

    let link = magic_link(&mock, &management, "ada@example.test").await;
    mock.suspend_user("ada");
    let mut browser = Browser::new(&mock);
    let page = browser.get(&link).await.location().to_owned();
    let suspended = browser.get(&page).await;
    assert!(suspended.status == 401 && suspended.header("set-cookie").is_none(), "{suspended:?}");
}

#[tokio::test]
async fn tokens_of_the_management_api_are_exchanged() {
    let app = MockApp::new("web", "secret").redirect_uri("http://localhost:3000/callback").token_exchange(true);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let management = Management::of(&mock);
    let path = "/users/user-ada/personal-access-tokens";
    let made = management.post(path, &json!({ "name": "ci" })).await.json();
    let value = text(&made, "value").to_owned();
    assert!(value.starts_with("pat_") && value.len() == 36, "{value}");
    let kind = "urn:logto:token-type:personal_access_token";
    assert_eq!(subject_of(&mock, &value, kind).await.as_deref(), Some("user-ada"));
    assert_eq!(subject_of(&mock, &value, kind).await.as_deref(), Some("user-ada"));
    management.post(&format!("{path}/delete"), &json!({ "name": "ci" })).await;
    assert_eq!(subject_of(&mock, &value, kind).await, None);

    let made = management.post("/subject-tokens", &json!({ "userId": "user-ada" })).await.json();
    let value = text(&made, "subjectToken").to_owned();
    let kind = "urn:logto:token-type:impersonation_token";
    assert_eq!(subject_of(&mock, &value, kind).await.as_deref(), Some("user-ada"));
    assert_eq!(subject_of(&mock, &value, kind).await, None, "it is used up");
}

async fn subject_of(mock: &MockLogto, value: &str, kind: &str) -> Option<String> {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", value),
        ("subject_token_type", kind),
        ("resource", crate::support::API),
        ("scope", "read:books"),
    ];
    let answer = token(mock, &form).await;
    let body = answer.json();
    (answer.status == 200).then(|| text(&decoded(text(&body, "access_token")).1, "sub").to_owned())
}

#[tokio::test]
async fn personal_access_tokens_of_one_user_have_different_names() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let path = "/users/user-ada/personal-access-tokens";
    for (user, name, status) in [("ada", "ci", 201), ("ada", "ci", 422), ("bob", "ci", 201), ("ada", "a/b c", 201)] {
        let made =
            management.post(&format!("/users/user-{user}/personal-access-tokens"), &json!({ "name": name })).await;
        assert_eq!(made.status, status, "{user} {name}");
    }
    let taken = management.patch(&format!("{path}/ci"), &json!({ "name": "a/b c" })).await;
    assert_eq!((taken.status, text(&taken.json(), "code")), (422, "user.personal_access_token_name_exists"));
    assert_eq!(management.patch(&format!("{path}/a%2Fb%20c"), &json!({ "name": "z" })).await.status, 200);
    assert_eq!(management.patch(path, &json!({ "currentName": "z", "name": "y" })).await.json()["name"], json!("y"));
    let unknown = management.patch(&format!("{path}/z"), &json!({ "name": "x" })).await;
    assert_eq!((unknown.status, text(&unknown.json(), "code")), (404, "entity.not_exists"));
    assert_eq!(management.delete(&format!("{path}/y")).await.status, 204);
    assert_eq!(management.get(path).await.json().as_array().unwrap().len(), 1);
}
