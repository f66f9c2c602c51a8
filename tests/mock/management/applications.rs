//! Applications that are made, changed and deleted.

use std::time::{Duration, UNIX_EPOCH};

use logto::testing::{MockLogto, TestClock};
use serde_json::{Value, json};

use crate::{
    management_client::Management,
    support::{Answer, REDIRECT_URI, VERIFIER, authorization_url, client, decoded, param, text},
};

/// Ada signs in to an application, which exchanges its code.
async fn sign_in(mock: &MockLogto, id: &str, secret: &str) -> Answer {
    mock.clear_browser_session();
    let callback = mock.sign_in(&authorization_url(mock, &[("client_id", id)]), "ada").await;
    let code = param(&callback, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    Answer::of(client().post(format!("{}/token", mock.issuer())).basic_auth(id, Some(secret)).form(&form)).await
}

async fn refreshed(mock: &MockLogto, id: &str, secret: &str, tokens: &Value) -> u16 {
    let form = [("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))];
    Answer::of(client().post(format!("{}/token", mock.issuer())).basic_auth(id, Some(secret)).form(&form)).await.status
}

#[tokio::test]
async fn an_application_made_by_the_management_api_signs_users_in_with_each_of_its_secrets() {
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let management = Management::of(&mock);
    let body = json!({
        "name": "Web", "type": "Traditional", "customClientMetadata": { "idTokenTtl": 600 },
        "oidcClientMetadata": { "redirectUris": [REDIRECT_URI], "postLogoutRedirectUris": [] },
    });
    let made = management.post("/applications", &body).await.json();
    let id = text(&made, "id");
    assert_eq!((id.len(), &made["createdAt"]), (21, &json!(1_800_000_000_000_u64)));
    let path = format!("/applications/{id}/secrets");
    let first = management.get(&path).await.json()[0]["value"].as_str().unwrap().to_owned();
    let tokens = sign_in(&mock, id, &first).await.json();
    let (_, claims) = decoded(text(&tokens, "id_token"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);

    let ends_at = 1_800_000_060_000_u64;
    let second = management.post(&path, &json!({ "name": "second", "expiresAt": ends_at })).await.json();
    let second = text(&second, "value");
    assert_eq!(sign_in(&mock, id, second).await.status, 200);
    clock.advance(Duration::from_secs(60));
    assert_eq!(sign_in(&mock, id, second).await.status, 401, "it has expired");
    assert_eq!(
        management.patch(&format!("{path}/second"), &json!({ "name": "third" })).await.json()["name"],
        json!("third")
    );
    assert_eq!(management.delete(&format!("{path}/Default%20secret")).await.status, 204);
    assert_eq!(sign_in(&mock, id, &first).await.status, 401, "it was deleted");
    let past = management.post(&path, &json!({ "name": "past", "expiresAt": 1000 })).await;
    assert_eq!((past.status, text(&past.json(), "code")), (400, "request.invalid_input"));
}

#[tokio::test]
async fn what_a_patch_says_of_an_application_counts_at_once() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let (id, secret) = (mock.app_id(), mock.app_secret());
    let tokens = sign_in(&mock, &id, &secret).await.json();
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", text(&tokens, "access_token")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    assert_eq!(crate::support::token(&mock, &exchange).await.status, 400);
    let path = format!("/applications/{id}");
    let body = json!({ "customClientMetadata": { "allowTokenExchange": true, "corsAllowedOrigins": ["https://spa.example.test"] } });
    let changed = management.patch(&path, &body).await.json();
    assert_eq!(changed["customClientMetadata"], body["customClientMetadata"]);
    assert_eq!(crate::support::token(&mock, &exchange).await.status, 200);
    for (body, status, code) in [
        (json!({ "customClientMetadata": { "isDeviceFlow": true } }), 422, "application.device_flow_not_changeable"),
        (json!({ "appLevelAccessControlEnabled": true }), 422, "request.invalid_input"),
        (json!({ "oidcClientMetadata": { "redirectUris": [] } }), 400, "guard.invalid_input"),
    ] {
        let refused = management.patch(&path, &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code), "{body}");
    }
    for (body, status, code) in [
        (
            json!({ "name": "x", "type": "SPA", "customClientMetadata": { "isDeviceFlow": true } }),
            422,
            "application.device_flow_native_only",
        ),
        (json!({ "name": "x", "type": "SAML" }), 400, "application.saml.use_saml_app_api"),
        (
            json!({ "name": "x", "type": "MachineToMachine", "isThirdParty": true }),
            400,
            "application.invalid_third_party_application_type",
        ),
    ] {
        let refused = management.post("/applications", &body).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code), "{body}");
    }
}

#[tokio::test]
async fn what_users_allowed_a_deleted_application_is_gone() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let (id, secret) = (mock.app_id(), mock.app_secret());
    let tokens = sign_in(&mock, &id, &secret).await.json();
    assert_eq!(refreshed(&mock, &id, &secret, &tokens).await, 200);
    assert_eq!(management.delete(&format!("/applications/{id}")).await.status, 204);
    assert_eq!(refreshed(&mock, &id, &secret, &tokens).await, 400);
    assert_eq!(crate::support::userinfo(&mock, text(&tokens, "access_token")).await.status, 401);
    assert_eq!(management.get("/users/user-ada/grants").await.json(), json!({ "grants": [] }));
}
