use std::time::Duration;

use serde_json::{Value, json};

use super::{Algorithms, Expected, Original, check, half_hash, verify};
use crate::{
    claims::IdTokenClaims,
    error::Error,
    oidc::{
        alg::Alg,
        test_support::{TestKey, World, at, fixture, with, without},
    },
};

mod refreshed;
const NOW: i64 = 1_795_385_584;
const LEEWAY: i64 = 30;
const ISSUER: &str = "https://logto.example/oidc";

fn expected() -> Expected<'static> {
    Expected {
        trusted_audiences: &[],
        algorithms: Algorithms::default(),
        client_id: "app",
        issuers: &[ISSUER],
        nonce: Some("nonce"),
        access_token: Some("access token"),
        max_age: None,
        acr_values: None,
        refreshed: None,
        leeway: Duration::from_secs(30),
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "user", "aud": "app", "exp": NOW + 3600, "iat": NOW, "nonce": "nonce" })
}

fn judge(claims: &Value, expected: &Expected<'_>) -> Result<IdTokenClaims, Error> {
    check(claims.to_string().as_bytes(), Alg::Es384, expected, NOW)
}

#[track_caller]
fn accepted(claims: &Value, expected: &Expected<'_>) {
    if let Err(error) = judge(claims, expected) {
        panic!("{claims} was refused: {error}");
    }
}

#[track_caller]
fn refused(claims: &Value, expected: &Expected<'_>, code: &str, message: &str) {
    match judge(claims, expected) {
        Ok(_) => panic!("{claims} was accepted"),
        Err(error) => assert_eq!((error.code().as_str(), error.to_string().as_str()), (code, message), "{claims}"),
    }
}

fn set(name: &str, value: impl Into<Value>) -> Value {
    with(claims(), &[(name, value.into())])
}

#[test]
fn an_id_token_without_a_required_claim_is_refused() {
    accepted(&claims(), &expected());
    for (name, code) in [
        ("iss", "id_token.invalid_iss"),
        ("sub", "id_token.invalid_sub"),
        ("aud", "id_token.invalid_aud"),
        ("exp", "id_token.expired"),
        ("iat", "id_token.invalid_iat"),
        ("nonce", "id_token.invalid_nonce"),
    ] {
        let message = format!("the ID token's {name} is missing");
        refused(&without(claims(), name), &expected(), code, &message);
        refused(&set(name, Value::Null), &expected(), code, &message);
    }
}

#[test]
fn a_judged_claim_of_another_type_is_never_overlooked() {
    for (name, code, wrong) in [
        ("iss", "id_token.invalid_iss", vec![json!(1), json!([ISSUER]), json!({})]),
        ("sub", "id_token.invalid_sub", vec![json!(1), json!(true), json!(["user"])]),
        ("aud", "id_token.invalid_aud", vec![json!(1), json!({ "app": 1 }), json!(["app", 1]), json!(["app", null])]),
        ("azp", "id_token.invalid_azp", vec![json!(1), json!(["app"])]),
        ("exp", "id_token.expired", vec![json!("1795389184"), json!(true), json!([])]),
        ("nbf", "id_token.not_yet_valid", vec![json!("0"), json!({})]),
        ("iat", "id_token.invalid_iat", vec![json!("1795385584"), json!([0])]),
        ("nonce", "id_token.invalid_nonce", vec![json!(1), json!(["nonce"])]),
        ("at_hash", "id_token.invalid_at_hash", vec![json!(1), json!([])]),
        ("auth_time", "id_token.invalid_auth_time", vec![json!("now"), json!({})]),
    ] {
        for value in wrong {
            refused(&set(name, value), &expected(), code, &format!("the ID token's {name} is of the wrong type"));
        }
    }
}

#[test]
fn step_2_iss_is_exactly_the_issuer() {
    let code = "id_token.invalid_iss";
    refused(
        &set("iss", "https://evil.example/oidc"),
        &expected(),
        code,
        "the ID token's iss is `https://evil.example/oidc`, expected `https://logto.example/oidc`",
    );
    refused(
        &set("iss", "https://logto.example/oidc/"),
        &expected(),
        code,
        "the ID token's iss is `https://logto.example/oidc/`, expected `https://logto.example/oidc` (they differ only by a trailing slash)",
    );
    for near in ["", "HTTPS://logto.example/oidc", "https://logto.example/oidc2", "https://logto.example"] {
        assert_eq!(judge(&set("iss", near), &expected()).unwrap_err().code(), code);
    }
    let moved = Expected { issuers: &[ISSUER, "https://old.example/oidc"], ..expected() };
    accepted(&set("iss", "https://old.example/oidc"), &moved);
    accepted(&claims(), &moved);
    refused(
        &set("iss", "x"),
        &moved,
        code,
        "the ID token's iss is `x`, expected `https://logto.example/oidc` or `https://old.example/oidc`",
    );
}

#[test]
fn steps_3_to_5_the_token_is_for_this_app() {
    let aud = |aud: Value, azp: Value| with(claims(), &[("aud", aud), ("azp", azp)]);
    accepted(&aud(json!(["app"]), Value::Null), &expected());
    accepted(&aud(json!("app"), json!("app")), &expected());
    let trusting = Expected { trusted_audiences: &["other".to_owned()], ..expected() };
    for azp in [json!("app"), Value::Null] {
        accepted(&aud(json!(["other", "app"]), azp.clone()), &trusting);
        let of = |other: &str| format!("the ID token is for `{other}`, too, which is none of trusted_audiences");
        refused(&aud(json!(["app", "other"]), azp.clone()), &expected(), "id_token.invalid_aud", &of("other"));
        refused(&aud(json!(["other", "app", "third"]), azp), &trusting, "id_token.invalid_aud", &of("third"));
    }
    accepted(&aud(json!(["app", "app"]), Value::Null), &expected());
    let code = "id_token.invalid_aud";
    let found = "the ID token's aud is `other`, expected app id `app`";
    refused(&aud(json!("other"), Value::Null), &expected(), code, found);
    refused(&aud(json!(["other"]), json!("app")), &expected(), code, found);
    refused(&aud(json!([]), Value::Null), &expected(), code, "the ID token's aud is ``, expected app id `app`");
    refused(&aud(json!(["one", "two"]), Value::Null), &expected(), code, &found.replace("other", "one`, `two"));
    let (code, message) = ("id_token.invalid_azp", "the ID token's azp is `other`, expected app id `app`");
    refused(&aud(json!(["app", "other"]), json!("other")), &trusting, code, message);
    refused(&aud(json!("app"), json!("other")), &expected(), code, message);
}

#[test]
fn step_9_an_id_token_before_nbf_or_after_exp_is_refused() {
    accepted(&set("exp", NOW - LEEWAY + 1), &expected());
    let code = "id_token.expired";
    refused(&set("exp", NOW - 30), &expected(), code, "the ID token expired 30 s ago, with a leeway of 30 s");
    refused(&set("exp", NOW - 31), &expected(), code, "the ID token expired 31 s ago, with a leeway of 30 s");
    for past in [json!(0), json!(-1), json!(i64::MIN), json!(-1e300)] {
        assert_eq!(judge(&set("exp", past), &expected()).unwrap_err().code(), code);
    }
    for future in [json!(u64::MAX), json!(i64::MAX), json!(1e300), json!(1_795_389_184.5)] {
        accepted(&set("exp", future), &expected());
    }

    accepted(&set("nbf", NOW + LEEWAY), &expected());
    let code = "id_token.not_yet_valid";
    refused(&set("nbf", NOW + 31), &expected(), code, "the ID token is valid in 31 s only, with a leeway of 30 s");
    accepted(&set("nbf", i64::MIN), &expected());
    for future in [json!(u64::MAX), json!(1e300)] {
        assert_eq!(judge(&set("nbf", future), &expected()).unwrap_err().code(), code);
    }
}

#[test]
fn step_10_an_id_token_is_refused_only_for_an_iat_in_the_future() {
    accepted(&set("iat", NOW + LEEWAY), &expected());
    let code = "id_token.invalid_iat";
    let message = "the ID token was issued 31 s in the future, with a leeway of 30 s";
    refused(&set("iat", NOW + 31), &expected(), code, message);
    for future in [json!(u64::MAX), json!(1e300)] {
        assert_eq!(judge(&set("iat", future), &expected()).unwrap_err().code(), code);
    }
    for past in [json!(NOW - 1_000_000), json!(0), json!(i64::MIN), json!(-1e300)] {
        accepted(&set("iat", past), &expected());
    }
}

#[test]
fn times_of_an_id_token_are_compared_exactly_without_a_leeway() {
    let strict = Expected { leeway: Duration::ZERO, ..expected() };
    accepted(&set("exp", NOW + 1), &strict);
    refused(&set("exp", NOW), &strict, "id_token.expired", "the ID token expired 0 s ago, with a leeway of 0 s");
    accepted(&set("iat", NOW), &strict);
    accepted(&set("nbf", NOW), &strict);
    assert!(judge(&set("iat", NOW + 1), &strict).is_err());
    assert!(judge(&set("nbf", NOW + 1), &strict).is_err());
    let endless = Expected { leeway: Duration::MAX, ..expected() };
    accepted(&with(claims(), &[("exp", json!(1)), ("iat", json!(u64::MAX))]), &endless);
}

#[test]
fn step_11_the_nonce_is_this_sign_ins() {
    let message = "the ID token's nonce is not the one this sign-in sent";
    for other in ["", "nonc", "nonce2", "Nonce"] {
        refused(&set("nonce", other), &expected(), "id_token.invalid_nonce", message);
    }
    let refresh = Expected { nonce: None, ..expected() };
    accepted(&set("nonce", "whichever"), &refresh);
    accepted(&without(claims(), "nonce"), &refresh);
}

#[test]
fn step_13_auth_time_when_max_age_was_asked() {
    let asked = Expected { max_age: Some(Duration::from_secs(60)), ..expected() };
    let code = "id_token.invalid_auth_time";
    refused(&claims(), &asked, code, "the ID token's auth_time is missing");
    accepted(&set("auth_time", NOW - 90), &asked);
    let message = "the user authenticated 91 s ago, expected at most 60 s, with a leeway of 30 s";
    refused(&set("auth_time", NOW - 91), &asked, code, message);
    accepted(&set("auth_time", NOW + 30), &asked);
    let message = "the user authenticated 31 s in the future, with a leeway of 30 s";
    refused(&set("auth_time", NOW + 31), &asked, code, message);
    for odd in [json!(u64::MAX), json!(1e300), json!(i64::MIN), json!(-1e300)] {
        assert_eq!(judge(&set("auth_time", odd.clone()), &asked).unwrap_err().code(), code);
        accepted(&set("auth_time", odd), &expected());
    }
    let any = Expected { max_age: Some(Duration::MAX), ..expected() };
    accepted(&set("auth_time", i64::MIN), &any);
}

#[test]
fn at_hash_is_that_of_the_access_token() {
    // OpenID Connect Core, appendix A.3: its access token, with its RS256.
    assert_eq!(half_hash(Alg::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(half_hash(Alg::Ps256, "token"), half_hash(Alg::Es256, "token"));
    for (alg, length) in [(Alg::Es256, 22), (Alg::Es384, 32), (Alg::Es512, 43)] {
        let hash = half_hash(alg, "access token");
        assert_eq!(hash.len(), length);
        let right = set("at_hash", hash.as_str()).to_string();
        assert!(check(right.as_bytes(), alg, &expected(), NOW).is_ok());
        let other = Expected { access_token: Some("another"), ..expected() };
        let error = check(right.as_bytes(), alg, &other, NOW).unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_at_hash");
        assert_eq!(error.to_string(), "the ID token's at_hash is not that of the access token");
        assert!(check(right.as_bytes(), alg, &Expected { access_token: None, ..expected() }, NOW).is_ok());
    }
    assert!(judge(&set("at_hash", ""), &expected()).is_err());
    assert!(judge(&set("at_hash", half_hash(Alg::Es256, "access token")), &expected()).is_err());
}

#[test]
fn the_sub_of_an_id_token_has_1_to_255_ascii_characters() {
    accepted(&set("sub", "a".repeat(255)), &expected());
    for wrong in [String::new(), "a".repeat(256), "사용자".to_owned(), "a\nb".to_owned(), "a\u{7f}".to_owned()] {
        let message = "the ID token's sub is not 1 to 255 printable ASCII characters";
        refused(&set("sub", wrong), &expected(), "id_token.invalid_sub", message);
    }
}

#[test]
fn a_refreshed_id_token_with_another_iss_or_sub_is_refused() {
    let before = judge(&claims(), &expected()).unwrap();
    let refresh = Expected {
        issuers: &[ISSUER, "https://old.example/oidc"],
        nonce: None,
        refreshed: Some(&Original { claims: before, issued_at: NOW }),
        ..expected()
    };
    accepted(&claims(), &refresh);
    let message = "the refreshed ID token's sub is `mallory`, expected `user`";
    refused(&set("sub", "mallory"), &refresh, "id_token.invalid_sub", message);
    let message = "the refreshed ID token's iss is `https://old.example/oidc`, expected `https://logto.example/oidc`";
    refused(&set("iss", "https://old.example/oidc"), &refresh, "id_token.invalid_iss", message);
}

#[test]
fn an_unreadable_payload_is_malformed() {
    let twice = br#"{"iss":"https://logto.example/oidc","iss":"https://evil.example"}"#;
    for payload in [&b""[..], b"null", b"{", b"{}x", b"\xff", b"\"text\"", b"{\"exp\":1e999}", twice] {
        let error = check(payload, Alg::Es384, &expected(), NOW).unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_token", "{}", String::from_utf8_lossy(payload));
    }
}

#[tokio::test]
async fn recorded_id_tokens_verify_at_their_time() {
    let world = World::new(fixture("jwks.json"), 1_795_385_600);
    let names = ["id_token", "id_token_from_refresh", "id_token_minimal", "id_token_new_user"];
    let names = names.iter().chain(&["id_token_backchannel_default", "id_token_backchannel_session_required"]);
    for name in names {
        let recorded = fixture(&format!("jwt/{name}.json"));
        let (raw, payload) = (recorded["raw"].as_str().unwrap(), &recorded["payload"]);
        let expected = Expected {
            client_id: payload["aud"].as_str().unwrap(),
            issuers: &["http://localhost:3001/oidc"],
            nonce: payload["nonce"].as_str(),
            ..expected()
        };
        let issued = payload["iat"].as_i64().unwrap();
        let claims = verify(raw, &world.keys(), &expected, at(issued)).await.unwrap();
        assert_eq!(claims.sub, payload["sub"]);
        assert!(claims.extra.is_empty(), "{name}");
        let error = verify(raw, &world.keys(), &expected, at(issued + 3630)).await.unwrap_err();
        assert_eq!(error.code(), "id_token.expired");
        let error = verify(raw, &world.keys(), &expected, at(issued - 31)).await.unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_iat");
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_token_is_refused_before_a_key_is_asked_for() {
    let key = TestKey::new(Alg::Es256);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1);
    let token = |header: Value| key.sign_parts(Alg::Es256, &header.to_string(), &claims().to_string());
    for (token, code, message) in [
        (
            token(json!({ "alg": "none" })),
            "id_token.invalid_alg",
            "the ID token is signed with `none`, expected ES256, ES384, ES512, RS256 or PS256",
        ),
        (
            token(json!({ "alg": "HS256", "kid": "k" })),
            "id_token.invalid_alg",
            "the ID token is signed with `HS256`, expected ES256, ES384, ES512, RS256 or PS256",
        ),
        (
            token(json!({ "alg": "ES256", "kid": "k", "typ": "logout+jwt" })),
            "id_token.invalid_token",
            "the ID token is of type `logout+jwt`, expected `JWT` or none",
        ),
        (
            "opaque".to_owned(),
            "id_token.invalid_token",
            "the ID token is malformed: it has not the three parts of a JWS",
        ),
    ] {
        let error = verify(&token, &world.keys(), &expected(), at(NOW)).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.to_string().as_str()), (code, message));
    }
    assert_eq!(world.asked(), 0);

    for typ in ["JWT", "jwt", "application/jwt"] {
        let token = token(json!({ "alg": "ES256", "kid": "k", "typ": typ }));
        verify(&token, &world.keys(), &expected(), at(NOW)).await.unwrap();
    }
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    use aws_lc_rs::hmac;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    let key = TestKey::new(Alg::Rs256);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"k"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims().to_string()));
    for secret in [key.jwk()["n"].to_string(), key.jwk_named("k").to_string()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input.as_bytes());
        let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag));
        let error = verify(&token, &world.keys(), &expected(), at(NOW)).await.unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_alg");
    }
}

#[tokio::test]
async fn nothing_is_read_that_nobody_has_signed() {
    let (key, forger) = (TestKey::new(Alg::Es256), TestKey::new(Alg::Es256));
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1);
    let mallory = set("iss", "https://evil.example");
    let forged = forger.sign(Alg::Es256, Some("k"), &mallory);
    let error = verify(&forged, &world.keys(), &expected(), at(NOW)).await.unwrap_err();
    assert_eq!(error.code(), "id_token.invalid_signature");
    assert_eq!(error.to_string(), "the ID token has an ES256 signature that does not verify");
    let named = forger.sign(Alg::Es256, Some("x\ny"), &mallory);
    let error = verify(&named, &world.keys(), &expected(), at(NOW)).await.unwrap_err();
    assert_eq!(error.code(), "id_token.unknown_key");
    assert_eq!(error.to_string(), "the ID token is signed with key `x\\u{a}y`, which is none of the 1 keys for ES256");
    let signed = key.sign(Alg::Es256, Some("k"), &mallory);
    assert_eq!(verify(&signed, &world.keys(), &expected(), at(NOW)).await.unwrap_err().code(), "id_token.invalid_iss");
}

#[tokio::test]
async fn a_server_out_of_reach_says_nothing_about_the_token() {
    let key = TestKey::new(Alg::Es256);
    let world = World::new(json!({}), 1);
    world.serve(None);
    let token = key.sign(Alg::Es256, Some("k"), &claims());
    let error = verify(&token, &world.keys(), &expected(), at(NOW)).await.unwrap_err();
    assert_eq!(error.code(), "network.unreachable");
    assert!(error.is_transient());
}

#[test]
fn verification_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::new(json!({}), 1);
    let keys = world.keys();
    is_send(&verify("", &keys, &expected(), at(NOW)));
}
