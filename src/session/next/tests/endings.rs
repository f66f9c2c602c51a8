//! What ends a session in the shared cookie, and what it does not end.

use super::*;

/// A cookie as Next.js writes it after a sign-in or a refresh, without this crate's stamp.
fn theirs(claims: &Value, refresh_token: &str) -> String {
    let data = session(claims);
    let members = json!({ "idToken": data.id_token.compact().expose(), "refreshToken": refresh_token });
    NextKeys::derive(&Secret::new(SECRET), &[]).seal(members.to_string().as_bytes()).unwrap()
}

fn claims(iat: impl Into<Value>, nonce: Option<&str>) -> Value {
    let mut claims = json!({ "aud": APP, "sub": "ada", "iat": iat.into() });
    claims.as_object_mut().unwrap().extend(nonce.map(|nonce| ("nonce".to_owned(), json!(nonce))));
    claims
}

fn sign_out(settings: &CookieSettings, value: &str, now: i64) {
    let mut open = load(settings, value, now);
    assert!(open.sign_out(settings).is_some());
    commit(open, settings, now).unwrap();
}

fn is_signed_in(settings: &CookieSettings, value: &str, now: i64) -> bool {
    load(settings, value, now).data().is_some()
}

#[test]
fn a_sign_out_ends_what_the_same_sign_in_had_before_its_tokens_were_rotated() {
    for nonce in [None, Some("nonce-of-the-sign-in")] {
        for format in [SessionFormat::Next, SessionFormat::FromNext] {
            let settings = settings_with(format, APP, SECRET, &[]);
            let first = theirs(&claims(NOW, nonce), "refresh-1");
            let second = theirs(&claims(NOW + 3600, nonce), "refresh-2");
            let third = theirs(&claims(NOW + 7200, nonce), "refresh-3");
            let now = NOW + 7200;
            assert!([&first, &second, &third].iter().all(|value| is_signed_in(&settings, value, now)));
            sign_out(&settings, &third, now);
            for (what, value) in [("first", &first), ("second", &second), ("third", &third)] {
                let day = 24 * 60 * 60;
                for later in [0, 13 * day, 179 * day] {
                    assert!(!is_signed_in(&settings, value, now + later), "{nonce:?} {format:?} {what} {later}");
                }
            }
        }
    }
}

#[test]
fn a_sign_out_spares_other_sign_ins_of_the_user() {
    let settings = settings();
    let by_nonce = theirs(&claims(NOW, Some("another")), "refresh-a");
    let ended = theirs(&claims(NOW + 10, Some("nonce")), "refresh-b");
    let newer = theirs(&claims(NOW + 11, None), "refresh-c");
    sign_out(&settings, &ended, NOW + 20);
    assert!(!is_signed_in(&settings, &ended, NOW + 20));
    assert!(is_signed_in(&settings, &by_nonce, NOW + 20), "its nonce tells it apart");
    assert!(is_signed_in(&settings, &newer, NOW + 20), "it has no nonce, and is newer");

    // docs/from-next.md: without a nonce, an older one of the user cannot be told from the one that signed out.
    let (older, present) = (theirs(&claims(NOW, None), "refresh-d"), theirs(&claims(NOW + 12, None), "refresh-e"));
    let mut of_bob = claims(NOW, None);
    of_bob["sub"] = json!("bob");
    let of_bob = theirs(&of_bob, "refresh-f");
    sign_out(&settings, &present, NOW + 20);
    assert!(!is_signed_in(&settings, &older, NOW + 20));
    assert!(is_signed_in(&settings, &of_bob, NOW + 20));
}

#[test]
fn a_sign_out_ends_every_copy_of_a_logto_next_session_with_or_without_a_stamp() {
    let settings = settings();
    let before = theirs(&claims(NOW, Some("nonce")), "refresh-1");
    let mut open = load(&settings, &before, NOW + 60);
    open.data_mut().unwrap().put_access_token(access_token("https://api.example.test", 8));
    let stamped = commit(open, &settings, NOW + 60).unwrap()[0].value().to_owned();
    let dropped = theirs(&claims(NOW + 3600, Some("nonce")), "refresh-2");
    sign_out(&settings, &dropped, NOW + 3600);
    for value in [&before, &stamped, &dropped] {
        assert!(!is_signed_in(&settings, value, NOW + 3600));
    }
}

/// From the shared cookie into one of our own: the copies of the shared one end with it.
#[test]
fn a_sign_out_after_a_migration_ends_the_session_of_the_logto_next_cookie() {
    for nonce in [None, Some("nonce")] {
        let settings = settings_with(SessionFormat::FromNext, APP, SECRET, &[]);
        let first = theirs(&claims(NOW, nonce), "refresh-1");
        let second = theirs(&claims(NOW + 60, nonce), "refresh-2");
        let moved = commit(load(&settings, &second, NOW + 60), &settings, NOW + 60).unwrap();
        let own = moved.iter().find(|cookie| cookie.name() == settings.own.session_name()).unwrap();
        let cookies = HeaderCookies::parse(format!("{}={}", own.name(), own.value()));
        let mut open = wait(LoadedSession::load(&settings, &cookies, NOW + 120)).unwrap();
        assert!(open.sign_out(&settings).is_some());
        commit(open, &settings, NOW + 120).unwrap();
        assert!(wait(LoadedSession::load(&settings, &cookies, NOW + 180)).unwrap().data().is_none(), "{nonce:?}");
        for value in [&first, &second] {
            assert!(!is_signed_in(&settings, value, NOW + 180), "{nonce:?}");
        }
    }
}

#[test]
fn a_logto_next_session_without_a_usable_sub_sid_or_iat_is_not_signed_in() {
    let settings = settings();
    for iat in [json!(NOW), json!(1_795_385_600.75), json!(1.795_385_6e9)] {
        let open = load(&settings, &theirs(&claims(iat.clone(), None), "r"), NOW);
        let data = open.data().unwrap();
        assert_eq!((data.subject.sub.as_str(), data.issued_at), ("ada", NOW), "{iat}");
    }
    for (name, value) in [
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("x".repeat(256))),
        ("sid", json!("")),
        ("sid", json!({})),
        ("sid", json!("x".repeat(256))),
        ("iat", json!("1795385600")),
        ("iat", json!(1e300)),
        ("iat", json!(u64::MAX)),
    ] {
        let mut claims = claims(NOW, None);
        claims[name] = value.clone();
        assert!(!is_signed_in(&settings, &theirs(&claims, "r"), NOW), "{name} {value}");
    }
}

#[test]
fn a_session_of_the_future_is_none() {
    let settings = settings();
    for (ahead, alive) in [(0, true), (120, true), (121, false), (315_360_000, false)] {
        assert_eq!(is_signed_in(&settings, &theirs(&claims(NOW + ahead, None), "r"), NOW), alive, "{ahead}");
    }
}
