//! A user who asks the Account API.

use logto::testing::MockLogto;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, authorization_url, client, exchange, text};

/// What opens everything there.
pub(crate) const SCOPE: &str =
    "openid offline_access profile email phone address custom_data identities urn:logto:scope:sessions";

pub(crate) struct User<'a> {
    pub(crate) mock: &'a MockLogto,
    pub(crate) tokens: Value,
    /// The record that the header names, if it names one.
    pub(crate) record: Option<String>,
}

impl<'a> User<'a> {
    /// Signs in with another browser.
    pub(crate) async fn of(mock: &'a MockLogto, name: &str) -> Self {
        Self::with(mock, name, SCOPE).await
    }

    pub(crate) async fn with(mock: &'a MockLogto, name: &str, scope: &str) -> Self {
        mock.clear_browser_session();
        let callback = mock.sign_in(&authorization_url(mock, &[("scope", scope)]), name).await;
        Self { mock, tokens: exchange(mock, &callback).await.json(), record: None }
    }

    /// Signs in, and shows the password.
    pub(crate) async fn verified(mock: &'a MockLogto, name: &str, password: &str) -> Self {
        let mut user = Self::of(mock, name).await;
        user.verify(password).await;
        user
    }

    pub(crate) async fn verify(&mut self, password: &str) {
        let answer = self.post("/verifications/password", &json!({ "password": password })).await;
        self.record = Some(answer.created());
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = client().request(method, format!("{}/api{path}", self.mock.endpoint()));
        if let Some(record) = &self.record {
            request = request.header("logto-verification-id", record);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        Answer::of(request.bearer_auth(text(&self.tokens, "access_token"))).await
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

    /// Has a code sent. Gives the record.
    pub(crate) async fn send_code(&self, kind: &str, address: &str) -> String {
        let body = json!({ "identifier": { "type": kind, "value": address } });
        self.post("/verifications/verification-code", &body).await.created()
    }

    pub(crate) async fn type_code(&self, kind: &str, address: &str, record: &str, code: &str) -> Answer {
        let body = json!({ "identifier": { "type": kind, "value": address }, "verificationId": record, "code": code });
        self.post("/verifications/verification-code/verify", &body).await
    }

    /// Has a code sent, reads it and types it. Gives the record.
    pub(crate) async fn show(&self, kind: &str, address: &str) -> String {
        let record = self.send_code(kind, address).await;
        let answer = self.type_code(kind, address, &record, &self.mock.sent_code(address).unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        record
    }
}

impl Answer {
    /// The record that was made.
    pub(crate) fn created(&self) -> String {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.body);
        text(&self.json(), "verificationRecordId").to_owned()
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, text(&self.json(), "code").to_owned())
    }

    pub(crate) fn is_refused(&self, status: u16, code: &str) {
        assert_eq!(self.refusal(), (status, code.to_owned()), "{}", self.body);
    }

    pub(crate) fn is_done(&self) {
        assert_eq!(self.status, 204, "{}", self.body);
    }
}
