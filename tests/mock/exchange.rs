//! Token exchange beyond what was recorded: subject tokens by the Management API, personal access tokens, organizations, actors.

use std::time::Duration;

use logto::testing::{MockApp, MockLogto, MockResource, TestClock};
use serde_json::{Value, json};

use crate::support::{API, Answer, client, decoded, text, token, tokens, userinfo};

const MANAGEMENT: &str = "https://default.logto.app/api";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";

async fn mock(clock: &TestClock) -> MockLogto {
    let app = MockApp::new("app", "secret").redirect_uri(crate::support::REDIRECT_URI).token_exchange(true);
    MockLogto::builder().app(app).clock(clock.clone()).start().await.unwrap()
}

async fn exchange(mock: &MockLogto, subject: &str, kind: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", EXCHANGE), ("subject_token", subject), ("subject_token_type", kind)];
    form.extend(more);
    token(mock, &form).await
}

async fn subject_token(mock: &MockLogto, bearer: Option<&str>, body: &Value) -> Answer {
    let mut request = client().post(format!("{}/api/subject-tokens", mock.endpoint())).json(body);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    Answer::of(request).await
}

/// A Logto whose Management API the first app may call, and that app's token for it, with a scope.
async fn managed(scope: &str) -> (MockLogto, String) {
    let mock = MockLogto::builder()
        .machine_to_machine_app(MockApp::new("machine", "secret").role("management"))
        .resource(MockResource::new(MANAGEMENT).scope("all").scope("some"))
        .role("management", MANAGEMENT, &["all", "some"])
        .start()
        .await
        .unwrap();
    let form = [("grant_type", "client_credentials"), ("resource", MANAGEMENT), ("scope", scope)];
    let answer = token(&mock, &form).await.json();
    let bearer = text(&answer, "access_token").to_owned();
    (mock, bearer)
}

pub(crate) async fn subject_token_response() -> Value {
    let (mock, bearer) = managed("all").await;
    let answer =
        subject_token(&mock, Some(&bearer), &json!({ "userId": "user-ada", "context": { "ticket": 7 } })).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn the_management_api_is_for_who_may() {
    let (mock, all) = managed("all").await;
    let (other, foreign) = managed("all").await;
    let some = token(&mock, &[("grant_type", "client_credentials"), ("resource", MANAGEMENT), ("scope", "some")]).await;
    let body = json!({ "userId": "user-ada" });
    for (bearer, body, status, code) in [
        (None, &body, 401, "auth.authorization_header_missing"),
        (Some("garbage"), &body, 401, "auth.unauthorized"),
        (Some(foreign.as_str()), &body, 401, "auth.unauthorized"),
        (Some(text(&some.json(), "access_token")), &body, 403, "auth.forbidden"),
        (Some(all.as_str()), &json!({ "userId": "user-nobody" }), 404, "entity.relation_foreign_key_not_found"),
        (Some(all.as_str()), &json!({}), 400, "guard.invalid_input"),
    ] {
        let answer = subject_token(&mock, bearer, body).await;
        assert_eq!((answer.status, text(&answer.json(), "code")), (status, code), "{bearer:?} {body}");
    }
    assert_eq!(subject_token(&other, Some(&foreign), &body).await.status, 201);
}

#[tokio::test]
async fn a_personal_access_token_is_exchanged_by_the_mock_until_expiry() {
    let clock = TestClock::new();
    let mock = mock(&clock).await;
    let pat = mock.create_personal_access_token("ada", Some(Duration::from_secs(60)));
    let forever = mock.create_personal_access_token("user-ada", None);
    let books = [("resource", API), ("scope", "read:books delete:books")];
    for _ in 0..2 {
        let answer = exchange(&mock, &pat, PERSONAL, &books).await;
        assert_eq!((answer.status, &answer.json()["scope"]), (200, &json!("read:books")));
        let (header, claims) = decoded(text(&answer.json(), "access_token"));
        assert_eq!(
            (&header["typ"], &claims["sub"], &claims["act"]),
            (&json!("at+jwt"), &json!("user-ada"), &json!(null))
        );
    }
    // It is one kind of token and not the other.
    assert_eq!(exchange(&mock, &pat, ACCESS_TOKEN, &books).await.json()["error"], "invalid_grant");
    assert_eq!(exchange(&mock, &pat, "urn:other", &books).await.json()["error"], "invalid_grant");
    clock.advance(Duration::from_secs(60));
    assert_eq!(exchange(&mock, &pat, PERSONAL, &books).await.json()["error"], "invalid_grant");
    assert_eq!(exchange(&mock, &forever, PERSONAL, &books).await.status, 200);
}

#[tokio::test]
async fn a_subject_token_works_once_for_ten_minutes() {
    let clock = TestClock::new();
    let mock = mock(&clock).await;
    let books = [("resource", API), ("scope", "read:books")];
    let subject = mock.create_subject_token("ada");
    // A refusal does not use it up.
    let unknown = exchange(&mock, &subject, ACCESS_TOKEN, &[("resource", "https://nope.example.test")]).await;
    assert_eq!((unknown.status, text(&unknown.json(), "error")), (400, "invalid_target"));
    assert_eq!(exchange(&mock, &subject, ACCESS_TOKEN, &books).await.status, 200);
    assert_eq!(exchange(&mock, &subject, ACCESS_TOKEN, &books).await.json()["error"], "invalid_grant");
    let late = mock.create_subject_token("ada");
    clock.advance(Duration::from_secs(600));
    assert_eq!(exchange(&mock, &late, ACCESS_TOKEN, &books).await.json()["error"], "invalid_grant");
    let missing = token(&mock, &[("grant_type", EXCHANGE), ("subject_token", &late)]).await;
    assert_eq!(missing.json()["error_description"], "missing required parameter 'subject_token_type'");
}

#[tokio::test]
async fn a_token_exchange_in_the_mock_accepts_an_organization_or_an_actor_token() {
    let clock = TestClock::new();
    let mock = mock(&clock).await;
    let pat = mock.create_personal_access_token("ada", None);
    let organization = [("organization_id", "org-acme"), ("scope", "read:reports")];
    let answer = exchange(&mock, &pat, PERSONAL, &organization).await.json();
    let (_, claims) = decoded(text(&answer, "access_token"));
    assert_eq!((&claims["aud"], &claims["scope"]), (&json!("urn:logto:organization:org-acme"), &json!("read:reports")));
    let both = exchange(&mock, &pat, PERSONAL, &[("resource", API), ("organization_id", "org-globex")]).await.json();
    assert_eq!(decoded(text(&both, "access_token")).1["organization_id"], "org-globex");
    let strange = mock.create_personal_access_token("bob", None);
    let refused = exchange(&mock, &strange, PERSONAL, &organization).await;
    assert_eq!((refused.status, text(&refused.json(), "error")), (403, "access_denied"));

    let actor = tokens(&mock, &[]).await;
    let with_actor = |token: &str| {
        let token = token.to_owned();
        let (mock, strange) = (&mock, &strange);
        async move {
            let more = [("resource", API), ("actor_token", token.as_str()), ("actor_token_type", ACCESS_TOKEN)];
            exchange(mock, strange, PERSONAL, &more).await.json()
        }
    };
    let (_, claims) = decoded(text(&with_actor(text(&actor, "access_token")).await, "access_token"));
    assert_eq!((&claims["sub"], &claims["act"]), (&json!("user-bob"), &json!({ "sub": "user-ada" })));
    assert_eq!(with_actor("garbage").await["error"], "invalid_grant");
    // A token for an API is no actor: it is a JWT, without `openid`.
    assert_eq!(with_actor(text(&both, "access_token")).await["error"], "invalid_grant");
}

#[tokio::test]
async fn without_a_resource_the_token_is_for_logto() {
    let mock = mock(&TestClock::new()).await;
    let subject = mock.create_subject_token("ada");
    let answer = exchange(&mock, &subject, ACCESS_TOKEN, &[("scope", "openid profile read:books")]).await.json();
    assert_eq!(answer["scope"], "openid profile");
    let user = userinfo(&mock, text(&answer, "access_token")).await;
    assert_eq!((user.status, text(&user.json(), "sub")), (200, "user-ada"));
    mock.revoke_all_grants();
    assert_eq!(userinfo(&mock, text(&answer, "access_token")).await.status, 401);
}
