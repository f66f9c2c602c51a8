use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;
use crate::{
    secret::Secret,
    session::{Jwt, data::Subject},
};

fn session_with(claims: &Value) -> SessionData {
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let id_token = Jwt::parse(&format!("e30.{payload}.AAAA")).unwrap();
    SessionData::begin(id_token, Subject::default(), 0, 0).unwrap()
}

#[test]
fn an_error_for_a_session_that_is_too_large_names_the_largest_claim() {
    let large = "x".repeat(5000);
    for (claim, value, hint) in [
        ("custom_data", serde_json::json!({ "notes": large }), "drop `custom_data` from `scopes`"),
        ("identities", serde_json::json!({ "kakao": { "details": large } }), "drop `identities` from `scopes`"),
        ("organizations", serde_json::json!([large]), "drop `urn:logto:scope:organizations` from `scopes`"),
        ("organization_roles", serde_json::json!([large]), "drop `urn:logto:scope:organization_roles` from `scopes`"),
        ("roles", serde_json::json!([large]), "drop `roles` from `scopes`"),
        ("picture", serde_json::json!(large), "make the user's `picture` smaller in Logto"),
    ] {
        let data = session_with(&serde_json::json!({ "sub": "ada", "organizations": ["a"], claim: value }));
        let error = too_large(&data, "4 cookies");
        let size = value.to_string().len();
        assert!(error.to_string().ends_with(&format!(" bytes, {size} of them its claim `{claim}`")), "{error}");
        assert!(error.hint().contains(hint), "{claim}: {}", error.hint());
        assert!(!error.to_string().contains("xxx"), "the value is the user's");
    }
}

#[test]
fn a_session_that_is_too_large_by_its_tokens_blames_no_claim() {
    let mut data = session_with(&serde_json::json!({ "sub": "ada" }));
    data.refresh_token = Some(Secret::new("r".repeat(9000)));
    let error = too_large(&data, "4 cookies");
    assert_eq!(error.to_string(), "the session does not fit 4 cookies; the refresh token alone has 9000 bytes");
    assert!(error.hint().contains("make the refresh token smaller"), "{}", error.hint());
}
