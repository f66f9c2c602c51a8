//! Requests that are no person's navigation: what browsers guess, what scripts and programs ask.

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{app::App, example::Example, jar, plain_http::plain_http, slow_body::answer_to_half_a_form};

pub async fn a_prefetch_begins_no_sign_in_and_uses_no_callback_up(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    for target in ["/logto/sign-in", "/logto/sign-up", "/logto/sign-in?direct_sign_in=social:kakao"] {
        let answer = tab.prefetch(target).await;
        assert_eq!((answer.status.as_u16(), answer.set_cookies().len()), (204, 0), "{target}");
    }
    let hints =
        [("purpose", "prefetch"), ("x-moz", "prefetch"), ("x-purpose", "preview"), ("next-router-prefetch", "1")];
    for hint in hints {
        let answer = tab.fetch_with("/logto/sign-in", &[hint]).await;
        assert_eq!((answer.status.as_u16(), answer.set_cookies().len()), (204, 0), "{hint:?}");
    }
    assert_eq!(app.mock.requests_total(), 0);

    tab.click("Sign in").await;
    let callback = app.mock.sign_in(&tab.passed("/oidc/auth?"), "ada").await;
    let answer = tab.prefetch(&callback).await;
    assert_eq!((answer.status.as_u16(), answer.set_cookies().len()), (204, 0));
    tab.follow(&callback).await;
    tab.shows("Hello, Ada Lovelace");

    assert_eq!(tab.prefetch("/logto/sign-out").await.status, 405);
    tab.open(&app.url("/protected")).await;
    tab.shows("user-ada");
}

/// RFC 9110 section 9.3.2: HEAD is safe, and its answer has no content.
pub async fn a_head_request_changes_nothing(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    for target in ["/logto/sign-in", "/logto/sign-up", "/logto/user"] {
        let answer = head(&app, target, "").await;
        assert!(answer.starts_with("HTTP/1.1 204"), "{target}: {answer}");
    }
    for target in ["/", "/protected", "/logto/sign-out"] {
        let answer = head(&app, target, "").await;
        let status: u16 = answer[9..12].parse().unwrap();
        assert!((200..500).contains(&status), "{target}: {answer}");
    }
    assert_eq!(app.mock.requests_total(), 0);

    tab.click("Sign in").await;
    let callback = app.mock.sign_in(&tab.passed("/oidc/auth?"), "ada").await;
    let cookies = tab.browser.jar().header(&app.base.parse().unwrap(), jar::Request::OWN).unwrap();
    let target = callback.strip_prefix(&app.base).unwrap();
    let answer = head(&app, target, &format!("Cookie: {cookies}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    tab.follow(&callback).await;
    tab.shows("Hello, Ada Lovelace");
}

/// The answer to HEAD as it is on the wire; it ends with its headers and sets no cookie.
async fn head(app: &App, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", app.port)).await.unwrap();
    let host = app.base.trim_start_matches("http://");
    let request = format!(
        "HEAD {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n{headers}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "", "{target}: {head}");
    assert!(!head.to_ascii_lowercase().contains("set-cookie"), "{target}: {head}");
    answer
}

pub async fn a_program_is_told_401_as_json(example: Example) {
    let app = App::start(example).await;
    let tab = app.visit().await;
    for target in ["/protected", "/user-info", "/access-token", "/organization/org-acme"] {
        let answer = tab.fetch(target).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (401, "application/json"), "{target}");
        assert_eq!(answer.json()["code"], "not_authenticated", "{target}");
        assert!(answer.set_cookies().is_empty());
        assert_eq!(answer.header("cache-control"), "no-store", "{target}");
        // RFC 9110 section 15.5.2, and in no scheme that a browser asks its user about.
        let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges, [r#"Cookie realm="Logto""#], "{target}");
    }
    // Without Fetch Metadata, `Accept` tells.
    let client = plain_http().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (accept, status) in [("application/json", 401), ("*/*", 401), ("text/html,*/*;q=0.8", 302)] {
        let response = client.get(app.url("/protected")).header("accept", accept).send().await.unwrap();
        assert_eq!(response.status(), status, "{accept}");
    }
    assert_eq!(app.mock.requests_total(), 0);
}

pub async fn a_signed_in_program_gets_what_it_asks_for(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    for target in ["/protected", "/user-info", "/access-token", "/organization/org-acme"] {
        assert_eq!(tab.fetch(target).await.status, 200, "{target}");
    }
    let user = tab.fetch("/logto/user").await;
    assert_eq!((user.header("content-type"), user.header("cache-control")), ("application/json", "no-store"));
    assert_eq!(user.json()["claims"]["username"], "ada");
}

/// A page of another site shows our pages as images and fetches them: the session does not go with that.
pub async fn a_request_from_another_site_is_not_signed_in(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    let evil = tab.browser.page_of("https://evil.example/", "");
    let answer = evil.fetch(&app.url("/logto/user")).await;
    assert_eq!(answer.json(), json!({ "isAuthenticated": false }));
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!(evil.image(&app.url("/protected")).await.status, 401);
    // A link does take the user along.
    let mut evil = evil;
    evil.follow(&app.url("/protected")).await;
    evil.shows("user-ada");
}

pub async fn other_methods_than_those_of_a_route_are_refused(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    for target in ["/logto/sign-in", "/logto/sign-up", "/callback", "/logto/user"] {
        for method in [Method::PUT, Method::DELETE, Method::POST] {
            let answer = tab.ask(method.clone(), target).await;
            assert!(matches!(answer.status.as_u16(), 404 | 405), "{method} {target}: {}", answer.status);
            assert!(answer.set_cookies().is_empty(), "{method} {target}");
        }
    }
    assert_eq!(tab.fetch("/logto/user").await.json()["isAuthenticated"], true);
    assert_eq!(app.mock.requests_total(), 0);
}

/// The back button shows nothing of a user who signed out.
pub async fn a_page_that_shows_a_user_is_not_stored(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    let start_page = (tab.page.header("cache-control"), tab.page.header("vary"));
    assert_eq!(start_page, ("private", "Cookie"), "the start page asks who is signed in");
    tab = app.signed_in().await;
    for target in ["/", "/protected", "/user-info", "/access-token", "/organization/org-acme", "/preferences"] {
        tab.open(&app.url(target)).await;
        let page = (tab.page.status.as_u16(), tab.page.header("cache-control"), tab.page.header("vary"));
        assert_eq!(page, (200, "private, no-store", "Cookie"), "{target}");
    }
    tab.open(&app.url("/logto/user")).await;
    assert_eq!((tab.page.header("cache-control"), tab.page.header("vary")), ("no-store", "Cookie"));
}

/// A cache that kept one of these would hand one user's session or page to others.
pub async fn a_response_that_sets_a_session_is_not_stored_by_caches(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    let mut callback = app.mock.sign_in(&tab.passed("/oidc/auth?"), "ada").await;
    let begins = tab.ask(Method::GET, &app.url("/logto/sign-in")).await;
    callback = callback.strip_prefix(&app.base).unwrap().to_owned();
    let ends = tab.ask(Method::GET, &app.url(&callback)).await;
    let refreshes = tab.ask(Method::GET, &app.url("/access-token")).await;
    for (what, answer) in [("begins", begins), ("ends", ends), ("refreshes", refreshes)] {
        assert!(!answer.set_cookies().is_empty(), "{what}");
        assert_eq!(answer.header("cache-control"), "private, no-store", "{what}");
    }
}

/// A back-channel logout of which nothing comes but the beginning.
pub async fn half_a_form_is_not_waited_for_without_end(example: Example) {
    let app = App::start(example).await;
    let answer = answer_to_half_a_form(&format!("http://127.0.0.1:{}", app.port)).await;
    assert_eq!(answer, "HTTP/1.1 400 Bad Request", "{}", example.name);
}
