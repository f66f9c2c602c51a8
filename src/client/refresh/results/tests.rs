use super::*;

fn completed(at: i64, lifetime: i64) -> CompletedRefresh {
    let key = TokenKey::default();
    let access_token = StoredAccessToken::new(key.clone(), "opaque".into(), String::new(), at, lifetime);
    CompletedRefresh { key, number: 1, at, result: Ok(access_token) }
}

#[test]
fn a_result_noted_by_a_clock_that_was_ahead_is_not_handed_out() {
    let state = FamilyState {
        refresh_token: Secret::new("refresh-token-0"),
        refreshes: 0,
        id_token: None,
        answered_at: 0,
        results: vec![completed(7200, 3600)],
        ended: None,
        span: None,
    };
    let result = |now, seen| state.result(&TokenKey::default(), seen, FreshnessPolicy::default(), now).is_some();
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
        assert_eq!(completed(0, lifetime).is_fresh(now, validity), serving, "{lifetime} {validity:?} {now}");
    }
}
