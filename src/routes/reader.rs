//! Who asks, and so in which form an answer can be used.

use super::{AuthRequest, accept::weight};
use crate::{
    response::{AuthResponse, ResponseFormat},
    types::Redirect,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A browser that goes to a page: it follows redirects and shows pages.
    Browser,
    /// A script of a page (`fetch`, XHR): it cannot follow a redirect to another origin.
    Script,
    /// htmx, which is a script that goes where a header says.
    Htmx,
    /// An `EventSource`, whose page sees events alone.
    EventSource,
    /// Any other program: it follows redirects, and reads JSON.
    Program,
}

impl AuthRequest {
    /// `Sec-Fetch-Mode` says whether a browser goes to a page or a script asks (Fetch Metadata); older clients by `Accept`.
    pub(super) fn reader(&self) -> Reader {
        let wants = |media_type: &str| self.header("accept").map_or(0, |accept| weight(accept, media_type));
        match self.header("sec-fetch-mode") {
            _ if self.header("hx-request") == Some("true") => Reader::Htmx,
            Some("navigate" | "nested-navigate") => Reader::Browser,
            // It gets, and accepts nothing else (WHATWG HTML section 9.2.2). A script that reads a stream by itself sees the status.
            Some("cors" | "same-origin") if self.method == "GET" && self.accepts_events_alone() => Reader::EventSource,
            Some("cors" | "same-origin") => Reader::Script,
            Some(_) => Reader::Program,
            None if wants("text/html") > 0 && wants("text/html") >= wants("application/json") => Reader::Browser,
            None if wants("application/json") > 0 => Reader::Script,
            None => Reader::Program,
        }
    }

    fn accepts_events_alone(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.trim().eq_ignore_ascii_case("text/event-stream"))
    }

    /// Returns the format of a response that the client can read.
    #[must_use]
    pub fn response_format(&self) -> ResponseFormat {
        match self.reader() {
            Reader::Browser => ResponseFormat::Html,
            Reader::EventSource => ResponseFormat::EventStream,
            Reader::Script | Reader::Htmx | Reader::Program => ResponseFormat::Json,
        }
    }

    /// Returns a redirect in a form that the client can follow: a script gets the address as JSON (`location`), htmx also by `HX-Redirect`. For the
    /// application's own routes that redirect to Logto.
    pub fn follow(&self, redirect: &Redirect) -> AuthResponse {
        match self.reader() {
            Reader::Htmx => AuthResponse::address(redirect).hx_redirect(redirect.location()),
            Reader::Script => AuthResponse::address(redirect),
            _ if self.is_page_request() => AuthResponse::redirect(redirect),
            _ => AuthResponse::see_other(redirect),
        }
    }
}
