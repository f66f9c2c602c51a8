//! Rows 154 to 156: what becomes of a member that is null or of another type.

use logto::{IdTokenClaims, UserInfo, claims::AccessTokenClaims};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn read<T: DeserializeOwned + Serialize>(claims: &Value, change: (&str, Option<Value>)) -> Result<Value, String> {
    let mut claims = claims.clone();
    match change {
        (name, Some(value)) => claims[name] = value,
        (name, None) => _ = claims.as_object_mut().unwrap().remove(name),
    }
    let read: T = serde_json::from_value(claims).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(read).unwrap())
}

fn of<T: DeserializeOwned + Serialize>(required: &[&str], optional: &[&str]) {
    let all = json!({ "iss": "https://x.example/oidc", "sub": "ada", "aud": "app", "exp": 2, "iat": 1 });
    let least = Value::Object(
        all.as_object().unwrap().clone().into_iter().filter(|(name, _)| required.contains(&&**name)).collect(),
    );
    for name in required {
        for odd in [None, Some(json!(null)), Some(json!({})), Some(json!(true))] {
            assert!(read::<T>(&least, (name, odd.clone())).is_err(), "{name} {odd:?}");
        }
    }
    for name in optional {
        for odd in [json!(null), json!({}), json!([])] {
            let written = read::<T>(&least, (name, Some(odd.clone()))).unwrap();
            assert_eq!(written.get(name), None, "{name} {odd} is left out where the claims are written");
        }
    }
    let unknown = json!({ "nothing": null, "list": [] });
    assert_eq!(read::<T>(&least, ("unknown", Some(unknown.clone()))).unwrap()["unknown"], unknown);
}

#[test]
fn a_malformed_claim_is_an_error_only_where_the_claim_is_required() {
    let judged = ["iss", "sub", "aud", "exp", "iat"];
    of::<IdTokenClaims>(&judged, &["name", "email", "email_verified", "updated_at", "roles", "organizations"]);
    of::<AccessTokenClaims>(&judged, &["scope", "client_id", "organization_id", "roles"]);
    of::<UserInfo>(&["sub"], &["name", "picture", "phone_number_verified", "organization_roles"]);
}
