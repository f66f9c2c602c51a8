//! What a browser does over HTTP, where an application listens on a port of its own.

use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};

use crate::plain_http::plain_http;
use crate::support::Browser;

/// A client that leaves redirects to the test.
pub fn without_redirects() -> Client {
    plain_http().redirect(Policy::none()).build().unwrap()
}

/// `target` is a path of the application at `origin`, or a whole address.
pub fn request(http: &Client, method: Method, origin: &str, target: &str, headers: &[(&str, &str)]) -> RequestBuilder {
    let url = if target.starts_with('/') { format!("{origin}{target}") } else { target.to_owned() };
    headers.iter().fold(http.request(method, url), |request, (name, value)| request.header(*name, *value))
}

impl Browser {
    /// Sends a request with the cookies, and keeps those of the response.
    pub async fn send(&mut self, request: RequestBuilder) -> Response {
        let response = request.header("cookie", self.header()).send().await.unwrap();
        self.receive(&set_cookies(&response));
        response
    }
}

pub fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

pub fn set_cookies(response: &Response) -> Vec<String> {
    response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

pub async fn text(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The status and the code of an error that is told to a program.
pub async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: serde_json::Value = response.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}
