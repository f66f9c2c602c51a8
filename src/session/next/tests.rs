//! Against cookies that `wrapSession` of `@logto/node` 3.1.11 sealed.

mod endings;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cookie::Cookie;
use serde_json::{Value, json};

use super::{NextCookie, members, seal::Keys as NextKeys};
use crate::{
    secret::Secret,
    session::{
        CookieSettings, HeaderCookies, Jwt, Keys, LoadedSession, SessionData, SessionFormat, SessionLifetime,
        StoredAccessToken, Stores, Subject, own_cookies::own,
    },
    store::MemoryRevocations,
    types::TokenKey,
};

const NOW: i64 = 1_795_385_600;
const APP: &str = "h8rc2xdlth5ihimk3tfuc";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const SEALED: &str = "YdQsfphfQUyny0Kn0AlNdWLwRJdC3KDHKnSi/Pa1KogucPXm9qW0i86YyKzbSYz4EGZeiWTDqxXloXXiT09UDSoODLImIIMLEtqjkQ1mDvfx9VsvCUkLsB4vFSZ/kq1Zu+dO70YPU/X345by/c6uH5XxMOZjK+2wjfqhMKh308XGOspadaZuBvTl7LnRcN62AvoE1a7JQHqZSa7k8qQe1XTa2GWHjDRZUZuB7ym5LfB63un6d0m5FPbvsiWJ5sj22e0zYj0sIFvPUqr/+bRiBIcv48vNPSjlTTHi6Ug1kcbh2e9yUzqDUL11/WmSUVOzchvbYfhIVS4nM0SmDVta9XwmP23VIthPyomio346SpRFLk1KG8QE7+rokmUiwBxYsae0pFheK+m0/ccG30qszBMaaNY7L9bwKq8hSKiSea755+Ea4er1XCNh6tTCubLgpfhpo8n+r3UtFLI0Ol+OxR9BAoe/cSrLCOHQx9BIxSXWTNJAe27YA7Vzf7T3ZRt6bR+q0qzYz6aVO1qCB4XPK0HrxJh++Dor6jepRVviQvPSOsYhS57JHNkHLxv/zkgCsdkiubQGLY4cyqNggJ+XUSvI0hCx3L5yd3cY7gsdnRhmWegZfgWaluPWFVDmI5HN85mp2XnPdJ/68qX+8xsoCGf28zq5EeB86gsmi7Gh8NWmP099caAea1kToInV+JIfsl8AZ1UJrKjgjg89b/Fz5Q==.bXUvspcS8BcYTQo/";
const SIGNED_OUT: &str = "D+udj4BrnJsYzdMLK0GcIs2K.MMig9L6r+tx1nIOM";
const PENDING: &str = "dnLgf1Ojc5hAxXnLtEG7bJzoeEqSlFfgTAgHo9J4llTl2I0MxNE=.3EQ8DDFKB+VKFFoW";

fn settings_with(format: SessionFormat, app_id: &str, secret: &str, previous: &[&str]) -> CookieSettings {
    let previous: Vec<_> = previous.iter().copied().map(Secret::from).collect();
    let secret = Secret::new(secret);
    let keys = Keys::derive(app_id, &secret, &previous).unwrap();
    let stores = Stores::remembering_in_memory(None, MemoryRevocations::new());
    CookieSettings::new(keys, SessionLifetime::default(), stores, own(app_id, true))
        .with_next(NextCookie::new(format, app_id, &secret, &previous))
}

fn settings() -> CookieSettings {
    settings_with(SessionFormat::Next, APP, SECRET, &[])
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn load(settings: &CookieSettings, value: &str, now: i64) -> LoadedSession {
    let cookies = HeaderCookies::parse(format!("logto_{APP}={value}"));
    wait(LoadedSession::load(settings, &cookies, now)).unwrap()
}

fn commit(open: LoadedSession, settings: &CookieSettings, now: i64) -> crate::error::Result<Vec<Cookie<'static>>> {
    wait(open.commit(settings, now))
}

/// What the one cookie holds, with the map of access tokens opened.
fn unsealed(cookies: &[Cookie<'static>]) -> Value {
    assert_eq!(cookies.len(), 1);
    assert_eq!(cookies[0].name(), format!("logto_{APP}"));
    let keys = NextKeys::derive(&Secret::new(SECRET), &[]);
    let mut members: Value = serde_json::from_slice(&keys.open(cookies[0].value()).unwrap()).unwrap();
    if let Some(map) = members.get("accessToken").and_then(Value::as_str) {
        members["accessToken"] = serde_json::from_str(map).unwrap();
    }
    members
}

fn session(claims: &Value) -> SessionData {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().entry("sub").or_insert_with(|| json!("ada"));
    let jwt = format!("{}.{}.{}", encode(b"{}"), encode(claims.to_string().as_bytes()), encode(&[7; 96]));
    let mut data = SessionData::begin(Jwt::parse(&jwt).unwrap(), Subject::of("ada", None), NOW, NOW).unwrap();
    data.refresh_token = Some(Secret::new("a-refresh-token"));
    data
}

fn access_token(resource: &str, size: usize) -> StoredAccessToken {
    let key = TokenKey { resource: Some(resource.to_owned()), ..TokenKey::default() };
    StoredAccessToken::new(key, Secret::new("t".repeat(size)), String::new(), NOW, 3600)
}

#[test]
fn a_cookie_of_logto_next_is_read() {
    for escaped in [SEALED.to_owned(), SEALED.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")] {
        let open = load(&settings(), &escaped, NOW + 60);
        let data = open.data().unwrap();
        assert_eq!(data.subject.sub, "ada");
        assert_eq!((data.created_at, data.issued_at, data.touched_at), (NOW, NOW, NOW));
        assert_eq!(data.refresh_token, Some(Secret::new("a-refresh-token")));
        assert_eq!(data.access_token(&TokenKey::default(), NOW, None).unwrap().scope, "openid profile");
        let key = TokenKey {
            resource: Some("https://api.example.test".into()),
            organization: Some("org-1".into()),
            ..TokenKey::default()
        };
        assert_eq!(data.access_token(&key, NOW, None).unwrap().expires_at, NOW + 3500);
        assert_eq!(commit(open, &settings(), NOW + 60).unwrap().len(), 0, "reading writes nothing");
    }
    let rotated = settings_with(SessionFormat::Next, APP, OTHER, &[SECRET]);
    assert!(load(&rotated, SEALED, NOW).data().is_some(), "a secret used before still reads");
}

#[test]
fn unknown_members_of_a_cookie_of_logto_next_survive_a_write() {
    let settings = settings();
    let mut open = load(&settings, SEALED, NOW + 60);
    let id = open.data().unwrap().id;
    open.data_mut().unwrap().put_access_token(access_token("https://other.example.test", 8));
    let written = commit(open, &settings, NOW + 60).unwrap();
    let members = unsealed(&written);
    assert_eq!((&members["signInSession"], &members["later"]), (&json!("{}"), &json!({ "a": [1, null] })));
    assert_eq!(members["refreshToken"], json!("a-refresh-token"));
    assert_eq!(
        members["accessToken"]["@https://other.example.test"],
        json!({ "token": "tttttttt", "scope": "", "expiresAt": NOW + 3600 })
    );
    assert_eq!(members["accessToken"]["@https://api.example.test#org-1"]["token"], json!("jwt"));
    assert!(written[0].to_string().ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600"));

    let again = load(&settings, written[0].value(), NOW + 120);
    assert!(again.data().unwrap().id == id, "the session keeps its id");
    assert_eq!(again.data().unwrap().touched_at, NOW + 60);
}

#[test]
fn a_logto_next_cookie_without_a_session_of_the_application_is_ignored() {
    let truncated = SEALED.split_at(400).0;
    let ours = commit(
        {
            let mut open = LoadedSession::default();
            open.start(session(&json!({ "aud": APP, "iat": NOW })));
            open
        },
        &settings_with(SessionFormat::Logto, APP, SECRET, &[]),
        NOW,
    )
    .unwrap();
    for value in [SIGNED_OUT, PENDING, truncated, "", ".", "a.b", "%zz.%zz", "👻", ours[0].value()] {
        let open = load(&settings(), value, NOW);
        assert!(open.data().is_none(), "{value}");
        assert_eq!(commit(open, &settings(), NOW).unwrap().len(), 0, "{value}");
    }
    let rotated = load(&settings_with(SessionFormat::Next, APP, OTHER, &[]), SEALED, NOW);
    assert!(rotated.data().is_none());
    // The same secret, the same cookie's name even: the ID token says for which application it is.
    let keys = NextKeys::derive(&Secret::new(SECRET), &[]);
    assert!(members::read(&keys.open(SEALED).unwrap(), "another").unwrap().data.is_none());
}

#[test]
fn a_sign_in_under_way_in_logto_next_survives_the_end_of_a_session_but_not_a_sign_out() {
    let settings = settings();
    let mut open = load(&settings, SEALED, NOW);
    open.discard();
    let members = unsealed(&commit(open, &settings, NOW).unwrap());
    assert_eq!(members, json!({ "signInSession": "{}", "later": { "a": [1, null] } }));
    for value in [SEALED, PENDING] {
        let mut open = load(&settings, value, NOW);
        open.sign_out(&settings);
        let cookies = commit(open, &settings, NOW).unwrap();
        assert_eq!((cookies.len(), cookies[0].value()), (1, ""));
    }
    assert!(load(&settings, SEALED, NOW).data().is_none(), "an ended session is remembered, stamped or not");
}

#[test]
fn lifetimes_of_a_logto_next_session_count_from_its_sign_in_or_its_last_write() {
    let mut settings = settings();
    settings.lifetime = SessionLifetime::new().idle(Duration::from_secs(3600)).absolute(Duration::from_secs(36_000));
    assert!(load(&settings, SEALED, NOW + 7200).data().is_some(), "nobody knows whether the user was idle");
    assert!(load(&settings, SEALED, NOW + 36_000).data().is_none(), "the sign-in was too long ago");
    let open = load(&settings, SEALED, NOW + 7200);
    let written = commit(open, &settings, NOW + 7200).unwrap();
    let value = written[0].value();
    assert!(load(&settings, value, NOW + 10_799).data().is_some());
    let expired = load(&settings, value, NOW + 10_800);
    assert!(expired.data().is_none(), "now it is known");
    let members = unsealed(&commit(expired, &settings, NOW + 10_800).unwrap());
    assert!(members.get("idToken").is_none() && members.get("signInSession").is_some());
}

#[test]
fn a_shared_session_that_does_not_fit_one_cookie_loses_access_tokens_first() {
    let settings = settings();
    let mut data = session(&json!({ "aud": APP, "iat": NOW, "name": "n".repeat(900) }));
    data.access_tokens = vec![access_token("https://a.example.test", 900), access_token("https://b.example.test", 900)];
    let mut open = LoadedSession::default();
    open.start(data);
    let written = commit(open, &settings, NOW).unwrap();
    assert!(written[0].to_string().len() <= 4096);
    let members = unsealed(&written);
    let tokens: Vec<_> = members["accessToken"].as_object().unwrap().keys().collect();
    assert_eq!(tokens, ["@https://b.example.test", "logto-rust"], "the newest stays");

    let mut open = LoadedSession::default();
    open.start(session(&json!({ "aud": APP, "iat": NOW, "name": "n".repeat(4000) })));
    let error = commit(open, &settings, NOW).unwrap_err();
    assert_eq!(error.code(), "session.too_large");
    assert!(error.hint().contains("from-next"), "{}", error.hint());
}

#[test]
fn at_the_end_of_a_move_the_cookie_of_logto_next_becomes_one_of_this_crate() {
    let settings = settings_with(SessionFormat::FromNext, APP, SECRET, &[]);
    let written = commit(load(&settings, SEALED, NOW + 60), &settings, NOW + 60).unwrap();
    let names: Vec<_> = written.iter().map(|cookie| (cookie.name().to_owned(), cookie.value().is_empty())).collect();
    assert_eq!(names, [(format!("logto_{APP}"), true), (format!("__Host-logto_{APP}"), false)]);

    let ours = format!("__Host-logto_{APP}={}", written[1].value());
    let plain = settings_with(SessionFormat::Logto, APP, SECRET, &[]);
    for settings in [&settings, &plain] {
        let open = wait(LoadedSession::load(settings, &HeaderCookies::parse(ours.as_str()), NOW + 120)).unwrap();
        assert_eq!(open.data().unwrap().subject.sub, "ada");
        assert_eq!(open.data().unwrap().access_tokens.len(), 2);
    }
    // Once there is one of ours, theirs is not looked at: it would bring back a session that ended here.
    let both = HeaderCookies::parse(format!("__Host-logto_{APP}=broken; logto_{APP}={SEALED}"));
    let open = wait(LoadedSession::load(&settings, &both, NOW + 120)).unwrap();
    assert!(open.data().is_none());
    assert_eq!(commit(open, &settings, NOW + 120).unwrap().len(), 2, "both are deleted");
}

#[test]
fn a_shared_cookie_leaves_room_for_the_escapes_of_logto_next() {
    let (settings, mut sizes) = (settings(), Vec::new());
    for size in 800..1200 {
        let mut data = session(&json!({ "aud": APP, "iat": NOW, "name": "n".repeat(900) }));
        data.access_tokens = vec![access_token("https://a.example.test", size)];
        let mut open = LoadedSession::default();
        open.start(data);
        let written = commit(open, &settings, NOW).unwrap();
        let value = written[0].value();
        let escaped: usize =
            value.bytes().map(|byte| if byte.is_ascii_alphanumeric() || byte == b'.' { 1 } else { 3 }).sum();
        let has_token = unsealed(&written)["accessToken"].as_object().unwrap().contains_key("@https://a.example.test");
        let size = written[0].to_string().len() - value.len() + escaped;
        assert!(!has_token || size <= 4096, "{size}");
        sizes.push(if has_token { size } else { 0 });
    }
    let most = sizes.iter().max();
    assert!(sizes.contains(&0) && most.is_some_and(|most| *most > 4090), "the limit is never reached: {most:?}");
}

#[test]
fn a_session_of_another_application_is_nobody() {
    let keys = NextKeys::derive(&Secret::new(SECRET), &[]);
    let is_read = |aud: Value| {
        let id_token = session(&json!({ "aud": aud, "iat": NOW, "sub": "ada" })).id_token.compact();
        let members = json!({ "idToken": id_token.expose(), "refreshToken": "" });
        let open = load(&settings(), &keys.seal(members.to_string().as_bytes()).unwrap(), NOW);
        open.data().is_some_and(|data| data.refresh_token.is_none())
    };
    assert!(is_read(json!(APP)) && is_read(json!(["another", APP])));
    assert!(!is_read(json!("another")) && !is_read(json!(["another"])) && !is_read(json!([])));
}

#[test]
fn session_formats_are_read_by_their_names() {
    for (name, format) in
        [("logto", SessionFormat::Logto), ("next", SessionFormat::Next), ("from-next", SessionFormat::FromNext)]
    {
        assert_eq!(name.parse::<SessionFormat>().unwrap(), format);
        assert_eq!(serde_json::to_value(format).unwrap(), name);
    }
    assert_eq!("other".parse::<SessionFormat>().unwrap_err().code(), "options.invalid");
}

#[test]
fn a_cookie_of_next_that_comes_twice_is_never_taken_over() {
    let settings = settings_with(SessionFormat::FromNext, APP, SECRET, &[]);
    let name = format!("logto_{APP}");
    for planted in [SEALED, SIGNED_OUT, "garbage"] {
        for header in [format!("{name}={planted}; {name}={SEALED}"), format!("{name}={SEALED}; {name}={planted}")] {
            let open = wait(LoadedSession::load(&settings, &HeaderCookies::parse(header.as_str()), NOW + 60)).unwrap();
            assert!(open.data().is_none(), "{header}");
            // Were ours deleted, the planted one would come alone the next time.
            assert_eq!(commit(open, &settings, NOW + 60).unwrap().len(), 0, "{header}");
        }
    }
}

#[test]
fn two_different_shared_cookies_that_both_decrypt_give_no_session() {
    let (settings, name) = (settings(), format!("logto_{APP}"));
    let load = |values: [&str; 2]| {
        let header = values.map(|value| format!("{name}={value}")).join("; ");
        wait(LoadedSession::load(&settings, &HeaderCookies::parse(header), NOW + 60)).unwrap()
    };
    let planted = NextKeys::derive(&Secret::new(SECRET), &[]).seal(br#"{"idToken":"a"}"#).unwrap();
    for (values, signed_in) in [
        ([SEALED, "garbage"], true),
        (["garbage", SEALED], true),
        ([SEALED, SEALED], true),
        ([SEALED, SIGNED_OUT], false),
        ([SIGNED_OUT, SEALED], false),
        ([SEALED, &planted], false),
        (["garbage", "waste"], false),
    ] {
        let open = load(values);
        assert_eq!(open.data().is_some(), signed_in, "{values:?}");
        assert_eq!(commit(open, &settings, NOW + 60).unwrap().len(), 0, "nothing is deleted: {values:?}");
    }
}

#[test]
fn a_logto_next_cookie_is_ignored_after_the_end_date_of_the_migration() {
    let secret = Secret::new(SECRET);
    let until = std::time::UNIX_EPOCH + Duration::from_secs(u64::try_from(NOW + 3600).unwrap());
    let next = NextCookie::new(SessionFormat::FromNext, APP, &secret, &[]).map(|next| next.until(Some(until)));
    let settings = settings_with(SessionFormat::FromNext, APP, SECRET, &[]).with_next(next);
    assert!(load(&settings, SEALED, NOW + 3599).data().is_some());
    for now in [NOW + 3600, NOW + 10 * 3600] {
        let open = load(&settings, SEALED, now);
        assert!(open.data().is_none());
        assert_eq!(commit(open, &settings, now).unwrap().len(), 0);
    }
}

#[test]
fn data_of_the_application_is_kept_beside_the_stamp() {
    let settings = settings();
    let mut open = load(&settings, SEALED, NOW + 60);
    let slot = crate::types::AppJson::from_written("{\"shop\":1}");
    open.data_mut().unwrap().app_data.set_slot(Some(slot.clone()));
    let written = commit(open, &settings, NOW + 60).unwrap();
    let back = load(&settings, written[0].value(), NOW + 120);
    assert_eq!(back.data().unwrap().app_data.slot(), Some(&slot));
    // A session without it has only the previous members.
    let mut open = load(&settings, SEALED, NOW + 60);
    open.data_mut().unwrap().touched_at = NOW;
    let members = unsealed(&commit(open, &settings, NOW + 60).unwrap());
    let stamp = members["accessToken"]["logto-rust"].as_object().unwrap();
    assert!(!stamp.contains_key("data") && !stamp.contains_key("appState"), "{stamp:?}");
}

#[test]
fn a_refresh_by_next_makes_no_newer_login() {
    let settings = settings();
    let before = json!({ "auth_time": NOW - 7200, "acr": "urn:1fa", "amr": ["pwd"] });
    let fresh = json!({ "auth_time": NOW + 600, "acr": "urn:mfa", "amr": ["otp"] });
    let with_login = |iat: i64, login: &Value| {
        let mut claims = json!({ "aud": APP, "iat": iat, "nonce": "n" });
        claims.as_object_mut().unwrap().extend(login.as_object().unwrap().clone());
        session(&claims)
    };
    for login in [before, json!({})] {
        let mut open = LoadedSession::default();
        open.start(with_login(NOW, &login));
        let written = commit(open, &settings, NOW).unwrap();
        let keys = NextKeys::derive(&Secret::new(SECRET), &[]);
        let mut members: Value = serde_json::from_slice(&keys.open(written[0].value()).unwrap()).unwrap();
        // Next.js takes the ID token of its own refresh as it comes, and keeps what else is there.
        members["idToken"] = json!(with_login(NOW + 600, &fresh).id_token.compact().expose());
        let value = keys.seal(members.to_string().as_bytes()).unwrap();
        let open = load(&settings, &value, NOW + 660);
        let claims: Value = serde_json::from_slice(&open.data().unwrap().claims()).unwrap();
        for name in ["auth_time", "acr", "amr"] {
            assert_eq!(claims.get(name), login.get(name), "{name} of {login}");
        }
        assert_eq!((&claims["nonce"], &claims["iat"]), (&json!("n"), &json!(NOW + 600)));
    }
}
