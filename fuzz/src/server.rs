//! A Logto that answers with what it is told, and well where it is told nothing.

use std::{collections::BTreeMap, sync::Mutex};

use http::{Request, Response};
use logto::integrate::{BoxError, BoxFuture, HttpClient};
use serde_json::{Value, json};

use crate::{ENDPOINT, ISSUER, Tokens, jwks};

pub const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
pub const JWKS: &str = "/oidc/jwks";
pub const TOKEN: &str = "/oidc/token";

/// An answer: its status, a `WWW-Authenticate` header, its body.
type Answer = (u16, Vec<u8>, Vec<u8>);

#[derive(Default)]
pub struct Server(Mutex<BTreeMap<String, Answer>>);

impl Server {
    /// The next answers of `path` are `body`.
    pub fn answers(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.set(path, (status, Vec::new(), body.into()));
    }

    /// The next answers of `path` are 401 with `header` as the challenge.
    pub fn challenges(&self, path: &str, header: &[u8]) {
        self.set(path, (401, header.to_vec(), Vec::new()));
    }

    /// The token endpoint gives tokens.
    pub fn grants(&self, tokens: &Tokens<'_>) {
        self.answers(TOKEN, 200, tokens.response());
    }

    fn set(&self, path: &str, answer: Answer) {
        self.0.lock().expect("no panic").insert(path.to_owned(), answer);
    }
}

impl HttpClient for Server {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        let path = request.uri().path();
        let told = self.0.lock().expect("no panic").get(path).cloned();
        let (status, challenge, body) = told.unwrap_or_else(|| match path {
            DISCOVERY => (200, Vec::new(), discovery().to_string().into()),
            JWKS => (200, Vec::new(), jwks().to_string().into()),
            _ => (404, Vec::new(), Vec::new()),
        });
        Box::pin(async move {
            if body.len() > max_body_bytes {
                return Err(logto::integrate::BodyTooLarge::default().into());
            }
            let response = Response::builder().status(status).header("content-type", "application/json");
            Ok(response.header("www-authenticate", challenge).body(body)?)
        })
    }
}

/// Logto's discovery document.
pub fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/auth"),
        "token_endpoint": format!("{ENDPOINT}{TOKEN}"),
        "userinfo_endpoint": format!("{ISSUER}/me"),
        "end_session_endpoint": format!("{ISSUER}/session/end"),
        "revocation_endpoint": format!("{ISSUER}/token/revocation"),
        "introspection_endpoint": format!("{ISSUER}/token/introspection"),
        "jwks_uri": format!("{ENDPOINT}{JWKS}"),
        "authorization_response_iss_parameter_supported": true,
    })
}
