//! A request as a plain value: what the handlers read and what tests look at afterwards.

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use serde_json::Value;
use url::form_urlencoded;

/// A request that [`MockLogto`](crate::testing::MockLogto) received.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    method: Method,
    path: String,
    query: Params,
    headers: HeaderMap,
    form: Params,
    body: Bytes,
}

impl RecordedRequest {
    pub(crate) fn new(method: Method, uri: &http::Uri, headers: HeaderMap, body: Bytes) -> Self {
        let form = match media_type(&headers) {
            Some(kind) if kind == "application/x-www-form-urlencoded" => Params::parse(&body),
            Some(kind) if kind == "application/json" => Params::from_json(&body),
            _ => Params::default(),
        };
        let query = Params::parse(uri.query().unwrap_or_default().as_bytes());
        Self { method, path: uri.path().to_owned(), query, headers, form, body }
    }

    /// `GET`, `POST`, ….
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query's parameters, decoded, in order.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query.0
    }

    /// The value of the first query parameter of this name.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.first(name)
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of the first header field of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The fields of a form (or of a flat JSON object), decoded, in order.
    #[must_use]
    pub fn form(&self) -> &[(String, String)] {
        &self.form.0
    }

    /// The value of the first form field of this name.
    #[must_use]
    pub fn form_value(&self, name: &str) -> Option<&str> {
        self.form.first(name)
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn form_params(&self) -> &Params {
        &self.form
    }

    /// The parameters of an endpoint that takes both GET and POST.
    pub(crate) fn params(&self) -> &Params {
        if self.method == Method::POST { &self.form } else { &self.query }
    }

    /// None at all is readable, too.
    pub(crate) fn has_readable_body(&self) -> bool {
        media_type(&self.headers).map_or(self.body.is_empty(), |kind| {
            matches!(kind.as_str(), "application/x-www-form-urlencoded" | "application/json")
        })
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let values = self.headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Names and values in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Logto reads JSON where it reads a form; members that are no strings are ignored.
    fn from_json(body: &[u8]) -> Self {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Self::default() };
        let text = |(name, value): (String, Value)| value.as_str().map(|value| (name, value.to_owned()));
        Self(members.into_iter().filter_map(text).collect())
    }

    /// The first value, as it is.
    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }

    /// The first value; an empty one counts as missing (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(move |(key, value)| (key == name && !value.is_empty()).then_some(value.as_str()))
    }

    /// The value, if there is exactly one: with two resources Logto answers as if there were none.
    pub(crate) fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }

    /// The same with one value of this name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value's words, each once, in order.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<String>> {
        let mut words = Vec::new();
        for word in self.get(name)?.split_ascii_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Some(words)
    }

    /// A parameter that came twice (RFC 6749 section 3.1), but for `resource`, which may (RFC 8707).
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut seen = Vec::new();
        for (name, _) in self.0.iter().filter(|(name, _)| name != "resource") {
            if seen.contains(&name) {
                return Some(name);
            }
            seen.push(name);
        }
        None
    }
}
