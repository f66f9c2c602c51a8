#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bad_input;
mod client;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::*;

/// The MCP server as it runs, and its Logto.
struct World {
    base_url: String,
    logto: MockLogto,
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let logto = start_logto(&base_url, 0).await.unwrap();
        let router = embedded(&base_url, &logto).unwrap().router().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base_url, logto }
    }

    fn mcp(&self) -> String {
        format!("{}/mcp", self.base_url)
    }

    /// A token that this Logto signed for the MCP server, but for some claims.
    fn token(&self, changes: Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.logto.issuer(), "sub": "ada", "aud": self.mcp(), "client_id": MCP_CLIENT, "scope": USE_NOTES,
            "iat": now, "exp": now + 3600,
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.logto.sign_jwt(json!({ "typ": "at+jwt" }), &claims)
    }

    /// A call of a tool, as bytes on the wire.
    fn call(&self, address: &str, tool: &str, arguments: Value) -> RequestBuilder {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments } });
        http()
            .request(Method::POST, address)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .json(&call)
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
