//! The application's slot in the session: kept while the session lives, wherever that is, and no longer.

use logto::{
    LogtoClient, RequestSession, SessionFormat, SignInOptions, SignOutOptions, TokenOptions, store::MemoryStore,
};
use serde::{Deserialize, Serialize};

use crate::support::{Browser, Site};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Cart {
    shop: String,
    items: Vec<u32>,
}

fn cart(shop: &str) -> Cart {
    Cart { shop: shop.to_owned(), items: vec![1, 2, 3] }
}

async fn sites() -> Vec<(&'static str, Site)> {
    vec![
        ("cookies", Site::start().await),
        ("a store", Site::with(|mock| mock, |config| config.session_store(MemoryStore::new())).await),
        ("Next.js", Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next)).await),
    ]
}

async fn set<T: Serialize + Sync>(logto: &LogtoClient, browser: &mut Browser, value: &T) -> logto::Result<()> {
    let mut cookies = browser.request();
    let outcome = logto.set_data(&mut cookies, value).await;
    browser.receive(&cookies.set_cookie_headers());
    outcome
}

async fn get(logto: &LogtoClient, browser: &Browser) -> Option<Cart> {
    logto.data(&browser.request()).await.unwrap()
}

async fn sign_in(site: &Site, browser: &mut Browser, user: &str) {
    site.mock.clear_browser_session();
    let url = site.begin(browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, user).await;
    site.end(browser, &callback).await.unwrap();
}

#[tokio::test]
async fn data_is_kept_over_refreshes_until_it_is_cleared() {
    for (place, site) in sites().await {
        let mut browser = site.signed_in("ada").await;
        assert_eq!(get(&site.logto, &browser).await, None, "{place}");
        set(&site.logto, &mut browser, &cart("north")).await.unwrap();
        assert_eq!(get(&site.logto, &browser).await, Some(cart("north")), "{place}");
        let mut cookies = browser.request();
        site.logto.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        let mut cookies = browser.request();
        site.logto.refresh_session(&mut cookies).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(get(&site.logto, &browser).await, Some(cart("north")), "{place}");
        set(&site.logto, &mut browser, &cart("south")).await.unwrap();
        assert_eq!(get(&site.logto, &browser).await, Some(cart("south")), "{place}");
        let mut cookies = browser.request();
        site.logto.clear_data(&mut cookies).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(get(&site.logto, &browser).await, None, "{place}");
        let mut cookies = browser.request();
        site.logto.clear_data(&mut cookies).await.unwrap();
        assert_eq!(cookies.set_cookie_headers(), [""; 0], "{place}: where nothing is, nothing is written");
    }
}

#[tokio::test]
async fn data_is_gone_after_a_sign_out_or_when_another_user_signs_in() {
    for (place, site) in sites().await {
        let mut browser = site.signed_in("ada").await;
        set(&site.logto, &mut browser, &cart("north")).await.unwrap();
        sign_in(&site, &mut browser, "ada").await;
        assert_eq!(get(&site.logto, &browser).await, Some(cart("north")), "{place}: the same user once more");
        sign_in(&site, &mut browser, "bob").await;
        assert_eq!(get(&site.logto, &browser).await, None, "{place}: another user");
        set(&site.logto, &mut browser, &cart("south")).await.unwrap();
        let mut cookies = browser.request();
        _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(get(&site.logto, &browser).await, None, "{place}: nobody");
        sign_in(&site, &mut browser, "bob").await;
        assert_eq!(get(&site.logto, &browser).await, None, "{place}: the same user after a sign-out");
    }
}

#[tokio::test]
async fn data_beyond_1024_bytes_is_an_error_that_changes_nothing() {
    for (place, site) in sites().await {
        let mut browser = site.signed_in("ada").await;
        // With the quotes of JSON.
        set(&site.logto, &mut browser, &"x".repeat(1022)).await.unwrap();
        let before = browser.cookies.clone();
        let error = set(&site.logto, &mut browser, &"y".repeat(1023)).await.unwrap_err();
        assert_eq!(error.code(), "session.data_too_large", "{place}");
        assert!(error.to_string().contains("1025 bytes as JSON, and 1024 is the most"), "{error}");
        assert_eq!(browser.cookies, before, "{place}");
        let kept: Option<String> = site.logto.data(&browser.request()).await.unwrap();
        assert_eq!(kept, Some("x".repeat(1022)), "{place}");
        // Not the characters: two bytes each.
        let error = set(&site.logto, &mut browser, &"ü".repeat(600)).await.unwrap_err();
        assert_eq!(error.code(), "session.data_too_large", "{place}");
    }
}

#[tokio::test]
async fn data_of_another_type_is_an_error_that_loses_nothing() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    set(&site.logto, &mut browser, &"SENTINEL").await.unwrap();
    let error = site.logto.data::<Cart>(&browser.request()).await.unwrap_err();
    assert_eq!(error.code(), "session.data_unexpected");
    assert!(!format!("{error:?}").contains("SENTINEL"));
    assert_eq!(site.logto.data::<String>(&browser.request()).await.unwrap().as_deref(), Some("SENTINEL"));
    let error = set(&site.logto, &mut browser, &std::collections::BTreeMap::from([((1, 2), 3)])).await.unwrap_err();
    assert_eq!(error.code(), "options.invalid", "what is no JSON");
}

#[tokio::test]
async fn nobody_has_no_data() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    assert_eq!(get(&site.logto, &browser).await, None);
    assert_eq!(set(&site.logto, &mut browser, &cart("north")).await.unwrap_err().code(), "not_authenticated");
    site.logto.clear_data(&mut browser.request()).await.unwrap();
}

#[tokio::test]
async fn data_cannot_be_set_once_the_response_has_begun() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let session = RequestSession::new(site.logto.clone(), browser.header());
    session.set_data(&cart("north")).await.unwrap();
    assert_eq!(session.data().await.unwrap(), Some(cart("north")));
    let mut after = browser.clone();
    after.receive(session.commit().await.unwrap().set_cookies());
    assert_eq!(get(&site.logto, &after).await, Some(cart("north")));
    assert_eq!(session.data().await.unwrap(), Some(cart("north")), "it can be read yet");
    assert_eq!(session.set_data(&cart("south")).await.unwrap_err().code(), "session.already_committed");
    assert_eq!(session.clear_data().await.unwrap_err().code(), "session.already_committed");
}

#[tokio::test]
async fn data_moves_from_cookies_into_a_store_with_its_session() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    set(&site.logto, &mut browser, &cart("north")).await.unwrap();
    let store = MemoryStore::new();
    let stored = site.redeployed(|config| config.session_store(store.clone()));
    assert_eq!(get(&stored, &browser).await, Some(cart("north")));
    let mut cookies = browser.request();
    stored.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!((store.len(), get(&stored, &browser).await), (1, Some(cart("north"))));
}

#[tokio::test]
async fn two_requests_at_once_keep_what_either_has_set_in_a_store() {
    let store = MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    let mut browser = site.signed_in("ada").await;
    set(&site.logto, &mut browser, &cart("old")).await.unwrap();
    // (what the first sets, what the second sets, what is there when both have written, the first before the second)
    for (first_sets, second_sets, kept) in [(Some("a"), None, "a"), (None, Some("b"), "b"), (Some("a"), Some("b"), "b")]
    {
        let (mut one, mut other) = (browser.request(), browser.request());
        let mut first = site.logto.load_session(&one).await.unwrap();
        let mut second = site.logto.load_session(&other).await.unwrap();
        for (session, sets) in [(&mut first, first_sets), (&mut second, second_sets)] {
            match sets {
                Some(shop) => session.set_data(&cart(shop)).unwrap(),
                None => {
                    // It writes for another reason.
                    session.clear_access_token();
                }
            }
        }
        first.commit(&mut one).await.unwrap();
        second.commit(&mut other).await.unwrap();
        assert_eq!(get(&site.logto, &browser).await, Some(cart(kept)), "{first_sets:?}, {second_sets:?}");
    }
}

#[tokio::test]
async fn data_is_sealed_and_is_not_printed() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    set(&site.logto, &mut browser, &"SENTINEL").await.unwrap();
    let session = site.logto.load_session(&browser.request()).await.unwrap();
    assert!(!format!("{session:?} {:?}", browser.cookies).contains("SENTINEL"));
}
