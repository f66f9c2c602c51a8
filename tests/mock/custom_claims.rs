//! Where claims of a user's own go: custom claims into access tokens alone, extended claims into ID tokens where the Console says so.

use logto::testing::{MockApp, MockLogto, MockUser};
use serde_json::json;

use crate::{
    permissions::world,
    recording::whole_ada,
    replay::{Replay, fixture},
    support::{API, authorization_url, decoded, exchange, refresh, text, tokens, userinfo},
};

fn ada() -> MockUser {
    whole_ada("hmsct46yllsj", "7ivtbhtrj7t0")
}

fn scope_of(file: &str) -> String {
    text(&fixture(file)["response"]["body_json"], "scope").to_owned()
}

#[tokio::test]
async fn extended_claims_are_in_id_tokens_where_the_console_says_so() {
    let enabled = ["roles", "organizations", "organization_roles", "custom_data", "identities", "organization_data"];
    let mock = world().user(ada()).extended_id_token_claims(&enabled).start().await.unwrap();
    let file = "96-custom-jwt/31-id-token-extended.json";
    let mut replay = Replay::new(&mock);
    replay.exchange(file, &[("scope", &scope_of(file))]).await;

    // Fewer than those of a new Logto.
    let mock = world().user(ada()).extended_id_token_claims(&[]).start().await.unwrap();
    let given = tokens(&mock, &[("scope", &scope_of(file))]).await;
    let (_, claims) = decoded(text(&given, "id_token"));
    for name in fixture("96-custom-jwt/30-id-token-config.json")["response"]["body_json"]["enabledExtendedClaims"]
        .as_array()
        .unwrap()
    {
        assert_eq!(claims.get(name.as_str().unwrap()), None, "{name}");
    }
    let info = userinfo(&mock, text(&given, "access_token")).await.json();
    assert_eq!((&info["custom_data"]["plan"], &info["roles"]), (&json!("pro"), &json!(["librarian"])));
}

#[tokio::test]
async fn custom_claims_in_the_mock_appear_only_in_jwt_access_tokens() {
    let nested = json!({ "a": [1, 2, { "b": null }] });
    let with_claims = ada().access_token_claim("plan", "pro").access_token_claim("nested", nested.clone());
    let registered = ["sub", "iss", "aud", "scope", "exp", "client_id", "jti", "iat"];
    let with_claims = registered.iter().fold(with_claims, |user, name| user.access_token_claim(*name, "evil"));
    let mock = world().user(with_claims).start().await.unwrap();
    let scope = "openid offline_access profile urn:logto:scope:organizations read:books";
    let given = tokens(&mock, &[("scope", scope), ("resource", API)]).await;
    let refresh_token = text(&given, "refresh_token");
    for target in [vec![("resource", API)], vec![("organization_id", "7ivtbhtrj7t0")]] {
        let answer = refresh(&mock, refresh_token, &target).await.json();
        let (_, claims) = decoded(text(&answer, "access_token"));
        assert_eq!((&claims["plan"], &claims["nested"]), (&json!("pro"), &nested), "{target:?}");
        // 96-custom-jwt/23-reserved: registered claims of a script do not count.
        assert!(registered.iter().all(|name| claims[*name] != "evil"), "{claims}");
        let (_, claims) = decoded(text(&answer, "id_token"));
        assert!(claims.get("plan").is_none() && claims.get("nested").is_none(), "{claims}");
    }
    let answer = refresh(&mock, refresh_token, &[]).await.json();
    assert_eq!(text(&answer, "access_token").split('.').count(), 1);
    let info = userinfo(&mock, text(&answer, "access_token")).await.json();
    assert_eq!(info.get("plan"), None);
}

#[tokio::test]
async fn custom_claims_of_a_machine_are_in_its_tokens_as_recorded() {
    let machine = MockApp::new("850p3ghmh1s8xv95kxuzp", "gghMBwM2sXQJPdNfWcSj7o7kbyIhZWfa").role("ro");
    let machine = machine.access_token_claim("machine", true).access_token_claim("from", "850p3ghmh1s8xv95kxuzp");
    let mock = world().machine_to_machine_app(machine.access_token_claim("app", "Rust M2M")).start().await.unwrap();
    Replay::new(&mock).run("96-custom-jwt/13-m2m.json").await;
}

#[tokio::test]
#[should_panic(expected = "MockUser::access_token_claim")]
async fn a_claim_that_logto_does_not_have_is_refused_with_the_way_to_set_one() {
    let _ = MockUser::new("ada").claim("plan", "pro");
}

#[tokio::test]
async fn a_profile_claim_in_the_mock_appears_in_userinfo_as_in_the_id_token() {
    let mock = MockLogto::start().await;
    mock.update_user("bob", |bob| bob.claim("website", "https://bob.test").claim("custom_data", json!({ "n": 1 })));
    let scope = "openid offline_access profile custom_data";
    let callback = mock.sign_in(&authorization_url(&mock, &[("scope", scope)]), "bob").await;
    let given = exchange(&mock, &callback).await.json();
    let (_, claims) = decoded(text(&given, "id_token"));
    assert_eq!((&claims["website"], claims.get("custom_data")), (&json!("https://bob.test"), None));
    let info = userinfo(&mock, text(&given, "access_token")).await.json();
    assert_eq!((&info["website"], &info["custom_data"]), (&json!("https://bob.test"), &json!({ "n": 1 })));
}
