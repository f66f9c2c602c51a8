mod header_size;
mod next_name;
mod sizes;
mod touched;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cookie::Cookie;
use proptest::prelude::*;

use super::{
    CookieSettings, Jwt, Keys, LoadedSession, SessionData, SessionLifetime, StoredAccessToken, Stores, Subject,
    Transaction,
    cookies::{Cookies, HeaderCookies},
    own_cookies::own,
};
use crate::{secret::Secret, store::MemoryRevocations, types::TokenKey};

const NOW: i64 = 1_795_385_600;
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

fn settings_with(app_id: &str, secret: &str, previous: &[&str]) -> CookieSettings {
    let previous: Vec<_> = previous.iter().copied().map(Secret::from).collect();
    of_keys(Keys::derive(app_id, &Secret::new(secret), &previous).unwrap(), app_id, true)
}

/// For the tests of other files here. Without `secure` the cookies have no prefix.
pub(super) fn settings_of(app_id: &str, secure: bool) -> CookieSettings {
    of_keys(Keys::derive(app_id, &Secret::new(SECRET), &[]).unwrap(), app_id, secure)
}

fn of_keys(keys: Keys, app_id: &str, secure: bool) -> CookieSettings {
    let stores = Stores::remembering_in_memory(None, MemoryRevocations::new());
    CookieSettings::new(keys, SessionLifetime::default(), stores, own(app_id, secure))
}

fn settings() -> CookieSettings {
    settings_with("h8rc2xdlth5ihimk3tfuc", SECRET, &[])
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn load(settings: &CookieSettings, cookies: &dyn Cookies, now: i64) -> LoadedSession {
    wait(LoadedSession::load(settings, cookies, now)).unwrap()
}

impl LoadedSession {
    fn committed(self, settings: &CookieSettings, now: i64) -> crate::error::Result<Vec<Cookie<'static>>> {
        wait(self.commit(settings, now))
    }
}

/// Stores cookies as browsers do: nothing over 4096 bytes, and `Max-Age=0` deletes.
#[derive(Default, Clone)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn take(&mut self, cookies: &[Cookie<'static>]) {
        for cookie in cookies {
            if cookie.max_age().is_some_and(cookie::time::Duration::is_zero) {
                self.0.remove(cookie.name());
            } else if cookie.to_string().len() <= 4096 {
                self.0.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    fn request(&self) -> HeaderCookies {
        HeaderCookies::parse(
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "),
        )
    }
}

fn jwt(payload: &str) -> Jwt {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Jwt::parse(&format!("{}.{}.{}", encode(b"{\"alg\":\"ES384\"}"), encode(payload.as_bytes()), encode(&[7; 96])))
        .unwrap()
}

fn session(payload: &str) -> SessionData {
    let mut data = SessionData::begin(jwt(payload), Subject::default(), NOW, NOW).unwrap();
    data.refresh_token = Some(Secret::new("tsrhUk9D2FjFe8UbLaVgXzt3t_sBucN59qnDhd9ST5R"));
    data
}

fn write(settings: &CookieSettings, jar: &mut Jar, data: SessionData, now: i64) {
    let mut open = load(settings, &jar.request(), now);
    open.start(data);
    jar.take(&open.committed(settings, now).unwrap());
}

fn read(settings: &CookieSettings, jar: &Jar, now: i64) -> Option<SessionData> {
    load(settings, &jar.request(), now).data().cloned()
}

/// The ID token as the tests compare it: what the browser cannot have changed.
fn payload(data: &SessionData) -> &str {
    std::str::from_utf8(data.id_token.payload()).unwrap()
}

/// Printable text that deflate cannot shorten by much.
fn incompressible(seed: u64, size: usize) -> String {
    let mut state = seed | 1;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 33) % 94).unwrap())
    });
    random.take(size).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Grow, shrink and grow again: whatever fits comes back, and no chunk is left over.
    #[test]
    fn sessions_of_any_size_come_back(sizes in prop::collection::vec(0_usize..20_000, 1..5), compressible in any::<bool>(), seed in any::<u64>()) {
        let settings = settings();
        let mut jar = Jar::default();
        jar.0.insert("theirs".into(), "kept".into());
        for size in sizes {
            let text: String = if compressible {
                "abcdefgh".chars().cycle().take(size).collect()
            } else {
                incompressible(seed, size)
            };
            let before = jar.clone();
            let mut open = load(&settings, &jar.request(), NOW);
            open.start(session(&text));
            match open.committed(&settings, NOW) {
                Ok(cookies) => {
                    prop_assert!(cookies.iter().all(|cookie| cookie.to_string().len() <= 4096));
                    jar.take(&cookies);
                    let back = read(&settings, &jar, NOW);
                    prop_assert_eq!(payload(back.as_ref().unwrap()), text.as_str());
                    prop_assert!(jar.0.len() <= 5, "4 chunks and a cookie of the application");
                }
                Err(error) => {
                    // Four cookies hold 12 kB of binary at the most, so only what cannot be compressed is refused.
                    prop_assert_eq!(error.code(), "session.too_large");
                    prop_assert!(!compressible && size > 10_000, "{} bytes", size);
                    prop_assert_eq!(&jar.0, &before.0);
                }
            }
            prop_assert_eq!(jar.0.get("theirs").map(String::as_str), Some("kept"));
        }
    }

    /// Nothing that a browser can send is an error or a panic.
    #[test]
    fn any_cookie_header_is_read(header in "\\PC{0,200}", value in "[A-Za-z0-9_.=-]{0,300}") {
        let settings = settings();
        let name = settings.own.session_name();
        for header in [header, format!("{name}={value}"), format!("{name}=2.{value}; {name}.1={value}"), format!("{name}_txn_x={value}")] {
            let open = load(&settings, &HeaderCookies::parse(header), NOW);
            prop_assert!(open.data().is_none());
        }
    }

    /// Every bit counts.
    #[test]
    fn a_flipped_bit_is_no_session(position in any::<prop::sample::Index>(), bit in 0_u32..6) {
        let settings = settings();
        let mut jar = Jar::default();
        write(&settings, &mut jar, session("{}"), NOW);
        let value = jar.0.values_mut().next().unwrap();
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut bytes = value.clone().into_bytes();
        let index = position.index(bytes.len());
        let letter = alphabet.iter().position(|letter| *letter == bytes[index]).unwrap();
        bytes[index] = alphabet[letter ^ (1 << bit)];
        *value = String::from_utf8(bytes).unwrap();
        prop_assert!(read(&settings, &jar, NOW).is_none());
    }
}

#[test]
fn every_member_comes_back() {
    let settings = settings();
    let mut jar = Jar::default();
    let mut data = session("{\"sub\":\"ada\"}");
    for (token, resource) in [
        ("6zT3chBa0WVESlvRUBlJNjzDs0GLnMwGt0Ihyi_v6iw", None),
        ("a.b.c", Some("https://api.example.test")),
        ("eyJ9.eyJ9.AAAA", None),
    ] {
        let (resource, scopes) = (resource.map(str::to_owned), vec![token.len().to_string()]);
        let key = TokenKey { resource, organization: None, scopes };
        data.put_access_token(StoredAccessToken::new(key, token.into(), "openid read:books".into(), NOW, 3600));
    }
    write(&settings, &mut jar, data.clone(), NOW);
    data.revision = 1;
    assert_eq!(read(&settings, &jar, NOW).unwrap(), data);
}

#[test]
fn an_unreadable_session_is_deleted_with_all_its_cookies() {
    let settings = settings();
    let (mut jar, foreign) = (Jar::default(), settings_with("h8rc2xdlth5ihimk3tfuc", OTHER, &[]));
    write(&foreign, &mut jar, session(&"x".repeat(3000)), NOW);
    assert!(jar.0.len() > 1 || !jar.0.is_empty());
    let cookies = load(&settings, &jar.request(), NOW).committed(&settings, NOW).unwrap();
    assert_eq!(cookies.len(), jar.0.len());
    for cookie in &cookies {
        assert_eq!(
            (cookie.value(), cookie.secure(), cookie.http_only(), cookie.path()),
            ("", Some(true), Some(true), Some("/"))
        );
    }
    jar.take(&cookies);
    assert!(jar.0.is_empty());
}

#[test]
fn a_session_under_a_previous_secret_is_written_again_under_the_current_one() {
    let old = settings_with("app", SECRET, &[]);
    let both = settings_with("app", OTHER, &[SECRET]);
    let new = settings_with("app", OTHER, &[]);
    let mut jar = Jar::default();
    write(&old, &mut jar, session("{}"), NOW);
    assert!(read(&new, &jar, NOW).is_none());
    let data = read(&both, &jar, NOW).unwrap();
    write(&both, &mut jar, data, NOW);
    assert!(read(&new, &jar, NOW).is_some());
    assert!(read(&old, &jar, NOW).is_none());
}

#[test]
fn a_sealed_cookie_does_not_open_under_another_name_or_application() {
    let settings = settings();
    let mut jar = Jar::default();
    write(&settings, &mut jar, session("{}"), NOW);
    let sealed = jar.0.values().next().unwrap().clone();

    // To another application id, though the secret is the same.
    let other = settings_with("other", SECRET, &[]);
    let moved = HeaderCookies::parse(format!("{}={sealed}", other.own.session_name()));
    assert!(load(&other, &moved, NOW).data().is_none());

    // To the cookie of a sign-in, and back.
    let name = settings.own.transaction_name("state");
    let mut open = load(&settings, &HeaderCookies::parse(format!("{name}={sealed}")), NOW);
    assert!(open.take_transaction(&settings, "state").is_none());
    let begun = Transaction::begin("http://localhost/callback".into(), "/".into(), NOW).unwrap();
    let sealed = settings.keys.seal(&settings.own.transaction_name(&begun.state), &begun.to_bytes().unwrap()).unwrap();
    let moved = HeaderCookies::parse(format!("{}={sealed}", settings.own.session_name()));
    assert!(load(&settings, &moved, NOW).data().is_none());
}

#[test]
fn chunks_that_are_missing_swapped_or_of_another_session_are_no_session() {
    let settings = settings();
    let incompressible = incompressible(1, 8000);
    let (mut jar, mut other) = (Jar::default(), Jar::default());
    write(&settings, &mut jar, session(&incompressible), NOW);
    write(&settings, &mut other, session(&incompressible), NOW);
    let names: Vec<_> = jar.0.keys().cloned().collect();
    assert!(names.len() > 2, "{names:?}");
    assert!(read(&settings, &jar, NOW).is_some());
    for name in &names {
        let mut missing = jar.clone();
        missing.0.remove(name);
        assert!(read(&settings, &missing, NOW).is_none(), "without {name}");
        let mut mixed = jar.clone();
        mixed.0.insert(name.clone(), other.0[name].clone());
        assert!(read(&settings, &mixed, NOW).is_none(), "with another session's {name}");
        let mut truncated = jar.clone();
        truncated.0.get_mut(name).unwrap().pop();
        assert!(read(&settings, &truncated, NOW).is_none(), "with {name} cut");
    }
}

#[test]
fn a_session_cookie_is_refused_after_its_idle_or_absolute_lifetime() {
    let (settings, day) = (settings(), 24 * 60 * 60);
    let mut jar = Jar::default();
    write(&settings, &mut jar, session("{}"), NOW);
    assert!(read(&settings, &jar, NOW + 14 * day - 1).is_some());
    assert!(read(&settings, &jar, NOW + 14 * day).is_none(), "14 days without a request");

    // Used every day, it lives to the end of its absolute lifetime and no longer.
    let mut now = NOW;
    while now < NOW + 179 * day {
        now += day;
        let open = load(&settings, &jar.request(), now);
        assert!(open.data().is_some());
        let cookies = open.committed(&settings, now).unwrap();
        assert_eq!(cookies.len(), 1, "once a day the session is written to say that it is in use");
        jar.take(&cookies);
    }
    assert!(read(&settings, &jar, NOW + 180 * day - 1).is_some());
    assert!(read(&settings, &jar, NOW + 180 * day).is_none());
}

#[test]
fn an_unchanged_session_writes_nothing() {
    let settings = settings();
    let mut jar = Jar::default();
    write(&settings, &mut jar, session("{}"), NOW);
    assert!(load(&settings, &jar.request(), NOW + 3600).committed(&settings, NOW + 3600).unwrap().is_empty());
    assert!(load(&settings, &HeaderCookies::parse("theme=dark"), NOW).committed(&settings, NOW).unwrap().is_empty());
}

#[test]
fn the_newest_four_sign_ins_are_kept() {
    let settings = settings();
    let mut jar = Jar::default();
    let mut states = Vec::new();
    for second in 0..30 {
        let now = NOW + second;
        let mut transaction =
            Transaction::begin("http://localhost:3000/callback".into(), "http://localhost:3000/".into(), now).unwrap();
        let mut open = load(&settings, &jar.request(), now);
        open.begin_transaction(&settings, &mut transaction, "http://localhost:3000/", now).unwrap();
        jar.take(&open.committed(&settings, now).unwrap());
        states.push(transaction.state.clone());
        assert!(jar.0.len() <= 4);
    }
    let header: usize = jar.0.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
    assert!(header < 4096, "30 abandoned sign-ins make a header of {header} bytes");
    for (index, state) in states.iter().enumerate() {
        let taken = load(&settings, &jar.request(), NOW + 30).take_transaction(&settings, state);
        assert_eq!(taken.is_some(), index >= 26, "sign-in {index}");
    }
}

/// Sealed by version 0.1.0. Cookies in users' browsers must stay readable.
#[test]
fn a_cookie_of_an_earlier_release_opens() {
    let sealed = include_str!("../../tests/fixtures/sealed/0.1.0.txt").trim();
    let settings = settings();
    let cookies = HeaderCookies::parse(format!("{}={sealed}", settings.own.session_name()));
    let open = load(&settings, &cookies, NOW);
    let data = open.data().unwrap();
    assert_eq!(payload(data), "{\"sub\":\"golden\"}");
    assert_eq!(data.access_tokens[0].token.expose(), "6zT3chBa0WVESlvRUBlJNjzDs0GLnMwGt0Ihyi_v6iw");
    assert_eq!(data.access_tokens[1].token.expose(), "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJnb2xkZW4ifQ.c2lnbmF0dXJl");
}

#[test]
fn a_session_cookie_queued_in_a_cookie_jar_is_visible_to_later_reads() {
    let settings = settings();
    let mut jar = cookie::CookieJar::new();
    let mut open = load(&settings, &jar, NOW);
    open.start(session("{}"));
    for cookie in open.committed(&settings, NOW).unwrap() {
        Cookies::set(&mut jar, cookie);
    }
    // Later reads return a queued cookie.
    let mut open = load(&settings, &jar, NOW);
    assert!(open.data().is_some());
    open.discard();
    for cookie in open.committed(&settings, NOW).unwrap() {
        Cookies::set(&mut jar, cookie);
    }
    assert!(load(&settings, &jar, NOW).data().is_none());
}

#[test]
fn beginning_a_sign_in_forgets_those_that_are_over() {
    let settings = settings();
    let mut jar = Jar::default();
    let begin = |jar: &mut Jar, now| {
        let mut transaction = Transaction::begin("https://app.test/callback".into(), "/".into(), now).unwrap();
        let mut open = load(&settings, &jar.request(), now);
        open.begin_transaction(&settings, &mut transaction, "http://localhost:3000/", now).unwrap();
        jar.take(&open.committed(&settings, now).unwrap());
        transaction.state.clone()
    };
    let first = begin(&mut jar, NOW);
    let second = begin(&mut jar, NOW + 3600);
    let holds = |jar: &Jar, state: &str| super::has_transaction(&settings, &jar.request(), state);
    assert!(holds(&jar, &first) && holds(&jar, &second));
    begin(&mut jar, NOW + 3601);
    assert!(!holds(&jar, &first) && holds(&jar, &second) && jar.0.len() == 2);
    // A name alone is no sign-in, and neither is another cookie.
    let name = settings.own.transaction_name(&first);
    let has = |header: String| super::has_transaction(&settings, &HeaderCookies::parse(header), &first);
    assert!(has(format!("{name}=a")) && !has(format!("{name}=")) && !has("other=a".into()));
}

/// Two callbacks of one sign-in, which share what the first got.
#[test]
fn a_second_write_of_the_same_session_does_not_end_the_session() {
    let settings = settings();
    let mut jar = Jar::default();
    let data = session("{}");
    write(&settings, &mut jar, data.clone(), NOW);
    write(&settings, &mut jar, data.clone(), NOW + 1);
    assert_eq!(read(&settings, &jar, NOW + 1).unwrap().id, data.id);
    let before = jar.clone();
    write(&settings, &mut jar, session("{}"), NOW + 2);
    assert!(read(&settings, &jar, NOW + 2).is_some());
    assert!(read(&settings, &before, NOW + 2).is_none(), "another sign-in ended it");
}
