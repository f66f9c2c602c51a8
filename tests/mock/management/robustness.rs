//! Hostile requests, and a server that has too many of them.

use std::time::Duration;

use logto::testing::{Endpoint, Fault, MockLogto};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    management_client::Management,
    support::{Answer, client, text},
};

#[tokio::test]
async fn the_management_api_can_have_too_many_requests() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    mock.inject_fault(Endpoint::Management, Fault::rate_limited().retry_after(Duration::from_secs(3)).times(2));
    mock.inject_fault(Endpoint::Management, Fault::rate_limited().times(1));
    for retry_after in [Some("3"), Some("3"), None] {
        let limited = management.get("/users").await;
        assert_eq!((limited.status, limited.header("retry-after")), (429, retry_after));
        assert_eq!(text(&limited.json(), "code"), "request.rate_limited");
    }
    assert_eq!(management.get("/users").await.status, 200);
    assert_eq!(mock.request_count(Endpoint::Management), 4);
}

#[tokio::test]
async fn hostile_requests_are_refused_and_the_server_goes_on() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    for path in [
        "/users?page=99999999999999999999999999",
        "/users?page=-1",
        "/users?page_size=0",
        "/users?page=%00",
        "/roles?page_size=101",
        "/one-time-tokens?page=x",
    ] {
        let refused = management.get(path).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (400, "guard.invalid_pagination"), "{path}");
    }
    assert_eq!(management.get("/users?page=18446744073709551615&page_size=100").await.json(), json!([]));
    for path in [
        "/users/%ff%fe",
        "/users/..%2f..%2fetc",
        "/users/a%00b/roles",
        "/roles/%F0%9F%90%BB",
        "/users//roles",
        "/users/a/b/c/d/e",
    ] {
        assert_eq!(management.get(path).await.status, 404, "{path}");
    }
    let many = "%".repeat(300);
    let pattern: String = url::form_urlencoded::byte_serialize(format!("{many}zz{many}").as_bytes()).collect();
    assert_eq!(management.get(&format!("/users?search={pattern}")).await.json(), json!([]));
    let odd = [json!([]), json!("x"), json!(1), json!({ "username": [] }), json!({ "profile": { "address": 1 } })];
    for body in
        odd.into_iter().chain([json!({ "avatar": { "a": 1 } }), json!({ "customData": [] }), json!({ "password": "" })])
    {
        let refused = management.post("/users", &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (400, "guard.invalid_input"), "{body}");
        assert!(refused.json()["data"]["issues"][0]["path"].is_array(), "{body}");
    }
    for (path, body) in [
        ("/users/user-ada/roles", json!({ "roleIds": "x" })),
        ("/users/user-ada/roles", json!({ "roleIds": [1] })),
        ("/users/user-ada/roles", json!({ "roleIds": [""] })),
        ("/roles/role-librarian/users", json!({ "userIds": [] })),
        ("/users/user-ada/personal-access-tokens", json!({ "name": "x", "expiresAt": "tomorrow" })),
        ("/subject-tokens", json!({ "userId": null })),
        ("/one-time-tokens", json!({ "email": "" })),
        ("/resources", json!({ "name": "x", "indicator": "y", "accessTokenTtl": "z" })),
        ("/applications", json!({ "name": "x", "type": "Traditional", "oidcClientMetadata": { "redirectUris": [1] } })),
    ] {
        let refused = management.post(path, &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (400, "guard.invalid_input"), "{path} {body}");
    }
    for number in ["-1e308", "1e308", "18446744073709551616", "-5"] {
        let body: Value = serde_json::from_str(&format!("{{\"email\":\"a@b.c\",\"expiresIn\":{number}}}")).unwrap();
        assert!(matches!(management.post("/one-time-tokens", &body).await.status, 201 | 400), "{number}");
        let body: Value = serde_json::from_str(&format!("{{\"name\":\"n{number}\",\"expiresAt\":{number}}}")).unwrap();
        assert!(
            matches!(management.post("/users/user-ada/personal-access-tokens", &body).await.status, 201 | 400),
            "{number}"
        );
    }
    let request = client().post(format!("{}/api/users", mock.endpoint())).bearer_auth(&management.token);
    let broken = Answer::of(request.header("content-type", "application/json").body(vec![0xff, b'{', 0])).await;
    assert_eq!(broken.status, 400);
    assert_eq!(management.ask(Method::HEAD, "/users", &Value::Null).await.header("total-number"), Some("2"));
}

#[tokio::test]
async fn a_client_that_may_not_call_does_not_learn_what_is_there() {
    let mock = MockLogto::start().await;
    for path in ["/api/users", "/api/nosuch", "/api/users/user-ada", "/api/roles"] {
        let refused = Answer::of(client().get(format!("{}{path}", mock.endpoint()))).await;
        assert_eq!(
            (refused.status, text(&refused.json(), "code")),
            (401, "auth.authorization_header_missing"),
            "{path}"
        );
    }
    let mut claims = json!({ "iss": mock.issuer(), "aud": "https://default.logto.app/api", "scope": "all", "exp": 1 });
    for (change, reason) in
        [(json!({}), "exp"), (json!({ "exp": 4_000_000_000_u64, "iss": "https://other.test/oidc" }), "iss")]
    {
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = mock.sign_jwt(json!({}), &claims);
        let refused = Answer::of(client().get(format!("{}/api/users", mock.endpoint())).bearer_auth(token)).await;
        assert_eq!((refused.status, &refused.json()["data"]["claim"]), (401, &json!(reason)));
    }
}
