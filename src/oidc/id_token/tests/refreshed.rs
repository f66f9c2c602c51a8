use serde_json::{Value, json};

use super::{Expected, LEEWAY, NOW, Original, claims, expected, judge, set};
use crate::oidc::test_support::with;

#[test]
fn a_refreshed_id_token_is_of_the_same_login() {
    let trusted = ["api".to_owned()];
    let login = |more: &[(&str, Value)]| {
        let judged = Expected { trusted_audiences: &trusted, ..expected() };
        Original { claims: judge(&with(claims(), more), &judged).unwrap(), issued_at: NOW }
    };
    let (bare, full) = (login(&[]), login(&[("auth_time", json!(NOW - 60)), ("azp", json!("app"))]));
    let azp = ("azp", json!("app"));
    let auth_time = |seconds: i64| ("auth_time", json!(NOW + seconds));
    for (original, changes, code) in [
        (&bare, vec![], ""),
        (&bare, vec![("nonce", Value::Null)], ""),
        (&bare, vec![("nonce", json!("another"))], "id_token.invalid_nonce"),
        (&bare, vec![("nonce", json!(""))], "id_token.invalid_nonce"),
        (&bare, vec![azp.clone()], "id_token.invalid_azp"),
        (&bare, vec![("aud", json!(["app"]))], ""),
        (&bare, vec![("aud", json!(["app", "api"]))], "id_token.invalid_aud"),
        (&bare, vec![("iat", json!(1))], "id_token.invalid_iat"),
        (&bare, vec![("iat", json!(NOW - LEEWAY))], ""),
        (&bare, vec![("iat", json!(NOW - LEEWAY - 1))], "id_token.invalid_iat"),
        (&bare, vec![("iat", json!(NOW + LEEWAY + 1))], "id_token.invalid_iat"),
        // It was before the sign-in; that it was recent is not accepted (`session/login.rs`).
        (&bare, vec![auth_time(0)], ""),
        (&bare, vec![auth_time(LEEWAY + 1)], "id_token.invalid_auth_time"),
        (&full, vec![azp.clone()], ""),
        (&full, vec![azp.clone(), auth_time(-60)], ""),
        (&full, vec![azp.clone(), auth_time(-59)], "id_token.invalid_auth_time"),
        (&full, vec![azp.clone(), auth_time(-61)], "id_token.invalid_auth_time"),
        (&full, vec![azp, auth_time(i64::MAX - NOW)], "id_token.invalid_auth_time"),
        (&full, vec![], "id_token.invalid_azp"),
    ] {
        let refresh = Expected { trusted_audiences: &trusted, nonce: None, refreshed: Some(original), ..expected() };
        let verdict = judge(&with(claims(), &changes), &refresh);
        assert_eq!(verdict.err().map_or(String::new(), |error| error.code().as_str().to_owned()), code, "{changes:?}");
    }
    let two = login(&[("aud", json!(["app", "api"]))]);
    let refresh = Expected { trusted_audiences: &trusted, nonce: None, refreshed: Some(&two), ..expected() };
    assert!(judge(&set("aud", json!(["api", "app"])), &refresh).is_ok(), "the order says nothing");
    assert_eq!(judge(&claims(), &refresh).unwrap_err().code(), "id_token.invalid_aud");
}
