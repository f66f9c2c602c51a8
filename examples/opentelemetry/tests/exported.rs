//! What the example exports for a sign-in and a page: looked at in memory, with a Logto in the process.

use std::collections::BTreeMap;

use logto::{
    LogtoClient, LogtoConfig,
    testing::{Endpoint, Fault, MockLogto, MockResource},
};
use logto_example_opentelemetry::{app, subscriber};
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use reqwest::{Client, Response, header::LOCATION, redirect::Policy};
use tokio::net::TcpListener;

const RESOURCE: &str = "https://books.example.test";

struct Site {
    base: String,
    mock: MockLogto,
    exporter: InMemorySpanExporter,
    http: Client,
    /// What was told to the browser: no span may hold it.
    secrets: Vec<String>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Site {
    async fn start() -> Self {
        let exporter = InMemorySpanExporter::default();
        let (subscriber, _provider) = subscriber(exporter.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        let mock = MockLogto::builder().resource(MockResource::new(RESOURCE)).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let config =
            LogtoConfig::builder().endpoint(mock.endpoint()).app_id(mock.app_id()).app_secret(mock.app_secret());
        let config =
            config.base_url(&base).cookie_secret("a secret for this test alone: SENTINEL-COOKIE").resources([RESOURCE]);
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let app = app(logto, RESOURCE);
        // On this thread, which the subscriber is of.
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let http = Client::builder().redirect(Policy::none()).cookie_store(true).build().unwrap();
        let secrets = vec![mock.app_secret(), "SENTINEL".to_owned()];
        Self { base, mock, exporter, http, secrets, _guard: guard }
    }

    async fn get(&mut self, address: &str) -> Response {
        let response = self.http.get(address).header("accept", "text/html").send().await.unwrap();
        let parts = address.split(['?', '&']).skip(1).filter_map(|pair| pair.split_once('='));
        self.secrets
            .extend(parts.filter(|(name, _)| ["code", "state"].contains(name)).map(|(_, value)| value.to_owned()));
        self.secrets
            .extend(response.cookies().map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty()));
        response
    }

    async fn sign_in(&mut self) {
        let begun = self.get(&format!("{}/logto/sign-in", self.base)).await;
        let callback = self.mock.sign_in(begun.headers()[LOCATION].to_str().unwrap(), "ada").await;
        let done = self.get(&callback).await;
        assert_eq!(done.status(), 302);
    }

    /// The exported spans of the request that was served under this name, by name; nothing exported holds a secret.
    fn trace(&self, served: &str) -> BTreeMap<String, SpanData> {
        let all = self.exporter.get_finished_spans().unwrap();
        let printed = format!("{all:?}");
        for secret in &self.secrets {
            assert!(!printed.contains(secret.as_str()), "{secret} is in {printed}");
        }
        let served = all.iter().rfind(|span| span.name == served).unwrap_or_else(|| panic!("{all:?}"));
        let trace = served.span_context.trace_id();
        all.iter()
            .filter(|span| span.span_context.trace_id() == trace)
            .map(|span| (span.name.to_string(), span.clone()))
            .collect()
    }
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| attribute.value.to_string())
}

/// Each span lies in the one before, in one trace.
#[track_caller]
fn nested(trace: &BTreeMap<String, SpanData>, names: &[&str]) {
    let mut parent = SpanId::INVALID;
    for pair in names.windows(2) {
        let (outer, inner) = (&trace[pair[0]], &trace[pair[1]]);
        assert_eq!(outer.parent_span_id, parent, "{names:?}");
        parent = outer.span_context.span_id();
        assert_eq!(inner.parent_span_id, parent, "{names:?}");
        assert!(outer.start_time <= inner.start_time && inner.end_time <= outer.end_time, "{names:?}");
    }
}

#[tokio::test]
async fn the_token_request_of_a_sign_in_lies_in_the_span_of_the_callback() {
    let mut site = Site::start().await;
    site.sign_in().await;

    let begun = site.trace("GET /logto/sign-in");
    nested(&begun, &["GET /logto/sign-in", "logto.sign_in", "GET discovery"]);
    let callback = site.trace("GET /callback");
    nested(&callback, &["GET /callback", "logto.handle_sign_in", "POST token"]);
    nested(&callback, &["GET /callback", "logto.handle_sign_in", "GET jwks"]);
    assert_eq!(callback["GET /callback"].span_kind, SpanKind::Server);
    assert_eq!(callback["logto.handle_sign_in"].span_kind, SpanKind::Internal);
    let token = &callback["POST token"];
    assert_eq!((&token.span_kind, &token.status), (&SpanKind::Client, &Status::Unset));
    for (name, value) in
        [("http.request.method", "POST"), ("http.response.status_code", "200"), ("logto.endpoint", "token")]
    {
        assert_eq!(attribute(token, name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_refresh_lies_in_the_span_of_its_page() {
    let mut site = Site::start().await;
    site.sign_in().await;
    let page = format!("{}/access-token", site.base);
    assert_eq!(site.get(&page).await.status(), 200);
    let trace = site.trace("GET /access-token");
    nested(&trace, &["GET /access-token", "logto.refresh", "POST token"]);
    assert_eq!(attribute(&trace["logto.refresh"], "logto.outcome").as_deref(), Some("done"));

    // The token lives on: nobody is asked, and the page is all there is.
    assert_eq!(site.get(&page).await.status(), 200);
    assert_eq!(site.trace("GET /access-token").len(), 1);
}

#[tokio::test]
async fn a_request_that_fails_is_an_error_of_each_span_around_it() {
    let mut site = Site::start().await;
    site.sign_in().await;
    site.mock.inject_fault(Endpoint::Token, Fault::status(500));
    let page = format!("{}/access-token", site.base);
    assert!(site.get(&page).await.status().is_server_error());
    let trace = site.trace("GET /access-token");
    for (span, error) in [("POST token", "500"), ("logto.refresh", "token.refused")] {
        assert!(matches!(trace[span].status, Status::Error { .. }), "{span}");
        assert_eq!(attribute(&trace[span], "error.type").as_deref(), Some(error));
    }
}
