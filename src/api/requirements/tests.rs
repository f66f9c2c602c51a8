use std::time::Duration;

use serde_json::{Value, json};

use super::{Facts, TokenRequirements};

const NOW: i64 = 10_000;
const LEEWAY: i64 = 60;

fn facts(members: &Value) -> Facts {
    let mut claims =
        json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 1, "iat": 1, "scope": "read:books write:books" });
    claims.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Facts {
        claims: serde_json::from_value(claims).unwrap(),
        client_id: "app".to_owned(),
        organization_id: Some("acme".to_owned()),
        payload: Vec::new(),
    }
}

fn judge(requirements: &TokenRequirements, members: &Value) -> Result<(), &'static str> {
    requirements.check(&facts(members), NOW, LEEWAY).map_err(|error| error.code().as_str())
}

#[test]
fn a_token_without_every_required_scope_in_full_is_refused() {
    let scopes = |scopes: &[&str]| judge(&TokenRequirements::new().scopes(scopes), &json!({}));
    for right in
        [vec![], vec!["read:books"], vec!["write:books", "read:books"], vec!["read:books write:books"], vec![""]]
    {
        assert_eq!(scopes(&right), Ok(()), "{right:?}");
    }
    for wrong in
        [vec!["delete:books"], vec!["read:books", "delete:books"], vec!["read"], vec!["READ:BOOKS"], vec!["books"]]
    {
        assert_eq!(scopes(&wrong), Err("bearer_token.insufficient_scope"), "{wrong:?}");
    }
    let read = TokenRequirements::new().scopes(["read:books"]);
    for none in [json!(null), json!(""), json!(7)] {
        assert_eq!(judge(&read, &json!({ "scope": none })), Err("bearer_token.insufficient_scope"));
    }
}

#[test]
fn the_organization_is_the_tokens() {
    assert_eq!(judge(&TokenRequirements::new().organization("acme"), &json!({})), Ok(()));
    for other in ["globex", "", "ACME"] {
        let requirements = TokenRequirements::new().organization(other);
        assert_eq!(judge(&requirements, &json!({})), Err("bearer_token.wrong_organization"));
        // It comes before scopes: those are the organization's.
        let with_scope = requirements.scopes(["delete:books"]);
        assert_eq!(judge(&with_scope, &json!({})), Err("bearer_token.wrong_organization"));
    }
}

#[test]
fn an_authentication_that_is_too_old_or_too_weak_is_refused() {
    let refused = Err("bearer_token.insufficient_user_authentication");
    let recent = TokenRequirements::new().max_age(Duration::from_secs(300));
    for (auth_time, expected) in [
        (json!(NOW), Ok(())),
        (json!(NOW - 360), Ok(())),
        (json!(NOW - 361), refused),
        (json!(NOW + 60), Ok(())),
        (json!(NOW + 61), refused),
        (json!(i64::MIN), refused),
        (json!(i64::MAX), refused),
        (json!(null), refused),
        (json!("soon"), refused),
    ] {
        assert_eq!(judge(&recent, &json!({ "auth_time": auth_time })), expected, "{auth_time}");
    }
    let strong = TokenRequirements::new().acr_values(["mfa", "phr"]);
    for (acr, expected) in
        [(json!("phr"), Ok(())), (json!("pwd"), refused), (json!(null), refused), (json!(["mfa"]), refused)]
    {
        assert_eq!(judge(&strong, &json!({ "acr": acr })), expected, "{acr}");
    }
}

/// As scopes, and as `StepUp` reads them (RFC 9470 section 3).
#[test]
fn whitespace_separates_classes() {
    for classes in [&["urn:mfa urn:phr"][..], &["urn:mfa", "urn:phr"], &["  urn:mfa\t", "urn:phr\nurn:mfa"]] {
        let requirements = TokenRequirements::new().acr_values(classes);
        assert_eq!(requirements.acr_values, ["urn:mfa", "urn:phr"], "{classes:?}");
        for acr in ["urn:mfa", "urn:phr"] {
            assert_eq!(judge(&requirements, &json!({ "acr": acr })), Ok(()), "{classes:?} {acr}");
        }
        for acr in ["urn:mfa urn:phr", "urn", ""] {
            let refused = Err("bearer_token.insufficient_user_authentication");
            assert_eq!(judge(&requirements, &json!({ "acr": acr })), refused, "{classes:?} {acr}");
        }
    }
}
