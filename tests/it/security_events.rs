//! The table of `docs/security-events.md`: each event of it is written, with the fields of it, and no secret is in any.

pub mod seen;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::Duration,
};

use logto::{
    SignInOptions, SignOutOptions, TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    integrate::AuthRequest,
    step_up::StepUp,
};

use self::seen::{Event, Events};
use crate::{
    counted_store::Counted,
    security_rows::Away,
    support::{APP_SECRET, BOOKS, Browser, COOKIE_SECRET, Site},
};

/// Longer than any idle lifetime.
const MONTH: u64 = 30 * 24 * 3600;

fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let table = include_str!("../../docs/security-events.md").lines().filter(|line| line.starts_with("| `"));
    let rows = table.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let row =
        |row: Vec<&str>| (row[0].trim_matches('`').to_owned(), (row[1].trim_matches('`').to_owned(), words(row[3])));
    rows.filter(|row| row.len() == 4).map(row).collect()
}

/// Everything that a user, an operator and an attacker do, once: the events of it, and the secrets that were about.
async fn all_of_it() -> (Vec<Event>, Vec<String>) {
    let (events, _guard) = Events::listen();
    let mut secrets = vec![APP_SECRET.to_owned(), COOKIE_SECRET.to_owned(), "SENTINEL".to_owned()];
    let revocations = Away::default();
    let site =
        Site::with(logto::testing::MockLogtoBuilder::step_up, |config| config.revocation_store(revocations.clone()))
            .await;

    // Signed in, refreshed, asked to authenticate again, signed out.
    let mut ada = Browser::default();
    let url = site.begin(&mut ada, SignInOptions::new()).await;
    secrets.extend(query_values(&url, &["state", "nonce", "code_challenge"]));
    let callback = site.mock.sign_in(&url, "ada").await;
    secrets.extend(query_values(&callback, &["code"]));
    site.end(&mut ada, &callback).await.unwrap();
    let copy = ada.clone();
    let mut cookies = ada.request();
    let token = site.logto.get_access_token(&mut cookies, books().force_refresh(true)).await.unwrap();
    secrets.push(token.token().to_owned());
    ada.receive(&cookies.set_cookie_headers());
    let session = site.logto.load_session(&ada.request()).await.unwrap();
    secrets.extend(
        [session.get_id_token(), session.get_refresh_token()].into_iter().flatten().map(|it| it.expose().to_owned()),
    );
    let recent = StepUp::new().max_age(Duration::from_secs(300));
    site.advance(3600);
    assert_eq!(session.require_recent_auth(&recent).unwrap_err().code(), "step_up.required");
    drop(session);
    sign_in(&site, &mut ada, "ada", SignInOptions::new().step_up(&recent)).await;
    site.mock.clear_browser_session();
    sign_in(&site, &mut ada, "bob", SignInOptions::new()).await;
    secrets.extend(ada.cookies.values().cloned());
    let mut cookies = ada.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();

    // A copy of a session that was signed out of, one that was revoked, and one that was idle.
    assert!(!site.is_signed_in(&copy).await || copy.cookies == ada.cookies);
    assert!(!site.is_signed_in(&ada).await);
    let bob = site.signed_in("bob").await;
    let idle = site.signed_in("ada").await;
    let token = site.mock.logout_token(Some("user-bob"), None);
    site.logto.back_channel_logout(&form(&token)).await.unwrap();
    secrets.push(token.clone());
    assert!(!site.is_signed_in(&bob).await);
    assert_eq!(site.logto.back_channel_logout(&form(&token)).await.unwrap_err().code(), "logout_token.replayed");
    site.logto.end_user_sessions("user-eve").await.unwrap();
    // While nobody knows who was signed out.
    revocations.set_down(true);
    assert!(site.is_signed_in(&idle).await, "nobody is signed out because a list cannot be read");
    revocations.set_down(false);
    site.advance(MONTH);
    assert!(!site.is_signed_in(&idle).await);

    // Cookies that are no session.
    for forge in [forged, of_another_key, malformed] {
        let mut browser = site.signed_in("ada").await;
        browser.cookies.values_mut().for_each(|value| *value = forge(value));
        assert!(!site.is_signed_in(&browser).await);
    }

    // A sign-in of nobody.
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let cancelled = site.mock.cancel_sign_in(&url).await;
    _ = site.end(&mut browser, &cancelled).await.unwrap_err();
    for callback in ["http://localhost:3000/callback?code=SENTINEL&state=SENTINEL", "/callback?error=SENTINEL"] {
        _ = site.end(&mut Browser::default(), callback).await.unwrap_err();
    }
    _ = site.logto.handle_auth_routes(&AuthRequest::new("POST", "/logto/sign-out", |_| None)).await.unwrap();
    let elsewhere = "/logto/sign-in?return_to=https://evil.example/SENTINEL";
    _ = site.logto.handle_auth_routes(&AuthRequest::new("GET", elsewhere, |_| None)).await.unwrap();
    let mut many = Browser::default();
    for _ in 0..6 {
        site.begin(&mut many, SignInOptions::new()).await;
    }

    // Logto no longer honours a refresh token.
    let mut suspended = site.signed_in("ada").await;
    site.mock.revoke_all_grants();
    let mut cookies = suspended.request();
    _ = site.logto.get_access_token(&mut cookies, books().force_refresh(true)).await.unwrap_err();
    suspended.receive(&cookies.set_cookie_headers());

    // An API.
    let api = ResourceServer::builder().endpoint(site.mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.clock(site.clock.clone()).build().unwrap();
    let fresh = site.signed_in("ada").await.get_token(&site.logto).await.unwrap();
    let bearer = [format!("Bearer {fresh}")];
    secrets.push(fresh);
    api.authorize(&bearer, &TokenRequirements::new()).await.unwrap();
    _ = api.authorize(&bearer, &TokenRequirements::new().scopes(["delete:books"])).await.unwrap_err();
    _ = api.authorize(["Bearer SENTINEL.SENTINEL.SENTINEL"], &TokenRequirements::new()).await.unwrap_err();

    // A store that is down.
    let store = Counted::new(&site.clock);
    let stored = Site::with(|mock| mock, |config| config.session_store(store.clone())).await;
    let browser = stored.signed_in("ada").await;
    store.down.store(true, Ordering::SeqCst);
    assert_eq!(stored.logto.is_authenticated(&browser.request()).await.unwrap_err().code(), "store.failed");
    (events.all(), secrets)
}

/// What no event of a kind may lack.
const REQUIRED: [(&str, &[&str]); 19] = [
    ("signed_in", &["client_id", "sub", "session"]),
    ("sign_in_refused", &["client_id", "reason"]),
    ("sign_in_cancelled", &["client_id", "reason"]),
    ("sign_ins_forgotten", &["client_id", "reason"]),
    ("signed_out", &["client_id", "by", "sub"]),
    ("session_replaced", &["client_id", "by", "sub", "session"]),
    ("session_expired", &["client_id", "reason", "sub", "session"]),
    ("session_revoked", &["client_id", "reason", "session"]),
    ("session_refused", &["client_id", "reason"]),
    ("refreshed", &["client_id", "sub", "session"]),
    ("refresh_refused", &["client_id", "reason", "sub", "session"]),
    ("step_up_asked", &["reason"]),
    ("step_up_passed", &["client_id", "sub", "session"]),
    ("permission_refused", &["api", "reason", "sub"]),
    ("cross_site_refused", &["client_id", "reason"]),
    ("bearer_token_refused", &["api", "reason"]),
    ("logout_token_refused", &["client_id", "reason"]),
    ("store_failed", &["client_id", "reason", "error"]),
    ("revocation_store_failed", &["client_id", "reason", "error"]),
];

#[tokio::test]
async fn each_event_of_the_table_is_written_with_its_fields_and_no_secret() {
    let (events, secrets) = all_of_it().await;
    let table = documented();
    let seen: BTreeSet<_> = events.iter().map(|event| event.field("event").to_owned()).collect();
    assert_eq!(seen, table.keys().cloned().collect(), "what is written, and what the table has");
    for event in &events {
        let (level, fields) = &table[event.field("event")];
        assert_eq!(event.level.as_str().to_ascii_lowercase(), *level, "{event:?}");
        let unknown: Vec<_> = event
            .fields
            .keys()
            .filter(|name| !["event", "message"].contains(&name.as_str()) && !fields.contains(*name))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?} is not in the row: {event:?}");
        let (_, required) = REQUIRED.iter().find(|(name, _)| *name == event.field("event")).unwrap();
        let missing: Vec<_> = required.iter().filter(|name| !event.fields.contains_key(**name)).collect();
        assert!(missing.is_empty(), "{missing:?} is not there: {event:?}");
        for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
            assert!(!format!("{event:?}").contains(secret.as_str()), "{event:?} holds {secret}");
        }
    }
}

#[tokio::test]
async fn the_events_of_one_session_have_one_name_in_cookies_and_in_a_store() {
    for in_store in [false, true] {
        let (events, _guard) = Events::listen();
        let site = Site::with(
            |mock| mock,
            |config| if in_store { config.session_store(logto::store::MemoryStore::new()) } else { config },
        )
        .await;
        let mut browser = site.signed_in("ada").await;
        let mut cookies = browser.request();
        site.logto.get_access_token(&mut cookies, books().force_refresh(true)).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        let copy = browser.clone();
        _ = site.logto.sign_out(&mut browser.request(), SignOutOptions::new()).await.unwrap();
        assert!(!site.is_signed_in(&copy).await);
        let all = events.all();
        let names: Vec<_> = all.iter().map(|event| event.field("event")).collect();
        assert_eq!(names, ["signed_in", "refreshed", "signed_out", "session_refused"]);
        let sessions: BTreeSet<_> = all.iter().map(|event| event.field("session")).collect();
        assert_eq!(sessions.len(), 1, "{all:?}");
        assert!(all[..3].iter().all(|event| event.field("sub") == "user-ada" && event.field("client_id") == "app"));
        assert_eq!((all[2].field("by"), all[3].field("reason")), ("user", "replayed"));
    }
}

#[tokio::test]
async fn each_reason_why_cookies_are_no_session_has_its_name() {
    type Forge = fn(&str) -> String;
    let cases: [(Forge, &str); 3] = [(forged, "forged"), (of_another_key, "other_key"), (malformed, "malformed")];
    for (forge, reason) in cases {
        let site = Site::start().await;
        let mut browser = site.signed_in("ada").await;
        browser.cookies.values_mut().for_each(|value| *value = forge(value));
        let (events, _guard) = Events::listen();
        assert!(!site.is_signed_in(&browser).await);
        let [event] = &events.all()[..] else { panic!("one for a request: {:?}", events.all()) };
        assert_eq!((event.field("event"), event.field("reason")), ("session_refused", reason));
    }
    // Nobody has signed in, or has just signed out.
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    let (events, _guard) = Events::listen();
    for browser in [browser, Browser::default()] {
        assert!(!site.is_signed_in(&browser).await);
    }
    assert!(events.all().is_empty(), "{:?}", events.all());
}

#[tokio::test]
async fn a_session_ends_by_the_lifetime_that_the_event_names() {
    for (steps, reason) in [(&[15][..], "idle"), (&[10; 19][..], "absolute")] {
        let site = Site::start().await;
        let mut browser = site.signed_in("ada").await;
        let (events, _guard) = Events::listen();
        for days in steps {
            site.advance(days * 24 * 3600);
            _ = site.context(&mut browser, logto::ContextOptions::new()).await.unwrap();
        }
        let ended = events.all().into_iter().filter(|event| event.field("event") != "refreshed").collect::<Vec<_>>();
        let [event] = &ended[..] else { panic!("{ended:?}") };
        assert_eq!((event.field("event"), event.field("reason")), ("session_expired", reason));
        assert_eq!(event.field("sub"), "user-ada");
    }
}

/// An honest browser that was away when its session ended is no attack.
#[tokio::test]
async fn a_stored_session_that_ended_meanwhile_is_told_as_revoked() {
    let store = logto::store::MemoryStore::new();
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    let browser = site.signed_in("ada").await;
    site.logto.end_user_sessions("user-ada").await.unwrap();
    let (events, _guard) = Events::listen();
    assert!(!site.is_signed_in(&browser).await);
    let [event] = &events.all()[..] else { panic!("{:?}", events.all()) };
    assert_eq!((event.field("event"), event.field("reason")), ("session_revoked", "not_stored"));
    assert_eq!(event.level, tracing::Level::INFO);
}

#[tokio::test]
async fn an_event_is_the_only_line_that_an_operator_sees_of_a_refusal() {
    let site = Site::start().await;
    let (log, _guard) = crate::logs::listen("logto=info,logto::span=off");
    let request = AuthRequest::new("GET", "/callback?code=x&state=y", |_| None);
    assert_eq!(site.logto.handle_auth_routes(&request).await.unwrap().status(), 400);
    let lines: Vec<_> = log.text().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(r#"event="sign_in_refused""#), "{lines:?}");
}

#[tokio::test]
async fn a_revocation_store_that_is_down_is_told_with_its_cause_for_each_session_that_it_leaves_in() {
    let away = Away::default();
    let site = Site::with(|mock| mock, |config| config.revocation_store(away.clone())).await;
    let browser = site.signed_in("ada").await;
    away.set_down(true);
    let (events, _guard) = Events::listen();
    assert!(site.is_signed_in(&browser).await);
    let [event] = &events.all()[..] else { panic!("{:?}", events.all()) };
    assert_eq!((event.field("event"), event.level), ("revocation_store_failed", tracing::Level::WARN));
    assert_eq!((event.field("reason"), event.field("sub")), ("session_taken_as_valid", "user-ada"));
    assert!(event.field("error").contains("connection refused"), "{event:?}");
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

fn form(logout_token: &str) -> String {
    format!("logout_token={logout_token}")
}

async fn sign_in(site: &Site, browser: &mut Browser, user: &str, options: SignInOptions) {
    let url = site.begin(browser, options).await;
    let callback = site.mock.sign_in(&url, user).await;
    site.end(browser, &callback).await.unwrap();
}

fn query_values(url: &str, names: &[&str]) -> Vec<String> {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs().filter(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned()).collect()
}

/// With another character at the end of what is sealed.
fn forged(value: &str) -> String {
    let middle = value.len() / 2;
    let other = if value.as_bytes()[middle] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", value.get(..middle).unwrap(), value.get(middle + 1..).unwrap())
}

/// With another key id: the second byte.
fn of_another_key(value: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    bytes[1] = !bytes[1];
    URL_SAFE_NO_PAD.encode(bytes)
}

fn malformed(_: &str) -> String {
    "theme-dark".to_owned()
}
