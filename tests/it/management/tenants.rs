//! Logto Cloud, self-hosted servers, custom domains, and what is printed of them.

use logto::{
    machine::{MachineClient, MachineClientBuilder},
    management::{Management, NewUser},
};
use serde_json::json;

use super::stand_in::{Answer, SECRET, StandIn, TOKEN, answer_of, fixture, json_answer, page_of, token};

fn machine(logto: &StandIn) -> MachineClientBuilder {
    MachineClient::builder().app_id("m2m").app_secret(SECRET).http_client(logto.clone())
}

#[tokio::test]
async fn management_the_resource_is_that_of_the_tenant_and_the_address_that_of_the_server() {
    for (endpoint, internal, set, resource, host) in [
        ("https://my-tenant.logto.app", None, None, "https://my-tenant.logto.app/api", "https://my-tenant.logto.app"),
        ("http://localhost:3001", None, None, "https://default.logto.app/api", "http://localhost:3001"),
        ("https://auth.example.com", None, None, "https://default.logto.app/api", "https://auth.example.com"),
        // A custom domain of Logto Cloud.
        (
            "https://auth.example.com",
            None,
            Some("https://my-tenant.logto.app/api"),
            "https://my-tenant.logto.app/api",
            "https://auth.example.com",
        ),
        (
            "https://auth.example.com",
            Some("http://logto.internal:3001"),
            None,
            "https://default.logto.app/api",
            "http://logto.internal:3001",
        ),
    ] {
        let logto = StandIn::default();
        let mut builder = machine(&logto).endpoint(endpoint);
        if let Some(internal) = internal {
            builder = builder.internal_endpoint(internal);
        }
        let mut settings = Management::builder(builder.build().unwrap());
        if let Some(set) = set {
            settings = settings.resource(set);
        }
        let text = format!("{:?}", settings.build().unwrap());
        assert!(text.contains(&format!("base_url: \"{host}/api\"")) && text.contains(resource), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn management_settings_that_cannot_be_are_refused_when_it_is_built() {
    let logto = StandIn::default();
    let by_issuer = machine(&logto).issuer("https://login.example.com").build().unwrap();
    let error = Management::new(by_issuer).unwrap_err();
    assert_eq!(error.code().as_str(), "config.invalid");
    assert!(error.to_string().contains("endpoint"), "{error}");
    for resource in ["", "not a url", "https://my-tenant.logto.app/api#x"] {
        let machine = machine(&logto).endpoint("https://my-tenant.logto.app").build().unwrap();
        let error = Management::builder(machine).resource(resource).build().unwrap_err();
        assert_eq!(error.code().as_str(), "config.invalid", "{resource:?}");
    }
    assert!(logto.asked("/").is_empty());
}

#[tokio::test]
async fn management_no_secret_and_nothing_about_people_is_printed() {
    let logto = StandIn::default();
    let management = logto.management();
    let user = json!({
        "id": "the-id", "username": "SENTINEL-P", "primaryEmail": "SENTINEL-P", "primaryPhone": "SENTINEL-P",
        "name": "SENTINEL-P", "avatar": "SENTINEL-P", "customData": { "a": "SENTINEL-P" },
        "identities": { "github": { "userId": "SENTINEL-P", "details": { "a": "SENTINEL-P" } } },
        "profile": { "givenName": "SENTINEL-P", "address": { "locality": "SENTINEL-P" } }, "passwordDigest": "SENTINEL-P",
        "ssoIdentities": [{ "identityId": "SENTINEL-P", "issuer": "i", "detail": { "a": "SENTINEL-P" } }],
    });
    let users = management.users();
    logto.next(json_answer(200, &user));
    let user = users.get("the-id").await.unwrap();
    let mut texts = vec![format!("{user:?}"), format!("{:?}", user.profile), format!("{:?}", user.profile.address)];
    texts.push(format!("{:?}", user.sso_identities));
    assert!(texts[0].contains("the-id"));

    logto.next(answer_of(&fixture("90-management/users/88-sessions")));
    texts.push(format!("{:?}", users.list_sessions("a").page(1, 1).await.unwrap().items).replace("id", ""));
    assert!(!texts.last().unwrap().contains("127.0.0.1") && !texts.last().unwrap().contains("ada"));
    let pat = json!({ "name": "ci", "value": "SENTINEL-V", "createdAt": 1 });
    logto.next(json_answer(201, &pat));
    let created = users.create_personal_access_token("a", &logto::management::NewPersonalAccessToken::new()).await;
    let created = created.unwrap();
    assert_eq!(created.value.expose(), "SENTINEL-V");
    texts.push(format!("{created:?}"));
    logto.next(json_answer(
        201,
        &json!({ "id": "x", "email": "SENTINEL-P", "token": "SENTINEL-V", "status": "active" }),
    ));
    let magic = management.one_time_tokens().create(&logto::management::NewOneTimeToken::new()).await.unwrap();
    texts.push(format!("{magic:?}"));
    logto.next(json_answer(201, &json!({ "subjectToken": "SENTINEL-V", "expiresIn": 600 })));
    let subject = management.subject_tokens().create(&logto::management::NewSubjectToken::new()).await.unwrap();
    texts.push(format!("{subject:?}"));
    logto.next(json_answer(200, &json!({ "type": "Totp", "secret": "SENTINEL-V", "secretQrCode": "SENTINEL-V" })));
    texts.push(format!("{:?}", users.add_totp("a", None).await.unwrap()));
    logto.next(json_answer(200, &json!({ "type": "BackupCode", "codes": ["SENTINEL-V"] })));
    texts.push(format!("{:?}", users.add_backup_codes("a", None).await.unwrap()));

    let new_user = NewUser::new().username("SENTINEL-P").password("SENTINEL-V").primary_email("SENTINEL-P");
    texts.push(format!("{new_user:?}"));
    assert!(texts.last().unwrap().contains("primaryEmail"));
    let list = users.search("SENTINEL-P");
    texts.extend([
        format!("{list:?}"),
        format!("{:?}", list.clone().items()),
        format!("{management:?}"),
        format!("{users:?}"),
    ]);
    // An error about a search says where, and not for whom.
    logto.next(json_answer(
        400,
        &json!({ "code": "request.invalid_input", "message": "SENTINEL-P", "data": "SENTINEL-P" }),
    ));
    let error = list.page(1, 20).await.unwrap_err();
    texts.extend([format!("{error:?}"), error.to_string()]);
    for text in texts {
        for secret in ["SENTINEL-P", "SENTINEL-V", SECRET, TOKEN] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn management_clones_share_the_token_and_two_tenants_do_not() {
    let (one, other) = (StandIn::default(), StandIn::default());
    let (first, second) = (one.management(), other.management());
    one.next_token(Answer::Is(token("of-one")));
    other.next_token(Answer::Is(token("of-the-other")));
    for logto in [&one, &one, &other] {
        logto.next(page_of(0..0, Some("0")));
    }
    first.users().list().page(1, 1).await.unwrap();
    first.clone().roles().list().page(1, 1).await.unwrap();
    second.users().list().page(1, 1).await.unwrap();
    assert_eq!((one.token_count(), other.token_count()), (1, 1));
    assert_eq!(other.asked("/api")[0].headers()["authorization"], "Bearer of-the-other");
}
