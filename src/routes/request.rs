//! A request, as far as authentication looks at it.

use std::fmt;

use url::{Url, form_urlencoded};

use super::FORM_MEDIA_TYPE;
use crate::{
    client::{LogtoClient, RequestSession, some_client_compares_hosts},
    types::Application,
};

/// A request, as far as authentication looks at it.
///
/// ```
/// use logto::integrate::{AuthRequest, ResponseFormat};
///
/// let header = |name: &str| (name == "accept").then(|| "text/html".to_owned());
/// let request = AuthRequest::new("GET", "/logto/sign-in?return_to=/me", header);
/// assert_eq!(request.response_format(), ResponseFormat::Html);
/// ```
#[derive(Clone)]
pub struct AuthRequest {
    pub(super) method: String,
    pub(super) target: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    is_prefetch: bool,
    session: Option<RequestSession>,
}

/// All that is ever asked for: of each request, of one that may have a body, and of one that htmx makes; and what says that a browser looks ahead.
const HEADERS: [&str; 7] =
    ["cookie", "accept", "referer", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-dest", "hx-request"];
const HEADERS_WITH_BODY: [&str; 2] = ["content-type", "origin"];
const HEADERS_OF_HTMX: [&str; 2] = ["hx-current-url", "hx-boosted"];
const HEADERS_OF_PREFETCH: [&str; 5] = ["sec-purpose", "purpose", "x-purpose", "x-moz", "next-router-prefetch"];

/// What is asked for beside them where an application has several base URLs.
const HOST_HEADERS: [&str; 3] = ["host", "x-forwarded-host", "forwarded"];

impl fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The target of a callback holds a code, and the headers hold the session.
        f.debug_struct("AuthRequest").field("method", &self.method).field("path", &self.path()).finish_non_exhaustive()
    }
}

impl AuthRequest {
    /// Creates a request from its method, its path with query, and a function that returns a header by its lower-case name (joining several `cookie`
    /// headers with `"; "`, and reading bytes that are not UTF-8 as any character; `host` is the authority of the request's address, where it has
    /// one, as with HTTP/2). Under a nested router give the path as the browser asked for it.
    pub fn new(method: &str, target: &str, header: impl Fn(&str) -> Option<String>) -> Self {
        let read = |names: &'static [&'static str]| names.iter().filter_map(|name| Some((*name, header(name)?)));
        let mut headers: Vec<_> = read(&HEADERS).collect();
        if headers.last().is_some_and(|(name, _)| *name == "hx-request") {
            headers.extend(read(&HEADERS_OF_HTMX));
        }
        if !matches!(method, "GET" | "HEAD") {
            headers.extend(read(&HEADERS_WITH_BODY));
        }
        if some_client_compares_hosts() {
            headers.extend(read(&HOST_HEADERS));
        }
        let is_prefetch = read(&HEADERS_OF_PREFETCH).any(|(name, value)| is_purpose_of_prefetch(name, &value));
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers, body: String::new(), is_prefetch, session: None }
    }

    /// Sets the body, if [`LogtoClient::route_needs_body`] is true: see [`read_body`](Self::read_body).
    #[must_use]
    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// Sets the session that the request already has: of a layer or middleware around the routes. The routes use it, and the layer's
    /// [`finish`](RequestSession::commit) writes it. A request without one gets a new session.
    #[must_use]
    pub fn session(self, session: Option<RequestSession>) -> Self {
        Self { session, ..self }
    }

    /// Creates a request from the head of one on `http` 1. `uri` is the request's own, or under a nested router the one that the browser asked for.
    /// The [`session`](Self::session) is the [`RequestSession`] among the request's extensions, if there is one.
    #[must_use]
    pub fn from_parts(parts: &http::request::Parts, uri: &http::Uri) -> Self {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Self::from_headers(parts.method.as_str(), target, &parts.headers)
            .addressed_to(parts.uri.authority())
            .session(parts.extensions.get::<RequestSession>().cloned())
    }

    /// The host is that of the address, if it has one (RFC 9112 section 3.2.2, RFC 9113 section 8.3.1).
    fn addressed_to(mut self, authority: Option<&http::uri::Authority>) -> Self {
        if let Some(authority) = authority.filter(|_| some_client_compares_hosts()) {
            let authority = authority.as_str();
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            self.headers.retain(|(name, _)| *name != "host");
            self.headers.push(("host", host.to_owned()));
        }
        self
    }

    /// Creates a request like [`new`](Self::new), with the headers as a map: for frameworks on `http` 1 that have no [`Parts`](http::request::Parts).
    #[must_use]
    pub fn from_headers(method: &str, target: &str, headers: &http::HeaderMap) -> Self {
        Self::new(method, target, |name| {
            // Browsers send the cookies of others in any bytes; a header that is passed over for those would take the session with it.
            // Nearly all are ASCII, which is found out faster.
            let text = |value: &'_ http::HeaderValue| match value.to_str() {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
            };
            let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
            (!values.is_empty()).then(|| values.join("; "))
        })
    }

    /// Returns the value of the `Cookie` header, empty if there is none.
    #[must_use]
    pub fn cookie_header(&self) -> &str {
        self.header("cookie").unwrap_or_default()
    }

    /// The body, if it is a form. A media type may have parameters (RFC 9110 section 8.3.1).
    pub(super) fn form(&self) -> Option<&str> {
        let essence = self.header("content-type")?.split(';').next()?.trim();
        essence.eq_ignore_ascii_case(FORM_MEDIA_TYPE).then_some(self.body.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    pub(super) fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned()
    }

    /// Returns the request's session of this client, shared with the layers around it. Integrations, routes and pages all use it. Without a client
    /// nobody is signed in.
    #[must_use]
    pub fn enter<'c>(&self, logto: impl Into<Option<&'c LogtoClient>>) -> RequestSession {
        let logto = logto.into().map(|logto| logto.of_request(self));
        let session = RequestSession::enter(logto.as_deref(), self.session.clone(), self.cookie_header());
        // HEAD looks, and a browser that looks ahead does no more.
        let only_looks = self.is_prefetch || self.method == "HEAD";
        let is_same_origin = |logto: &LogtoClient| self.is_same_origin(&logto.config().base_url);
        session.of_request(only_looks, !self.is_page_request() && logto.as_deref().is_some_and(is_same_origin))
    }

    /// Whether it asks for a page, so that the browser can ask for it again.
    pub(super) fn is_page_request(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The page that a form was on, if it is one of the application's.
    pub(super) fn referring_page(&self, application: Application<'_>) -> Option<&str> {
        self.header("referer").filter(|page| Url::parse(page).is_ok_and(|page| application.contains(&page)))
    }

    /// A browser that looks ahead must not begin a sign-in, let alone use one up.
    pub(super) fn is_prefetch(&self) -> bool {
        self.is_prefetch
    }

    /// Whether a page of another site led here, also through a redirect (Fetch Metadata section 2.3).
    pub(super) fn is_from_another_site(&self) -> bool {
        self.header("sec-fetch-site") == Some("cross-site")
    }

    /// Whether this site sent the request: `Sec-Fetch-Site`, or `Origin` in older browsers. Every browser sends one of them with a POST.
    pub(super) fn is_same_origin(&self, base_url: &Url) -> bool {
        match (self.header("sec-fetch-site"), self.header("origin")) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => origin == base_url.origin().ascii_serialization(),
            (None, None) => false,
        }
    }
}

fn is_purpose_of_prefetch(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    name == "next-router-prefetch" || ["prefetch", "prerender", "preview"].iter().any(|purpose| value.contains(purpose))
}
