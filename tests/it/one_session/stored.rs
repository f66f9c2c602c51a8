//! A session in a store keeps what a refresh brought, also where the handler that asked for it is gone.

use std::time::Duration;

use logto::{
    LogtoClient, RequestSession, TokenOptions,
    store::MemoryStore,
    testing::{Endpoint, Fault, TestClock},
};

use crate::{
    counted_store::Counted,
    support::{BOOKS, Site, settings},
};

#[tokio::test]
async fn a_refresh_token_that_was_replaced_for_a_handler_that_is_gone_is_in_the_store() {
    let store = MemoryStore::new();
    let site = Site::rotating_with(|config| config.session_store(store.clone())).await;
    let browser = site.signed_in("ada").await;
    let before = site.logto.get_refresh_token(&browser.request()).await.unwrap().unwrap();
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(100)).times(1));
    let session = RequestSession::new(site.logto.clone(), browser.header());
    let handler = tokio::spawn(async move { session.get_access_token(TokenOptions::new().resource(BOOKS)).await });
    while site.mock.request_count(Endpoint::Token) == 0 {
        tokio::task::yield_now().await;
    }
    // The browser goes away, and the server drops the handler.
    handler.abort();
    assert!(handler.await.unwrap_err().is_cancelled());
    // Another process, which knows of this one what is in the store.
    let settings = settings(&site.mock, &site.clock).app_id("spa").session_store(store);
    let elsewhere = LogtoClient::new(settings.build().unwrap()).unwrap();
    loop {
        let saved = elsewhere.get_refresh_token(&browser.request()).await.unwrap().unwrap();
        if saved.expose() != before.expose() {
            break;
        }
        tokio::task::yield_now().await;
    }
    // Later than Logto forgives a spent token.
    site.advance(2 * 3600);
    let token = TokenOptions::new().resource(BOOKS);
    assert!(elsewhere.get_access_token(&mut browser.request(), token).await.is_ok());
}

#[tokio::test]
async fn a_refresh_is_one_write_to_the_store() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let site = Site::with_clock(clock, |mock| mock, |config| config.session_store(store.clone())).await;
    let browser = site.signed_in("ada").await;
    store.take();
    let session = RequestSession::new(site.logto.clone(), browser.header());
    session.get_access_token(TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(store.take(), (1, 1));
    assert!(session.commit().await.unwrap().set_cookies().is_empty(), "the cookie stays as it is");
    assert_eq!(store.take(), (0, 0));
}
