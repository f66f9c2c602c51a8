//! The bare contract, for the frameworks on `http` 1 that have no integration.

use std::{collections::BTreeSet, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::SET_COOKIE};
use logto::{
    ContextOptions, RequestSession, TokenOptions,
    integrate::AuthRequest,
    step_up::StepUp,
    testing::{Endpoint, Fault, TestSession},
};

use crate::support::{BOOKS, Browser, Site};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn values(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[test]
fn several_cookie_headers_are_one() {
    let request = AuthRequest::from_headers("GET", "/", &headers(&[("cookie", "a=1"), ("cookie", "b=2; c=3")]));
    assert_eq!(request.cookie_header(), "a=1; b=2; c=3");
    assert_eq!(AuthRequest::from_headers("GET", "/", &HeaderMap::new()).cookie_header(), "");
}

#[tokio::test]
async fn a_reply_is_a_response_with_all_its_cookies() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let mut counts = Vec::new();
    // Abandoned sign-ins: the fifth forgets the first.
    for _ in 0..5 {
        let request = AuthRequest::from_headers("GET", "/logto/sign-in", &headers(&[("cookie", &browser.header())]));
        let reply = site.logto.handle_auth_routes(&request).await.unwrap();
        let wanted: Vec<_> = reply.headers().map(|(name, value)| format!("{name}: {value}")).collect();
        let response = Response::<String>::from(reply);
        let given = response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        assert_eq!(given.collect::<BTreeSet<_>>(), wanted.into_iter().collect());
        assert_eq!((response.status(), response.body().as_str()), (StatusCode::FOUND, ""));
        let set_cookies: Vec<_> = values(response.headers(), SET_COOKIE).iter().map(ToString::to_string).collect();
        browser.receive(&set_cookies);
        counts.push(set_cookies.len());
    }
    assert_eq!(counts, [1, 1, 1, 1, 2]);

    let refusal = site.logto.sign_in_redirect(&AuthRequest::from_headers("GET", "/", &HeaderMap::new()));
    let refusal = Response::<String>::from(refusal);
    assert_eq!(
        (refusal.status(), &refusal.headers()["content-type"]),
        (StatusCode::UNAUTHORIZED, &HeaderValue::from_static("application/json"))
    );
    assert!(refusal.body().contains("not_authenticated"), "{}", refusal.body());
}

#[tokio::test]
async fn a_page_of_a_user_is_not_kept() {
    let site = Site::start().await;
    let cookie = TestSession::new().cookie_header(site.logto.config()).await.unwrap();

    // Nobody asked for the session.
    let session = RequestSession::new(site.logto.clone(), &*cookie);
    let mut response = HeaderMap::new();
    session.commit().await.unwrap().append_to(&mut response);
    assert!(response.is_empty());

    // Somebody did, and nobody is signed in.
    let session = RequestSession::new(site.logto.clone(), "theme=dark");
    session.get_context(ContextOptions::new()).await.unwrap();
    session.commit().await.unwrap().append_to(&mut response);
    assert_eq!(response, headers(&[("cache-control", "private"), ("vary", "Cookie")]));

    // A user is.
    let mut response = HeaderMap::new();
    let session = RequestSession::new(site.logto.clone(), &*cookie);
    session.get_context(ContextOptions::new()).await.unwrap();
    session.commit().await.unwrap().append_to(&mut response);
    assert_eq!(response, headers(&[("cache-control", "private, no-store"), ("vary", "Cookie")]));

    // The handler may say more of a page that sets no cookie, and nothing of one that does.
    for (changes, cache_control) in [(false, "private, max-age=5"), (true, "private, no-store")] {
        let mut response = headers(&[("cache-control", "private, max-age=5"), ("set-cookie", "theme=dark")]);
        let session = RequestSession::new(site.logto.clone(), &*cookie);
        assert!(session.is_authenticated().await.unwrap());
        if changes {
            session.clear_all_tokens().await.unwrap();
        }
        session.commit().await.unwrap().append_to(&mut response);
        assert_eq!(response["cache-control"], cache_control);
        let set_cookies = values(&response, SET_COOKIE);
        assert_eq!(set_cookies[0], "theme=dark");
        assert_eq!(
            set_cookies[1..].iter().filter(|cookie| cookie.starts_with("logto_app=;")).count(),
            usize::from(changes)
        );
    }
}

#[tokio::test]
async fn a_session_that_changed_is_not_kept_either() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let session = RequestSession::new(site.logto.clone(), browser.header());
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    let mut response = HeaderMap::new();
    session.commit().await.unwrap().append_to(&mut response);
    assert_eq!(response["cache-control"], "private, no-store");
    assert_eq!(values(&response, SET_COOKIE).len(), 1);
}

fn request(target: &str, browser: &Browser, accept: &'static str) -> AuthRequest {
    AuthRequest::from_headers("GET", target, &headers(&[("cookie", &browser.header()), ("accept", accept)]))
}

/// A page for users with an access token and a cookie of its own.
async fn page(session: RequestSession) -> logto::Result<Response<String>> {
    let user = session.require_user().await?;
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await?;
    let mut response = Response::new(user.sub().to_owned());
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("theme=dark"));
    Ok(response)
}

#[tokio::test]
async fn handle_request_serves_authentication_routes_as_well_as_pages() {
    let site = Site::start().await;
    let mut browser = Browser::default();

    let response = site.logto.handle_request(&request("/books?page=2", &browser, "text/html"), page).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()["location"], "/logto/sign-in?return_to=%2Fbooks%3Fpage%3D2");
    let response = site.logto.handle_request(&request("/books", &browser, "application/json"), page).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.body().contains("not_authenticated"), "{}", response.body());

    // A route never asks the page.
    let nobody = async |_| -> logto::Result<Response<String>> { panic!("the page of a route") };
    let response =
        site.logto.handle_request(&request("/logto/sign-in?return_to=/books", &browser, "text/html"), nobody).await;
    let received = |browser: &mut Browser, response: &Response<String>| {
        let set_cookies: Vec<_> = values(response.headers(), SET_COOKIE).iter().map(ToString::to_string).collect();
        browser.receive(&set_cookies);
        set_cookies.len()
    };
    received(&mut browser, &response);
    let callback = site.mock.sign_in(response.headers()["location"].to_str().unwrap(), "ada").await;
    let callback = callback.strip_prefix("http://localhost:3000").unwrap();
    let response = site.logto.handle_request(&request(callback, &browser, "text/html"), nobody).await;
    assert_eq!(response.headers()["location"], "http://localhost:3000/books");
    received(&mut browser, &response);

    let response = site.logto.handle_request(&request("/books", &browser, "text/html"), page).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    assert_eq!(received(&mut browser, &response), 2, "the page's own cookie and the renewed session");
    assert_eq!(site.mock.request_count(Endpoint::Token), 2);
    site.logto.handle_request(&request("/books", &browser, "text/html"), page).await;
    assert_eq!(site.mock.request_count(Endpoint::Token), 2, "the token is in the session that was sent");
}

#[tokio::test]
async fn a_page_may_ask_for_a_fresh_login() {
    let site = Site::start().await;
    let page = async |session: RequestSession| {
        let step_up = StepUp::new().max_age(Duration::from_secs(300));
        Ok(Response::new(session.require_recent_auth(&step_up).await?.claims().sub.clone()))
    };
    for browser in [Browser::default(), site.signed_in("ada").await] {
        let response = site.logto.handle_request(&request("/pay", &browser, "text/html"), page).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(response.headers()["location"], "/logto/sign-in?max_age=300&return_to=%2Fpay");
        let response = site.logto.handle_request(&request("/pay", &browser, "application/json"), page).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn an_error_of_a_page_is_answered_without_a_change_of_the_session() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::status(503));
    let response = site.logto.handle_request(&request("/books", &browser, "text/html"), page).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(values(response.headers(), SET_COOKIE).is_empty(), "{response:?}");
    let response = site.logto.handle_request(&request("/books", &browser, "application/json"), page).await;
    assert_eq!(response.headers()["content-type"], "application/json");

    // What a page of everyone costs: nothing.
    let request = request("/", &browser, "text/html");
    let response = site.logto.handle_request(&request, async |_| Ok(Response::new(String::new()))).await;
    assert!(response.headers().is_empty());
}
