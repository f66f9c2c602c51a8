//! What the application sends along with a sign-in: sealed, bounded, given to one page after it.

use logto::{LogtoClient, RequestSession, SessionFormat, SignInOptions, integrate::AuthRequest, store::MemoryStore};
use serde::{Deserialize, Serialize};

use crate::support::{BASE_URL, Browser, Site};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Chosen {
    plan: String,
}

fn chosen(plan: &str) -> Chosen {
    Chosen { plan: plan.to_owned() }
}

async fn take(logto: &LogtoClient, browser: &mut Browser) -> Option<Chosen> {
    let mut cookies = browser.request();
    let state = logto.take_app_state(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    state
}

async fn sites() -> Vec<(&'static str, Site)> {
    vec![
        ("cookies", Site::start().await),
        ("a store", Site::with(|mock| mock, |config| config.session_store(MemoryStore::new())).await),
        ("Next.js", Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next)).await),
    ]
}

#[tokio::test]
async fn the_state_of_a_sign_in_is_given_once_to_the_page_after_it() {
    for (place, site) in sites().await {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().app_state(&chosen("SENTINEL"))).await;
        assert!(
            !url.contains("SENTINEL") && browser.cookies.values().all(|value| !value.contains("SENTINEL")),
            "{place}"
        );
        let callback = site.mock.sign_in(&url, "ada").await;
        site.end(&mut browser, &callback).await.unwrap();
        // Other requests leave it alone.
        let session = RequestSession::new(site.logto.clone(), browser.header());
        session.user().await.unwrap().unwrap();
        browser.receive(session.commit().await.unwrap().set_cookies());
        let error = site.logto.take_app_state::<u32>(&mut browser.request()).await.unwrap_err();
        assert_eq!(error.code(), "session.data_unexpected", "{place}: of another type, and it stays");
        assert_eq!(take(&site.logto, &mut browser).await, Some(chosen("SENTINEL")), "{place}");
        assert_eq!(take(&site.logto, &mut browser).await, None, "{place}: once");
        assert!(site.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn two_tabs_keep_their_states_apart() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let mut callbacks = Vec::new();
    for plan in ["pro", "free"] {
        let url = site.begin(&mut browser, SignInOptions::new().app_state(&chosen(plan))).await;
        callbacks.push((site.mock.sign_in(&url, "ada").await, plan));
    }
    for (callback, plan) in callbacks {
        site.end(&mut browser, &callback).await.unwrap();
        assert_eq!(take(&site.logto, &mut browser).await, Some(chosen(plan)));
    }
}

#[tokio::test]
async fn a_sign_in_without_a_state_leaves_none_of_an_earlier_one() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    for options in [SignInOptions::new().app_state(&chosen("pro")), SignInOptions::new()] {
        let url = site.begin(&mut browser, options).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        site.end(&mut browser, &callback).await.unwrap();
    }
    assert_eq!(take(&site.logto, &mut browser).await, None);
}

#[tokio::test]
async fn the_state_survives_the_second_request_of_a_silent_sign_in() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let options = SignInOptions::new().silent(true).organization_id("org-acme").app_state(&chosen("pro"));
    let probe = site.begin(&mut browser, options).await;
    let callback = site.mock.sign_in(&probe, "ada").await;
    let second = site.end(&mut browser, &callback).await.unwrap();
    assert!(second.contains("prompt=consent") && second.contains("organization_id=org-acme"), "{second}");
    let callback = site.mock.sign_in(&second, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert_eq!(take(&site.logto, &mut browser).await, Some(chosen("pro")));
}

#[tokio::test]
async fn a_state_beyond_512_bytes_is_an_error_that_begins_nothing() {
    let site = Site::start().await;
    let mut browser = site.signed_in("bob").await;
    let before = browser.cookies.clone();
    site.begin(&mut browser.clone(), SignInOptions::new().app_state(&"x".repeat(510))).await;
    for (state, message) in [("x".repeat(511), "513 bytes"), ("x".repeat(1_000_000), "1000002 bytes")] {
        let mut cookies = browser.request();
        let error = site.logto.sign_in(&mut cookies, SignInOptions::new().app_state(&state)).await.unwrap_err();
        assert_eq!(error.code(), "options.invalid");
        assert!(error.to_string().contains(message) && error.to_string().contains("512 is the most"), "{error}");
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(browser.cookies, before, "no cookie of a sign-in, and the session of before");
    }
    let no_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = site.logto.sign_in(&mut browser.request(), SignInOptions::new().app_state(&no_json)).await.unwrap_err();
    assert_eq!(error.code(), "options.invalid");
}

#[tokio::test]
async fn the_largest_state_leaves_room_for_the_address_to_return_to() {
    let site = Site::start().await;
    let state = "x".repeat(510);
    for length in [10, 300, 1_400] {
        let wanted = format!("/books?{}", "q".repeat(length));
        let mut browser = Browser::default();
        let options = SignInOptions::new().app_state(&state).post_redirect_uri(&wanted);
        let url = site.begin(&mut browser, options).await;
        assert!(browser.header().len() < 4096, "{}", browser.header().len());
        let callback = site.mock.sign_in(&url, "ada").await;
        assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}{wanted}"));
        let mut cookies = browser.request();
        assert_eq!(site.logto.take_app_state::<String>(&mut cookies).await.unwrap().as_ref(), Some(&state));
    }
}

#[tokio::test]
async fn no_query_of_the_sign_in_route_sets_a_state() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let target = "/logto/sign-in?app_state=%7B%22plan%22%3A%22pro%22%7D&state=evil&appState=1";
    let reply = site.logto.handle_auth_routes(&AuthRequest::new("GET", target, |_| None)).await.unwrap();
    let set: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    let url = reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned();
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert_eq!(take(&site.logto, &mut browser).await, None);
}

#[tokio::test]
async fn a_state_is_not_printed() {
    let options = SignInOptions::new().app_state("SENTINEL");
    assert!(!format!("{options:?}").contains("SENTINEL"));
    assert_eq!(options, SignInOptions::new().app_state("SENTINEL"));
    assert_ne!(options, SignInOptions::new().app_state("another"));
}
