//! A reverse proxy before the application: what it does to a request is what real ones are set up to do, and get wrong.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::app::App;
use crate::plain_http::plain_http;

/// A running proxy. It stops when it is dropped.
pub struct Proxy {
    pub address: String,
    server: JoinHandle<()>,
}

/// What it does on the way to the application.
#[derive(Clone, Default)]
pub struct Rules {
    /// Takes this off each path.
    pub strip: &'static str,
    /// Says these about the request.
    pub says: Vec<(&'static str, &'static str)>,
}

impl Proxy {
    pub async fn start(app: &App, rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let upstream = format!("http://127.0.0.1:{}", app.port);
        let http = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let router = Router::new().fallback(move |request: Request| pass(http, upstream, rules, request));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, server }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(http: reqwest::Client, upstream: String, rules: Rules, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().unwrap().as_str();
    let target = target.strip_prefix(rules.strip).unwrap_or(target);
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let mut headers = without_hop_by_hop(&parts.headers);
    // The application is reached under a name of its own.
    headers.remove("host");
    for (name, value) in &rules.says {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let answer = http.request(parts.method, upstream + &target).headers(headers).body(body).send().await.unwrap();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = without_hop_by_hop(answer.headers());
    *response.body_mut() = Body::from(answer.bytes().await.unwrap());
    response
}

/// RFC 9110 section 7.6.1. The length is the server's to say again.
fn without_hop_by_hop(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in ["connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"] {
        headers.remove(name);
    }
    headers
}
