//! Sign-out everywhere: OpenID Connect Back-Channel Logout 1.0 over HTTP, `revoke_all`, and the races around them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::Router;
use logto::{
    ContextOptions, LogtoClient, LogtoConfigBuilder, SignInOptions, SignOutOptions, TokenOptions,
    integrate::{AuthRequest, BoxError, BoxFuture, Clock},
    store::{MemoryRevocations, MemoryStore, RevocationStore, SessionSelector},
    testing::{Endpoint, MockLogto, SigningAlg, TestClock},
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    gate::Gate,
    plain_http::plain_http,
    support::{APP_SECRET, BOOKS, Browser, Site, app, settings},
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const FORM: &str = "application/x-www-form-urlencoded";
const PATH: &str = "/logto/back-channel-logout";

/// A site whose back-channel address is on the network, where Logto and others post to it.
struct Served {
    site: Site,
    address: String,
    http: reqwest::Client,
}

impl std::ops::Deref for Served {
    type Target = Site;
    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Served {
    async fn start(sid: bool, config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}{PATH}", listener.local_addr().unwrap());
        let registered = app("app").backchannel_logout_uri(&address).backchannel_session_required(sid);
        let clock = TestClock::new();
        let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
        let config = config(settings(&mock, &clock).app_secret(APP_SECRET));
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let router: Router = logto::axum::routes(&logto).layer(logto::axum::layer(logto.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { site: Site { mock, logto, clock }, address, http: plain_http().build().unwrap() }
    }

    async fn in_cookies(sid: bool) -> Self {
        Self::start(sid, |config| config).await
    }

    async fn in_a_store(sid: bool) -> (Self, MemoryStore) {
        let store = MemoryStore::new();
        (Self::start(sid, |config| config.session_store(store.clone())).await, store)
    }

    /// Cookies and store, with and without `sid`.
    async fn all() -> [(&'static str, Self); 4] {
        Self::all_with(|config| config).await
    }

    async fn all_with(change: impl Fn(LogtoConfigBuilder) -> LogtoConfigBuilder) -> [(&'static str, Self); 4] {
        let stored = |config: LogtoConfigBuilder| change(config.session_store(MemoryStore::new()));
        [
            ("cookies, sub", Self::start(false, &change).await),
            ("cookies, sid", Self::start(true, &change).await),
            ("store, sub", Self::start(false, &stored).await),
            ("store, sid", Self::start(true, &stored).await),
        ]
    }

    async fn post(&self, content_type: &str, body: impl Into<reqwest::Body>) -> Response {
        self.http.post(&self.address).header("content-type", content_type).body(body).send().await.unwrap()
    }

    async fn post_token(&self, token: &str) -> Response {
        self.post(FORM, format!("logout_token={token}")).await
    }

    /// Posts a token and demands the refusal.
    async fn refused(&self, what: &str, token: &str, code: &str) {
        assert_refused(what, self.post_token(token).await, code).await;
    }

    async fn accepted(&self, what: &str, token: &str) {
        let response = self.post_token(token).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (200, &"no-store".parse().unwrap()),
            "{what}"
        );
        assert!(!response.headers().contains_key("set-cookie"));
        assert_eq!(response.text().await.unwrap(), "", "{what}");
    }

    /// A logout token for ada, as sound as `change` leaves it.
    fn token(&self, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        static JTI: AtomicU64 = AtomicU64::new(0);
        let now = unix(self.clock.now());
        let (mut header, mut claims) = (
            json!({ "typ": "logout+jwt" }),
            json!({
                "iss": self.mock.issuer(), "aud": "app", "sub": "user-ada", "iat": now, "exp": now + 120,
                "jti": format!("jti-{}", JTI.fetch_add(1, Ordering::Relaxed)), "events": { EVENT: {} },
            }),
        );
        change(&mut header, &mut claims);
        self.mock.sign_jwt(header, &claims)
    }

    /// Signs out here and at Logto, as a browser does; Logto calls everybody it knows of.
    async fn sign_out(&self, browser: &mut Browser) {
        let mut cookies = browser.request();
        let redirect = self.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        self.mock.end_session(redirect.location()).await;
    }

    /// The session at Logto ends where nothing of it is known here: another application signed out.
    async fn end_at_logto(&self) {
        self.mock.end_session(&format!("{}/session/end?client_id=app", self.mock.issuer())).await;
    }

    async fn user(&self, browser: &mut Browser) -> Option<String> {
        let context = self.context(browser, ContextOptions::new()).await.unwrap();
        context.claims().map(|claims| claims.sub.clone())
    }
}

async fn assert_refused(what: &str, response: Response, code: &str) {
    assert_eq!(response.status(), 400, "{what}");
    assert_eq!(response.headers()["cache-control"], "no-store", "{what}");
    assert!(!response.headers().contains_key("set-cookie"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body, json!({ "error": "invalid_request", "error_description": code }), "{what}");
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn without(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name).unwrap();
}

#[tokio::test]
async fn a_sign_out_in_one_browser_signs_out_the_other() {
    for (what, served) in Served::all().await {
        // Two applications' cookies, one session at Logto.
        let (mut one, mut other) = (served.signed_in("ada").await, served.signed_in("ada").await);
        assert!(served.is_signed_in(&other).await);
        served.sign_out(&mut one).await;
        assert!(!served.is_signed_in(&other).await, "{what}");
        assert_eq!(served.user(&mut other).await, None);
        assert!(other.cookies.is_empty(), "{what}: the cookie of an ended session is deleted");

        served.advance(1);
        let mut again = served.signed_in("ada").await;
        assert_eq!(served.user(&mut again).await.as_deref(), Some("user-ada"), "{what}: what began after is untouched");
    }
}

#[tokio::test]
async fn a_logout_token_ends_only_the_sessions_named_by_its_sid_or_sub() {
    for (what, served) in Served::all().await {
        let elsewhere = served.signed_in("ada").await;
        served.mock.clear_browser_session();
        let bob = served.signed_in("bob").await;
        served.mock.clear_browser_session();
        let mut here = served.signed_in("ada").await;
        served.sign_out(&mut here).await;
        assert_eq!(served.is_signed_in(&elsewhere).await, what.ends_with("sid"), "{what}");
        assert!(served.is_signed_in(&bob).await, "{what}");
    }
}

#[tokio::test]
async fn a_logout_token_with_a_fault_is_refused() {
    type Change = fn(&mut Value, &mut Value);
    let table: &[(&str, Change, &str)] = &[
        ("no typ", |header, _| without(header, "typ"), "invalid_token"),
        ("typ of an ID token", |header, _| header["typ"] = "JWT".into(), "invalid_token"),
        ("typ of an access token", |header, _| header["typ"] = "at+jwt".into(), "invalid_token"),
        ("crit", |header, _| header["crit"] = json!(["exp"]), "invalid_token"),
        ("claims that are no object", |_, claims| *claims = json!("logout"), "invalid_token"),
        ("no alg", |header, _| header["alg"] = Value::Null, "invalid_alg"),
        ("alg none", |header, _| header["alg"] = "none".into(), "invalid_alg"),
        ("alg HS256", |header, _| header["alg"] = "HS256".into(), "invalid_alg"),
        ("alg of another key", |header, _| header["alg"] = "RS256".into(), "unknown_key"),
        ("unknown key", |header, _| header["kid"] = "unknown".into(), "unknown_key"),
        ("no iss", |_, claims| without(claims, "iss"), "invalid_iss"),
        ("wrong iss", |_, claims| claims["iss"] = "https://evil.example/oidc".into(), "invalid_iss"),
        ("iss of a wrong type", |_, claims| claims["iss"] = json!(["x"]), "invalid_iss"),
        ("no aud", |_, claims| without(claims, "aud"), "invalid_aud"),
        ("wrong aud", |_, claims| claims["aud"] = "another-app".into(), "invalid_aud"),
        ("aud of others", |_, claims| claims["aud"] = json!(["one", "other"]), "invalid_aud"),
        ("aud of a wrong type", |_, claims| claims["aud"] = json!(["app", 1]), "invalid_aud"),
        ("no iat", |_, claims| without(claims, "iat"), "invalid_iat"),
        ("iat in the future", |_, claims| claims["iat"] = (claims["iat"].as_u64().unwrap() + 61).into(), "invalid_iat"),
        ("iat of a wrong type", |_, claims| claims["iat"] = "now".into(), "invalid_iat"),
        ("no exp", |_, claims| without(claims, "exp"), "expired"),
        ("exp past", |_, claims| claims["exp"] = (claims["iat"].as_u64().unwrap() - 60).into(), "expired"),
        ("exp of a wrong type", |_, claims| claims["exp"] = "never".into(), "expired"),
        ("neither sid nor sub", |_, claims| without(claims, "sub"), "invalid_subject"),
        ("sub null", |_, claims| claims["sub"] = Value::Null, "invalid_subject"),
        ("sub empty", |_, claims| claims["sub"] = "".into(), "invalid_subject"),
        ("sub of a wrong type", |_, claims| claims["sub"] = 7.into(), "invalid_subject"),
        ("sid empty", |_, claims| claims["sid"] = "".into(), "invalid_subject"),
        ("sid of a wrong type", |_, claims| claims["sid"] = json!({}), "invalid_subject"),
        ("no events", |_, claims| without(claims, "events"), "invalid_events"),
        ("events of a wrong type", |_, claims| claims["events"] = json!([EVENT]), "invalid_events"),
        ("events as text", |_, claims| claims["events"] = EVENT.into(), "invalid_events"),
        ("another event", |_, claims| claims["events"] = json!({ "http://example.test/event": {} }), "invalid_events"),
        ("an event that is no object", |_, claims| claims["events"][EVENT] = Value::Null, "invalid_events"),
        ("a nonce", |_, claims| claims["nonce"] = "n".into(), "invalid_nonce"),
        ("a nonce that is null", |_, claims| claims["nonce"] = Value::Null, "invalid_nonce"),
        ("no jti", |_, claims| without(claims, "jti"), "invalid_jti"),
        ("jti empty", |_, claims| claims["jti"] = "".into(), "invalid_jti"),
        ("jti of a wrong type", |_, claims| claims["jti"] = 1.into(), "invalid_jti"),
    ];
    let served = Served::in_cookies(false).await;
    let browser = served.signed_in("ada").await;
    for (what, change, code) in table {
        served.refused(what, &served.token(change), &format!("logout_token.{code}")).await;
    }

    // The signature, and tokens that are something else.
    let sound = served.token(|_, _| {});
    let (signed, _) = sound.rsplit_once('.').unwrap();
    let (_, of_another) = served.token(|_, _| {}).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    served.refused("signature", &format!("{signed}.{of_another}"), "logout_token.invalid_signature").await;
    served.refused("no signature", &format!("{signed}."), "logout_token.invalid_signature").await;
    served.refused("garbage", "garbage", "logout_token.invalid_token").await;
    served.refused("encrypted", "a.b.c.d.e", "logout_token.invalid_token").await;
    let id_token = served.logto.get_id_token(&browser.request()).await.unwrap().unwrap();
    served.refused("an ID token", id_token.expose(), "logout_token.invalid_token").await;

    assert!(served.is_signed_in(&browser).await, "a refused token ends nothing");
    served.accepted("sound", &sound).await;
    assert!(!served.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_logout_token_with_what_the_specification_allows_is_taken() {
    type Change = fn(&mut Value, &mut Value);
    let table: &[(&str, Change)] = &[
        ("typ in full", |header, _| header["typ"] = "application/Logout+JWT".into()),
        ("no kid", |header, _| header["kid"] = Value::Null),
        ("aud as an array", |_, claims| claims["aud"] = json!(["other", "app"])),
        ("claims that nobody knows", |_, claims| claims["trace_id"] = json!({ "a": [1, null] })),
        ("an event that says something", |_, claims| claims["events"][EVENT] = json!({ "a": 1 })),
        ("several events", |_, claims| claims["events"]["urn:other"] = json!({})),
        ("iat within the leeway", |_, claims| claims["iat"] = (claims["iat"].as_u64().unwrap() + 60).into()),
        ("exp within the leeway", |_, claims| claims["exp"] = (claims["iat"].as_u64().unwrap() - 59).into()),
        ("a user who is not signed in", |_, claims| claims["sub"] = "nobody".into()),
        ("a sid alone", |_, claims| {
            *claims = {
                let mut claims = claims.clone();
                without(&mut claims, "sub");
                claims["sid"] = "some".into();
                claims
            }
        }),
    ];
    let served = Served::in_cookies(false).await;
    for (what, change) in table {
        served.accepted(what, &served.token(change)).await;
    }
    let token = served.token(|_, claims| claims["sid"] = "some".into());
    let ended = served.logto.back_channel_logout(&format!("state=x&logout_token={token}")).await.unwrap();
    assert_eq!(ended, SessionSelector::LogtoSession("some".into()), "with both, the sid");
}

#[tokio::test]
async fn a_logout_request_with_a_fault_is_refused() {
    let served = Served::in_cookies(false).await;
    let browser = served.signed_in("ada").await;
    let (token, missing) = (served.token(|_, _| {}), "logout_token.missing");
    let large = format!("padding={}&logout_token={token}", "x".repeat(1024 * 1024));
    for (what, content_type, body) in [
        ("nothing", FORM, String::new()),
        ("no parameter", FORM, "token=x".into()),
        ("an empty parameter", FORM, "logout_token=".into()),
        ("two parameters", FORM, format!("logout_token={token}&logout_token={token}")),
        ("1 MB", FORM, large),
        ("JSON", "application/json", json!({ "logout_token": token }).to_string()),
        ("a form as text", "text/plain", format!("logout_token={token}")),
    ] {
        assert_refused(what, served.post(content_type, body).await, missing).await;
    }
    assert_refused("not UTF-8", served.post(FORM, vec![0xff, 0xfe, b'=']).await, missing).await;
    let response = served.http.post(&served.address).body(format!("logout_token={token}")).send().await.unwrap();
    assert_refused("no content type", response, missing).await;

    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let response = served.http.request(method, &served.address).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    // An integration that gives no body.
    let headers = |name: &str| (name == "content-type").then(|| FORM.to_owned());
    let reply = served.logto.handle_auth_routes(&AuthRequest::new("POST", PATH, headers)).await.unwrap();
    assert_eq!(reply.status(), 400);

    assert!(served.is_signed_in(&browser).await);
    let body = format!("logout_token={token}");
    assert_eq!(served.post("Application/X-WWW-Form-Urlencoded; charset=utf-8", body).await.status(), 200);
}

#[tokio::test]
async fn a_logout_token_is_taken_once_by_all_instances() {
    let revocations = MemoryRevocations::new();
    let served = Served::start(false, |config| config.revocation_store(revocations.clone())).await;
    let config = settings(&served.mock, &served.clock).app_secret(APP_SECRET).revocation_store(revocations.clone());
    let neighbour = LogtoClient::new(config.build().unwrap()).unwrap();

    let token = served.token(|_, _| {});
    served.accepted("first", &token).await;
    served.advance(1);
    let browser = served.signed_in("ada").await;
    served.refused("again", &token, "logout_token.replayed").await;
    let error = neighbour.back_channel_logout(&format!("logout_token={token}")).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("logout_token.replayed", 400));
    assert!(served.is_signed_in(&browser).await, "a replay ends nothing that began since");
    served.advance(180);
    served.refused("when it is forgotten", &token, "logout_token.expired").await;
}

#[tokio::test]
async fn a_logout_token_replayed_in_its_last_valid_second_is_refused() {
    let served = Served::in_cookies(false).await;
    let token = served.token(|_, _| {});
    served.accepted("first", &token).await;
    // It lives two minutes, and the leeway is one.
    served.advance(179);
    served.refused("in its last second", &token, "logout_token.replayed").await;
}

#[tokio::test]
async fn logout_tokens_of_unknown_keys_do_not_fetch_the_key_set_repeatedly() {
    let served = Served::in_cookies(false).await;
    let browser = served.signed_in("ada").await;
    served.mock.rotate_keys(SigningAlg::Es256);
    served.accepted("a new key", &served.token(|_, _| {})).await;
    assert!(!served.is_signed_in(&browser).await);

    served.mock.reset_counts();
    for _ in 0..20 {
        let token = served.token(|header, _| header["kid"] = "unknown".into());
        served.refused("an unknown key", &token, "logout_token.unknown_key").await;
    }
    assert!(served.mock.request_count(Endpoint::Jwks) <= 1);
}

/// A revocation store that can fail.
#[derive(Clone)]
struct Flaky(MemoryRevocations, Arc<AtomicBool>);

impl RevocationStore for Flaky {
    fn record<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        let down = self.1.load(Ordering::SeqCst);
        if down { Box::pin(std::future::ready(Err("down".into()))) } else { self.0.record(key, until, ttl) }
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        let down = self.1.load(Ordering::SeqCst);
        if down { Box::pin(std::future::ready(Err("down".into()))) } else { self.0.latest_cutoff(keys) }
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        let down = self.1.load(Ordering::SeqCst);
        if down { Box::pin(std::future::ready(Err("down".into()))) } else { self.0.claim(key, ttl) }
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.release(key)
    }
}

#[tokio::test]
async fn a_logout_that_failed_may_be_tried_again() {
    let flaky = Flaky(MemoryRevocations::new(), Arc::default());
    let served = Served::start(false, |config| config.revocation_store(flaky.clone())).await;
    let browser = served.signed_in("ada").await;
    let token = served.token(|_, _| {});
    flaky.1.store(true, Ordering::SeqCst);
    served.refused("the store is down", &token, "store.failed").await;
    assert!(served.is_signed_in(&browser).await, "nobody is logged out by a store that is down");
    assert_eq!(served.logto.end_user_sessions("user-ada").await.unwrap_err().code(), "store.failed");
    flaky.1.store(false, Ordering::SeqCst);
    served.accepted("the store is back", &token).await;
    assert!(!served.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_logout_without_logtos_keys_fails() {
    let served = Served::in_cookies(false).await;
    let token = served.token(|_, _| {});
    served.mock.stop().await;
    served.refused("Logto is away", &token, "network.unreachable").await;
    served.mock.restart().await.unwrap();
    served.advance(60);
    served.accepted("Logto is back", &token).await;
}

#[tokio::test]
async fn clocks_90_seconds_apart_agree() {
    for (ahead, behind) in [(90, 0), (45, 45)] {
        let revocations = MemoryRevocations::new();
        let served = Served::in_cookies(false).await;
        let instance = |clock: &TestClock| {
            let config = settings(&served.mock, clock).app_secret(APP_SECRET).revocation_store(revocations.clone());
            LogtoClient::new(config.build().unwrap()).unwrap()
        };
        let (fast, slow) = (TestClock::at(served.clock.now()), TestClock::at(served.clock.now()));
        fast.advance(Duration::from_secs(ahead));
        slow.rewind(Duration::from_secs(behind));
        let instances = [instance(&fast), instance(&slow)];
        for (one, other) in [(0, 1), (1, 0)] {
            let sign_in = async |logto: &LogtoClient| {
                let mut cookies = Browser::default().request();
                let url = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
                let callback = served.mock.sign_in(url.location(), "ada").await;
                _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
                cookies
            };
            let before = sign_in(&instances[one]).await;
            let token = served.token(|_, _| {});
            instances[other].back_channel_logout(&format!("logout_token={token}")).await.unwrap();
            for clock in [&served.clock, &fast, &slow] {
                clock.advance(Duration::from_secs(1));
            }
            let after = sign_in(&instances[other]).await;
            for logto in &instances {
                assert!(!logto.is_authenticated(&before).await.unwrap(), "{ahead} {behind}: it was ended");
                assert!(logto.is_authenticated(&after).await.unwrap(), "{ahead} {behind}: it began after");
            }
        }
    }
}

#[tokio::test]
async fn the_application_signs_a_user_out_everywhere() {
    for (what, served) in Served::all().await {
        let browsers = [served.signed_in("ada").await, served.signed_in("ada").await];
        served.mock.clear_browser_session();
        let bob = served.signed_in("bob").await;
        served.logto.end_user_sessions("user-ada").await.unwrap();
        for browser in &browsers {
            assert!(!served.is_signed_in(browser).await, "{what}");
        }
        assert!(served.is_signed_in(&bob).await, "{what}");
        served.advance(1);
        let again = served.signed_in("ada").await;
        assert!(served.is_signed_in(&again).await, "{what}");
    }
}

#[tokio::test]
async fn a_slow_response_does_not_bring_a_session_back() {
    let gate = Gate::new();
    for (what, served) in Served::all_with(|config| config.http_client(gate.clone())).await {
        let mut browser = served.signed_in("ada").await;
        let mut twin = browser.clone();
        // A request is under way, has loaded its session, and waits for Logto.
        served.advance(3600);
        gate.close();
        let mut cookies = browser.request();
        let mut session = served.logto.load_session(&cookies).await.unwrap();
        let (token, ()) = tokio::join!(session.get_access_token(TokenOptions::new().resource(BOOKS)), async {
            gate.someone_waits().await;
            served.sign_out(&mut twin).await;
            gate.open();
        });
        drop(token);
        session.commit(&mut cookies).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(served.user(&mut browser).await, None, "{what}");
        assert!(browser.cookies.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_refresh_that_races_the_back_channel_loses() {
    for (what, served) in Served::all().await {
        let mut browser = served.signed_in("ada").await;
        served.advance(3600);
        let mut cookies = browser.request();
        let mut session = served.logto.load_session(&cookies).await.unwrap();
        served.end_at_logto().await;
        let token = session.get_access_token(TokenOptions::new().resource(BOOKS)).await;
        // A store says at once that the session is gone.
        assert!(
            token.as_ref().map_or_else(|error| error.code() == "session.ended", |_| !what.contains("store")),
            "{what}"
        );
        session.commit(&mut cookies).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(served.user(&mut browser).await, None, "{what}");
        assert!(browser.cookies.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_sign_in_that_races_the_end_of_its_session_at_logto_loses() {
    for (what, served) in Served::all().await.into_iter().filter(|(what, _)| what.ends_with("sid")) {
        let mut late = Browser::default();
        let url = served.begin(&mut late, SignInOptions::new()).await;
        let callback = served.mock.sign_in(&url, "ada").await;
        served.end_at_logto().await;
        // Its ID token is issued after the logout, for a session at Logto that is over.
        served.advance(5);
        served.end(&mut late, &callback).await.unwrap();
        assert_eq!(served.user(&mut late).await, None, "{what}");
        assert!(late.cookies.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_sign_in_that_races_a_sign_out_of_its_browser_loses() {
    for (what, served) in Served::all().await {
        let mut browser = served.signed_in("ada").await;
        let url = served.begin(&mut browser, SignInOptions::new()).await;
        let callback = served.mock.sign_in(&url, "ada").await;
        served.sign_out(&mut browser).await;
        assert!(served.end(&mut browser, &callback).await.is_err(), "{what}: the sign-in was forgotten");
        assert_eq!(served.user(&mut browser).await, None, "{what}");
    }
}

#[tokio::test]
async fn two_tabs_that_sign_in_as_two_users_leave_one() {
    let (stored, store) = Served::in_a_store(false).await;
    for (what, served) in [("store", stored), ("cookies", Served::in_cookies(false).await)] {
        let mut browser = Browser::default();
        let ada = served.begin(&mut browser, SignInOptions::new()).await;
        let bob = served.begin(&mut browser, SignInOptions::new()).await;
        let ada = served.mock.sign_in(&ada, "ada").await;
        let bob = served.mock.sign_in(&bob, "bob").await;
        served.end(&mut browser, &ada).await.unwrap();
        let of_ada = browser.clone();
        served.end(&mut browser, &bob).await.unwrap();
        assert_eq!(served.user(&mut browser).await.as_deref(), Some("user-bob"), "{what}");
        assert!(!served.is_signed_in(&of_ada).await, "{what}: her session ended with his beginning");

        served.accepted(what, &served.token(|_, _| {})).await;
        assert!(served.is_signed_in(&browser).await, "{what}: hers was named, not his");
        served.accepted(what, &served.token(|_, claims| claims["sub"] = "user-bob".into())).await;
        assert!(!served.is_signed_in(&browser).await, "{what}");
    }
    assert!(store.is_empty());
}
