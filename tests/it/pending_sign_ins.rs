//! Sign-ins under way: how long they may take, how much of the `Cookie` header they take, and what becomes of those that come too late.

use std::time::Duration;

use logto::{
    LogtoClient, SignInOptions,
    integrate::{AuthRequest, AuthResponse},
    testing::Endpoint,
};

use crate::support::{BASE_URL, Browser, Site};

const MINUTE: u64 = 60;

/// A browser's navigation, as one that comes from a page of this site or of another.
async fn navigate(logto: &LogtoClient, browser: &mut Browser, target: &str, site: &str) -> AuthResponse {
    let header = browser.header();
    let reply = answer(logto, &header, target, site).await;
    receive(browser, &reply);
    reply
}

async fn answer(logto: &LogtoClient, cookies: &str, target: &str, site: &str) -> AuthResponse {
    let request = AuthRequest::new("GET", target, |name| match name {
        "cookie" => Some(cookies.to_owned()),
        "sec-fetch-mode" => Some("navigate".to_owned()),
        "sec-fetch-site" => Some(site.to_owned()),
        _ => None,
    });
    logto.handle_auth_routes(&request).await.unwrap()
}

fn receive(browser: &mut Browser, reply: &AuthResponse) {
    let cookies: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    assert!(cookies.len() <= 22, "{} Set-Cookie", cookies.len());
    browser.receive(&cookies);
}

fn location(reply: &AuthResponse) -> String {
    reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned()
}

/// The path and query of a callback.
fn callback(url: &str) -> &str {
    url.strip_prefix(BASE_URL).unwrap()
}

#[tokio::test]
async fn a_sign_in_may_take_an_hour() {
    let site = Site::start().await;
    for minutes in [11, 59] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/books?page=2")).await;
        site.advance(minutes * MINUTE);
        let callback = site.mock.sign_in(&url, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/books?page=2"), "{minutes}");
    }
}

#[tokio::test]
async fn a_callback_after_the_timeout_of_its_sign_in_begins_another_that_leads_to_the_page_wanted() {
    let site = Site::start().await;
    let long = format!("/books?q={}", "a".repeat(1000));
    for (wanted, minutes) in [("/books?page=2", 61), ("/books?page=2", 119), (&*long, 61)] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri(wanted)).await;
        let target = site.mock.sign_in(&url, "ada").await;
        site.advance(minutes * MINUTE);
        let reply = navigate(&site.logto, &mut browser, callback(&target), "cross-site").await;
        assert_eq!(reply.status(), 400);
        assert!(reply.body().contains("sign_in_session.expired"), "{}", reply.body());
        assert_eq!(site.mock.request_count(Endpoint::Token), 0, "the code was not spent");
        let link = reply
            .body()
            .split("class=\"button\" href=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&");
        let again = navigate(&site.logto, &mut browser, &link, "same-origin").await;
        let target = site.mock.sign_in(&location(&again), "ada").await;
        let reply = navigate(&site.logto, &mut browser, callback(&target), "cross-site").await;
        assert_eq!(location(&reply), format!("{BASE_URL}{wanted}"));
        site.mock.reset_counts();
    }
}

#[tokio::test]
async fn the_timeout_of_a_sign_in_is_a_setting() {
    let site = Site::with(|mock| mock, |config| config.sign_in_timeout(Duration::from_secs(300))).await;
    for (seconds, code) in [(300, None), (301, Some("sign_in_session.expired"))] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        site.advance(seconds);
        let callback = site.mock.sign_in(&url, "ada").await;
        let outcome = site.end(&mut browser, &callback).await;
        assert_eq!(outcome.err().map(|error| error.code().as_str()), code);
    }
}

/// The same request again and again, as fast as a page of another site can: one after another, or all at once.
#[tokio::test]
async fn another_site_cannot_make_the_cookie_header_too_long() {
    let site = Site::start().await;
    for bytes in [1, 500, 2000, 8000] {
        let target = format!("/logto/sign-in?return_to=/{}%3Fa={}", "p".repeat(bytes / 2), "q".repeat(bytes / 2));
        let mut browser = Browser::default();
        for _ in 0..50 {
            _ = navigate(&site.logto, &mut browser, &target, "cross-site").await;
            assert!(browser.header().len() < 4096, "{}", browser.header().len());
        }
        let before = browser.header();
        for _ in 0..50 {
            let reply = answer(&site.logto, &before, &target, "cross-site").await;
            receive(&mut browser, &reply);
        }
        assert!(browser.header().len() < 4096 + 448, "{}", browser.header().len());
        let mut browser = Browser::default();
        for _ in 0..50 {
            let reply = answer(&site.logto, "", &target, "cross-site").await;
            receive(&mut browser, &reply);
        }
        assert!(browser.header().len() < 4096, "{}", browser.header().len());
    }
}

#[tokio::test]
async fn tabs_that_are_opened_at_once_all_sign_in() {
    let site = Site::start().await;
    for (tabs, bytes) in [(20, 10), (10, 2000)] {
        let mut browser = Browser::default();
        let mut callbacks = Vec::new();
        for tab in 0..tabs {
            let target = format!("/logto/sign-in?return_to=/{tab}%3Fa={}", "q".repeat(bytes));
            let reply = answer(&site.logto, "", &target, "none").await;
            receive(&mut browser, &reply);
            callbacks.push(site.mock.sign_in(&location(&reply), "ada").await);
        }
        assert!(browser.header().len() < 8000, "{}", browser.header().len());
        for (tab, target) in callbacks.iter().enumerate() {
            let reply = navigate(&site.logto, &mut browser, callback(target), "cross-site").await;
            assert!(location(&reply).starts_with(&format!("{BASE_URL}/{tab}")), "{}", location(&reply));
        }
        assert_eq!(browser.cookies.keys().filter(|name| name.contains("_txn_")).count(), 0);
    }
}
