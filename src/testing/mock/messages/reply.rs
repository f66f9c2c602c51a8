//! A reply as a plain value, with the header fields that Logto sends.

use base64_simd::STANDARD_NO_PAD;
use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::request::RecordedRequest;

/// What a handler answers with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// Back-channel logouts to be made before the reply is sent.
    pub(crate) calls: Vec<LogoutCall>,
}

/// A logout token on its way to an app.
#[derive(Debug, Clone)]
pub(crate) struct LogoutCall {
    pub(crate) uri: String,
    pub(crate) token: String,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::json_text(status, value.to_string())
    }

    /// JSON that is text already: its members keep their order.
    pub(crate) fn json_text(status: u16, body: String) -> Self {
        Self::typed(status, "application/json; charset=utf-8", body)
    }

    pub(crate) fn text(status: u16, text: &'static str) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", text)
    }

    pub(crate) fn html(status: u16, page: String) -> Self {
        Self::typed(status, "text/html; charset=utf-8", page).header("cache-control", "no-store")
    }

    pub(crate) fn redirect(status: u16, location: impl Into<String>) -> Self {
        let location = location.into();
        Self::typed(status, "text/html; charset=utf-8", "Redirecting.")
            .header("location", location)
            .header("cache-control", "no-store")
    }

    pub(crate) fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), ..Self::default() }.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// For the endpoints that applications call: readable from any origin.
    pub(crate) fn for_applications(self) -> Self {
        self.header("access-control-allow-origin", "*").header("access-control-expose-headers", "WWW-Authenticate")
    }

    /// Names the page that may read the answer, where any page may. `None` is the page that may not.
    pub(crate) fn readable_from(mut self, origin: Option<&str>) -> Self {
        const ALLOWED: &str = "access-control-allow-origin";
        let any = |(name, value): &(&str, String)| *name == ALLOWED && value == "*";
        if let Some(place) = self.headers.iter().position(any) {
            self.headers.remove(place);
            self.headers.extend(origin.map(|origin| (ALLOWED, origin.to_owned())));
        }
        self
    }

    pub(crate) fn location(&self) -> Option<&str> {
        self.value("location")
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(key, value)| (*key == name).then_some(value.as_str()))
    }

    /// What every route has in common: `ETag` and 304 (RFC 9110 section 13.1.2), and no body for HEAD.
    pub(crate) fn finish(mut self, request: &RecordedRequest) -> Self {
        let reads = matches!(request.method(), "GET" | "HEAD");
        if reads && self.status == 200 {
            let tag = etag(&self.body);
            if request.header("if-none-match") == Some(tag.as_str()) {
                self.status = 304;
                self.body = Bytes::new();
                self.headers.retain(|(name, _)| *name != "content-type");
            }
            self.headers.push(("etag", tag));
        }
        if request.method() == "HEAD" {
            self.body = Bytes::new();
        }
        self
    }
}

fn etag(body: &[u8]) -> String {
    format!("\"{:x}-{}\"", body.len(), STANDARD_NO_PAD.encode_to_string(Sha256::digest(body)))
}
