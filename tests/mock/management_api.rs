//! A client of the Management API.

use logto::testing::MockLogto;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, client, text};

pub(crate) struct ManagementApi<'a> {
    mock: &'a MockLogto,
    token: String,
}

impl<'a> ManagementApi<'a> {
    pub(crate) fn of(mock: &'a MockLogto) -> Self {
        Self { mock, token: token(mock) }
    }

    /// A request with this JSON; without a body if it is null.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let method: Method = method.parse().unwrap();
        let request = client().request(method, format!("{}/api/{path}", self.mock.endpoint())).bearer_auth(&self.token);
        Answer::of(if body.is_null() { request } else { request.json(body) }).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, &Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Makes something. Gives its id.
    pub(crate) async fn create(&self, path: &str, body: Value) -> String {
        let answer = self.send("POST", path, &body).await;
        assert!(answer.status == 200 || answer.status == 201, "{path}: {}", answer.body);
        text(&answer.json(), "id").to_owned()
    }

    /// A request that is answered without a JSON body, or with one that does not matter.
    pub(crate) async fn done(&self, method: &str, path: &str, body: Value) {
        let answer = self.send(method, path, &body).await;
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
    }

    /// Status and code of a request that is refused.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let answer = self.send(method, path, &body).await;
        assert!(answer.status >= 400, "{method} {path}: {} {}", answer.status, answer.body);
        (answer.status, text(&answer.json(), "code").to_owned())
    }
}

/// An access token for the Management API with its scope.
pub(crate) fn token(mock: &MockLogto) -> String {
    let claims = json!({
        "iss": mock.issuer(), "aud": "https://default.logto.app/api", "scope": "all", "sub": "m", "exp": 4_000_000_000_u64,
    });
    mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims)
}
