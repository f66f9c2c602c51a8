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
    refreshes.link_successor(&token(from + 1), &family, now);
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
    refreshes.family(&token(9000), RESULT_TTL_SECONDS + 1);
    assert_eq!(len(&refreshes), 3, "those that were not rotated are kept for the grace period");
    refreshes.family(&token(9001), SUCCESSOR_TTL_SECONDS + 1);
    assert_eq!(len(&refreshes), 1);
}

#[test]
fn the_newest_refresh_token_is_kept_while_an_older_one_leads_to_the_same_family() {
    let refreshes = Refreshes::default();
    rotate(&refreshes, 0, 0);
    let family = refreshes.family(&token(0), 0);
    // A tab that never sees the answers comes with the first token, again and again.
    for now in (0..5).map(|turn| turn * SUCCESSOR_TTL_SECONDS) {
        assert!(Arc::ptr_eq(&refreshes.family(&token(0), now), &family));
    }
    assert!(
        Arc::ptr_eq(&refreshes.family(&token(1), 4 * SUCCESSOR_TTL_SECONDS), &family),
        "or one token would be spent by two"
    );
}

#[test]
fn a_refresh_in_progress_is_kept_regardless_of_its_duration() {
    let refreshes = Refreshes::default();
    let family = refreshes.family(&token(0), 0);
    let working = family.state.try_lock().unwrap();
    refreshes.family(&token(1), 10 * SUCCESSOR_TTL_SECONDS);
    assert!(Arc::ptr_eq(&refreshes.0.lock().unwrap().by_token.get(&hash(&token(0))).unwrap().family, &family));
    drop(working);
    refreshes.family(&token(2), 11 * SUCCESSOR_TTL_SECONDS);
    assert_eq!(len(&refreshes), 1);
}

#[test]
fn refreshes_noted_by_a_clock_that_was_ahead_are_forgotten_in_time() {
    let refreshes = Refreshes::default();
    let year = 365 * 24 * SUCCESSOR_TTL_SECONDS;
    rotate(&refreshes, 0, year);
    let family = refreshes.family(&token(0), year);
    for now in [0, SUCCESSOR_TTL_SECONDS / 2, SUCCESSOR_TTL_SECONDS] {
        assert!(Arc::ptr_eq(&refreshes.0.lock().unwrap().by_token.get(&hash(&token(0))).unwrap().family, &family));
        refreshes.family(&token(100 + now), now);
    }
    refreshes.family(&token(99), 3 * SUCCESSOR_TTL_SECONDS);
    assert!(!refreshes.0.lock().unwrap().by_token.contains_key(&hash(&token(0))));
}
