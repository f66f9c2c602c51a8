//! Several instances of an application: sessions in a store that they share, and refreshes that they coordinate.

use std::{sync::atomic::Ordering, time::Duration};

use logto::{
    ContextOptions, HeaderCookies, LogtoClient, RequestSession, SignInOptions, SignOutOptions, TokenOptions,
    store::{MemoryStore, RefreshCoordinator, SessionId},
    testing::{Endpoint, Fault, TestClock},
};

use crate::{
    coordinator::Coordinator,
    counted_store::Counted,
    support::{BOOKS, Browser, Site, settings},
};

const HOUR: u64 = 3600;

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

/// A site of several instances that share a coordinator; sessions are in cookies.
async fn instances(count: usize) -> (Site, Vec<LogtoClient>, Coordinator) {
    let site = Site::rotating().await;
    let coordinator = Coordinator::default();
    let instance = |clock: &TestClock| {
        let config = settings(&site.mock, clock).app_id("spa").refresh_coordinator(coordinator.clone());
        LogtoClient::new(config.build().unwrap()).unwrap()
    };
    let instances = (0..count).map(|_| instance(&site.clock)).collect();
    (site, instances, coordinator)
}

/// `requests` at once with one session, spread over the instances; gives the cookies of all answers.
async fn storm(instances: &[LogtoClient], browser: &Browser, requests: usize) -> Vec<Vec<String>> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..requests {
        let (logto, browser) = (instances[number % instances.len()].clone(), browser.clone());
        tasks.spawn(async move {
            let mut cookies = browser.request();
            logto.get_access_token(&mut cookies, books()).await.unwrap();
            cookies.set_cookie_headers()
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_make_one_exchange() {
    let (site, instances, coordinator) = instances(3).await;
    let mut browser = site.signed_in("ada").await;
    for round in 0..10 {
        site.mock.reset_counts();
        let answers = storm(&instances, &browser, 60).await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "round {round}");
        browser.receive(&answers[round * 5]);
        // Beyond Logto's own grace: a refresh token that was spent twice would have ended the grant.
        site.advance(HOUR);
        coordinator.values.lock().unwrap().clear(); // Their half minute is over.
    }
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_forced_refresh_is_not_answered_with_the_token_of_another_instance() {
    let (site, instances, _) = instances(2).await;
    let browser = site.signed_in("ada").await;
    let first = instances[0].get_access_token(&mut browser.request(), books()).await.unwrap();
    let shared = instances[1].get_access_token(&mut browser.request(), books()).await.unwrap();
    assert_eq!((shared.token(), site.mock.request_count(Endpoint::Token)), (first.token(), 1));
    let forced = instances[1].get_access_token(&mut browser.request(), books().force_refresh(true)).await.unwrap();
    assert_eq!((forced.token() == first.token(), site.mock.request_count(Endpoint::Token)), (false, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_coordinator_each_instance_refreshes_for_itself() {
    let (site, instances, coordinator) = instances(3).await;
    let browser = site.signed_in("ada").await;
    coordinator.down.store(true, Ordering::SeqCst);
    let answers = storm(&instances, &browser, 30).await;
    assert_eq!((answers.len(), site.mock.request_count(Endpoint::Token)), (30, 3), "one each, inside Logto's grace");
}

#[tokio::test]
async fn the_lock_of_a_crashed_instance_expires() {
    let (site, instances, coordinator) = instances(1).await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let key = coordinator_key(&instances[0].get_refresh_token(&cookies).await.unwrap().unwrap());
    // The holder took the lock and never came back.
    coordinator.lock(&key, Duration::from_secs(HOUR)).await.unwrap().unwrap();
    let (token, ()) = tokio::join!(instances[0].get_access_token(&mut cookies, books()), async {
        coordinator.someone_waits().await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 0, "it waits for the lock");
        coordinator.expire(&key);
    });
    token.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
}

fn coordinator_key(refresh_token: &logto::Secret) -> String {
    use base64::Engine;
    use sha2::Digest;
    let hash = sha2::Sha256::digest(refresh_token.expose());
    format!("lock/{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash))
}

#[tokio::test]
async fn values_that_instances_share_of_a_refresh_are_sealed() {
    let (site, instances, coordinator) = instances(1).await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let spent = instances[0].get_refresh_token(&cookies).await.unwrap().unwrap();
    let token = instances[0].get_access_token(&mut cookies, books()).await.unwrap();
    let values = coordinator.values.lock().unwrap();
    assert!(values.len() >= 3, "a successor, and the result under both tokens");
    for (key, value) in values.iter() {
        for secret in [spent.expose(), token.token()] {
            assert!(!key.contains(secret) && !value.contains(secret));
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_on_the_way_is_asked_for_again() {
    let site = Site::rotating().await;
    let mut browser = site.signed_in("ada").await;
    // Logto rotates the refresh token, and the connection breaks before the answer is read.
    site.mock.inject_fault(Endpoint::Token, Fault::drop_connection().after_processing().times(1));
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!(site.mock.request_count(Endpoint::Token), 2);
    site.advance(HOUR);
    site.logto.get_access_token(&mut browser.request(), books()).await.unwrap();
}

/// A site whose sessions are in a store, and a second instance of it.
async fn stored() -> (Site, LogtoClient, Counted) {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let site =
        Site::with(|mock| mock.clock(clock.clone()), |config| config.clock(clock.clone()).session_store(store.clone()))
            .await;
    let site = Site { clock, ..site };
    let second = site.another_instance();
    (site, second, store)
}

#[tokio::test]
async fn a_signed_in_request_reads_the_session_store_once_without_a_write() {
    let (site, second, store) = stored().await;
    let mut browser = site.signed_in("ada").await;
    let header = browser.header();
    assert!(header.len() < 150, "the cookie holds an id: {} bytes", header.len());
    store.take();
    assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    assert_eq!(store.take(), (1, 0));
    assert!(second.is_authenticated(&browser.request()).await.unwrap(), "another instance sees the session");
    store.take();

    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    assert_eq!(
        (store.take(), cookies.set_cookie_headers().len()),
        ((1, 1), 0),
        "a refresh is one write, and the cookie stays as it is"
    );
    site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    assert_eq!((store.take(), site.mock.request_count(Endpoint::Token)), ((1, 0), 1));
    // Nobody there costs nothing.
    assert!(!site.logto.is_authenticated(&HeaderCookies::default()).await.unwrap());
    assert_eq!(store.take(), (0, 0));
}

#[tokio::test]
async fn a_stored_session_gets_a_new_id_at_sign_in_never_one_chosen_by_the_client() {
    let (site, _, store) = stored().await;
    let mut browser = site.signed_in("ada").await;
    let fixed = browser.clone();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert_ne!(fixed.cookies["logto_app"], browser.cookies["logto_app"]);
    assert!(!site.is_signed_in(&fixed).await, "the session of before is gone");
    assert_eq!(store.store.len(), 1);
    let mut chosen = Browser::default();
    chosen.cookies.insert("logto_app".into(), SessionId::from_key("AAAAAAAAAAAAAAAAAAAAAA").unwrap().to_key());
    assert!(!site.is_signed_in(&chosen).await);
}

#[tokio::test]
async fn a_slow_response_cannot_bring_a_signed_out_session_back() {
    let (site, second, store) = stored().await;
    let browser = site.signed_in("ada").await;
    // The slow request has loaded the session, and the user signs out elsewhere meanwhile.
    let mut cookies = browser.request();
    let mut slow = second.load_session(&cookies).await.unwrap();
    slow.get_access_token(books()).await.unwrap();
    _ = site.logto.sign_out(&mut browser.request(), SignOutOptions::new().revoke_refresh_token(false)).await.unwrap();
    slow.clear_access_token();
    slow.commit(&mut cookies).await.unwrap();
    assert!(store.store.is_empty());
    assert!(!second.is_authenticated(&cookies).await.unwrap());
    assert!(cookies.set_cookie_headers()[0].contains("Max-Age=0"));

    // In cookies the response deletes them, too.
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let mut slow = site.logto.load_session(&cookies).await.unwrap();
    slow.get_access_token(books()).await.unwrap();
    _ = site.logto.sign_out(&mut browser.request(), SignOutOptions::new()).await.unwrap();
    slow.commit(&mut cookies).await.unwrap();
    let mut late = browser.clone();
    late.receive(&cookies.set_cookie_headers());
    assert!(late.cookies.is_empty());
    assert!(!site.is_signed_in(&browser).await, "nor is a copy of the cookie of before");
}

#[tokio::test]
async fn two_requests_that_write_at_once_keep_what_both_have() {
    let (site, second, _) = stored().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let (mut one, mut two) =
        (site.logto.load_session(&cookies).await.unwrap(), second.load_session(&cookies).await.unwrap());
    one.get_access_token(books()).await.unwrap();
    two.get_access_token(books().scopes(["read:books"])).await.unwrap();
    one.commit(&mut cookies).await.unwrap();
    two.commit(&mut cookies).await.unwrap();
    site.mock.reset_counts();
    site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    site.logto.get_access_token(&mut cookies, books().scopes(["read:books"])).await.unwrap();
    assert_eq!(site.mock.requests_total(), 0);
}

#[tokio::test]
async fn a_store_that_is_down_signs_nobody_out() {
    let (site, _, store) = stored().await;
    let mut browser = site.signed_in("ada").await;
    store.down.store(true, Ordering::SeqCst);
    let error = site.context(&mut browser, ContextOptions::new()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.is_transient(), error.http_status()), ("store.failed", true, 503));
    assert_eq!(error.to_string(), "the session store failed to read a session: connection refused");
    let url = site.begin(&mut Browser::default(), SignInOptions::new()).await;
    assert!(url.contains("state="), "a sign-in can begin");
    // Nor for a second question in the same request.
    let session = RequestSession::new(site.logto.clone(), browser.header());
    for _ in 0..2 {
        assert_eq!(session.user().await.unwrap_err().code(), "store.failed");
    }
    store.down.store(false, Ordering::SeqCst);
    assert!(session.is_authenticated().await.unwrap());
    assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
}

#[tokio::test]
async fn a_session_in_cookies_moves_into_the_store() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let store = MemoryStore::new().clock(site.clock.clone());
    let config = settings(&site.mock, &site.clock).app_secret(crate::support::APP_SECRET).session_store(store.clone());
    let site = Site { logto: LogtoClient::new(config.build().unwrap()).unwrap(), ..site };
    assert!(site.is_signed_in(&browser).await);
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, books()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!((store.len(), browser.header().len() < 150), (1, true));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn instances_whose_clocks_are_90_seconds_apart_share_sessions() {
    let (site, _, _) = stored().await;
    let fast = site.clock.now_plus(90);
    let config = settings(&site.mock, &fast).app_secret(crate::support::APP_SECRET).leeway(Duration::from_secs(120));
    let ahead = LogtoClient::new(config.build().unwrap()).unwrap();
    let behind = LogtoClient::new(
        settings(&site.mock, &site.clock)
            .app_secret(crate::support::APP_SECRET)
            .leeway(Duration::from_secs(120))
            .build()
            .unwrap(),
    )
    .unwrap();
    for (here, there) in [(&ahead, &behind), (&behind, &ahead)] {
        let mut cookies = HeaderCookies::default();
        let redirect = here.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        let callback = site.mock.sign_in(redirect.location(), "ada").await;
        // The callback reaches the other instance.
        _ = there.handle_sign_in(&mut cookies, &callback).await.unwrap();
        here.get_access_token(&mut cookies, books()).await.unwrap();
        there.get_access_token(&mut cookies, books()).await.unwrap();
        assert!(here.is_authenticated(&cookies).await.unwrap());
    }
}

trait Ahead {
    fn now_plus(&self, seconds: u64) -> TestClock;
}

impl Ahead for TestClock {
    fn now_plus(&self, seconds: u64) -> TestClock {
        TestClock::at(logto::integrate::Clock::now(self) + Duration::from_secs(seconds))
    }
}

#[tokio::test]
async fn a_write_that_a_store_loses_costs_nobody_the_session() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let site = Site::rotating().await;
    let config = settings(&site.mock, &site.clock).app_id("spa").session_store(store.clone());
    let site = Site { logto: LogtoClient::new(config.build().unwrap()).unwrap(), ..site };
    let browser = site.signed_in("ada").await;
    store.forgetful.store(true, Ordering::SeqCst);
    // Logto has a new refresh token, and the store has the one that was spent for it.
    site.logto.get_access_token(&mut browser.request(), books()).await.unwrap();
    store.forgetful.store(false, Ordering::SeqCst);
    site.advance(HOUR - 1);
    site.logto.get_access_token(&mut browser.request(), books()).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_cookie_secret_may_change_while_users_are_signed_in() {
    let (site, _, store) = stored().await;
    let (in_store, in_cookies) = (site.signed_in("ada").await, Site::start().await);
    let mut browser = in_cookies.signed_in("ada").await;
    let rotated = |site: &Site| {
        let config = settings(&site.mock, &site.clock).app_secret(crate::support::APP_SECRET);
        config
            .cookie_secret("a new secret of at least 32 bytes, too")
            .previous_cookie_secrets([crate::support::COOKIE_SECRET])
    };
    let with_store = LogtoClient::new(rotated(&site).session_store(store.clone()).build().unwrap()).unwrap();
    with_store.get_access_token(&mut in_store.request(), books()).await.unwrap();
    assert!(with_store.is_authenticated(&in_store.request()).await.unwrap());

    let logto = LogtoClient::new(rotated(&in_cookies).build().unwrap()).unwrap();
    let mut cookies = browser.request();
    logto.get_access_token(&mut cookies, books()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    // Written once, it is sealed with the new secret alone.
    let only_new =
        settings(&in_cookies.mock, &in_cookies.clock).cookie_secret("a new secret of at least 32 bytes, too");
    let only_new = LogtoClient::new(only_new.app_secret(crate::support::APP_SECRET).build().unwrap()).unwrap();
    assert!(only_new.is_authenticated(&browser.request()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_in_cookies_are_refreshed_once_with_a_coordinator_in_redis() {
    let Some(mut redis) = crate::redis_server::RedisServer::start() else { return };
    let site = Site::rotating().await;
    let shared = logto::store::RedisStore::connect(&redis.url()).await.unwrap();
    let instances: Vec<_> = (0..3)
        .map(|_| {
            let config = settings(&site.mock, &site.clock).app_id("spa").refresh_coordinator(shared.coordinator());
            LogtoClient::new(config.revocation_store(shared.revocations()).build().unwrap()).unwrap()
        })
        .collect();
    let mut browser = site.signed_in("ada").await;
    let answers = storm(&instances, &browser, 30).await;
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    browser.receive(&answers[7]);

    // Redis is gone: each instance refreshes for itself, inside Logto's grace, and nobody is logged out.
    redis.stop();
    site.advance(HOUR);
    site.mock.reset_counts();
    let answers = storm(&instances, &browser, 3).await;
    assert_eq!((answers.len(), site.mock.request_count(Endpoint::Token)), (3, 3));
    browser.receive(&answers[2]);
    redis.restart();
    site.advance(HOUR);
    storm(&instances, &browser, 3).await;
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_session_with_very_many_tokens_is_kept() {
    let (site, _, store) = stored().await;
    let config = site.logto.config();
    let large = "x".repeat(20_000);
    let forged = (0..200).fold(logto::testing::TestSession::new(), |session, number| {
        session.access_token(
            TokenOptions::new().resource(format!("https://api-{number}.example.test")),
            large.as_str(),
            &[],
        )
    });
    let mut cookies = forged.cookies(config).await.unwrap();
    assert_eq!(store.store.len(), 1);
    let newest = TokenOptions::new().resource("https://api-199.example.test");
    let context = site.logto.get_context(&mut cookies, ContextOptions::new().access_token(newest)).await.unwrap();
    assert!(context.is_authenticated(), "the oldest tokens made room");
    assert_eq!(site.mock.requests_total(), 0);
}
