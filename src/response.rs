//! A response that any web framework can send.

mod ask;
#[cfg(feature = "cli")]
mod command_line;
mod grpc;
mod own;
mod page;

use std::{fmt, sync::Arc};

use base64_simd::STANDARD;
use http::StatusCode;
use sha2::{Digest, Sha256};

use crate::{
    error::{Challenge, Code, Error, ErrorKind, OwnPage},
    types::{Destination, Redirect, without_query},
};

pub(crate) use self::own::Links;
pub use self::own::{ErrorPageRequest, ErrorPages};

const JSON_MEDIA_TYPE: &str = "application/json";
const WWW_AUTHENTICATE: &str = "www-authenticate";
/// What a 401 asks for where it is about a session: the cookie that a sign-in sets. There is no scheme for it in the registry of HTTP; this name is
/// the usual one (draft-broyer-http-cookie-auth). No browser knows it, so none asks its user for a password, as it would for `Basic`.
const SESSION_CHALLENGE: &str = r#"Cookie realm="Logto""#;
const HTML_MEDIA_TYPE: &str = "text/html; charset=utf-8";
const NOSNIFF: (&str, &str) = ("x-content-type-options", "nosniff");
/// A page with which the user's way ends or waits. Another site that opened it as a window has no hold on it. Pages that lead on by themselves
/// go without: the application itself may have opened the window, and waits for what it shows in the end.
const ON_ITS_OWN: (&str, &str) = ("cross-origin-opener-policy", "same-origin");

/// A response: a status, headers to append, a body. What the routes of [`LogtoClient::handle_auth_routes`](crate::LogtoClient::handle_auth_routes) answer.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "the browser gets nothing until the response is returned as a response"]
pub struct AuthResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// The kind of client that sent the request: a browser (HTML) or another program (JSON).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// A person in front of a browser: pages and redirects.
    Html,
    /// A program (`fetch`, XHR): JSON.
    Json,
    /// An `EventSource`: a stream of events. It sees neither the status nor the body of an error.
    EventStream,
}

impl AuthResponse {
    /// For integrations: headers of a response that speak of its body or its status alone, in lower case. A response in the place of a handler's takes over all others,
    /// such as those of CORS.
    pub const HEADERS_OF_THE_BODY: [&str; 12] = [
        "accept-ranges",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
        "location",
        "transfer-encoding",
        "www-authenticate",
    ];

    fn new(status: u16) -> Self {
        // What is said here is said to one user at one moment, and is of the type that it says.
        let headers = [("cache-control", "no-store"), NOSNIFF];
        Self { status, headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(), body: String::new() }
    }

    /// No content.
    pub(crate) fn empty() -> Self {
        Self::new(204)
    }

    /// The answer to a back-channel logout: exactly 200 without a body, or exactly 400, also where our side failed (OpenID Connect
    /// Back-Channel Logout 1.0 section 2.8).
    pub(crate) fn back_channel_logout(failure: Option<&Error>) -> Self {
        let Some(error) = failure else {
            return Self::new(200);
        };
        log_back_channel_logout(error);
        Self::document(400, &serde_json::json!({ "error": "invalid_request", "error_description": error.code() }))
    }

    /// Creates a redirect (302), which the browser follows with GET.
    pub fn redirect(redirect: &Redirect) -> Self {
        Self::new(302).header("location", redirect.location())
    }

    /// The same for a script, which cannot follow to another origin: it reads the address.
    pub(crate) fn address(redirect: &Redirect) -> Self {
        Self::document(200, &serde_json::json!({ "location": redirect.location() }))
    }

    /// The same for htmx, which reads this header where the status is not 3xx.
    pub(crate) fn hx_redirect(self, address: &str) -> Self {
        self.header("hx-redirect", address)
    }

    /// A redirect after a POST (RFC 9110 section 15.4.4).
    pub(crate) fn see_other(redirect: &Redirect) -> Self {
        Self { status: 303, ..Self::redirect(redirect) }
    }

    /// A JSON document for everyone, on whatever page their script runs.
    pub(crate) fn public_json(body: &impl serde::Serialize) -> Self {
        let headers = [
            ("cache-control", "public, max-age=3600"),
            ("access-control-allow-origin", "*"),
            NOSNIFF,
            ("content-type", JSON_MEDIA_TYPE),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Self { headers, ..Self::document(200, body) }
    }

    /// That scripts of any site may ask for such a document, with whatever headers they send along.
    pub(crate) fn public_preflight() -> Self {
        // `*` is every header but `Authorization` (Fetch Standard, "CORS-preflight fetch").
        let headers = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD"),
            ("access-control-allow-headers", "*, Authorization"),
            ("access-control-max-age", "3600"),
        ];
        headers.into_iter().fold(Self::empty(), |response, (name, value)| response.header(name, value))
    }

    /// For a method that a document has not (RFC 9110 section 15.5.6).
    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::new(405).header("allow", allowed)
    }

    /// What an API answers to a request that it refuses: its challenge, and the same in JSON.
    fn challenge(error: &Error, challenge: &Challenge) -> Self {
        Self::document(
            error.http_status(),
            &serde_json::json!({ "code": error.code(), "message": challenge.description }),
        )
        .header(WWW_AUTHENTICATE, &challenge.header)
    }

    /// Creates a JSON document. A value that cannot be serialized becomes `{}`.
    pub fn json(status: StatusCode, body: &impl serde::Serialize) -> Self {
        Self::document(status.as_u16(), body)
    }

    /// Creates a page of the application, which no cache stores.
    pub fn html(status: StatusCode, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::new(status.as_u16()).header("content-type", HTML_MEDIA_TYPE) }
    }

    pub(crate) fn document(status: u16, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
        // No other origin loads it as something else. A `fetch` with CORS is not concerned (Fetch, "cross-origin resource policy check").
        let head = Self::new(status).header("cross-origin-resource-policy", "same-origin");
        Self { body, ..head.header("content-type", JSON_MEDIA_TYPE) }
    }

    fn page(status: u16, body: String, policy: &str) -> Self {
        let page = Self::new(status)
            .header("content-type", HTML_MEDIA_TYPE)
            .header("content-security-policy", policy)
            .header("referrer-policy", "same-origin");
        Self { body, ..page }
    }

    /// A page of the application's own, whose scripts and styles are its own to restrict. Its address has the code, which is for no other site.
    fn own_page(page: &OwnPage) -> Self {
        let head = Self::new(page.status)
            .header("content-type", HTML_MEDIA_TYPE)
            .header("referrer-policy", "same-origin")
            .header(ON_ITS_OWN.0, ON_ITS_OWN.1);
        Self { body: page.html.clone(), ..head }
    }

    /// A page that posts these fields to its own address. Without script it is a button.
    pub(crate) fn repost_page(fields: impl Iterator<Item = (String, String)>) -> Self {
        // One script runs, by its hash; what was posted cannot add another. The form may lead anywhere, since Chromium asks this policy of
        // each redirect that follows, and the page that the user wanted may redirect again.
        let hash = STANDARD.encode_to_string(Sha256::digest(page::SCRIPT));
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; form-action *; base-uri 'none'; frame-ancestors 'none'"
        );
        Self::page(200, page::repost_page(fields), &policy)
    }

    /// A page that leads on by itself, as a page of this site.
    pub(crate) fn again_page(address: &Destination) -> Self {
        Self::page(200, page::again(address), page::WITHOUT_FORM)
    }

    /// The answer to a request that failed: the application's own, or ours, which names the error's code; what else went wrong is for the log,
    /// and for `details`.
    pub(crate) fn error(
        error: &Error,
        request: &ErrorPageRequest<'_>,
        own: Option<&Arc<ErrorPages>>,
        details: bool,
    ) -> Self {
        // A request with a bearer token counts as one of an API client.
        if error.challenge().is_some() || error.is(Code::LooksOnly) {
            return Self::from(error);
        }
        error.log();
        if let (ResponseFormat::Html, Some(page)) = (request.format(), error.page()) {
            return Self::own_page(page).with_challenge();
        }
        if let Some(response) = own.and_then(|own| own::ask(own, error, request)) {
            return response.with_challenge();
        }
        let (status, links) = (error.http_status(), &request.links);
        let response = match request.format() {
            ResponseFormat::Html => {
                let page = Self::page(status, page::error(error, links, details), page::policy(error));
                page.header(ON_ITS_OWN.0, ON_ITS_OWN.1)
            }
            ResponseFormat::EventStream if signs_in(error) => Self::event(&error_json(error, links, details)),
            _ => Self::document(status, &error_json(error, links, details)),
        };
        response.retry_after(error).with_challenge()
    }

    /// For an `EventSource`: one event, and a minute until it comes again. A status other than 200 would end it silently.
    fn event(data: &serde_json::Value) -> Self {
        let response = Self::new(200).header("content-type", "text/event-stream");
        Self { body: format!("retry: 60000\nevent: sign_in\ndata: {data}\n\n"), ..response }
    }

    /// With the challenge of a session where a 401 has none (RFC 9110 section 15.5.2).
    fn with_challenge(self) -> Self {
        match self.status == 401 && self.header_value(WWW_AUTHENTICATE).is_none() {
            true => self.header(WWW_AUTHENTICATE, SESSION_CHALLENGE),
            false => self,
        }
    }

    /// When to come again, where that may help.
    fn retry_after(self, error: &Error) -> Self {
        match (self.status, error.retry_after()) {
            // Whole seconds, and none too few.
            (503, after) => {
                self.header("retry-after", &after.map_or(5, |after| after.as_millis().div_ceil(1000)).to_string())
            }
            _ => self,
        }
    }

    /// Adds a header, its name in lower case. A value with a line break or another control character is left out, and the log has a warning.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        match value.contains(|c: char| c.is_control() && c != '\t') {
            true => {
                tracing::error!(target: "logto", name, "a header's value holds a control character; it is left out");
            }
            false => self.headers.push((name, value.to_owned())),
        }
        self
    }

    /// With another value of a header, or without it.
    pub(crate) fn replace_header(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// The value of a header.
    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers, names in lower case. Append them: `set-cookie` may occur several times.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Returns the body, in UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the body, without a copy.
    #[must_use]
    pub fn into_body(self) -> String {
        self.body
    }
}

impl fmt::Debug for AuthResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = |(name, value): (&'static str, &str)| match name {
            // A cookie without its value, and an address without its query: both may be the session.
            "set-cookie" => (name, value.split_once('=').map_or_else(String::new, |(cookie, _)| format!("{cookie}=…"))),
            "location" => (name, without_query(value)),
            _ => (name, value.to_owned()),
        };
        f.debug_struct("AuthResponse")
            .field("status", &self.status)
            .field("headers", &self.headers().map(header).collect::<Vec<_>>())
            // A page may post on what it was sent, a code among it.
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// For the frameworks on `http` 1. Several `set-cookie` headers stay several.
impl From<AuthResponse> for http::Response<String> {
    fn from(auth_response: AuthResponse) -> Self {
        let mut response = Self::default();
        *response.status_mut() = auth_response.status.try_into().unwrap_or_default();
        for (name, value) in auth_response.headers() {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                response.headers_mut().append(name, value);
            }
        }
        *response.body_mut() = auth_response.body;
        response
    }
}

/// The JSON response for a place that knows nothing but the error. A mistake of the programmer is named, for it never reaches production.
impl From<&Error> for AuthResponse {
    fn from(error: &Error) -> Self {
        error.log();
        if error.is(Code::LooksOnly) {
            return Self::empty();
        }
        if let Some(challenge) = error.challenge() {
            return Self::challenge(error, challenge);
        }
        match error.kind() {
            ErrorKind::Usage => Self::document(
                error.http_status(),
                &serde_json::json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() }),
            ),
            _ => Self::document(
                error.http_status(),
                &serde_json::json!({ "code": error.code(), "message": error.summary() }),
            ),
        }
        .retry_after(error)
        .with_challenge()
    }
}

/// What a program is told of an error.
fn error_json(error: &Error, links: &Links<'_>, details: bool) -> serde_json::Value {
    let mut members = serde_json::json!({ "code": error.code(), "message": error.summary() });
    let mut add = |name: &str, value: serde_json::Value| {
        members.as_object_mut().and_then(|members| members.insert(name.to_owned(), value));
    };
    if details {
        add("details", error.to_string().into());
        add("hint", error.hint().into());
    }
    if let Some(step_up) = error.step_up() {
        add("max_age", step_up.max_age.into());
        add("acr_values", step_up.acr_values.clone().into());
    }
    if signs_in(error) {
        add("sign_in", (**links.sign_in).into());
    }
    members
}

/// Whether to sign in, or to do so once more, is all that is needed.
pub(crate) fn signs_in(error: &Error) -> bool {
    error.step_up().is_some() || error.is(Code::NotAuthenticated) || error.is(Code::SessionEnded)
}

/// Anyone can post to the address; but if a valid logout fails, a user stays signed in.
fn log_back_channel_logout(error: &Error) {
    let (code, hint) = (error.code().as_str(), error.hint());
    match error.kind() {
        // A security event tells of it.
        ErrorKind::InvalidToken => {
            tracing::debug!(target: "logto::sign_out", code, %error, hint, "refused a back-channel logout");
        }
        _ => {
            tracing::error!(target: "logto::sign_out", code, %error, hint, "a back-channel logout failed; its sessions may live on");
        }
    }
}
