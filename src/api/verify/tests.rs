use std::time::Duration;

use serde_json::{Value, json};

use super::{Algorithms, ApiAudience, Expected, Facts, check, parse};
use crate::error::{Error, Result};

const NOW: i64 = 1_795_385_584;
const ISSUER: &str = "https://logto.example/oidc";
const BOOKS: &str = "https://api.example.test";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user", "aud": BOOKS, "exp": NOW + 3600, "iat": NOW, "client_id": "app",
        "scope": "read:books", "jti": "1",
    })
}

fn judge(claims: &Value) -> Result<Facts> {
    let audiences = [ApiAudience::resource(BOOKS).with_or_without_organization(), ApiAudience::organization("acme")];
    let expected = Expected {
        issuers: &[ISSUER, "https://old.example/oidc"],
        audiences: &audiences,
        leeway: Duration::from_secs(30),
    };
    check(claims.to_string().into_bytes(), &expected, NOW)
}

fn set(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

#[track_caller]
fn refused(claims: &Value, code: &str, message: &str) {
    match judge(claims) {
        Ok(_) => panic!("{claims} was accepted"),
        Err(error) => assert_eq!((error.code().as_str(), error.to_string().as_str()), (code, message), "{claims}"),
    }
}

#[test]
fn an_access_token_without_a_required_claim_of_its_type_is_refused() {
    for (name, code) in [
        ("iss", "bearer_token.invalid_iss"),
        ("aud", "bearer_token.invalid_aud"),
        ("exp", "bearer_token.expired"),
        ("iat", "bearer_token.invalid_iat"),
        ("sub", "bearer_token.invalid_sub"),
        ("client_id", "bearer_token.invalid_client_id"),
    ] {
        let mut missing = claims();
        missing.as_object_mut().unwrap().remove(name);
        refused(&missing, code, &format!("the access token's {name} is missing"));
        refused(&set(name, Value::Null), code, &format!("the access token's {name} is missing"));
        for wrong in [json!(true), json!({}), json!([7])] {
            refused(&set(name, wrong), code, &format!("the access token's {name} is of the wrong type"));
        }
    }
    for (name, wrong, code) in [
        ("nbf", json!("soon"), "bearer_token.not_yet_valid"),
        ("organization_id", json!(7), "bearer_token.invalid_aud"),
        ("scope", json!(["read:books"]), "bearer_token.invalid_token"),
    ] {
        refused(&set(name, wrong), code, &format!("the access token's {name} is of the wrong type"));
        assert!(judge(&set(name, Value::Null)).is_ok());
    }
    refused(&set("sub", ""), "bearer_token.invalid_sub", "the access token's sub is empty");
    refused(&set("client_id", ""), "bearer_token.invalid_client_id", "the access token's client_id is empty");
}

#[test]
fn times_are_judged_with_the_leeway() {
    for (claims, code) in [
        (set("exp", NOW - 29), None),
        (set("exp", NOW - 30), Some("bearer_token.expired")),
        (set("exp", i64::MIN), Some("bearer_token.expired")),
        (set("exp", i64::MAX), None),
        (set("nbf", NOW + 30), None),
        (set("nbf", NOW + 31), Some("bearer_token.not_yet_valid")),
        (set("nbf", i64::MAX), Some("bearer_token.not_yet_valid")),
        (set("iat", NOW + 30), None),
        (set("iat", NOW + 31), Some("bearer_token.invalid_iat")),
        (set("iat", 0), None),
    ] {
        assert_eq!(judge(&claims).err().map(|error| error.code().as_str()), code, "{claims}");
    }
    refused(
        &set("exp", NOW - 100),
        "bearer_token.expired",
        "the access token expired 100 s ago, with a leeway of 30 s",
    );
}

#[test]
fn an_iss_or_aud_that_matches_only_in_part_is_refused() {
    assert!(judge(&set("iss", "https://old.example/oidc")).is_ok());
    refused(
        &set("iss", format!("{ISSUER}/")),
        "bearer_token.invalid_iss",
        "the access token's iss is `https://logto.example/oidc/`, expected `https://logto.example/oidc` or `https://old.example/oidc` (they differ only by a trailing slash)",
    );
    assert!(judge(&set("aud", json!(["https://other.test", BOOKS]))).is_ok());
    refused(
        &set("aud", json!(["https://other.test"])),
        "bearer_token.invalid_aud",
        "the access token's aud is `https://other.test`, expected `https://api.example.test` or `urn:logto:organization:acme`",
    );
    refused(&set("aud", json!([BOOKS, 7])), "bearer_token.invalid_aud", "the access token's aud is of the wrong type");
}

#[test]
fn the_organization_comes_from_the_claim_or_from_the_audience() {
    assert_eq!(judge(&claims()).unwrap().organization_id, None);
    assert_eq!(judge(&set("organization_id", "globex")).unwrap().organization_id.as_deref(), Some("globex"));
    let organization = judge(&set("aud", "urn:logto:organization:acme")).unwrap();
    assert_eq!(organization.organization_id.as_deref(), Some("acme"));
    let audiences = [ApiAudience::resource(BOOKS)];
    let expected = Expected { issuers: &[ISSUER], audiences: &audiences, leeway: Duration::ZERO };
    let error = check(set("organization_id", "globex").to_string().into_bytes(), &expected, NOW).err().unwrap();
    assert_eq!(
        (error.code().as_str(), error.to_string().as_str()),
        (
            "bearer_token.wrong_organization",
            "the access token is for organization `globex`, which this API does not take"
        )
    );
}

#[test]
fn a_typ_other_than_at_jwt_is_refused_with_a_separate_code_for_id_tokens() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let token = |header: Value, claims: Value| {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        parse(&format!("{header}.{claims}.AAAA"), Algorithms::default())
            .map(drop)
            .map_err(|error: Error| error.code().as_str())
    };
    let id_token = || json!({ "sub": "user", "aud": "app" });
    for right in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(token(json!({ "alg": "ES384", "typ": right }), claims()), Ok(()), "{right}");
    }
    for (header, claims, code) in [
        (json!({ "alg": "ES384" }), id_token(), "bearer_token.id_token"),
        (json!({ "alg": "ES384", "typ": "JWT" }), id_token(), "bearer_token.id_token"),
        (json!({ "alg": "ES384", "typ": "JWT" }), claims(), "bearer_token.invalid_typ"),
        (json!({ "alg": "ES384" }), claims(), "bearer_token.invalid_typ"),
        (json!({ "alg": "ES384", "typ": "logout+jwt" }), id_token(), "bearer_token.invalid_typ"),
        (json!({ "alg": "none", "typ": "at+jwt" }), claims(), "bearer_token.invalid_alg"),
        (json!({ "alg": "HS256", "typ": "at+jwt" }), claims(), "bearer_token.invalid_alg"),
        (json!({ "typ": "at+jwt" }), claims(), "bearer_token.invalid_alg"),
        (json!({ "alg": "ES384", "typ": "at+jwt", "crit": ["exp"] }), claims(), "bearer_token.invalid_token"),
    ] {
        assert_eq!(token(header.clone(), claims), Err(code), "{header}");
    }
}

/// Whatever it names, and whether it can be read or not: nobody here asks for the key.
#[test]
fn an_access_token_that_is_bound_to_a_key_is_refused() {
    let cnf = [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({}),
        json!([]),
        json!("text"),
        json!(false),
        json!(0),
    ];
    for cnf in cnf {
        refused(&set("cnf", cnf), "bearer_token.key_bound", "the access token is bound to a key (`cnf`)");
    }
    assert!(judge(&set("cnf", Value::Null)).is_ok());
    // What is wrong with the token itself is said first.
    let mut expired = set("cnf", json!({}));
    expired["exp"] = (NOW - 30).into();
    assert_eq!(judge(&expired).err().unwrap().code(), "bearer_token.expired");
}
