use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Algorithms, Jws, JwsError, MAX_TOKEN_BYTES, decode_unverified};
use crate::{claims::AccessTokenClaims, oidc::test_support::fixture};

fn token(header: &str) -> String {
    format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
}

#[track_caller]
fn refused(token: &str) -> String {
    match Jws::parse(token) {
        Ok(_) => panic!("{token} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_token_without_exactly_three_parts_is_refused() {
    for wrong in ["", "a", "a.b", ".", "a.b.c.d", "a.b.c.d.e"] {
        assert_eq!(refused(wrong), "is malformed: it has not the three parts of a JWS", "{wrong}");
    }
    assert_eq!(refused(".."), "is malformed: its header is not a JSON object");
}

#[test]
fn base64url_that_is_not_canonical_is_refused() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES384"}"#);
    assert!(Jws::parse(&format!("{header}.e30.AA")).is_ok());
    // Padding, the other alphabet, spare bits, white space, not ASCII.
    for part in ["e30=", "+/+/", "e31", "e3 0", "e30\n", "é"] {
        assert!(
            refused(&format!("{header}.{part}.AA")).starts_with("is malformed: its payload is not base64url"),
            "{part}"
        );
        assert!(
            refused(&format!("{header}.e30.{part}")).starts_with("is malformed: its signature is not base64url"),
            "{part}"
        );
        assert!(refused(&format!("{part}.e30.AA")).starts_with("is malformed: its header is not base64url"), "{part}");
    }
}

#[test]
fn algorithms_off_the_list_are_refused() {
    for alg in
        ["none", "None", "HS256", "HS384", "HS512", "RS384", "PS512", "EdDSA", "ES256K", "es384", "ES384 ", "dir"]
    {
        let error = Jws::parse(&token(&json!({ "alg": alg }).to_string())).err().unwrap();
        assert!(matches!(&error, JwsError::Alg(found) if found == alg), "{alg}");
        assert_eq!(error.to_string(), format!("is signed with `{alg}`, expected ES256, ES384, ES512, RS256 or PS256"));
    }
    assert_eq!(refused(&token("{}")), "names no signature algorithm, expected ES256, ES384, ES512, RS256 or PS256");
    assert_eq!(refused(&token(r#"{"alg":null}"#)), refused(&token("{}")));
}

#[test]
fn a_token_with_crit_or_b64_is_refused() {
    for header in [
        r#"{"alg":"ES384","crit":["exp"]}"#,
        r#"{"alg":"ES384","crit":[]}"#,
        r#"{"alg":"ES384","crit":null}"#,
        r#"{"alg":"ES384","b64":false}"#,
        r#"{"alg":"ES384","b64":true}"#,
    ] {
        assert_eq!(refused(&token(header)), "is malformed: its header has `crit` or `b64`, which is not supported");
    }
}

#[test]
fn a_header_is_an_object_of_its_types_with_each_member_once() {
    for header in ["[]", r#"["ES384","k","at+jwt"]"#, "1", "null", ""] {
        assert_eq!(refused(&token(header)), "is malformed: its header is not a JSON object", "{header}");
    }
    for header in ["{", r#"{"alg":1}"#, r#"{"alg":"ES384","kid":1}"#, r#"{"alg":"ES384","alg":"none"}"#] {
        assert!(refused(&token(header)).starts_with("is malformed: its header is not a JOSE header"), "{header}");
    }
}

#[test]
fn a_payload_is_an_object() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES384"}"#);
    for payload in ["[1]", "1", "null", "", "\"{}\""] {
        let payload = URL_SAFE_NO_PAD.encode(payload);
        assert_eq!(refused(&format!("{header}.{payload}.AA")), "is malformed: its payload is not a JSON object");
    }
}

#[test]
fn keys_in_the_header_are_not_read() {
    let jws = token(r#"{"alg":"ES384","kid":"k","jku":5,"x5u":{},"jwk":"no key","x5c":null,"typ":"at+jwt"}"#);
    let jws = Jws::parse(&jws).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(jws.kid.as_deref(), Some("k"));
    assert!(jws.is_typ("at+jwt") && !jws.is_typ("jwt"));
}

#[test]
fn a_typ_header_is_compared_without_regard_to_case_or_the_application_prefix() {
    for typ in ["logout+jwt", "Logout+JWT", "application/logout+jwt"] {
        let jws = token(&json!({ "alg": "ES384", "typ": typ }).to_string());
        assert!(Jws::parse(&jws).is_ok_and(|jws| jws.is_typ("logout+jwt")), "{typ}");
    }
}

#[test]
fn a_huge_token_is_refused() {
    let token = format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES384"}"#), "A".repeat(MAX_TOKEN_BYTES));
    assert_eq!(refused(&token), format!("is malformed: it has {} bytes, at most 262144 are read", token.len()));
    assert!(decode_unverified::<Value>(&token).is_err());
}

#[test]
fn claims_can_be_read_without_verification() {
    let recorded = fixture("jwt/access_token_resource.json");
    let claims = decode_unverified::<AccessTokenClaims>(recorded["raw"].as_str().unwrap()).unwrap().unwrap();
    assert_eq!(serde_json::to_value(claims).unwrap(), recorded["payload"]);
}

#[test]
fn an_opaque_token_has_no_claims() {
    for opaque in ["", "7rbJWiLkn6XJAmpQh3gKBoKzQRLRyYNPzXsm8g0lMIe", "a.b", "a.b.c.d"] {
        assert!(decode_unverified::<Value>(opaque).unwrap().is_none(), "{opaque}");
    }
    assert!(decode_unverified::<Value>("a.b.c").is_err());
}

#[test]
fn a_token_of_an_algorithm_that_the_settings_leave_out_is_refused() {
    let token = token(r#"{"alg":"ES256"}"#);
    let judge = |algorithms| match Jws::parse(&token).and_then(|jws| jws.admitted_by(algorithms)) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let accepted =
        |names: &[&str]| Algorithms::accepted(&names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    for taken in [
        Algorithms::default(),
        Algorithms::default().agreed(Some("ES256")),
        accepted(&["RS256", "ES256"]),
        accepted(&["RS256", "ES256"]).agreed(Some("ES256")),
    ] {
        assert_eq!(judge(taken), "");
    }
    assert_eq!(
        judge(Algorithms::default().agreed(Some("RS256"))),
        "is signed with `ES256`, expected RS256, as id_token_signed_response_alg says"
    );
    assert_eq!(
        judge(accepted(&["RS256", "ES384"])),
        "is signed with `ES256`, expected ES384 or RS256, as accepted_algorithms says"
    );
}

#[test]
fn a_token_is_shown_up_to_a_length() {
    let token = |length: usize| {
        let (header, claims) = ("e30", URL_SAFE_NO_PAD.encode(r#"{"a":1}"#));
        let signature = length - header.len() - claims.len() - 2;
        format!("{header}.{claims}.{}", "A".repeat(signature))
    };
    let shown = |length| decode_unverified::<serde_json::Value>(&token(length));
    assert_eq!(shown(MAX_TOKEN_BYTES).unwrap().unwrap()["a"], 1);
    for length in [MAX_TOKEN_BYTES + 1, 2 * MAX_TOKEN_BYTES] {
        assert!(shown(length).is_err(), "{length}");
    }
}
