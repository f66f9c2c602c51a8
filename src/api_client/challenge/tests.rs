use http::{HeaderMap, HeaderValue};

use super::{errors, is_about_the_token};

fn about_the_token(values: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("www-authenticate", HeaderValue::from_str(value).unwrap());
    }
    is_about_the_token(&headers)
}

#[test]
fn a_challenge_about_the_token_is_answered_with_another_token() {
    for header in [
        "",
        "Bearer",
        "Bearer realm=\"books\"",
        "Bearer error=invalid_token",
        "bearer realm=\"a, error=\\\"insufficient_scope\\\"\", ERROR = \"invalid_token\"",
        "Basic realm=\"x\", error=\"insufficient_scope\"",
        "Negotiate YII=, Bearer error=\"invalid_token\"",
        "Bearer scope=\"error=insufficient_scope\"",
        "Bearer error=\"invalid_token",
        "=\"\"=,,,\"",
    ] {
        assert!(about_the_token(&[header]), "{header}");
    }
    assert!(about_the_token(&[]));
}

#[test]
fn a_challenge_about_anything_else_is_not_answered_with_another_token() {
    for header in [
        "Bearer error=\"insufficient_scope\", scope=\"write:books\"",
        "Bearer error=\"insufficient_user_authentication\", max_age=\"5\"",
        "Bearer error=invalid_request",
        "Bearer realm=\"a\",error=\"insufficient_scope\"",
        // Without the comma.
        "Bearer realm=\"a\" error=\"insufficient_scope\"",
        "Bearer realm=\"a\\\"b\", error = insufficient_scope",
        "Negotiate YII==, Bearer error=\"insufficient_scope\"",
        "DPoP error=\"invalid_token\", Bearer error=\"insufficient_scope\"",
    ] {
        assert!(!about_the_token(&[header]), "{header}");
    }
    assert!(!about_the_token(&["Bearer error=\"invalid_token\"", "Bearer error=\"insufficient_scope\""]));
}

#[test]
fn random_challenges_are_read_without_panic() {
    let alphabet = ["Bearer", " ", ",", "=", "\"", "\\", "error", "é", "\t", "a"];
    let mut seed = 1_u64;
    for _ in 0..20_000 {
        let mut header = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            header.push_str(alphabet[usize::try_from(seed >> 33).unwrap() % alphabet.len()]);
        }
        errors(&header);
    }
}
