//! Attacks, each as the attacker would do it. Each test says which naive implementation it fails on.
//!
//! What is shown elsewhere is not here again: `docs/testing.md` has the whole list.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts")]

#[path = "../it/plain_http.rs"]
mod plain_http;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other test binaries use the rest")]
mod support;

mod callback;
mod cookies;
mod destinations;
mod form_post_size;
mod frames;
mod headers;
mod one_time_token;
mod pages;
mod return_to;
mod return_to_scheme;
mod sign_out;

use logto::{
    LogtoClient,
    integrate::{AuthRequest, AuthResponse},
};

use crate::support::Browser;

/// What a browser gets that opens `target`, with these headers besides its own.
async fn open(
    logto: &LogtoClient,
    method: &str,
    target: &str,
    browser: &Browser,
    headers: &[(&str, &str)],
) -> AuthResponse {
    let cookie = browser.header();
    let request = AuthRequest::new(method, target, |name| {
        let own = [("cookie", cookie.as_str()), ("accept", "text/html"), ("sec-fetch-mode", "navigate")];
        own.iter().chain(headers).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    });
    logto.handle_auth_routes(&request).await.unwrap()
}

/// What a browser gets that posts a form from another site, so without its `SameSite=Lax` cookies unless they are given.
async fn post(logto: &LogtoClient, target: &str, browser: &Browser, form: &str) -> AuthResponse {
    let cookie = browser.header();
    let request = AuthRequest::new("POST", target, |name| {
        let own = [
            ("cookie", cookie.as_str()),
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "cross-site"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        own.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    });
    logto.handle_auth_routes(&request.body(form)).await.unwrap()
}

fn header(reply: &AuthResponse, name: &str) -> Option<String> {
    reply.headers().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// `text` for a query.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
