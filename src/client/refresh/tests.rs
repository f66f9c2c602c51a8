use super::*;

fn token(number: i64) -> Secret {
    Secret::new(format!("refresh-token-{number}"))
}

fn len(refreshes: &Refreshes) -> usize {
    refreshes.0.lock().unwrap().by_token.len()
}

/// What an exchange does that rotates the token.
fn rotate(refreshes: &Refreshes, from: i64, now: i64) {
    let family = refreshes.family(&token(from), now);
    family.state.try_lock().unwrap().refresh_token = token(from + 1);
    refreshes.adopt(&token(from + 1), &family, now);
}

#[test]
fn a_session_that_lives_for_months_leaves_no_tokens_behind() {
    let refreshes = Refreshes::default();
    // Every 50 minutes for 180 days: the family itself is never idle for an hour.
    for number in 0..5184 {
        let now = number * 3000;
        rotate(&refreshes, number, now);
        assert!(len(&refreshes) <= 3, "{} tokens after {number} refreshes", len(&refreshes));
    }
    // Many in one hour are all remembered, and go one after the other.
    let refreshes = Refreshes::default();
    for number in 0..60 {
        rotate(&refreshes, number, number * 60);
    }
    assert_eq!(len(&refreshes), 61);
    let (now, family) = (60 * 60 + 1800, refreshes.family(&token(60), 60 * 60 + 1740));
    assert!(Arc::ptr_eq(&refreshes.family(&token(59), now), &family), "a browser that missed an answer");
    assert_eq!(len(&refreshes), 31, "the half hour before it, and the newest");
}

#[test]
fn refreshes_that_nobody_asked_for_lately_are_forgotten() {
    let refreshes = Refreshes::default();
    for session in 0..1000 {
        refreshes.family(&token(session), 0);
    }
    rotate(&refreshes, 5000, 0);
    assert_eq!(len(&refreshes), 1002);
    refreshes.family(&token(9000), GRACE + 1);
    assert_eq!(len(&refreshes), 3, "those that were not rotated are kept for the grace period");
    refreshes.family(&token(9001), MEMORY + 1);
    assert_eq!(len(&refreshes), 1);
}

#[test]
fn the_newest_token_stays_as_long_as_an_older_one_leads_to_it() {
    let refreshes = Refreshes::default();
    rotate(&refreshes, 0, 0);
    let family = refreshes.family(&token(0), 0);
    // A tab that never sees the answers comes with the first token, again and again.
    for now in (0..5).map(|turn| turn * MEMORY) {
        assert!(Arc::ptr_eq(&refreshes.family(&token(0), now), &family));
    }
    assert!(Arc::ptr_eq(&refreshes.family(&token(1), 4 * MEMORY), &family), "or one token would be spent by two");
}

#[test]
fn a_refresh_under_way_is_kept_however_long_it_takes() {
    let refreshes = Refreshes::default();
    let family = refreshes.family(&token(0), 0);
    let working = family.state.try_lock().unwrap();
    refreshes.family(&token(1), 10 * MEMORY);
    assert!(Arc::ptr_eq(&refreshes.0.lock().unwrap().by_token.get(&hash(&token(0))).unwrap().family, &family));
    drop(working);
    refreshes.family(&token(2), 11 * MEMORY);
    assert_eq!(len(&refreshes), 1);
}

#[test]
fn refreshes_noted_by_a_clock_that_was_ahead_are_forgotten_in_time() {
    let refreshes = Refreshes::default();
    let year = 365 * 24 * MEMORY;
    rotate(&refreshes, 0, year);
    let family = refreshes.family(&token(0), year);
    for now in [0, MEMORY / 2, MEMORY] {
        assert!(Arc::ptr_eq(&refreshes.0.lock().unwrap().by_token.get(&hash(&token(0))).unwrap().family, &family));
        refreshes.family(&token(100 + now), now);
    }
    refreshes.family(&token(99), 3 * MEMORY);
    assert!(!refreshes.0.lock().unwrap().by_token.contains_key(&hash(&token(0))));
}

fn settled(at: i64, lifetime: i64) -> Settled {
    let key = TokenKey::default();
    let access_token = StoredAccessToken::new(key.clone(), "opaque".into(), String::new(), at, lifetime);
    Settled { key, number: 1, at, result: Ok(access_token) }
}

#[test]
fn a_result_noted_by_a_clock_that_was_ahead_is_not_handed_out() {
    let state = State {
        refresh_token: token(0),
        refreshes: 0,
        id_token: None,
        results: vec![settled(7200, 3600)],
        ended: None,
    };
    let result = |now, seen| state.result(&TokenKey::default(), seen, Freshness::default(), now).is_some();
    for (now, found) in [(0, false), (7199, false), (7200, true), (7230, true), (7231, false)] {
        assert_eq!(result(now, 1), found, "{now}");
    }
    assert!(result(0, 0), "but to those who waited for it");
}

#[test]
fn a_shared_result_serves_as_long_as_its_token_may() {
    for (lifetime, validity, now, serving) in [
        (3600, Some(7200), 0, true),
        (3600, Some(3600), 30, true),
        (3600, Some(3599), 1, false),
        (20, Some(600), 9, true),
        (20, Some(600), 10, false),
        (20, None, 9, true),
    ] {
        assert_eq!(settled(0, lifetime).serves(now, validity), serving, "{lifetime} {validity:?} {now}");
    }
}
