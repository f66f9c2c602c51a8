//! Endings are final: what was signed out, logged out over the back channel or revoked never signs in again.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use logto::{
    LogtoClient, LogtoConfigBuilder, SignOutOptions, TokenOptions,
    integrate::{BoxError, BoxFuture},
    store::{MemoryRevocations, MemoryStore, RevocationStore, SessionSelector},
    testing::{Endpoint, Fault, TestClock},
};
use serde_json::{Value, json};

use crate::{
    coordinator::Coordinator,
    support::{BOOKS, Browser, Site},
};

const DAY: u64 = 24 * 60 * 60;

/// Which part of an application keeps sessions where.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Cookies,
    Store,
}

const PLACES: [Place; 2] = [Place::Cookies, Place::Store];

/// An application of two instances that share what instances share.
struct Pair {
    site: Site,
    other: LogtoClient,
}

impl Pair {
    async fn start(place: Place) -> Self {
        let (clock, coordinator) = (TestClock::new(), Coordinator::default());
        let store = MemoryStore::new().clock(clock.clone());
        let revocations = MemoryRevocations::new().clock(clock.clone());
        let configure = move |config: LogtoConfigBuilder| {
            let config = config.revocation_store(revocations.clone()).refresh_coordinator(coordinator.clone());
            match place {
                Place::Cookies => config,
                Place::Store => config.session_store(store.clone()),
            }
        };
        let site = Site::with_clock(clock, |mock| mock, configure.clone()).await;
        let other = site.redeployed(configure);
        Self { site, other }
    }

    /// Nobody is signed in with this, on either instance.
    async fn is_over(&self, browser: &Browser) -> bool {
        let here = self.site.is_signed_in(browser).await;
        let there = self.other.is_authenticated(&browser.request()).await.unwrap();
        !here && !there
    }
}

async fn sign_out(logto: &LogtoClient, browser: &mut Browser) {
    let mut cookies = browser.request();
    _ = logto.sign_out(&mut cookies, SignOutOptions::new().revoke_refresh_token(false)).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
}

async fn token(logto: &LogtoClient, browser: &mut Browser) -> logto::Result<String> {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}

async fn log_out(logto: &LogtoClient, logout_token: &str) -> logto::Result<SessionSelector> {
    logto.back_channel_logout(&format!("logout_token={logout_token}")).await
}

#[tokio::test]
async fn a_request_loaded_before_the_sign_out_writes_no_session_afterwards() {
    for place in PLACES {
        for later in [0, 3600, 13 * DAY] {
            let Pair { site, other } = &Pair::start(place).await;
            let mut browser = site.signed_in("ada").await;
            let mut slow = browser.clone();
            let mut cookies = slow.request();
            let mut session = other.load_session(&cookies).await.unwrap();
            sign_out(&site.logto, &mut browser).await;
            site.advance(later);
            session.clear_access_token();
            session.commit(&mut cookies).await.unwrap();
            slow.receive(&cookies.set_cookie_headers());
            assert!(slow.cookies.is_empty(), "{place:?} {later}: its answer deletes the cookie");
        }
    }
}

/// By an instance that cannot know of the sign-out: it has revocations of its own.
#[tokio::test]
async fn a_cookie_that_was_sealed_again_after_the_sign_out_is_refused_to_the_end_of_its_life() {
    let site = Site::start().await;
    let theirs = MemoryRevocations::new().clock(site.clock.clone());
    let ignorant = site.redeployed(|config| config.revocation_store(theirs));
    let mut browser = site.signed_in("ada").await;
    let mut copy = browser.clone();
    sign_out(&site.logto, &mut browser).await;
    for day in 1..180 {
        site.advance(DAY);
        let mut cookies = copy.request();
        let context = ignorant.get_context(&mut cookies, logto::ContextOptions::new()).await.unwrap();
        copy.receive(&cookies.set_cookie_headers());
        assert!(context.is_authenticated(), "{day}: elsewhere it lives");
        assert!(!site.is_signed_in(&copy).await, "{day}");
    }
    site.advance(DAY);
    assert!(!ignorant.is_authenticated(&copy.request()).await.unwrap(), "its time is over");
}

#[tokio::test]
async fn a_session_moved_into_a_store_is_ended_together_with_its_former_cookies() {
    let ways: [&str; 4] = ["sign-out", "sign-out on the other instance", "revoke_all", "back channel"];
    for way in ways {
        let before = Site::start().await;
        let mut browser = before.signed_in("ada").await;
        let cookies_of_before = browser.clone();
        let store = MemoryStore::new().clock(before.clock.clone());
        let after = before.redeployed(|config| config.session_store(store.clone()));
        let other = before.redeployed(|config| config.session_store(store.clone()));

        token(&after, &mut browser).await.unwrap();
        assert!(browser.header().len() < 200, "{way}: the cookie points into the store");
        assert!(other.is_authenticated(&browser.request()).await.unwrap(), "{way}");
        let moved = browser.clone();
        match way {
            "sign-out" => sign_out(&after, &mut browser).await,
            "sign-out on the other instance" => sign_out(&other, &mut browser).await,
            "revoke_all" => after.end_user_sessions("user-ada").await.unwrap(),
            _ => _ = log_out(&after, &before.mock.logout_token(Some("user-ada"), None)).await.unwrap(),
        }
        for day in [0, 1, 12] {
            before.advance(day * DAY);
            for logto in [&after, &other] {
                for (what, copy) in [("cookies of before", &cookies_of_before), ("reference", &moved)] {
                    let mut copy = copy.clone();
                    assert!(!logto.is_authenticated(&copy.request()).await.unwrap(), "{way}: {what}, day {day}");
                    assert_eq!(token(logto, &mut copy).await.unwrap_err().code(), "not_authenticated", "{way}: {what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn two_requests_that_move_one_session_at_once_leave_one_with_the_tokens_of_both() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let store = MemoryStore::new();
    let after = site.redeployed(|config| config.session_store(store.clone()));
    let (mut first, mut second) = (browser.clone(), browser.clone());
    let (mut one, mut other) = (first.request(), second.request());
    let mut sessions = [after.load_session(&one).await.unwrap(), after.load_session(&other).await.unwrap()];
    for (session, options) in
        sessions.iter_mut().zip([TokenOptions::new().resource(BOOKS), TokenOptions::new().force_refresh(true)])
    {
        session.get_access_token(options).await.unwrap();
    }
    let [a, b] = sessions;
    a.commit(&mut one).await.unwrap();
    b.commit(&mut other).await.unwrap();
    first.receive(&one.set_cookie_headers());
    second.receive(&other.set_cookie_headers());
    assert_eq!(store.len(), 1, "one session");
    site.mock.reset_counts();
    for browser in [&mut first, &mut second] {
        assert!(browser.header().len() < 200, "each cookie points into the store");
        token(&after, browser).await.unwrap();
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 0, "each has the token of the other");
    sign_out(&after, &mut first).await;
    assert!(store.is_empty());
    for browser in [&browser, &first, &second] {
        assert!(!after.is_authenticated(&browser.request()).await.unwrap());
    }
}

#[tokio::test]
async fn a_sign_out_reaches_a_refresh_that_is_under_way() {
    for place in PLACES {
        for (what, elsewhere) in [("on its instance", false), ("on another instance", true)] {
            let pair = Pair::start(place).await;
            let Pair { site, other } = &pair;
            let mut browser = site.signed_in("ada").await;
            site.advance(3600);
            site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(300)).times(1));
            let (logto, mut slow) = (site.logto.clone(), browser.clone());
            let refresh = tokio::spawn(async move {
                let token = token(&logto, &mut slow).await;
                (token, slow)
            });
            while site.mock.request_count(Endpoint::Token) == 0 {
                tokio::task::yield_now().await;
            }
            sign_out(if elsewhere { other } else { &site.logto }, &mut browser).await;
            let (token, slow) = refresh.await.unwrap();
            if !elsewhere {
                assert_eq!(token.unwrap_err().code(), "session.ended", "{place:?}: no token for who signed out");
            }
            assert!(slow.cookies.is_empty(), "{place:?} {what}: the answer deletes the cookie");
            assert!(pair.is_over(&slow).await && pair.is_over(&browser).await, "{place:?} {what}");
        }
    }
}

/// Revocations of others do not mark the family of the refresh token.
#[tokio::test]
async fn a_refresh_that_is_under_way_while_all_sessions_are_revoked_leaves_none() {
    for place in PLACES {
        let pair = Pair::start(place).await;
        let Pair { site, other } = &pair;
        let browser = site.signed_in("ada").await;
        site.advance(3600);
        site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(300)).times(1));
        let (logto, mut slow) = (site.logto.clone(), browser.clone());
        let refresh = tokio::spawn(async move {
            _ = token(&logto, &mut slow).await;
            slow
        });
        while site.mock.request_count(Endpoint::Token) == 0 {
            tokio::task::yield_now().await;
        }
        other.end_user_sessions("user-ada").await.unwrap();
        let slow = refresh.await.unwrap();
        assert!(slow.cookies.is_empty(), "{place:?}");
        assert!(pair.is_over(&slow).await && pair.is_over(&browser).await, "{place:?}");
    }
}

#[tokio::test]
async fn a_logout_finds_the_user_of_an_id_token_whatever_form_its_times_have() {
    for place in PLACES {
        for (what, form) in
            [("an integer", "{}"), ("a fraction", "{}.75"), ("a fraction of zero", "{}.0"), ("an exponent", "{}00e-2")]
        {
            for back_channel in [true, false] {
                let pair = Pair::start(place).await;
                let site = &pair.site;
                site.mock.tamper_id_token(move |_, claims| {
                    let text = form.replace("{}", &claims["iat"].as_u64().unwrap().to_string());
                    claims["iat"] = serde_json::from_str(&text).unwrap();
                });
                let (ada, again) = (site.signed_in("ada").await, site.signed_in("ada").await);
                site.mock.clear_browser_session();
                let bob = site.signed_in("bob").await;
                site.mock.clear_tampering();
                assert!(!pair.is_over(&ada).await && !pair.is_over(&bob).await);
                if back_channel {
                    log_out(&site.logto, &site.mock.logout_token(Some("user-ada"), None)).await.unwrap();
                } else {
                    site.logto.end_user_sessions("user-ada").await.unwrap();
                }
                assert!(pair.is_over(&ada).await && pair.is_over(&again).await, "{place:?}: {what}, {back_channel}");
                assert!(!pair.is_over(&bob).await, "{place:?}: {what}, {back_channel}");
            }
        }
    }
}

#[tokio::test]
async fn a_sid_that_no_logout_could_name_is_refused_at_sign_in() {
    let wrong = [json!(7), json!(true), json!(""), json!(["s"]), json!({}), json!("s".repeat(256))];
    let right = [Value::Null, json!("s"), json!("s".repeat(255))];
    let site = Site::start().await;
    let sign_in = async |sid: &Value| {
        let (mut browser, sid) = (Browser::default(), sid.clone());
        let url = site.begin(&mut browser, logto::SignInOptions::new()).await;
        site.mock.tamper_id_token(move |_, claims| claims["sid"] = sid.clone());
        let callback = site.mock.sign_in(&url, "ada").await;
        let outcome = site.end(&mut browser, &callback).await;
        site.mock.clear_tampering();
        (outcome, browser)
    };
    for sid in &wrong {
        let (outcome, browser) = sign_in(sid).await;
        assert_eq!(outcome.unwrap_err().code(), "id_token.invalid_sid", "{sid}");
        assert!(!site.is_signed_in(&browser).await);
    }
    for sid in &right {
        let (outcome, browser) = sign_in(sid).await;
        outcome.unwrap();
        assert!(site.is_signed_in(&browser).await, "{sid}");
        if let Some(sid) = sid.as_str() {
            log_out(&site.logto, &site.mock.logout_token(None, Some(sid))).await.unwrap();
            assert!(!site.is_signed_in(&browser).await, "{sid}");
        }
    }
}

/// Revocations over a network: others go on while one waits. What is planned fails, by the beginning of its key.
#[derive(Clone, Default)]
struct Remote {
    memory: MemoryRevocations,
    failures: Arc<Mutex<VecDeque<&'static str>>>,
    cannot_release: Arc<AtomicBool>,
}

impl Remote {
    async fn way(&self) {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    fn fails(&self, key: &str) -> bool {
        let mut failures = self.failures.lock().unwrap();
        let fails = failures.front().is_some_and(|prefix| key.starts_with(prefix));
        if fails {
            failures.pop_front();
        }
        fails
    }
}

impl RevocationStore for Remote {
    fn record<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.way().await;
            if self.fails(key) { Err("down".into()) } else { self.memory.record(key, until, ttl).await }
        })
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        Box::pin(async move {
            self.way().await;
            self.memory.latest_cutoff(keys).await
        })
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            self.way().await;
            self.memory.claim(key, ttl).await
        })
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let down = self.cannot_release.load(Ordering::SeqCst);
            if down { Err("down".into()) } else { self.memory.release(key).await }
        })
    }
}

#[tokio::test]
async fn a_sign_out_while_the_revocation_store_is_down_is_final_once_the_store_is_back() {
    let remote = Remote::default();
    let site = Site::with(|mock| mock, |config| config.revocation_store(remote.clone())).await;
    let other = site.redeployed(|config| config.revocation_store(remote.clone()));
    let browser = site.signed_in("ada").await;
    // Twice: at the sign-out, and when it is tried again.
    remote.failures.lock().unwrap().extend(["id/", "id/"]);
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    let mut left = browser.clone();
    left.receive(&cookies.set_cookie_headers());
    assert!(!site.is_signed_in(&left).await, "the browser's own cookie is gone at once");
    while other.is_authenticated(&browser.request()).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(remote.failures.lock().unwrap().is_empty());
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_logout_token_that_arrives_three_times_at_once_is_taken_once_over_all_instances() {
    let remote = Remote::default();
    let site = Site::with(|mock| mock, |config| config.revocation_store(remote.clone())).await;
    let other = site.redeployed(|config| config.revocation_store(remote.clone()));
    for _ in 0..20 {
        let token = site.mock.logout_token(Some("user-ada"), None);
        let outcomes =
            tokio::join!(log_out(&site.logto, &token), log_out(&other, &token), log_out(&site.logto, &token));
        let outcomes = [outcomes.0, outcomes.1, outcomes.2];
        let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let replayed = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
        assert_eq!(
            (taken, replayed.map(|error| error.code().as_str()).collect::<Vec<_>>()),
            (1, vec!["logout_token.replayed"; 2])
        );
    }
}

#[tokio::test]
async fn a_logout_that_failed_half_way_may_be_tried_again() {
    for failure in ["sub/", "jti/"] {
        let remote = Remote::default();
        let site = Site::with(|mock| mock, |config| config.revocation_store(remote.clone())).await;
        let browser = site.signed_in("ada").await;
        let token = site.mock.logout_token(Some("user-ada"), None);
        remote.failures.lock().unwrap().push_back(failure);
        assert_eq!(log_out(&site.logto, &token).await.unwrap_err().code(), "store.failed", "{failure}");
        log_out(&site.logto, &token).await.unwrap();
        assert!(!site.is_signed_in(&browser).await, "{failure}");
        assert_eq!(log_out(&site.logto, &token).await.unwrap_err().code(), "logout_token.replayed", "{failure}");
    }
}

/// As after a crash: nobody gave the token back.
#[tokio::test]
async fn a_logout_that_broke_off_may_be_tried_again_when_its_claim_is_over() {
    let clock = TestClock::new();
    let remote = Remote { memory: MemoryRevocations::new().clock(clock.clone()), ..Remote::default() };
    let site = Site::with_clock(clock, |mock| mock, |config| config.revocation_store(remote.clone())).await;
    let browser = site.signed_in("ada").await;
    // It lives for two minutes, and another minute of leeway.
    let token = site.mock.logout_token(Some("user-ada"), None);
    remote.failures.lock().unwrap().push_back("sub/");
    remote.cannot_release.store(true, Ordering::SeqCst);
    assert_eq!(log_out(&site.logto, &token).await.unwrap_err().code(), "store.failed");
    assert_eq!(log_out(&site.logto, &token).await.unwrap_err().code(), "logout_token.replayed");
    site.advance(121);
    log_out(&site.logto, &token).await.unwrap();
    assert!(!site.is_signed_in(&browser).await);
}
