//! One request that the crate sends, with its span and its numbers.

use http::{Request, Response, Uri};
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty};

use super::{Endpoint, metrics, note_error};
use crate::{clock::moment, error::Result};

/// A request from when it begins.
pub(crate) struct WatchedRequest {
    endpoint: Endpoint,
    span: Span,
    began: Instant,
}

impl WatchedRequest {
    /// The query of the address is left out: it may hold what no log should.
    pub(crate) fn begin(endpoint: Endpoint, request: &Request<Vec<u8>>) -> Self {
        let (method, uri) = (request.method().as_str(), request.uri());
        // https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
        let span = tracing::info_span!(
            target: "logto::span",
            "logto.request",
            otel.name = format!("{method} {}", endpoint.as_str()),
            otel.kind = "client",
            logto.endpoint = endpoint.as_str(),
            http.request.method = method,
            http.request.resend_count = Empty,
            http.response.status_code = Empty,
            server.address = uri.host().unwrap_or_default(),
            server.port = port(uri),
            error.type = Empty,
            otel.status_code = Empty,
        );
        Self { endpoint, span, began: moment() }
    }

    /// Sends the request, and notes how it ended: its status, or the code of what went wrong.
    pub(crate) async fn run<T>(self, sent: impl Future<Output = Result<Response<T>>>) -> Result<Response<T>> {
        let Self { endpoint, span, began } = self;
        let result = sent.instrument(span.clone()).await;
        match &result {
            Ok(response) => {
                let status = response.status();
                span.record("http.response.status_code", status.as_u16());
                if status.is_client_error() || status.is_server_error() {
                    span.record("error.type", status.as_str());
                    span.record("otel.status_code", "ERROR");
                }
                metrics::request_ended(endpoint, Ok(status), began);
            }
            Err(error) => {
                note_error(&span, error);
                metrics::request_ended(endpoint, Err(error), began);
            }
        }
        result
    }
}

/// Records in the span of the running request that it is sent once more.
pub(crate) fn sent_once_more() {
    Span::current().record("http.request.resend_count", 1);
}

fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    })
}
