//! What each route of the Account API asks for: a scope, a field that the account center has open, a verification record.

use logto::testing::{MockAccountCenter, MockLogto};
use reqwest::Method;
use serde_json::{Value, json};

use crate::account_user::{SCOPE, User};

struct Route {
    method: Method,
    path: &'static str,
    body: Value,
    /// The scope, and the status of a token without it.
    scope: Option<(&'static str, u16)>,
    field: Option<&'static str>,
    takes_record: bool,
}

fn route(method: Method, path: &'static str, body: Value) -> Route {
    Route { method, path, body, scope: None, field: None, takes_record: false }
}

impl Route {
    fn scope(mut self, scope: &'static str, status: u16) -> Self {
        self.scope = Some((scope, status));
        self
    }

    fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    fn record(mut self) -> Self {
        self.takes_record = true;
        self
    }

    async fn asked_by(&self, user: &User<'_>) -> (u16, String) {
        let answer = user.ask(self.method.clone(), self.path, &self.body).await;
        let code = serde_json::from_str::<Value>(&answer.body).unwrap_or_default()["code"].clone();
        (answer.status, code.as_str().unwrap_or_default().to_owned())
    }
}

fn routes() -> Vec<Route> {
    let new_id = json!("nosuch");
    let (identities, sessions) = ("identities", "urn:logto:scope:sessions");
    let totp = json!({ "type": "Totp", "secret": "GEZDGNBVGY3TQOJQ" });
    vec![
        route(Method::PATCH, "/my-account", json!({ "name": "x" })).scope("profile", 400).field("name"),
        route(Method::PATCH, "/my-account", json!({ "avatar": null })).scope("profile", 400).field("avatar"),
        route(Method::PATCH, "/my-account", json!({ "username": "x" }))
            .scope("profile", 400)
            .field("username")
            .record(),
        route(Method::PATCH, "/my-account", json!({ "customData": {} })).scope("custom_data", 400).field("customData"),
        route(Method::PATCH, "/my-account/profile", json!({ "nickname": "x" })).scope("profile", 400).field("profile"),
        route(Method::PATCH, "/my-account/profile", json!({ "address": {} })).scope("address", 400).field("profile"),
        route(Method::POST, "/my-account/password", json!({ "password": "Analytical-1837" }))
            .field("password")
            .record(),
        route(
            Method::POST,
            "/my-account/primary-email",
            json!({ "email": "a@b.test", "newIdentifierVerificationRecordId": new_id }),
        )
        .scope("email", 400)
        .field("email")
        .record(),
        route(Method::DELETE, "/my-account/primary-email", Value::Null).scope("email", 400).field("email").record(),
        route(
            Method::POST,
            "/my-account/primary-phone",
            json!({ "phone": "1", "newIdentifierVerificationRecordId": new_id }),
        )
        .scope("phone", 400)
        .field("phone")
        .record(),
        route(Method::DELETE, "/my-account/primary-phone", Value::Null).scope("phone", 400).field("phone").record(),
        route(Method::POST, "/my-account/identities", json!({ "newIdentifierVerificationRecordId": new_id }))
            .scope(identities, 401)
            .field("social")
            .record(),
        route(Method::PUT, "/my-account/identities", json!({ "newIdentifierVerificationRecordId": new_id }))
            .scope(identities, 401)
            .field("social")
            .record(),
        route(Method::DELETE, "/my-account/identities/github", Value::Null)
            .scope(identities, 400)
            .field("social")
            .record(),
        route(Method::GET, "/my-account/mfa-verifications", Value::Null).scope(identities, 401).field("mfa"),
        route(Method::POST, "/my-account/mfa-verifications", totp).scope(identities, 401).field("mfa").record(),
        route(Method::PUT, "/my-account/mfa-verifications/totp", json!({ "secret": "x", "code": "x" }))
            .scope(identities, 401)
            .field("mfa")
            .record(),
        route(Method::GET, "/my-account/mfa-verifications/backup-codes", Value::Null).scope(identities, 401).record(),
        route(Method::PATCH, "/my-account/mfa-verifications/x/name", json!({ "name": "x" }))
            .scope(identities, 401)
            .field("mfa")
            .record(),
        route(Method::DELETE, "/my-account/mfa-verifications/x", Value::Null).scope(identities, 401).record(),
        route(Method::GET, "/my-account/mfa-settings", Value::Null).scope(identities, 401).field("mfa"),
        route(Method::PATCH, "/my-account/mfa-settings", json!({ "skipMfaOnSignIn": true }))
            .scope(identities, 401)
            .field("mfa")
            .record(),
        route(Method::GET, "/my-account/logto-configs", Value::Null).scope(identities, 401).field("mfa"),
        route(Method::PATCH, "/my-account/logto-configs", json!({})).scope(identities, 401).field("mfa"),
        route(Method::GET, "/my-account/sessions", Value::Null).scope(sessions, 401).field("session").record(),
        route(Method::DELETE, "/my-account/sessions/x", Value::Null).scope(sessions, 401).field("session").record(),
        route(Method::GET, "/my-account/grants", Value::Null).scope(sessions, 401).field("session").record(),
        route(Method::DELETE, "/my-account/grants/x", Value::Null).scope(sessions, 401).field("session").record(),
    ]
}

fn without(scope: &str) -> String {
    SCOPE.split(' ').filter(|word| *word != scope).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_route_asks_for_its_scope() {
    let mock = MockLogto::start().await;
    for scope in ["profile", "custom_data", "address", "email", "phone", "identities", "urn:logto:scope:sessions"] {
        let mut ada = User::with(&mock, "ada", &without(scope)).await;
        ada.verify("lovelace").await;
        for route in routes() {
            if let Some((_, status)) = route.scope.filter(|(needed, _)| *needed == scope) {
                let refusal = (status, "auth.unauthorized".to_owned());
                assert_eq!(route.asked_by(&ada).await, refusal, "{} {}", route.method, route.path);
            }
        }
    }
}

#[tokio::test]
async fn each_route_asks_for_a_field_that_is_open() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    for route in routes() {
        let Some(field) = route.field else { continue };
        let (center, code) = match route.method {
            Method::GET => (MockAccountCenter::new().hidden(field), "account_center.field_not_enabled"),
            _ => (MockAccountCenter::new().read_only(field), "account_center.field_not_editable"),
        };
        mock.set_account_center(center);
        assert_eq!(route.asked_by(&ada).await, (400, code.to_owned()), "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn each_sensitive_route_asks_for_a_record_of_the_user() {
    let mock = MockLogto::start().await;
    let bob = User::verified(&mock, "bob", "builder").await;
    let mut ada = User::of(&mock, "ada").await;
    let refusal = (401, "verification_record.permission_denied".to_owned());
    for record in [None, Some("nosuch".to_owned()), bob.record.clone()] {
        ada.record = record;
        for route in routes().iter().filter(|route| route.takes_record) {
            assert_eq!(route.asked_by(&ada).await, refusal, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn nothing_is_answered_while_the_account_center_is_off() {
    let mock = MockLogto::builder().account_center(MockAccountCenter::off()).start().await.unwrap();
    let ada = User::of(&mock, "ada").await;
    let off = (400, "account_center.not_enabled".to_owned());
    for route in routes() {
        assert_eq!(route.asked_by(&ada).await, off, "{} {}", route.method, route.path);
    }
    ada.post("/verifications/password", &json!({ "password": "lovelace" })).await.is_refused(off.0, &off.1);
    assert_eq!(ada.get("/.well-known/account-center").await.json()["enabled"], false);
    // An application that works with a provider asks for its token all the same.
    let code = "secrets.third_party_token_set.token_not_found";
    ada.get("/my-account/identities/github/access-token").await.is_refused(404, code);
    ada.get("/my-account/sso-identities/entra/access-token").await.is_refused(off.0, &off.1);
}

#[tokio::test]
async fn a_route_that_is_not_there_is_told_from_a_method_that_it_has_not() {
    let mock = MockLogto::start().await;
    let ada = User::of(&mock, "ada").await;
    for path in ["/my-account/nosuch", "/my-account/identities/", "/my-account/sessions/x/y", "/verifications"] {
        let answer = ada.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, "Not Found"), "{path}");
    }
    let answer = ada.get("/my-account/identities").await;
    assert_eq!((answer.status, answer.body.as_str()), (405, "Method Not Allowed"));
    assert_eq!(answer.header("allow"), Some("POST, PUT"));
}
