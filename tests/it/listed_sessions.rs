//! The sessions of a user: listed, ended one by one, and kept to a number.

use std::{sync::atomic::Ordering, time::UNIX_EPOCH};

use logto::{
    LogtoClient, LogtoConfigBuilder, RequestSession, SignInOptions, TokenOptions,
    integrate::Clock,
    sessions::{Device, ListedSession},
    store::{MemoryStore, SessionStore, TowerSessionStore},
    testing::{Endpoint, MockApp, MockLogto, TestClock},
};
use tower_sessions_memory_store::MemoryStore as TowerMemoryStore;

use crate::{
    counted_store::Counted,
    logs,
    support::{APP_SECRET, BOOKS, Browser, Site, app, settings},
};

const ADA: &str = "user-ada";

async fn with_memory() -> Site {
    Site::with(|mock| mock, |config| config.session_store(MemoryStore::new())).await
}

/// Signs in on another machine, which shares nothing with the others.
async fn elsewhere(site: &Site, user: &str) -> Browser {
    site.mock.clear_browser_session();
    site.signed_in(user).await
}

async fn own(site: &Site, browser: &Browser) -> Vec<ListedSession> {
    site.logto.own_sessions(&mut browser.request()).await.unwrap()
}

fn current(sessions: &[ListedSession]) -> &ListedSession {
    let mut current = sessions.iter().filter(|session| session.is_current());
    let found = current.next().unwrap();
    assert!(current.next().is_none(), "{sessions:?}");
    found
}

#[tokio::test]
async fn a_user_sees_each_of_her_sessions_once_and_nobody_elses() {
    let site = with_memory().await;
    let began = site.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first = elsewhere(&site, "ada").await;
    site.advance(60);
    let second = elsewhere(&site, "ada").await;
    let bob = elsewhere(&site, "bob").await;
    site.advance(60);
    let of_first = own(&site, &first).await;
    assert_eq!(of_first.len(), 2);
    let seconds = |session: &ListedSession| session.created_at().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(
        of_first.iter().map(seconds).collect::<Vec<_>>(),
        [began, began + 60],
        "the last seen first: the own one is seen now"
    );
    assert!(of_first[0].is_current() && !of_first[1].is_current());
    let seen = |session: &ListedSession| session.last_seen().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!((seen(&of_first[0]), seen(&of_first[1])), (began + 120, began + 60));
    // The same ids for whoever asks, and none of them in a cookie.
    let of_operator = site.logto.sessions_of(ADA).await.unwrap();
    let ids = |sessions: &[ListedSession]| {
        let mut ids: Vec<_> = sessions.iter().map(|session| session.id().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&of_first), ids(&of_operator));
    assert!(of_operator.iter().all(|session| !session.is_current()));
    assert_eq!(current(&own(&site, &second).await).id(), of_first[1].id());
    assert_eq!(own(&site, &bob).await.len(), 1);
    assert_eq!(site.logto.sessions_of("nobody").await.unwrap(), []);
}

#[tokio::test]
async fn ending_a_listed_session_ends_that_one_alone_and_for_good() {
    let site = with_memory().await;
    let (first, second) = (elsewhere(&site, "ada").await, elsewhere(&site, "ada").await);
    let bob = elsewhere(&site, "bob").await;
    let id = current(&own(&site, &second).await).id().to_owned();
    // A request of it is under way.
    let mut under_way = site.logto.load_session(&second.request()).await.unwrap();
    // It is nobody else's to end, and no id of before or of nothing ends anything.
    assert!(!site.logto.end_own_session(&mut bob.request(), &id).await.unwrap());
    assert!(!site.logto.end_session_of("user-bob", &id).await.unwrap());
    for wrong in ["", "A", id.get(1..).unwrap(), &id.to_lowercase(), &"A".repeat(5_000)] {
        assert!(!site.logto.end_own_session(&mut first.request(), wrong).await.unwrap(), "{wrong}");
    }
    assert!(site.is_signed_in(&second).await);
    assert!(site.logto.end_own_session(&mut first.request(), &id).await.unwrap());
    assert!(!site.logto.end_own_session(&mut first.request(), &id).await.unwrap(), "it has ended");
    // What was under way does not bring it back.
    _ = under_way.get_access_token(TokenOptions::new().resource(BOOKS)).await;
    let mut response = second.request();
    _ = under_way.commit(&mut response).await;
    let mut late = second.clone();
    late.receive(&response.set_cookie_headers());
    for (browser, is_signed_in) in [(&first, true), (&second, false), (&late, false), (&bob, true)] {
        assert_eq!(site.is_signed_in(browser).await, is_signed_in);
    }
    assert_eq!(own(&site, &first).await.len(), 1);
}

#[tokio::test]
async fn ending_the_listed_session_of_the_request_signs_out_here() {
    let site = with_memory().await;
    let (mut here, there) = (elsewhere(&site, "ada").await, elsewhere(&site, "ada").await);
    let id = current(&own(&site, &here).await).id().to_owned();
    let copy = here.clone();
    let mut response = here.request();
    assert!(site.logto.end_own_session(&mut response, &id).await.unwrap());
    here.receive(&response.set_cookie_headers());
    assert!(here.cookies.values().all(|value| value == "signed-out"), "{here:?}");
    assert!(!site.is_signed_in(&copy).await);
    assert!(site.is_signed_in(&there).await);
    let error = site.logto.own_sessions(&mut here.request()).await.unwrap_err();
    assert_eq!(error.code(), "not_authenticated");
    assert_eq!(site.logto.revoke_others(&mut here.request()).await.unwrap_err().code(), "not_authenticated");
}

/// All within one second: no time is compared.
#[tokio::test]
async fn revoking_the_others_spares_the_own_session_and_one_that_begins_in_the_same_second() {
    let site = with_memory().await;
    let before = [elsewhere(&site, "ada").await, elsewhere(&site, "ada").await];
    let bob = elsewhere(&site, "bob").await;
    let mut here = elsewhere(&site, "ada").await;
    assert_eq!(site.logto.revoke_others(&mut here.request()).await.unwrap(), 2);
    let after = elsewhere(&site, "ada").await;
    for ended in &before {
        assert!(!site.is_signed_in(ended).await);
    }
    for staying in [&here, &bob, &after] {
        assert!(site.is_signed_in(staying).await);
    }
    assert_eq!(own(&site, &here).await.len(), 2);
    here.get_token(&site.logto).await.unwrap();
}

/// Sign-ins of one browser have one grant at Logto, which a revocation would end for the session that stays.
#[tokio::test]
async fn a_session_that_stays_keeps_its_tokens_when_another_of_its_login_is_ended() {
    for with_sid in [false, true] {
        let with = |app: MockApp| if with_sid { app.backchannel_session_required(true) } else { app };
        let mock = MockLogto::builder();
        let clock = TestClock::new();
        let mock = mock.app(with(app("app"))).clock(clock.clone()).start().await.unwrap();
        let config = settings(&mock, &clock).app_secret(APP_SECRET).session_store(MemoryStore::new());
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let site = Site { mock, logto, clock };
        // Two of one session at Logto, and one of another.
        let other = elsewhere(&site, "ada").await;
        site.mock.clear_browser_session();
        let (_first, mut here) = (site.signed_in("ada").await, site.signed_in("ada").await);
        assert_eq!(site.logto.revoke_others(&mut here.request()).await.unwrap(), 2);
        let revoked = site.mock.request_count(Endpoint::Revocation);
        assert_eq!(revoked, usize::from(with_sid), "of what is known to be another login");
        site.advance(4_000);
        here.get_token(&site.logto).await.unwrap();
        assert!(!site.is_signed_in(&other).await);
        // With the last session of the user nothing can be hit.
        let id = current(&own(&site, &here).await).id().to_owned();
        site.mock.reset_counts();
        assert!(site.logto.end_session_of(ADA, &id).await.unwrap());
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1);
    }
}

#[tokio::test]
async fn a_device_is_kept_from_the_sign_in_on_and_written_only_when_it_is_another() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let site = Site::with_clock(clock, |mock| mock, |config| config.session_store(store.clone())).await;
    let firefox = Device::new().user_agent("Firefox <b>\u{202e}").address([192, 0, 2, 7]);
    // A middleware tells it before the callback signs in.
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let request = RequestSession::new(site.logto.clone(), browser.header());
    request.set_device(&firefox).await.unwrap();
    _ = request.handle_sign_in(&callback).await.unwrap();
    browser.receive(request.commit().await.unwrap().set_cookies());
    let listed = own(&site, &browser).await;
    assert_eq!(listed[0].user_agent(), Some("Firefox <b>"));
    assert_eq!(listed[0].address(), Some([192, 0, 2, 7].into()));
    assert!(!format!("{listed:?} {firefox:?}").contains("Firefox"), "personal data is not for logs");
    // Sealed: a dump tells neither.
    let (_, stored) = store.list(ADA).unwrap().await.unwrap().pop().unwrap();
    assert!(!stored.sealed.contains("Firefox") && !format!("{stored:?}").contains("Firefox"));

    store.take();
    for (device, writes) in [(&firefox, 0), (&firefox.clone().address([192, 0, 2, 8]), 1)] {
        let request = RequestSession::new(site.logto.clone(), browser.header());
        request.set_device(device).await.unwrap();
        assert!(request.commit().await.unwrap().set_cookies().is_empty(), "the cookie says the same as before");
        assert_eq!(store.take().1, writes);
    }
    assert_eq!(own(&site, &browser).await[0].address(), Some([192, 0, 2, 8].into()));
    // Another request that knows nothing of it takes nothing back.
    browser.get_token(&site.logto).await.unwrap();
    assert_eq!(own(&site, &browser).await[0].user_agent(), Some("Firefox <b>"));
}

#[tokio::test]
async fn a_device_takes_no_room_where_sessions_are_in_cookies() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let request = RequestSession::new(site.logto.clone(), browser.header());
    request.set_device(&Device::new().user_agent("Firefox")).await.unwrap();
    assert!(request.commit().await.unwrap().set_cookies().is_empty());
}

#[tokio::test]
async fn a_store_without_an_index_by_user_says_that_it_cannot_list() {
    let tower = TowerSessionStore::new(TowerMemoryStore::default());
    let sites = [Site::start().await, Site::with(|mock| mock, |config| config.session_store(tower)).await];
    for site in sites {
        let mut browser = site.signed_in("ada").await;
        let error = site.logto.sessions_of(ADA).await.unwrap_err();
        assert_eq!(error.code(), "store.cannot_list");
        for error in [
            site.logto.own_sessions(&mut browser.request()).await.unwrap_err(),
            site.logto.revoke_others(&mut browser.request()).await.unwrap_err(),
            site.logto.end_own_session(&mut browser.request(), "AAAAAAAAAAAAAAAAAAAAAA").await.unwrap_err(),
        ] {
            assert_eq!(error.code(), "store.cannot_list");
        }
        browser.get_token(&site.logto).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_fails_ends_nothing_and_is_told_as_such() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let site = Site::with_clock(clock, |mock| mock, |config| config.session_store(store.clone())).await;
    let (first, second) = (elsewhere(&site, "ada").await, elsewhere(&site, "ada").await);
    let mut session = site.logto.load_session(&first.request()).await.unwrap();
    let id = current(&own(&site, &second).await).id().to_owned();
    store.down.store(true, Ordering::SeqCst);
    for error in [
        session.own_sessions().await.unwrap_err(),
        session.revoke_others().await.unwrap_err(),
        session.end_own_session(&id).await.unwrap_err(),
        site.logto.end_session_of(ADA, &id).await.unwrap_err(),
    ] {
        assert!(error.code() == "store.failed" && error.is_transient(), "{error}");
    }
    store.down.store(false, Ordering::SeqCst);
    assert!(site.is_signed_in(&first).await && site.is_signed_in(&second).await);
    assert_eq!(session.own_sessions().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_sign_in_beyond_the_limit_ends_the_oldest_session() {
    let settings =
        |limit| move |config: LogtoConfigBuilder| config.session_store(MemoryStore::new()).max_sessions_per_user(limit);
    for limit in [1, 2] {
        let site = Site::with(|mock| mock, settings(limit)).await;
        let bob = elsewhere(&site, "bob").await;
        let mut browsers = Vec::new();
        for number in 1..=4 {
            site.advance(1);
            browsers.push(elsewhere(&site, "ada").await);
            for (index, browser) in browsers.iter().enumerate() {
                let is_kept = index + usize::try_from(limit).unwrap() >= number;
                assert_eq!(site.is_signed_in(browser).await, is_kept, "{limit}, {number}, {index}");
            }
        }
        assert!(site.is_signed_in(&bob).await);
    }
}

/// Each sees the other in the store, and they agree on which one is the older.
#[tokio::test(flavor = "multi_thread")]
async fn of_sign_ins_at_once_as_many_stay_as_the_limit_says() {
    let config = |config: LogtoConfigBuilder| config.session_store(MemoryStore::new()).max_sessions_per_user(2);
    let site = std::sync::Arc::new(Site::with(|mock| mock, config).await);
    let mut ready = Vec::new();
    for _ in 0..8 {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        site.mock.clear_browser_session();
        let callback = site.mock.sign_in(&url, "ada").await;
        ready.push((browser, callback));
    }
    let mut sign_ins = tokio::task::JoinSet::new();
    for (mut browser, callback) in ready {
        let site = std::sync::Arc::clone(&site);
        sign_ins.spawn(async move {
            site.end(&mut browser, &callback).await.unwrap();
            browser
        });
    }
    let mut signed_in = 0;
    for browser in sign_ins.join_all().await {
        signed_in += usize::from(site.is_signed_in(&browser).await);
    }
    assert_eq!((signed_in, site.logto.sessions_of(ADA).await.unwrap().len()), (2, 2));
}

#[tokio::test]
async fn a_limit_needs_a_store_that_lists() {
    let site = Site::start().await;
    let settings = || settings(&site.mock, &site.clock).max_sessions_per_user(3);
    for config in [settings(), settings().session_store(TowerSessionStore::new(TowerMemoryStore::default()))] {
        let error = config.build().unwrap_err();
        assert_eq!(error.code(), "config.invalid");
        assert!(
            error.to_string().contains("max_sessions_per_user") && error.to_string().contains("MemoryStore"),
            "{error}"
        );
    }
    settings().session_store(MemoryStore::new()).build().unwrap();
}

/// A sign-in is not refused because the others cannot be counted.
#[tokio::test]
async fn a_sign_in_is_let_in_while_the_store_cannot_list() {
    let (log, _guard) = logs::listen("error");
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    store.unlisted.store(true, Ordering::SeqCst);
    let config = |config: LogtoConfigBuilder| config.session_store(store).max_sessions_per_user(1);
    let site = Site::with_clock(clock, |mock| mock, config).await;
    let (first, second) = (elsewhere(&site, "ada").await, elsewhere(&site, "ada").await);
    assert!(site.is_signed_in(&first).await && site.is_signed_in(&second).await);
    assert!(log.text().contains("max_sessions_per_user is not kept"), "{}", log.text());
}
