//! One callback in several requests: one exchange, one session, and an end that stays one.

mod frameworks;
mod instances;
mod processes;

use std::time::Duration;

use logto::{
    LogtoClient, RequestSession, SessionFormat, SignInOptions, SignOutOptions, TokenOptions,
    store::MemoryStore,
    testing::{Endpoint, Fault, MockLogto, TestClock},
};
use tokio::task::JoinSet;

use crate::{
    counted_store::Counted,
    support::{APP_SECRET, BASE_URL, Browser, Site, settings},
};

/// How often a race is run; `LOGTO_TEST_ROUNDS=200` for more.
fn rounds(usual: usize) -> usize {
    std::env::var("LOGTO_TEST_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}

/// A browser that Logto has sent back, and the address it was sent to.
async fn sent_back(logto: &LogtoClient, mock: &MockLogto, mut browser: Browser, user: &str) -> (Browser, String) {
    let mut cookies = browser.request();
    let redirect = logto.sign_in(&mut cookies, SignInOptions::new().post_redirect_uri("/wanted")).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    mock.clear_browser_session();
    let callback = mock.sign_in(redirect.location(), user).await;
    mock.reset_counts();
    (browser, callback)
}

/// One request with the callback; gives the address to go to and the browser as it is after the answer.
async fn call_back(logto: &LogtoClient, browser: &Browser, callback: &str) -> (logto::Result<String>, Browser) {
    let (mut cookies, mut browser) = (browser.request(), browser.clone());
    let answer = logto.handle_sign_in(&mut cookies, callback).await;
    browser.receive(&cookies.set_cookie_headers());
    (answer.map(|redirect| redirect.location().to_owned()), browser)
}

/// As many requests at once, spread over the instances.
async fn at_once(
    instances: &[LogtoClient],
    browser: &Browser,
    callback: &str,
    requests: usize,
) -> Vec<(logto::Result<String>, Browser)> {
    let mut tasks = JoinSet::new();
    for number in 0..requests {
        let (logto, browser) = (instances[number % instances.len()].clone(), browser.clone());
        let callback = callback.to_owned();
        tasks.spawn(async move { call_back(&logto, &browser, &callback).await });
    }
    tasks.join_all().await
}

/// Logto takes the time for all requests to arrive.
fn take_a_while(mock: &MockLogto) {
    mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(150)).times(1));
}

async fn refresh_token(logto: &LogtoClient, browser: &Browser) -> String {
    logto.get_refresh_token(&browser.request()).await.unwrap().unwrap().expose().to_owned()
}

/// Whether Logto still honours what the session holds.
async fn is_alive(logto: &LogtoClient, browser: &mut Browser) -> bool {
    let mut cookies = browser.request();
    let token = logto.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await;
    browser.receive(&cookies.set_cookie_headers());
    token.is_ok()
}

async fn is_signed_in(logto: &LogtoClient, browser: &Browser) -> bool {
    logto.is_authenticated(&browser.request()).await.unwrap()
}

async fn sub(logto: &LogtoClient, browser: &Browser) -> Option<String> {
    logto.get_id_token_claims(&browser.request()).await.unwrap().map(|claims| claims.sub)
}

/// Sites whose sessions live in each of the places there are.
async fn sites() -> Vec<(&'static str, Site)> {
    let store = MemoryStore::new();
    vec![
        ("cookies", Site::start().await),
        ("cookies, refresh tokens rotate", Site::rotating().await),
        ("a store", Site::with(|mock| mock, |config| config.session_store(store)).await),
        ("Next.js", Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next)).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_callbacks_of_one_sign_in_share_one_code_exchange() {
    for (place, site) in sites().await {
        for requests in [2, 5] {
            let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
            take_a_while(&site.mock);
            let answers = at_once(std::slice::from_ref(&site.logto), &browser, &callback, requests).await;
            assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}, {requests} requests");
            let mut sessions = std::collections::BTreeSet::new();
            for (answer, after) in &answers {
                assert_eq!(answer.as_ref().unwrap(), &format!("{BASE_URL}/wanted"), "{place}");
                sessions.insert(refresh_token(&site.logto, after).await);
            }
            assert_eq!(sessions.len(), 1, "{place}: whichever answer arrives last, it is one session");
            for (_, mut after) in answers {
                assert!(is_alive(&site.logto, &mut after).await, "{place}: the grant is alive");
            }
        }
    }
}

#[tokio::test]
async fn a_callback_again_within_thirty_seconds_gets_the_session_of_the_first() {
    for (place, site) in sites().await {
        let (log, _guard) = crate::logs::listen("logto=info");
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&site.logto, &browser, &callback).await;
        site.advance(29);
        let (answer, mut second) = call_back(&site.logto, &browser, &callback).await;
        assert_eq!(answer.unwrap(), format!("{BASE_URL}/wanted"), "{place}");
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
        assert_eq!(refresh_token(&site.logto, &first).await, refresh_token(&site.logto, &second).await, "{place}");
        assert!(is_alive(&site.logto, &mut second).await, "{place}");
        assert!(is_signed_in(&site.logto, &first).await, "{place}: the first answer is as good");
        assert_eq!(log.text().matches("signed in").count(), 1, "{place}: {}", log.text());
    }
}

#[tokio::test]
async fn a_callback_repeated_after_thirty_seconds_is_refused_without_ending_the_session() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, mut first) = call_back(&site.logto, &browser, &callback).await;
        // The code lives for a minute, and Logto would revoke the grant.
        for seconds in [31, 20, 300] {
            site.advance(seconds);
            let (answer, second) = call_back(&site.logto, &browser, &callback).await;
            assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}");
            assert!(!is_signed_in(&site.logto, &second).await, "{place}");
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
        assert!(is_alive(&site.logto, &mut first).await, "{place}");
    }
}

#[tokio::test]
async fn a_callback_after_thirty_seconds_is_refused_whoever_signs_in_meanwhile() {
    let site = Site::start().await;
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    let (_, mut first) = call_back(&site.logto, &browser, &callback).await;
    site.advance(30);
    // The tokens of those before are let go now and then, and not at each sign-in.
    site.signed_in("bob").await;
    site.advance(10);
    let (answer, _) = call_back(&site.logto, &browser, &callback).await;
    assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found");
    assert!(is_alive(&site.logto, &mut first).await);
}

#[tokio::test]
async fn a_code_that_two_instances_exchange_ends_the_grant() {
    // What the exchanges are kept to one for, as recorded: 21-code-errors/10 to 12.
    let site = Site::start().await;
    let other = site.another_instance();
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    let (_, mut first) = call_back(&site.logto, &browser, &callback).await;
    let (answer, _) = call_back(&other, &browser, &callback).await;
    assert_eq!(answer.unwrap_err().code(), "sign_in.invalid_code");
    assert!(!is_alive(&site.logto, &mut first).await);
}

#[tokio::test]
async fn another_browser_with_the_address_of_a_callback_gets_no_session() {
    let site = Site::start().await;
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    let (mallory, other) = sent_back(&site.logto, &site.mock, Browser::default(), "bob").await;
    let (_, mut first) = call_back(&site.logto, &browser, &callback).await;
    for (browser, code) in
        [(&Browser::default(), "sign_in_session.not_found"), (&mallory, "callback_uri_verification.state_mismatched")]
    {
        let (answer, after) = call_back(&site.logto, browser, &callback).await;
        assert_eq!(answer.unwrap_err().code(), code);
        assert!(!is_signed_in(&site.logto, &after).await);
    }
    // With a sign-in of its own, and the code of the other: it is no copy of that callback.
    let code = |callback: &str| {
        let url: url::Url = callback.parse().unwrap();
        url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
    };
    let (answer, after) = call_back(&site.logto, &mallory, &other.replace(&code(&other), &code(&callback))).await;
    assert_eq!(answer.unwrap_err().code(), "sign_in.invalid_code");
    assert!(!is_signed_in(&site.logto, &after).await);
    assert!(is_alive(&site.logto, &mut first).await);
}

#[tokio::test]
async fn a_copy_of_the_callback_does_not_sign_in_after_a_sign_out() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&site.logto, &browser, &callback).await;
        _ = site.logto.sign_out(&mut first.request(), SignOutOptions::new()).await.unwrap();
        let (answer, after) = call_back(&site.logto, &browser, &callback).await;
        assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}");
        assert!(!is_signed_in(&site.logto, &after).await, "{place}");
    }
}

#[tokio::test]
async fn a_copy_of_the_callback_does_not_sign_in_after_other_endings() {
    for (place, site) in sites().await {
        for ending in ["revoke_all", "back-channel logout", "cleared"] {
            let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
            let (_, first) = call_back(&site.logto, &browser, &callback).await;
            let ada = sub(&site.logto, &first).await.unwrap();
            match ending {
                "revoke_all" => site.logto.end_user_sessions(&ada).await.unwrap(),
                "cleared" => site.logto.clear_all_tokens(&mut first.request()).await.unwrap(),
                _ => {
                    let token = site.mock.logout_token(Some(&ada), None);
                    site.logto.back_channel_logout(&format!("logout_token={token}")).await.unwrap();
                }
            }
            let (answer, after) = call_back(&site.logto, &browser, &callback).await;
            assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}, {ending}");
            assert!(!is_signed_in(&site.logto, &after).await, "{place}, {ending}");
            site.advance(1);
        }
    }
}

/// How far the second request has come when the user signs out by the first.
#[tokio::test]
async fn a_sign_out_wins_however_far_another_request_with_the_callback_has_come() {
    for (place, site) in sites().await {
        for accepted in [false, true] {
            for first_written in [false, true] {
                let what = format!("{place}, accepted: {accepted}, first written before: {first_written}");
                let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
                let first = async || call_back(&site.logto, &browser, &callback).await.1;
                let mut signed_in = if first_written { Some(first().await) } else { None };
                let mut cookies = browser.request();
                let mut slow = site.logto.load_session(&cookies).await.unwrap();
                let mut pending = Some(slow.verify_sign_in(&callback).await.unwrap());
                if accepted {
                    _ = slow.accept_sign_in(pending.take().unwrap()).await.unwrap();
                }
                if signed_in.is_none() {
                    signed_in = Some(first().await);
                }
                let sign_out = SignOutOptions::new();
                _ = site.logto.sign_out(&mut signed_in.unwrap().request(), sign_out).await.unwrap();
                if let Some(pending) = pending {
                    let error = slow.accept_sign_in(pending).await.unwrap_err();
                    assert_eq!(error.code(), "sign_in_session.not_found", "{what}");
                }
                slow.commit(&mut cookies).await.unwrap();
                let mut after = browser.clone();
                after.receive(&cookies.set_cookie_headers());
                assert!(!is_signed_in(&site.logto, &after).await, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_callback_repeated_after_its_first_request_ended_the_session_is_refused() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let mut cookies = browser.request();
        let mut session = site.logto.load_session(&cookies).await.unwrap();
        _ = session.handle_sign_in(&callback).await.unwrap();
        session.clear_all_tokens();
        session.commit(&mut cookies).await.unwrap();
        let (answer, after) = call_back(&site.logto, &browser, &callback).await;
        assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}");
        assert!(!is_signed_in(&site.logto, &after).await, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_at_once_of_another_user_replace_the_one_who_is_signed_in() {
    for (place, site) in sites().await {
        let bob = site.signed_in("bob").await;
        let (browser, callback) = sent_back(&site.logto, &site.mock, bob.clone(), "ada").await;
        take_a_while(&site.mock);
        for (answer, mut after) in at_once(std::slice::from_ref(&site.logto), &browser, &callback, 2).await {
            answer.unwrap();
            assert_ne!(sub(&site.logto, &after).await, sub(&site.logto, &bob).await, "{place}");
            assert!(is_alive(&site.logto, &mut after).await, "{place}");
        }
        assert_eq!(sub(&site.logto, &bob).await, None, "{place}: the session of before is over");
    }
}

#[tokio::test]
async fn a_copy_of_the_callback_does_not_replace_who_signed_in_since() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, ada) = call_back(&site.logto, &browser, &callback).await;
        let (bob, second) = sent_back(&site.logto, &site.mock, ada, "bob").await;
        let (answer, mut bob) = call_back(&site.logto, &bob, &second).await;
        answer.unwrap();
        let expected = sub(&site.logto, &bob).await;
        // A copy of the cookie of Ada's sign-in beside Bob's session.
        bob.cookies.extend(browser.cookies.clone().into_iter().filter(|(name, _)| name.contains("_txn_")));
        let request =
            logto::integrate::AuthRequest::new("GET", callback.strip_prefix(BASE_URL).unwrap(), |name| match name {
                "cookie" => Some(bob.header()),
                "accept" => Some("text/html".to_owned()),
                _ => None,
            });
        let reply = site.logto.handle_auth_routes(&request).await.unwrap();
        assert_eq!(reply.status(), 302, "{place}: to the start page");
        let cookies: Vec<_> =
            reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
        bob.receive(&cookies);
        assert_eq!(sub(&site.logto, &bob).await, expected, "{place}");
        assert!(is_alive(&site.logto, &mut bob).await, "{place}");
    }
}

#[tokio::test]
async fn a_copy_of_the_callback_beside_its_own_session_keeps_the_session() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, mut session) = call_back(&site.logto, &browser, &callback).await;
        assert!(is_alive(&site.logto, &mut session).await);
        let newest = refresh_token(&site.logto, &session).await;
        session.cookies.extend(browser.cookies.clone());
        let (answer, mut after) = call_back(&site.logto, &session, &callback).await;
        answer.unwrap();
        assert_eq!(refresh_token(&site.logto, &after).await, newest, "{place}");
        assert!(is_alive(&site.logto, &mut after).await, "{place}");
    }
}

#[tokio::test]
async fn a_copy_of_the_callback_after_a_refresh_still_has_a_living_session() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        let (_, mut first) = call_back(&site.logto, &browser, &callback).await;
        assert!(is_alive(&site.logto, &mut first).await);
        // Beyond the 3 seconds in which Logto forgives a spent refresh token.
        site.advance(10);
        let (_, mut second) = call_back(&site.logto, &browser, &callback).await;
        assert!(is_alive(&site.logto, &mut second).await, "{place}");
        assert!(is_alive(&site.logto, &mut first).await, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_at_once_create_one_stored_session() {
    let clock = TestClock::new();
    let (store, memory) = (Counted::new(&clock), MemoryStore::new());
    let site = Site::with(|mock| mock, |config| config.session_store(memory.clone())).await;
    for round in 1..=rounds(10) {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        take_a_while(&site.mock);
        at_once(std::slice::from_ref(&site.logto), &browser, &callback, 3).await;
        call_back(&site.logto, &browser, &callback).await.0.unwrap();
        assert_eq!((memory.len(), site.mock.request_count(Endpoint::Token)), (round, 1));
    }
    // A store that fails in the first request keeps nobody out of the second.
    let site = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    store.down.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(call_back(&site.logto, &browser, &callback).await.0.unwrap_err().code(), "store.failed");
    store.down.store(false, std::sync::atomic::Ordering::SeqCst);
    let (answer, mut after) = call_back(&site.logto, &browser, &callback).await;
    answer.unwrap();
    assert!(is_alive(&site.logto, &mut after).await);
}

#[tokio::test]
async fn a_browser_that_goes_away_during_the_exchange_signs_in_with_the_next_request() {
    for (place, site) in sites().await {
        let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
        take_a_while(&site.mock);
        let hangs_up = call_back(&site.logto, &browser, &callback);
        assert!(tokio::time::timeout(Duration::from_millis(50), hangs_up).await.is_err(), "{place}");
        let (answer, mut after) = call_back(&site.logto, &browser, &callback).await;
        answer.unwrap();
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
        assert!(is_alive(&site.logto, &mut after).await, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_code_exchange_fails_only_the_callbacks_that_waited() {
    let site = Site::with(|mock| mock, |config| config.timeout(Duration::from_secs(1))).await;
    site.logto.warm_up().await.unwrap();
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::hang().times(1));
    for (answer, after) in at_once(std::slice::from_ref(&site.logto), &browser, &callback, 3).await {
        assert_eq!(answer.unwrap_err().code(), "network.timeout");
        assert!(!is_signed_in(&site.logto, &after).await);
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    let (answer, mut after) = call_back(&site.logto, &browser, &callback).await;
    answer.unwrap();
    assert!(is_alive(&site.logto, &mut after).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_code_is_told_to_those_who_wait() {
    let site = Site::start().await;
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    take_a_while(&site.mock);
    let forged = callback.replace("code=", "code=x");
    for (answer, after) in at_once(std::slice::from_ref(&site.logto), &browser, &forged, 3).await {
        assert_eq!(answer.unwrap_err().code(), "sign_in.invalid_code");
        assert!(!is_signed_in(&site.logto, &after).await);
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
}

#[tokio::test]
async fn the_session_of_a_request_takes_the_sign_in_of_another() {
    let site = Site::start().await;
    let (browser, callback) = sent_back(&site.logto, &site.mock, Browser::default(), "ada").await;
    let mut headers = Vec::new();
    for _ in 0..2 {
        let session = RequestSession::new(site.logto.clone(), browser.header());
        _ = session.handle_sign_in(&callback).await.unwrap();
        assert!(session.is_authenticated().await.unwrap(), "the request itself sees it");
        headers.push(session.commit().await.unwrap());
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    for headers in headers {
        let mut after = browser.clone();
        after.receive(headers.set_cookies());
        assert!(is_alive(&site.logto, &mut after).await);
    }
}

#[tokio::test]
async fn a_sign_in_after_a_stored_session_has_expired_is_written() {
    // The store still has the session of before, and the settings say that it is over.
    let store = MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
    let browser = site.signed_in("ada").await;
    let shorter = logto::SessionLifetime::new().absolute(Duration::from_secs(30)).idle(Duration::from_secs(30));
    let config =
        settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store).session_lifetime(shorter);
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let (browser, callback) = sent_back(&logto, &site.mock, browser, "ada").await;
    site.advance(31);
    let (answer, after) = call_back(&logto, &browser, &callback).await;
    answer.unwrap();
    assert!(is_signed_in(&logto, &after).await);
}
