//! A response that any web framework can send.

mod ask;
mod page;

use std::fmt;

use base64_simd::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    error::{Challenge, Error, ErrorKind},
    types::{Destination, Redirect, without_query},
};

const JSON_MEDIA_TYPE: &str = "application/json";

/// A response: a status, headers to append, a body. What the routes of [`LogtoClient::handle_auth_routes`](crate::LogtoClient::handle_auth_routes) answer.
#[derive(Clone, PartialEq, Eq)]
#[must_use = "the browser gets nothing until the response is returned as a response"]
pub struct AuthResponse {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What the one who asks can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// A person in front of a browser: pages and redirects.
    Html,
    /// A program (`fetch`, XHR): JSON.
    Json,
}

impl AuthResponse {
    fn new(status: u16) -> Self {
        // What is said here is said to one user at one moment.
        Self { status, headers: vec![("cache-control", "no-store".to_owned())], body: String::new() }
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
        Self::json(400, &json!({ "error": "invalid_request", "error_description": error.code() }))
    }

    /// A redirect; the browser follows with GET.
    pub(crate) fn redirect(redirect: &Redirect) -> Self {
        Self::new(302).header("location", redirect.location())
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
            ("content-type", JSON_MEDIA_TYPE),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        Self { headers, ..Self::json(200, body) }
    }

    /// What an API answers to a request that it refuses: its challenge, and the same in JSON.
    fn challenge(error: &Error, challenge: &Challenge) -> Self {
        Self::json(error.http_status(), &json!({ "code": error.code(), "message": challenge.description }))
            .header("www-authenticate", &challenge.header)
    }

    pub(crate) fn json(status: u16, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
        Self { body, ..Self::new(status).header("content-type", JSON_MEDIA_TYPE) }
    }

    fn html(status: u16, body: String, policy: &str) -> Self {
        let page = Self::new(status)
            .header("content-type", "text/html; charset=utf-8")
            .header("content-security-policy", policy)
            .header("x-content-type-options", "nosniff")
            .header("referrer-policy", "same-origin");
        Self { body, ..page }
    }

    /// A page that posts these fields to its own address. Without script it is a button.
    pub(crate) fn repost_page(fields: impl Iterator<Item = (String, String)>) -> Self {
        // One script runs, by its hash; what was posted cannot add another. The form may lead anywhere, since Chromium asks this policy of
        // each redirect that follows, and the page that the user wanted may redirect again.
        let hash = STANDARD.encode_to_string(Sha256::digest(page::SCRIPT));
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; form-action *; base-uri 'none'; frame-ancestors 'none'"
        );
        Self::html(200, page::repost_page(fields), &policy)
    }

    /// The answer to a request that failed. It names the error's code; what else went wrong is for the log, and for `details`.
    pub(crate) fn error(error: &Error, response_format: ResponseFormat, links: &Links<'_>, details: bool) -> Self {
        // Whoever sends a bearer token is a program.
        if error.challenge().is_some() {
            return Self::from(error);
        }
        log(error);
        let status = error.http_status();
        let response = match response_format {
            ResponseFormat::Html => Self::html(status, page::error(error, links, details), page::policy(error)),
            ResponseFormat::Json => Self::json(status, &error_json(error, links, details)),
        };
        response.retry_after(error)
    }

    /// When to come again, where that may help.
    fn retry_after(self, error: &Error) -> Self {
        match (self.status, error.retry_after()) {
            (503, after) => self.header("retry-after", &after.map_or(5, |after| after.as_secs()).to_string()),
            _ => self,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
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

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, names in lower case. Append them: `set-cookie` may occur several times.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The body, in UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body, without a copy.
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
        log(error);
        if let Some(challenge) = error.challenge() {
            return Self::challenge(error, challenge);
        }
        match error.kind() {
            ErrorKind::Usage => Self::json(
                error.http_status(),
                &json!({ "code": error.code(), "message": error.to_string(), "hint": error.hint() }),
            ),
            _ => Self::json(error.http_status(), &json!({ "code": error.code(), "message": page::summary(error) })),
        }
        .retry_after(error)
    }
}

/// What a program is told of an error.
fn error_json(error: &Error, links: &Links<'_>, details: bool) -> serde_json::Value {
    let mut members = json!({ "code": error.code(), "message": page::summary(error) });
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
        add("sign_in", (**links.sign_in).into());
    }
    members
}

/// Where a page of ours leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links<'a> {
    pub(crate) home: &'a Destination,
    pub(crate) sign_in: &'a Destination,
    pub(crate) sign_out: &'a Destination,
}

/// Loud where somebody has to act, quiet where a user only has to sign in again. Once for each answer.
fn log(error: &Error) {
    if error.is_logged() {
        return;
    }
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(target: "logto", code = error.code().as_str(), %error, hint = error.hint(), "answered with an error")
        };
    }
    match error.kind() {
        ErrorKind::Cancelled | ErrorKind::Forbidden | ErrorKind::NotAuthenticated => log!(debug),
        ErrorKind::InvalidRequest => log!(info),
        // Anyone can send an API a bad token, and as many as they like.
        _ if error.challenge().is_some() => log!(info),
        _ if error.is_transient() => log!(warn),
        _ => log!(error),
    }
}

/// Whoever finds the address can post to it; but where a sound logout fails, somebody stays signed in.
fn log_back_channel_logout(error: &Error) {
    let (code, hint) = (error.code().as_str(), error.hint());
    match error.kind() {
        ErrorKind::InvalidToken => {
            tracing::warn!(target: "logto::sign_out", code, %error, hint, "refused a back-channel logout");
        }
        _ => {
            tracing::error!(target: "logto::sign_out", code, %error, hint, "a back-channel logout failed; its sessions may live on");
        }
    }
}
