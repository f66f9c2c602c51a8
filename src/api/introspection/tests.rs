use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ApiAudience, Expected, Introspection};

const NOW: i64 = 1_795_385_600;
const ISSUER: &str = "http://localhost:3001/oidc";
const APP: &str = "h8rc2xdlth5ihimk3tfuc";

fn fixture(name: &str) -> Map<String, Value> {
    let path = format!("{}/tests/fixtures/logto/40-introspection/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    recorded["response"]["body_json"].as_object().unwrap().clone()
}

fn judge(answer: Map<String, Value>, asking: &str, others: &[&str]) -> Result<super::Facts, &'static str> {
    let introspection = Introspection {
        client_id: asking.to_owned(),
        client_secret: "secret".into(),
        other_clients: others.iter().map(|&other| other.to_owned()).collect(),
    };
    let audiences = [ApiAudience::resource("https://api.example.test")];
    let expected = Expected { audiences: &audiences, leeway: Duration::from_secs(60), now: NOW };
    introspection.check(answer, &[ISSUER], &expected).map_err(|error| error.code().as_str())
}

fn changed(name: &str, value: Value) -> Map<String, Value> {
    let mut answer = fixture("40-introspect-opaque-at");
    answer.insert(name.to_owned(), value);
    answer
}

#[test]
fn a_recorded_access_token_is_taken() {
    let facts = judge(fixture("40-introspect-opaque-at"), APP, &[]).unwrap();
    assert_eq!((facts.claims.sub.as_str(), facts.client_id.as_str()), ("amc3emckvas6", APP));
    assert!(facts.claims.scopes().any(|scope| scope == "openid"));
    assert_eq!(facts.claims.aud.iter().count(), 0);
    assert_eq!(facts.claims.exp, std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_389_184));
}

#[test]
fn a_recorded_refresh_token_is_not_taken_as_an_access_token() {
    let answer = fixture("41-introspect-refresh-token");
    assert_eq!(answer["active"], true);
    assert_eq!(judge(answer, APP, &[]).err(), Some("bearer_token.inactive"));
    assert_eq!(judge(fixture("43-introspect-garbage"), APP, &[]).err(), Some("bearer_token.inactive"));
}

#[test]
fn a_token_of_another_app_is_taken_only_if_that_app_is_named() {
    let answer = || fixture("40-introspect-opaque-at");
    assert_eq!(judge(answer(), "api", &[]).err(), Some("bearer_token.invalid_client_id"));
    assert!(judge(answer(), "api", &["other", APP]).is_ok());
}

#[test]
fn an_answer_is_judged_like_a_token() {
    for (name, value, code) in [
        ("active", json!("true"), Some("bearer_token.inactive")),
        ("active", json!(null), Some("bearer_token.inactive")),
        ("token_type", json!("DPoP"), Some("bearer_token.inactive")),
        // RFC 7662 section 2.2 lets it out, and then nothing tells an access token from a refresh token.
        ("token_type", json!(null), Some("bearer_token.inactive")),
        ("cnf", json!(null), None),
        ("cnf", json!({}), Some("bearer_token.key_bound")),
        ("cnf", json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }), Some("bearer_token.key_bound")),
        ("cnf", json!("text"), Some("bearer_token.key_bound")),
        ("token_type", json!("bearer"), None),
        ("iss", json!("https://other.example/oidc"), Some("bearer_token.invalid_iss")),
        ("iss", json!(null), None),
        ("sub", json!(null), Some("bearer_token.invalid_sub")),
        ("client_id", json!(null), Some("bearer_token.invalid_client_id")),
        ("exp", json!(null), Some("bearer_token.expired")),
        ("exp", json!(NOW - 60), Some("bearer_token.expired")),
        ("exp", json!(NOW - 59), None),
        ("iat", json!(null), None),
        ("aud", json!(null), None),
        ("aud", json!("https://api.example.test"), None),
        ("aud", json!("https://other.test"), Some("bearer_token.invalid_aud")),
        ("aud", json!(7), Some("bearer_token.invalid_aud")),
        ("nbf", json!(null), None),
        ("nbf", json!(NOW + 60), None),
        ("nbf", json!(NOW + 61), Some("bearer_token.not_yet_valid")),
        ("iat", json!(NOW + 60), None),
        ("iat", json!(NOW + 61), Some("bearer_token.invalid_iat")),
        ("organization_id", json!(null), None),
        ("organization_id", json!("org"), None),
        ("client_id", json!(""), Some("bearer_token.invalid_client_id")),
        ("sub", json!(""), Some("bearer_token.invalid_sub")),
    ] {
        assert_eq!(judge(changed(name, value.clone()), APP, &[]).err(), code, "{name}: {value}");
    }
}

#[test]
fn a_member_of_another_type_is_never_taken_for_one_that_is_left_out() {
    let others = [json!(true), json!(7), json!("7"), json!(["a"]), json!({ "a": 1 })];
    for (name, fits, code) in [
        ("iss", "text", "bearer_token.invalid_iss"),
        ("client_id", "text", "bearer_token.invalid_client_id"),
        ("sub", "text", "bearer_token.invalid_sub"),
        ("scope", "text", "bearer_token.invalid_token"),
        ("organization_id", "text", "bearer_token.invalid_aud"),
        ("exp", "number", "bearer_token.expired"),
        ("nbf", "number", "bearer_token.not_yet_valid"),
        ("iat", "number", "bearer_token.invalid_iat"),
    ] {
        let is_other = |value: &&Value| if fits == "text" { !value.is_string() } else { !value.is_number() };
        for value in others.iter().filter(is_other) {
            assert_eq!(judge(changed(name, value.clone()), APP, &[]).err(), Some(code), "{name}: {value}");
        }
    }
}
