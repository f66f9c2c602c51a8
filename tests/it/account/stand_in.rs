//! A Logto that answers what a test says, and an application in front of it.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use logto::{
    AccessToken, LogtoClient, LogtoConfig, LogtoConfigBuilder, RequestSession, TokenOptions,
    account::{Account, Verification},
    integrate::{BoxError, BoxFuture, HttpClient},
    testing::{TestClock, TestSession},
};
use serde_json::{Value, json};

use crate::support::{APP_SECRET, BASE_URL, COOKIE_SECRET};

pub const ENDPOINT: &str = "http://localhost:3001";
pub const ALL_SCOPES: &[&str] = &[
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "urn:logto:scope:sessions",
];

pub fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/logto/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The recorded answer.
pub fn recorded(name: &str) -> Response<Vec<u8>> {
    answer_of(&fixture(&format!("91-account-api/{name}")))
}

pub fn answer_of(exchange: &Value) -> Response<Vec<u8>> {
    let answer = &exchange["response"];
    let mut response = Response::builder().status(u16::try_from(answer["status"].as_u64().unwrap()).unwrap());
    for (name, value) in answer["headers"].as_object().unwrap() {
        if let Some(value) = value.as_str() {
            response = response.header(name, value);
        }
    }
    let body = answer["body"].as_str().map_or_else(|| answer["body_json"].to_string(), str::to_owned);
    response.body(if answer["status"] == 204 { Vec::new() } else { body.into_bytes() }).unwrap()
}

pub fn json_answer(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    response.body(body.to_string().into_bytes()).unwrap()
}

pub fn page(status: u16) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "text/html");
    response.body(b"<html><body>Bad gateway</body></html>".to_vec()).unwrap()
}

pub fn refusal(status: u16, code: &str) -> Response<Vec<u8>> {
    json_answer(status, &json!({ "code": code, "message": "Something with ada@example.com in it." }))
}

pub fn nothing() -> Response<Vec<u8>> {
    Response::builder().status(StatusCode::NO_CONTENT).body(Vec::new()).unwrap()
}

/// Answers by path. What it has no answer for it does not answer.
#[derive(Clone, Default)]
pub struct StandIn(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    always: HashMap<String, Response<Vec<u8>>>,
    once: VecDeque<Response<Vec<u8>>>,
    asked: Vec<Request<Vec<u8>>>,
}

impl StandIn {
    /// Answers the next request for the Account API so.
    pub fn next(&self, answer: Response<Vec<u8>>) -> &Self {
        self.0.lock().unwrap().once.push_back(answer);
        self
    }

    /// Answers each request for this path so.
    pub fn always(&self, path: &str, answer: Response<Vec<u8>>) -> &Self {
        self.0.lock().unwrap().always.insert(path.to_owned(), answer);
        self
    }

    /// The requests for paths that begin so.
    pub fn asked(&self, path: &str) -> Vec<Request<Vec<u8>>> {
        let state = self.0.lock().unwrap();
        state.asked.iter().filter(|request| request.uri().path().starts_with(path)).cloned().collect()
    }

    /// The newest request for the Account API.
    pub fn last(&self) -> Request<Vec<u8>> {
        self.asked("/api/").pop().expect("nothing was asked")
    }
}

impl HttpClient for StandIn {
    fn send(&self, request: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let mut state = self.0.lock().unwrap();
        let path = request.uri().path().to_owned();
        state.asked.push(request);
        let known = state.always.get(&path).cloned();
        let answer = known.or_else(|| path.starts_with("/api/").then(|| state.once.pop_front()).flatten());
        Box::pin(async move {
            // Time in which a caller can hang up.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            answer.ok_or_else(|| format!("no answer for {path}").into())
        })
    }
}

/// An application whose users need not have signed in.
pub struct App {
    pub logto: StandIn,
    pub client: LogtoClient,
    pub clock: TestClock,
}

impl App {
    pub fn new() -> Self {
        Self::with(|settings| settings.endpoint(ENDPOINT))
    }

    pub fn with(settings: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Self {
        let (logto, clock) = (StandIn::default(), TestClock::new());
        logto
            .always("/oidc/.well-known/openid-configuration", answer_of(&fixture("00-discovery/openid-configuration")));
        let builder = LogtoConfig::builder()
            .app_id("app")
            .app_secret(APP_SECRET)
            .base_url(BASE_URL)
            .cookie_secret(COOKIE_SECRET)
            .clock(clock.clone())
            .http_client(logto.clone());
        let client = LogtoClient::new(settings(builder).build().unwrap()).unwrap();
        Self { logto, client, clock }
    }

    /// The session of a user whose access token has these scopes.
    pub async fn session_with(&self, sub: &str, scopes: &[&str]) -> RequestSession {
        let user = TestSession::new().sub(sub).access_token(TokenOptions::new(), "SENTINEL-FIRST", scopes);
        RequestSession::new(self.client.clone(), user.cookie_header(self.client.config()).await.unwrap())
    }

    pub async fn session(&self) -> RequestSession {
        self.session_with("ada", ALL_SCOPES).await
    }

    pub async fn account(&self) -> Account {
        self.session().await.account()
    }

    /// The account by a token of which nobody knows the scopes.
    pub fn by_token(&self, token: &str) -> Account {
        self.client.account(AccessToken::new(token, [""; 0], self.now() + Duration::from_secs(3600)))
    }

    pub fn now(&self) -> std::time::SystemTime {
        logto::integrate::Clock::now(&self.clock)
    }

    /// A refresh gives another access token, with these scopes.
    pub fn refreshes(&self, token: &str, scopes: &[&str]) {
        let body = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": scopes.join(" "),
            "refresh_token": "the next one",
        });
        self.logto.always("/oidc/token", json_answer(200, &body));
    }

    /// A verification of this user, which lasts ten minutes.
    pub fn verification_of(&self, sub: &str) -> Verification {
        let expires_at = self.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 600;
        verification(&json!({ "i": "record", "u": sub, "e": expires_at }))
    }

    pub fn verification(&self) -> Verification {
        self.verification_of("ada")
    }
}

/// A verification as it is kept.
pub fn verification(kept: &Value) -> Verification {
    serde_json::from_value(kept.clone()).unwrap()
}

/// A verification record that lasts for ever, as part of something that is kept.
pub fn record(id: &str) -> Value {
    json!({ "i": id, "e": 4_000_000_000_u64 })
}
