//! A Logto that answers what a test says, and a program that calls its Management API.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use http::{Request, Response, header};
use logto::{
    integrate::{BoxError, BoxFuture, HttpClient},
    machine::MachineClient,
    management::{Management, ManagementBuilder},
};
use serde_json::{Value, json};

pub const ENDPOINT: &str = "http://localhost:3001";
pub const TOKEN: &str = "SENTINEL-MANAGEMENT-TOKEN";
pub const SECRET: &str = "SENTINEL-MACHINE-SECRET";

pub enum Answer {
    Is(Response<Vec<u8>>),
    /// None, for as long as somebody waits.
    Hang,
    /// The connection breaks.
    Break,
}

#[derive(Clone, Default)]
pub struct StandIn(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    tokens: VecDeque<Answer>,
    asked: Vec<Request<Vec<u8>>>,
    limits: Vec<usize>,
}

impl StandIn {
    /// Answers the next request for the Management API so. What it has no answer for breaks.
    pub fn next(&self, answer: Response<Vec<u8>>) -> &Self {
        self.will(Answer::Is(answer))
    }

    pub fn will(&self, answer: Answer) -> &Self {
        self.0.lock().unwrap().answers.push_back(answer);
        self
    }

    /// Answers the next request for a token so. By default it gives one that has the scope `all`.
    pub fn next_token(&self, answer: Answer) -> &Self {
        self.0.lock().unwrap().tokens.push_back(answer);
        self
    }

    /// The requests for paths that begin so.
    pub fn asked(&self, path: &str) -> Vec<Request<Vec<u8>>> {
        let state = self.0.lock().unwrap();
        state.asked.iter().filter(|request| request.uri().path().starts_with(path)).cloned().collect()
    }

    /// The requests for the Management API, as lines: `GET /api/users?page=1`.
    pub fn lines(&self) -> Vec<String> {
        let line = |request: Request<Vec<u8>>| {
            format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |path| path.as_str()))
        };
        self.asked("/api").into_iter().map(line).collect()
    }

    /// How often a token was asked for.
    pub fn token_count(&self) -> usize {
        self.asked("/oidc/token").len()
    }

    /// The limit on the size of the newest answer, in bytes.
    pub fn limit(&self) -> usize {
        *self.0.lock().unwrap().limits.last().unwrap()
    }

    pub fn management(&self) -> Management {
        self.management_with(|settings| settings)
    }

    pub fn management_with(&self, settings: impl FnOnce(ManagementBuilder) -> ManagementBuilder) -> Management {
        let machine = MachineClient::builder().endpoint(ENDPOINT).app_id("m2m").app_secret(SECRET);
        let machine = machine.http_client(self.clone()).build().unwrap();
        settings(Management::builder(machine)).build().unwrap()
    }

    fn answer(&self, path: &str) -> Answer {
        let mut state = self.0.lock().unwrap();
        if path == "/oidc/.well-known/openid-configuration" {
            return Answer::Is(answer_of(&fixture("00-discovery/openid-configuration")));
        }
        if path == "/oidc/token" {
            return state.tokens.pop_front().unwrap_or_else(|| Answer::Is(token(TOKEN)));
        }
        state.answers.pop_front().unwrap_or(Answer::Break)
    }
}

impl HttpClient for StandIn {
    fn send(&self, request: Request<Vec<u8>>, limit: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let path = request.uri().path().to_owned();
        {
            let mut state = self.0.lock().unwrap();
            state.limits.push(limit);
            state.asked.push(request);
        }
        let answer = self.answer(&path);
        Box::pin(async move {
            // Time in which a caller can go away.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            match answer {
                Answer::Is(response) => Ok(response),
                Answer::Hang => std::future::pending().await,
                Answer::Break => Err(format!("no answer for {path}").into()),
            }
        })
    }
}

pub fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/logto/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The recorded answer of an exchange.
pub fn answer_of(exchange: &Value) -> Response<Vec<u8>> {
    let answer = &exchange["response"];
    let mut response = Response::builder().status(u16::try_from(answer["status"].as_u64().unwrap()).unwrap());
    for (name, value) in answer["headers"].as_object().unwrap() {
        // A header that came several times is a list.
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            response = response.header(name, value.as_str().unwrap());
        }
    }
    let body = answer["body"].as_str().map(str::to_owned);
    let body = body.or_else(|| answer.get("body_json").map(Value::to_string)).unwrap_or_default();
    response.body(body.into_bytes()).unwrap()
}

pub fn json_answer(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    response.body(body.to_string().into_bytes()).unwrap()
}

pub fn text_answer(status: u16, media_type: &str, body: &str) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, media_type);
    response.body(body.as_bytes().to_vec()).unwrap()
}

/// What Logto answers when it refuses a request.
pub fn refusal(status: u16, code: &str) -> Response<Vec<u8>> {
    json_answer(status, &json!({ "code": code, "message": "Something with ada@example.com in it." }))
}

/// An answer without a body, with a header.
pub fn with_header(status: u16, name: &str, value: &str) -> Response<Vec<u8>> {
    Response::builder().status(status).header(name, value).body(Vec::new()).unwrap()
}

pub fn token(token: &str) -> Response<Vec<u8>> {
    json_answer(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "all" }))
}

/// A page of a list whose items are `{ "id": … }`.
pub fn page_of(ids: impl IntoIterator<Item = u32>, total: Option<&str>) -> Response<Vec<u8>> {
    let items: Vec<_> = ids.into_iter().map(|id| json!({ "id": id })).collect();
    let mut response = json_answer(200, &json!(items));
    if let Some(total) = total {
        response.headers_mut().insert("total-number", total.parse().unwrap());
    }
    response
}
