//! A clock that was ahead, and is set right: what it dated is due, and not good until the clock has caught up.

use std::time::Duration;

use logto::{
    LogtoClient, TokenOptions,
    machine::MachineClient,
    store::MemoryStore,
    testing::{Endpoint, MockApp, MockLogto, TestClock},
};

use crate::support::{APP_SECRET, BOOKS, Browser, Site};

const AHEAD: Duration = Duration::from_secs(2 * 3600);

async fn get(logto: &LogtoClient, browser: &mut Browser, options: TokenOptions) -> String {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, options).await.unwrap().token().to_owned();
    browser.receive(&cookies.set_cookie_headers());
    token
}

/// Sites whose sessions are in cookies, and in a store.
async fn sites() -> [Site; 2] {
    let clock = TestClock::new();
    let store = MemoryStore::new().clock(clock.clone());
    let in_store = Site::with_clock(clock, |mock| mock, |config| config.session_store(store)).await;
    [Site::start().await, in_store]
}

#[tokio::test]
async fn an_access_token_of_a_session_is_asked_for_anew() {
    for site in sites().await {
        let mut browser = site.signed_in("ada").await;
        site.clock.advance(AHEAD);
        let first = get(&site.logto, &mut browser, TokenOptions::new().resource(BOOKS)).await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 1);
        site.clock.rewind(AHEAD);
        let second = get(&site.logto, &mut browser, TokenOptions::new().resource(BOOKS)).await;
        assert_ne!(first, second);
        site.advance(3500);
        assert_eq!(get(&site.logto, &mut browser, TokenOptions::new().resource(BOOKS)).await, second);
        assert_eq!(site.mock.request_count(Endpoint::Token), 2);
        site.advance(100);
        assert_ne!(get(&site.logto, &mut browser, TokenOptions::new().resource(BOOKS)).await, second);
    }
}

/// A machine with a Logto of its own.
async fn machine() -> (MockLogto, TestClock, MachineClient) {
    let clock = TestClock::new();
    let app = MockApp::new("machine", APP_SECRET).organization("org-acme", &["admin"]);
    let mock = MockLogto::builder().machine_to_machine_app(app).clock(clock.clone()).start().await.unwrap();
    let machine = MachineClient::builder().endpoint(mock.endpoint()).clock(clock.clone());
    let machine = machine.app_id("machine").app_secret(APP_SECRET).build().unwrap();
    (mock, clock, machine)
}

#[tokio::test]
async fn a_token_of_a_machine_is_asked_for_anew() {
    let (mock, clock, machine) = machine().await;
    let get = || machine.get_access_token(TokenOptions::new().organization("org-acme"));
    clock.advance(AHEAD);
    let first = get().await.unwrap();
    clock.rewind(AHEAD);
    for seconds in [0, 3600, 3600] {
        clock.advance(Duration::from_secs(seconds));
        assert_ne!(get().await.unwrap(), first, "{seconds}");
    }
    assert_eq!(mock.request_count(Endpoint::Token), 4);
}

#[tokio::test]
async fn a_validity_that_no_token_has_is_asked_for_once_in_ten_calls() {
    let day = Duration::from_secs(24 * 3600);
    for site in sites().await {
        let mut browser = site.signed_in("ada").await;
        for options in [TokenOptions::new().resource(BOOKS), TokenOptions::new()] {
            site.mock.reset_counts();
            for _ in 0..10 {
                get(&site.logto, &mut browser, options.clone().min_validity(day)).await;
            }
            assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{options:?}");
        }
    }
    let (mock, _, machine) = machine().await;
    for _ in 0..10 {
        machine.get_access_token(TokenOptions::new().organization("org-acme").min_validity(day)).await.unwrap();
    }
    assert_eq!(mock.request_count(Endpoint::Token), 1);
}
