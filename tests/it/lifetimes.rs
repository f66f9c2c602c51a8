//! How long a session lives, at the bounds of its lifetimes and by clocks that were wrong.

use std::time::Duration;

use logto::{
    ContextOptions, LogtoConfigBuilder, SessionLifetime, SignOutOptions,
    store::{MemoryRevocations, MemoryStore},
    testing::TestClock,
};

use crate::support::{Browser, Site};

const DAY: u64 = 24 * 60 * 60;
const YEARS: u64 = 3650 * DAY;

/// Cookies, and a store.
async fn both(configure: impl Fn(LogtoConfigBuilder) -> LogtoConfigBuilder) -> [(&'static str, Site); 2] {
    let clock = TestClock::new();
    let store = MemoryStore::new().clock(clock.clone());
    [
        ("cookies", Site::with(|mock| mock, &configure).await),
        ("store", Site::with_clock(clock, |mock| mock, |config| configure(config).session_store(store)).await),
    ]
}

#[tokio::test]
async fn a_session_of_a_clock_that_was_ahead_is_none_when_the_clock_is_right_again() {
    for ahead in [121, DAY, YEARS] {
        for (place, site) in both(|config| config).await {
            site.advance(ahead);
            let browser = site.signed_in("ada").await;
            assert!(site.is_signed_in(&browser).await, "{place} {ahead}");
            site.clock.rewind(Duration::from_secs(ahead));
            assert!(!site.is_signed_in(&browser).await, "{place} {ahead}");
            // It may be this clock that is wrong, which signs nobody out.
            let mut kept = browser.clone();
            site.context(&mut kept, ContextOptions::new()).await.unwrap();
            assert_eq!(kept.cookies, browser.cookies, "{place} {ahead}");
            let right = site.signed_in("ada").await;
            assert!(site.is_signed_in(&right).await, "{place} {ahead}: signing in again works");
            // A sign-out ends it, also for the time at which it begins.
            let mut cookies = browser.request();
            _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
            let mut left = browser.clone();
            left.receive(&cookies.set_cookie_headers());
            site.advance(ahead);
            assert!(!site.is_signed_in(&browser).await && !site.is_signed_in(&left).await, "{place} {ahead}");
            assert!(left.cookies.is_empty(), "{place} {ahead}");
        }
    }
}

/// Each of two machines may differ from Logto by the leeway.
#[tokio::test]
async fn clocks_that_differ_by_twice_the_leeway_know_each_others_sessions() {
    for (leeway, apart, known) in [(60, 120, true), (60, 121, false), (0, 0, true), (0, 1, false), (600, 1200, true)] {
        for (place, site) in both(|config| config.leeway(Duration::from_secs(leeway))).await {
            site.advance(apart);
            let browser = site.signed_in("ada").await;
            site.clock.rewind(Duration::from_secs(apart));
            assert_eq!(site.is_signed_in(&browser).await, known, "{place} {leeway} {apart}");
        }
    }
}

/// It was made by a right clock, and written by one that is ahead: that must not prolong it.
#[tokio::test]
async fn a_session_that_was_written_by_a_clock_ahead_idles_by_the_right_one() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.advance(10 * DAY);
    site.context(&mut browser, ContextOptions::new()).await.unwrap();
    site.clock.rewind(Duration::from_secs(10 * DAY));
    let before = browser.cookies.clone();
    site.context(&mut browser, ContextOptions::new()).await.unwrap();
    assert_ne!(browser.cookies, before, "it is written again, with the right time");
    site.advance(14 * DAY - 1);
    assert!(site.is_signed_in(&browser).await);
    site.advance(1);
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_sign_out_lasts_as_long_as_the_longest_session() {
    let longest = Duration::from_secs(400 * DAY);
    let lifetime = SessionLifetime::new().idle(longest).absolute(longest);
    for (place, site) in both(|config| config.session_lifetime(lifetime)).await {
        let mut browser = site.signed_in("ada").await;
        let (copy, ignorant) = (browser.clone(), MemoryRevocations::new().clock(site.clock.clone()));
        sign_out(&site, &mut browser).await;
        let elsewhere = site.redeployed(|config| config.session_lifetime(lifetime).revocation_store(ignorant));
        site.advance(400 * DAY - 1);
        assert!(!site.is_signed_in(&copy).await, "{place}");
        let alive = elsewhere.is_authenticated(&copy.request()).await.unwrap();
        assert_eq!(alive, place == "cookies", "{place}: but for the sign-out it would live");
    }
}

#[tokio::test]
async fn all_sessions_that_were_revoked_stay_so_to_the_end_of_the_longest() {
    let longest = Duration::from_secs(400 * DAY);
    let lifetime = SessionLifetime::new().idle(longest).absolute(longest);
    for (place, site) in both(|config| config.session_lifetime(lifetime)).await {
        let browser = site.signed_in("ada").await;
        site.logto.end_user_sessions("user-ada").await.unwrap();
        for _ in 0..400 {
            assert!(!site.is_signed_in(&browser).await, "{place}");
            site.advance(DAY);
        }
    }
}

async fn sign_out(site: &Site, browser: &mut Browser) {
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
}
