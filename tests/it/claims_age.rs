//! A user who is signed in is looked up at Logto again, once in `claims_max_age`: who was suspended or deleted there is signed out here. Logto out of
//! reach ends nothing, and slows no page.

use std::{future::pending, time::Duration};

use http::{Request, Response};
use logto::{
    ContextOptions, HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, RequestSession, SessionFormat,
    integrate::{AuthRequest, BoxError, BoxFuture, HttpClient},
    step_up::StepUp,
    store::MemoryStore,
    testing::{Endpoint, Fault, TestClock, TestSession},
};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    coordinator::Coordinator,
    support::{APP_SECRET, BASE_URL, Browser, COOKIE_SECRET, Site, settings},
};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
/// More than a day and a tenth.
const DUE: u64 = 27 * HOUR;

/// Each place that a session may be in, and a client whose refresh token is replaced with each use.
async fn sites(configure: impl Fn(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Vec<(&'static str, Site)> {
    let clock = TestClock::new();
    let store = MemoryStore::new().clock(clock.clone());
    vec![
        ("cookies", Site::with(|mock| mock, &configure).await),
        ("store", Site::with_clock(clock, |mock| mock, |config| configure(config).session_store(store)).await),
        ("rotating", Site::rotating_with(&configure).await),
        ("next", Site::with(|mock| mock, |config| configure(config).session_format(SessionFormat::Next)).await),
    ]
}

/// Every way to ask who is signed in that a guard, an extractor or a handler may take.
const WAYS: [&str; 5] = ["user", "require_user", "context", "recent", "route"];

/// Looks in one of the ways; gives whether somebody is signed in.
async fn look(logto: &LogtoClient, browser: &mut Browser, way: &str) -> bool {
    if way == "route" {
        let header = browser.header();
        let request = AuthRequest::new("GET", "/logto/user", |name| (name == "cookie").then(|| header.clone()));
        let response = logto.handle_auth_routes(&request).await.unwrap();
        let cookies = response.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned());
        browser.receive(&cookies.collect::<Vec<_>>());
        return response.body().contains(r#""isAuthenticated":true"#);
    }
    let session = RequestSession::new(logto.clone(), browser.header());
    let is_signed_in = match way {
        "user" => session.user().await.unwrap().is_some(),
        "require_user" => session.require_user().await.is_ok(),
        "context" => session.get_context(ContextOptions::new()).await.unwrap().is_authenticated(),
        _ => session.require_recent_auth(&StepUp::new()).await.is_ok(),
    };
    browser.receive(session.commit().await.unwrap().set_cookies());
    is_signed_in
}

#[tokio::test]
async fn a_suspended_user_is_signed_out_at_the_next_look_in_every_way_and_place() {
    for way in WAYS {
        for (place, site) in sites(|config| config).await {
            let mut browser = site.signed_in("ada").await;
            assert!(site.mock.suspend_user("ada"));
            site.advance(21 * HOUR);
            assert!(look(&site.logto, &mut browser, way).await, "{way} {place}: nobody has asked yet");
            assert_eq!(site.mock.requests_total(), 0, "{way} {place}");
            site.advance(6 * HOUR);
            assert!(!look(&site.logto, &mut browser, way).await, "{way} {place}");
            assert!(!site.is_signed_in(&browser).await, "{way} {place}: the response has deleted the cookie");
            assert!(browser.cookies.is_empty(), "{way} {place} {browser:?}");
        }
    }
}

#[tokio::test]
async fn a_look_keeps_what_logto_gave_for_a_day() {
    for way in WAYS {
        for (place, site) in sites(|config| config).await {
            let mut browser = site.signed_in("ada").await;
            for _ in 0..3 {
                site.advance(DUE);
                site.mock.reset_counts();
                assert!(look(&site.logto, &mut browser, way).await, "{way} {place}");
                assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{way} {place}");
                for _ in 0..3 {
                    site.advance(HOUR);
                    assert!(look(&site.logto, &mut browser, way).await, "{way} {place}");
                }
                assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{way} {place}: the response has kept it");
            }
        }
    }
}

/// A server may leave the ID token out of the answer to a refresh (OpenID Connect Core section 12.2).
#[tokio::test]
async fn the_age_counts_from_the_last_answer_with_and_without_an_id_token() {
    for (place, site) in sites(|config| config).await {
        let mut browser = site.signed_in("ada").await;
        site.mock.tamper_token_response(|response| _ = response.as_object_mut().unwrap().remove("id_token"));
        for (looks, after) in [(1, DUE), (1, HOUR), (1, 20 * HOUR), (2, 6 * HOUR)] {
            site.advance(after);
            assert!(look(&site.logto, &mut browser, "user").await, "{place}");
            assert_eq!(site.mock.request_count(Endpoint::Token), looks, "{place} {after}");
        }
    }
}

#[tokio::test]
async fn logto_out_of_reach_ends_nothing_and_is_asked_once_in_a_while() {
    let faults = [Fault::status(503), Fault::status(500), Fault::status(429), Fault::status(404)];
    for (number, fault) in faults.into_iter().enumerate() {
        for (place, site) in sites(|config| config).await {
            let mut browser = site.signed_in("ada").await;
            site.advance(DUE);
            site.mock.inject_fault(Endpoint::Token, fault.clone());
            for _ in 0..20 {
                assert!(look(&site.logto, &mut browser, "user").await, "{number} {place}");
            }
            assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{number} {place}: no page but the first asks");
            site.advance(30);
            for _ in 0..20 {
                assert!(look(&site.logto, &mut browser, "user").await, "{number} {place}");
            }
            assert!((1..=2).contains(&site.mock.request_count(Endpoint::Token)), "{number} {place}");
            site.mock.clear_faults();
            assert!(site.mock.suspend_user("ada"));
            site.advance(HOUR);
            assert!(!look(&site.logto, &mut browser, "user").await, "{number} {place}: Logto is back");
        }
    }
}

#[tokio::test]
async fn while_logto_is_down_one_session_asks_for_all() {
    let site = Site::start().await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(site.signed_in("ada").await);
    }
    site.advance(DUE);
    site.mock.inject_fault(Endpoint::Token, Fault::status(503));
    for browser in &mut browsers {
        assert!(look(&site.logto, browser, "user").await);
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    site.mock.clear_faults();
    site.advance(30);
    for browser in &mut browsers {
        assert!(look(&site.logto, browser, "user").await);
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 6, "each has asked, once Logto answered again");
}

#[tokio::test]
async fn an_answer_that_one_session_cannot_use_keeps_no_other_from_asking() {
    let site = Site::start().await;
    let (mut bad, mut good) = (site.signed_in("ada").await, site.signed_in("ada").await);
    site.advance(DUE);
    site.mock.tamper_id_token(|_, claims| claims["iss"] = "https://elsewhere.example".into());
    for _ in 0..5 {
        assert!(look(&site.logto, &mut bad, "user").await, "a broken answer ends no session");
    }
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    site.mock.clear_tampering();
    assert!(look(&site.logto, &mut good, "user").await);
    assert_eq!(site.mock.request_count(Endpoint::Token), 2);
}

/// Those that come while the refresh is under way, and those that left the browser before its answer was there.
#[tokio::test]
async fn many_requests_of_one_session_make_one_refresh() {
    for (place, site) in sites(|config| config).await {
        let browser = site.signed_in("ada").await;
        site.advance(DUE);
        for _ in 0..2 {
            let mut looks = JoinSet::new();
            for _ in 0..25 {
                let (logto, mut browser) = (site.logto.clone(), browser.clone());
                looks.spawn(async move {
                    look(&logto, &mut browser, "user").await && look(&logto, &mut browser, "user").await
                });
            }
            assert_eq!(looks.join_all().await, [true; 25], "{place}");
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
    }
}

#[tokio::test]
async fn other_instances_take_the_answer_of_the_one_that_asked() {
    let site = Site::with(|mock| mock, |config| config.refresh_coordinator(Coordinator::default())).await;
    let browser = site.signed_in("ada").await;
    let other = site.another_instance();
    site.advance(DUE);
    assert!(look(&site.logto, &mut browser.clone(), "user").await);
    assert!(look(&other, &mut browser.clone(), "user").await);
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
}

#[tokio::test]
async fn without_the_setting_or_a_refresh_token_nothing_is_asked() {
    let off = Site::with(|mock| mock, |config| config.claims_max_age(None)).await;
    let without = Site::with(|mock| mock, |config| config.include_reserved_scopes(false).scopes(["openid"])).await;
    for (what, site) in [("off", off), ("no refresh token", without)] {
        let mut browser = site.signed_in("ada").await;
        assert!(site.mock.suspend_user("ada"));
        for way in WAYS {
            site.advance(2 * DAY);
            assert!(look(&site.logto, &mut browser, way).await, "{what} {way}");
        }
        assert_eq!(site.mock.requests_total(), 0, "{what}");
    }
}

#[tokio::test]
async fn an_age_for_one_call_goes_before_the_setting() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.advance(13 * DAY);
    let longer = ContextOptions::new().claims_max_age(Duration::from_secs(20 * DAY));
    assert!(site.context(&mut browser, longer).await.unwrap().is_authenticated());
    assert_eq!(site.mock.requests_total(), 0);
    site.mock.inject_fault(Endpoint::Token, Fault::status(503));
    let shorter = ContextOptions::new().claims_max_age(Duration::from_secs(60));
    assert!(site.context(&mut browser, shorter).await.unwrap_err().is_transient(), "not knowing is an error then");
}

#[tokio::test]
async fn once_the_response_has_begun_nothing_is_asked() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    site.advance(DUE);
    let session = RequestSession::new(site.logto.clone(), browser.header());
    assert!(session.is_authenticated().await.unwrap());
    _ = session.commit().await.unwrap();
    assert!(session.user().await.unwrap().is_some());
    assert_eq!(site.mock.requests_total(), 0, "the refresh token that came could not be kept");
}

/// Takes requests, and answers none.
struct Mute;

impl HttpClient for Mute {
    fn send(&self, _: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_logto_that_is_mute_keeps_one_page_waiting_for_three_seconds() {
    let clock = TestClock::new();
    let config = LogtoConfig::builder()
        .endpoint("http://localhost:3001")
        .app_id("app")
        .app_secret(APP_SECRET)
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
        .http_client(Mute)
        .clock(clock.clone())
        .build()
        .unwrap();
    let header = TestSession::new().cookie_header(&config).await.unwrap();
    let logto = LogtoClient::new(config).unwrap();
    clock.advance(Duration::from_secs(DUE));
    for waits in [3, 0, 0] {
        let began = Instant::now();
        let mut cookies = HeaderCookies::parse(header.as_str());
        assert!(logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap().is_authenticated());
        assert_eq!(began.elapsed(), Duration::from_secs(waits));
    }
}

/// What a user costs who comes once a day for 30 days, at the same time, and looks at ten pages.
async fn thirty_days(claims_max_age: Option<Duration>) -> [usize; 3] {
    let site = Site::with(|mock| mock, |config| config.claims_max_age(claims_max_age)).await;
    let mut browser = site.signed_in("ada").await;
    for _ in 0..30 {
        site.advance(DAY);
        for _ in 0..10 {
            assert!(look(&site.logto, &mut browser, "require_user").await);
        }
    }
    [Endpoint::Token, Endpoint::Discovery, Endpoint::Jwks].map(|endpoint| site.mock.request_count(endpoint))
}

#[tokio::test]
async fn thirty_days_of_daily_visits_cost_one_refresh_a_day_at_most() {
    assert_eq!(thirty_days(None).await, [0, 0, 0], "as it was before");
    // By its id a session asks each day, or each second one: half of them do the one, half the other.
    let [tokens, discovery, keys] = thirty_days(Some(Duration::from_secs(DAY))).await;
    assert!(matches!(tokens, 15 | 30), "{tokens}");
    // These are the whole application's, however many users it has: by then both are old.
    assert!(discovery <= tokens && keys <= tokens, "{tokens} {discovery} {keys}");
    let hour = thirty_days(Some(Duration::from_secs(HOUR))).await;
    assert_eq!(hour[0], 30, "ten pages of one visit cost one request");
}

#[tokio::test]
async fn the_default_is_a_day() {
    let site = Site::start().await;
    assert_eq!(site.logto.config().claims_max_age(), Some(Duration::from_secs(DAY)));
    let off = settings(&site.mock, &site.clock).app_secret(APP_SECRET).claims_max_age(None).build().unwrap();
    assert_eq!(off.claims_max_age(), None);
}
