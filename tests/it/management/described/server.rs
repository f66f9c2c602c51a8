//! The server that judges requests by the description.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Json, Response},
};
use http::{StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::description::{Description, Members};

/// The access token of the tests.
const TOKEN: &str = "SENTINEL-MANAGEMENT-TOKEN";

pub struct Server {
    pub endpoint: String,
    description: Description,
    members: Members,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    problems: Vec<String>,
    /// Methods and path templates since they were last taken.
    operations: Vec<String>,
}

impl Server {
    pub async fn start(members: Members) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { endpoint, description: Description::read(), members, log: Mutex::default() };
        let server = Arc::new(server);
        let app = Router::new().fallback(answer).with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub fn problems(&self) -> Vec<String> {
        self.log.lock().unwrap().problems.clone()
    }

    /// What was asked for since the last time.
    pub fn take_operations(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap().operations)
    }

    fn judge(&self, request: &http::request::Parts, body: &Bytes) -> Response {
        let (method, path) = (request.method.as_str(), request.uri.path());
        let problem = |what: String| {
            self.log.lock().unwrap().problems.push(format!("{method} {}: {what}", request.uri));
            (StatusCode::BAD_REQUEST, Json(json!({ "code": "described.problem", "message": what }))).into_response()
        };
        let Some(operation) = self.description.operation(method, path) else {
            return problem("no such operation is described".to_owned());
        };
        self.log.lock().unwrap().operations.push(format!("{method} {}", operation.path));
        if request.headers.get(header::AUTHORIZATION).is_none_or(|value| *value != format!("Bearer {TOKEN}")) {
            return problem("another token".to_owned());
        }
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let is_json = request.headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
        let body = match body.is_empty() {
            true => None,
            false if !is_json => return problem("a body that is not JSON".to_owned()),
            false => Some(serde_json::from_slice::<Value>(body).unwrap()),
        };
        if let Some(what) = self.description.objection(operation, &query, body.as_ref()) {
            return problem(what);
        }
        let status = StatusCode::from_u16(operation.status.unwrap()).unwrap();
        match self.description.answer(operation, self.members, body.as_ref()) {
            Some(answer) => (status, Json(answer)).into_response(),
            // As Logto answers.
            None if status == StatusCode::CREATED => (status, "Created").into_response(),
            None => status.into_response(),
        }
    }
}

async fn answer(State(server): State<Arc<Server>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1_000_000).await.unwrap();
    let oidc = format!("{}/oidc", server.endpoint);
    match parts.uri.path() {
        "/oidc/.well-known/openid-configuration" => Json(json!({
            "issuer": oidc, "authorization_endpoint": format!("{oidc}/auth"), "token_endpoint": format!("{oidc}/token"),
            "jwks_uri": format!("{oidc}/jwks"),
        }))
        .into_response(),
        "/oidc/token" => {
            let token = json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "all" });
            Json(token).into_response()
        }
        _ => server.judge(&parts, &body),
    }
}
