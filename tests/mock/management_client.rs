//! A machine that calls the Management API.

use logto::testing::{MockApp, MockLogto};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, client};

pub(crate) const RESOURCE: &str = "https://default.logto.app/api";

pub(crate) struct Management<'a> {
    mock: &'a MockLogto,
    pub(crate) token: String,
}

/// A machine that may call it.
pub(crate) fn machine() -> MockApp {
    MockApp::new("a-machine", "a-secret").management_api_access()
}

impl<'a> Management<'a> {
    /// A token that the server signs, as that of a machine with the role.
    pub(crate) fn of(mock: &'a MockLogto) -> Self {
        let claims = json!({
            "iss": mock.issuer(), "aud": RESOURCE, "scope": "all", "sub": "a-machine", "exp": 4_000_000_000_u64,
        });
        Self { mock, token: mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims) }
    }

    /// The token that the machine gets.
    pub(crate) async fn as_machine(mock: &'a MockLogto) -> Self {
        let form = [("grant_type", "client_credentials"), ("resource", RESOURCE), ("scope", "all")];
        let request = client().post(format!("{}/token", mock.issuer())).basic_auth("a-machine", Some("a-secret"));
        let answer = Answer::of(request.form(&form)).await;
        let token = answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
        Self { mock, token }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = client().request(method, format!("{}/api{path}", self.mock.endpoint()));
        if !body.is_null() {
            request = request.json(body);
        }
        Answer::of(request.bearer_auth(&self.token)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &Value::Null).await
    }
}
