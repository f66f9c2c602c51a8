//! Requests by hand, as a framework hands them over, and what is answered.

use logto::{
    LogtoClient,
    integrate::{AuthRequest, AuthResponse},
};
use serde_json::Value;

use crate::support::Browser;

/// What browsers send that go to a page.
pub const NAVIGATION: &[(&str, &str)] = &[("sec-fetch-mode", "navigate"), ("accept", "text/html,*/*")];
/// What a script of the site sends.
pub const FETCH: &[(&str, &str)] = &[("sec-fetch-mode", "cors"), ("sec-fetch-site", "same-origin"), ("accept", "*/*")];

pub fn request(browser: &Browser, method: &str, target: &str, headers: &[(&str, &str)]) -> AuthRequest {
    let cookies = browser.header();
    AuthRequest::new(method, target, |name| match name {
        "cookie" => Some(cookies.clone()),
        _ => headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()),
    })
}

/// What one of the routes answers; the browser keeps its cookies.
pub async fn route(logto: &LogtoClient, browser: &mut Browser, request: &AuthRequest) -> AuthResponse {
    let response = logto.handle_auth_routes(request).await.expect("it is a route");
    let set: Vec<_> =
        response.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    response
}

pub fn header<'a>(response: &'a AuthResponse, name: &str) -> Option<&'a str> {
    response.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
}

pub fn json(response: &AuthResponse) -> Value {
    assert_eq!(header(response, "content-type"), Some("application/json"));
    serde_json::from_str(response.body()).unwrap()
}
