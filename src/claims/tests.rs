use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{AccessTokenClaims, Audience, Claim, IdTokenClaims, Registered, UserInfo};
use crate::oidc::{fixture, with, without};

fn minimal() -> Value {
    json!({ "iss": "https://logto.example/oidc", "sub": "user", "aud": "app", "exp": 1_795_389_184, "iat": 1_795_385_584 })
}

fn id_token(claims: Value) -> IdTokenClaims {
    serde_json::from_value(claims).unwrap()
}

#[test]
fn recorded_id_token_claims_are_written_back_unchanged() {
    let recorded = fixture("jwt/id_token.json")["payload"].clone();
    let claims = id_token(recorded.clone());
    assert_eq!(claims.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(claims.updated_at, Some(UNIX_EPOCH + Duration::from_millis(1_795_385_584_047)));
    assert_eq!(claims.email_verified, Some(true));
    assert_eq!(claims.roles, ["librarian"]);
    assert!(claims.organization_roles_of("lh6cvveo9nmz").eq(["admin"]));
    assert!(claims.extra.is_empty());
    assert_eq!(serde_json::to_value(&claims).unwrap(), recorded);
}

#[test]
fn a_user_in_four_hundred_organizations() {
    for (count, recorded) in fixture("jwt/many_organizations.json").as_object().unwrap() {
        let claims: IdTokenClaims = serde_json::from_str(&recorded["id_token_claims"].to_string()).unwrap();
        assert_eq!(claims.organizations.len().to_string(), *count);
        let (organization, role) = claims.organization_roles[0].split_once(':').unwrap();
        assert!(claims.organization_roles_of(organization).eq([role]));
    }
}

#[test]
fn recorded_user_info_is_written_back_unchanged() {
    let recorded = fixture("30-userinfo/30-userinfo.json")["response"]["body_json"].clone();
    let user: UserInfo = serde_json::from_value(recorded.clone()).unwrap();
    assert_eq!(user.sub, "amc3emckvas6");
    assert_eq!(user.custom_data.as_ref().unwrap()["plan"], "pro");
    let [acme] = user.organization_data.as_slice() else { panic!("{:?}", user.organization_data) };
    assert_eq!((acme.id.as_str(), acme.name.as_str()), ("lh6cvveo9nmz", "Acme"));
    assert_eq!(acme.description.as_deref(), Some("Acme org"));
    assert!(user.identities.as_ref().unwrap().is_empty());
    assert!(user.extra.is_empty());
    assert_eq!(serde_json::to_value(&user).unwrap(), recorded);
}

/// What a user has beside the profile: in user info, and in ID tokens of a Logto whose Console says so.
#[derive(serde::Deserialize, PartialEq, Debug)]
struct Plan {
    plan: Option<String>,
}

#[test]
fn user_data_has_the_same_types_in_user_info_as_in_id_tokens() {
    let kakao =
        json!({ "userId": "12345678", "details": { "id": "12345678", "name": "Carol K", "rawData": { "id": 1 } } });
    let data = json!({
        "custom_data": { "plan": "pro", "nested": { "n": 1 } },
        "identities": { "kakao": kakao, "nosuch": { "userId": "1" } },
        "sso_identities": [],
        "organization_data": [
            { "id": "a", "name": "Acme", "description": "Acme org" },
            { "id": "b", "name": "Cmp MFA", "description": null },
        ],
    });
    let members: Vec<_> =
        data.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let user: UserInfo = serde_json::from_value(with(json!({ "sub": "user" }), &members)).unwrap();
    let claims = id_token(with(minimal(), &members));
    assert_eq!((&user.identities, &user.organization_data), (&claims.identities, &claims.organization_data));
    assert!(user.extra.is_empty() && claims.extra.is_empty());
    let identities = user.identities.as_ref().unwrap();
    assert_eq!(identities["kakao"].user_id, "12345678");
    assert_eq!(identities["kakao"].details.as_ref().unwrap()["name"], "Carol K");
    assert_eq!(identities["nosuch"].details, None);
    assert_eq!(user.organization_data[1].description, None);
    assert_eq!(serde_json::to_value(&user).unwrap(), with(data, &[("sub", json!("user"))]));

    assert_eq!(claims.custom_data_as::<Plan>().unwrap(), Plan { plan: Some("pro".to_owned()) });
    assert_eq!(id_token(minimal()).custom_data_as::<Plan>().unwrap(), Plan { plan: None });
    let odd = id_token(with(minimal(), &[("custom_data", json!({ "plan": 5 }))]));
    let error = odd.custom_data_as::<Plan>().unwrap_err();
    assert_eq!(error.code(), "claims.unexpected");
    assert!(error.to_string().contains("`plan`: invalid type: integer `5`"), "{error}");
}

#[test]
fn custom_claims_deserialize_into_the_application_type_or_an_error_names_the_claim() {
    #[derive(serde::Deserialize, PartialEq, Debug)]
    struct Custom {
        sub: String,
        plan: String,
        #[serde(default)]
        seats: Option<u32>,
    }
    let read = |claims: Value| -> AccessTokenClaims { serde_json::from_value(claims).unwrap() };
    let gold = [("plan", json!("gold")), ("seats", json!(3)), ("aaa", json!(null)), ("zzz", json!([1, { "a": 2 }]))];
    let custom = Custom { sub: "user".to_owned(), plan: "gold".to_owned(), seats: Some(3) };
    assert_eq!(read(with(minimal(), &gold)).custom_claims::<Custom>().unwrap(), custom);
    assert_eq!(id_token(with(minimal(), &gold)).custom_claims::<Custom>().unwrap(), custom);
    assert_eq!(read(with(minimal(), &gold)).custom_claims::<Value>().unwrap(), with(minimal(), &gold));

    for (member, value, told) in [
        ("plan", json!(5), "`plan`: invalid type: integer `5`, expected a string"),
        ("plan", json!(null), "`plan`: invalid type: null, expected a string"),
        ("seats", json!("many"), "`seats`: invalid type: string \"many\", expected u32"),
    ] {
        let error =
            read(with(minimal(), &[&gold[..], &[(member, value)]].concat())).custom_claims::<Custom>().unwrap_err();
        assert_eq!(error.code(), "claims.unexpected");
        assert!(error.to_string().starts_with("the claims are no ") && error.to_string().ends_with(told), "{error}");
    }
    let error = read(minimal()).custom_claims::<Custom>().unwrap_err();
    assert!(error.to_string().ends_with("Custom: missing field `plan`"), "{error}");
}

#[test]
fn times_in_claims_are_system_times_written_as_numbers_in_json() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let said =
        with(minimal(), &[("auth_time", json!(1_795_385_000)), ("nbf", json!(-5)), ("created_at", json!(1_500))]);
    let claims = id_token(said.clone());
    assert_eq!(
        (claims.exp, claims.iat, claims.auth_time),
        (at(1_795_389_184), at(1_795_385_584), Some(at(1_795_385_000)))
    );
    assert_eq!(claims.nbf, Some(UNIX_EPOCH - Duration::from_secs(5)));
    assert_eq!(claims.created_at, Some(UNIX_EPOCH + Duration::from_millis(1_500)));
    assert_eq!(serde_json::to_value(&claims).unwrap(), said);
    let fraction = id_token(with(minimal(), &[("exp", json!(1_795_389_184.9))]));
    assert_eq!(serde_json::to_value(&fraction).unwrap()["exp"], 1_795_389_184);
}

/// The members are written in the order that they had before some of them were times.
#[test]
fn the_order_of_members_stays() {
    let written = serde_json::to_string(&id_token(with(minimal(), &full_profile()))).unwrap();
    let places = ["iss", "sub", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time", "acr", "sid", "name"];
    let places =
        places.into_iter().chain(["phone_number_verified", "updated_at", "created_at", "username", "amr", "roles"]);
    let found: Vec<_> = places.map(|name| written.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(found.is_sorted(), "{written}");
}

#[test]
fn items_of_the_data_of_a_user_that_are_odd_are_left_out() {
    let odd = json!([
        null, 1, "text", [], {}, { "id": 1, "name": "n" }, { "id": "a" }, { "id": "good", "name": "n", "more": [1] }
    ]);
    let claims = id_token(with(minimal(), &[("organization_data", odd.clone())]));
    let [good] = claims.organization_data.as_slice() else { panic!("{:?}", claims.organization_data) };
    assert_eq!((good.id.as_str(), &good.extra["more"]), ("good", &json!([1])));
    let odd =
        json!({ "a": null, "b": 1, "c": [], "d": {}, "e": { "userId": 5 }, "f": { "userId": "6", "details": [] } });
    let claims = id_token(with(minimal(), &[("identities", odd)]));
    let identities = claims.identities.unwrap();
    assert_eq!(identities.keys().collect::<Vec<_>>(), ["f"]);
    assert_eq!(identities["f"].details, None);
}

#[test]
fn recorded_access_tokens_are_read() {
    let read = |name: &str| -> AccessTokenClaims {
        serde_json::from_value(fixture(&format!("jwt/{name}.json"))["payload"].clone()).unwrap()
    };
    let claims = read("access_token_resource_organization");
    assert_eq!(claims.organization_id.as_deref(), Some("lh6cvveo9nmz"));
    assert!(claims.aud.contains("https://api.example.test"));
    assert!(read("access_token_resource").scopes().eq(["read:books", "write:books"]));
    assert_eq!(read("access_token_m2m").scopes().count(), 0);
    assert_eq!(read("access_token_short_lived").scopes().count(), 0);
}

#[test]
fn no_value_of_a_profile_member_fails() {
    let members = without(serde_json::to_value(id_token(with(minimal(), &full_profile()))).unwrap(), "iss");
    for name in members.as_object().unwrap().keys().filter(|name| minimal().get(name).is_none()) {
        for value in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!("text"),
            json!([1, "a", [null]]),
            json!({"a": {}}),
        ] {
            let claims = id_token(with(minimal(), &[(name, value.clone())]));
            assert!(claims.extra.is_empty(), "{name} is a typed member, so it is never in extra");
            assert_eq!(claims.sub, "user", "{name}: {value}");
        }
    }
}

fn full_profile() -> Vec<(&'static str, Value)> {
    let texts = [
        "nonce",
        "azp",
        "at_hash",
        "acr",
        "sid",
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "email",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "phone_number",
        "username",
    ];
    let mut members: Vec<_> = texts.into_iter().map(|name| (name, json!("text"))).collect();
    members.extend(["nbf", "auth_time", "updated_at", "created_at"].map(|name| (name, json!(7))));
    members.extend(["email_verified", "phone_number_verified"].map(|name| (name, json!(true))));
    members.extend(["amr", "roles", "organizations", "organization_roles"].map(|name| (name, json!(["one"]))));
    members.push(("address", json!({ "country": "KR" })));
    members
}

#[test]
fn every_member_is_kept() {
    let all = with(minimal(), &full_profile());
    assert_eq!(serde_json::to_value(id_token(all.clone())).unwrap(), all);
}

#[test]
fn claims_of_a_wrong_type_are_absent_while_unknown_claims_are_kept() {
    let claims = id_token(with(
        minimal(),
        &[
            ("name", json!(null)),
            ("email", json!(5)),
            ("email_verified", json!("true")),
            ("roles", json!(["a", null, 3, "b"])),
            ("organizations", json!("not a list")),
            ("plan", json!({ "n": null })),
            ("nothing", json!(null)),
        ],
    ));
    assert_eq!((claims.name, claims.email, claims.email_verified), (None, None, None));
    assert_eq!(claims.roles, ["a", "b"]);
    assert!(claims.organizations.is_empty());
    assert_eq!(Value::Object(claims.extra), json!({ "plan": { "n": null }, "nothing": null }));
}

#[test]
fn an_audience_is_text_or_an_array_of_text() {
    let read = |json: Value| serde_json::from_value::<Audience>(json);
    assert!(read(json!("app")).unwrap().contains("app"));
    let several = read(json!(["app", "other"])).unwrap();
    assert!(several.iter().eq(["app", "other"]) && !several.contains("ap"));
    assert_eq!(serde_json::to_value(&several).unwrap(), json!(["app", "other"]));
    for wrong in [json!(null), json!(1), json!({}), json!(["app", 1]), json!(["app", null])] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
    assert_eq!(read(json!([])).unwrap(), Audience::default());
}

#[test]
fn numeric_dates_are_truncated_to_whole_seconds_with_saturation() {
    let exp = |json: &str| match serde_json::from_str::<Registered>(&format!(r#"{{"exp":{json}}}"#)).unwrap().exp {
        Claim::Present(exp) => exp,
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(exp("1.0e9"), 1_000_000_000);
    assert_eq!(exp("1795389184.9"), 1_795_389_184);
    assert_eq!(exp("-0.5"), 0);
    assert_eq!(exp("-7.5"), -7);
    assert_eq!(exp("18446744073709551615"), i64::MAX);
    assert_eq!(exp("9223372036854775808"), i64::MAX);
    assert_eq!(exp("1e300"), i64::MAX);
    assert_eq!(exp("-1e300"), i64::MIN);
}

#[test]
fn a_claim_tells_missing_from_wrong() {
    let read = |json: &str| serde_json::from_str::<Registered>(json).unwrap();
    assert!(matches!(read("{}").iss, Claim::Missing));
    assert!(matches!(read(r#"{"iss":null}"#).iss, Claim::Missing));
    assert!(matches!(read(r#"{"iss":1}"#).iss, Claim::WrongType));
    assert!(matches!(read(r#"{"exp":"1"}"#).exp, Claim::WrongType));
}

#[test]
fn a_judged_claim_is_there_once() {
    assert!(serde_json::from_str::<Registered>(r#"{"aud":"app","aud":"other"}"#).is_err());
}

#[test]
fn an_act_claim_is_present_only_if_well_formed() {
    let read = |act: Value| -> AccessTokenClaims { serde_json::from_value(with(minimal(), &[("act", act)])).unwrap() };
    let chain = json!({ "sub": "support", "client_id": "desk", "act": { "sub": "script" } });
    let claims = read(chain.clone());
    let actor = claims.act.as_ref().unwrap();
    assert_eq!((actor.sub.as_str(), &actor.extra["client_id"]), ("support", &json!("desk")));
    assert_eq!(actor.act.as_ref().unwrap().sub, "script");
    assert_eq!(serde_json::to_value(&claims).unwrap()["act"], chain);
    for odd in [json!(null), json!("support"), json!(1), json!([]), json!({}), json!({ "sub": 1 })] {
        let claims = read(odd.clone());
        assert!(claims.act.is_none() && claims.extra.is_empty() && claims.sub == "user", "{odd}");
    }
    // History that cannot be read does not hide who acts.
    assert_eq!(read(json!({ "sub": "support", "act": 7 })).act.unwrap().act, None);
}

#[test]
fn roles_of_an_organization_whose_id_begins_like_anothers() {
    let claims = id_token(with(minimal(), &[("organization_roles", json!(["ab:x", "a:y", "a:z:1", "a"]))]));
    assert!(claims.organization_roles_of("a").eq(["y", "z:1"]));
}
