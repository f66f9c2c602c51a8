//! Answers that are no success, each as the error that says where to look.

use http::{Response, header};
use logto::{
    Error,
    management::{Nothing, Refusal},
};
use serde_json::{Value, json};

use super::stand_in::{Answer, StandIn, answer_of, fixture, json_answer, refusal, text_answer, token, with_header};

/// The error of `GET /api/users/ada` with this answer; nothing waits.
async fn error_of(answer: Response<Vec<u8>>) -> Error {
    let logto = StandIn::default();
    logto.next(answer);
    logto
        .management_with(|settings| settings.max_retry_wait(std::time::Duration::ZERO))
        .users()
        .get("ada")
        .await
        .unwrap_err()
}

#[tokio::test]
async fn management_each_refusal_has_its_code_and_keeps_what_logto_said() {
    let plain = |status, body| text_answer(status, "text/plain; charset=utf-8", body);
    for (answer, code, status) in [
        (refusal(400, "guard.invalid_input"), "management.value_refused", 422),
        (json_answer(400, &json!({ "message": "Unexpected token" })), "management.value_refused", 422),
        (refusal(402, "subscription.limit_exceeded"), "management.value_refused", 422),
        (refusal(403, "auth.forbidden"), "management.forbidden", 500),
        (refusal(403, "subscription.limit_exceeded"), "management.value_refused", 422),
        // The three kinds of 404 that have a code, and those that have none.
        (refusal(404, "entity.not_found"), "management.not_found", 404),
        (refusal(404, "entity.not_exists_with_id"), "management.not_found", 404),
        (refusal(404, "entity.not_exists"), "management.not_found", 404),
        (plain(404, "Not Found"), "management.no_such_operation", 502),
        (text_answer(404, "text/html", "<html>"), "management.no_such_operation", 502),
        (plain(405, "Method Not Allowed"), "management.no_such_operation", 502),
        (refusal(409, "x.y"), "management.value_refused", 422),
        (with_header(413, "x-a", "b"), "management.value_refused", 422),
        (refusal(422, "user.username_already_in_use"), "management.value_refused", 422),
        (refusal(429, "x.y"), "management.rate_limited", 503),
        (with_header(429, "x-a", "b"), "management.rate_limited", 503),
        (refusal(500, "entity.db_execution_failed"), "management.failed", 503),
        (refusal(501, "connector.not_found"), "management.not_set_up", 500),
        (with_header(503, "x-a", "b"), "management.failed", 503),
        (text_answer(502, "text/html", "<html>Bad gateway"), "management.failed", 503),
        // Something between.
        (text_answer(200, "text/html", "<html>Log in to the hotel"), "management.failed", 502),
        (json_answer(200, &json!(["a list"])), "management.failed", 502),
        (text_answer(200, "application/json", r#"{"id":"a"#), "management.failed", 502),
        (text_answer(200, "application/json", ""), "management.failed", 502),
        (text_answer(201, "text/plain", "Created"), "management.failed", 502),
        (text_answer(200, "application/json", "{\"id\":\"\u{0}"), "management.failed", 502),
        (with_header(418, "x-a", "b"), "management.failed", 502),
    ] {
        let (said, said_status) = (String::from_utf8_lossy(answer.body()).into_owned(), answer.status().as_u16());
        let error = error_of(answer).await;
        assert_eq!((error.code().as_str(), error.http_status()), (code, status), "{said_status} {said}: {error:?}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("/api/users/"), "{text}");
        assert!(!text.contains("ada@example.com"), "{text}");
        if let Ok(Value::Object(said)) = serde_json::from_str(&said)
            && said_status >= 400
        {
            let refusal = Refusal::of(&error).unwrap();
            assert_eq!((refusal.status(), refusal.code()), (said_status, said.get("code").and_then(Value::as_str)));
            assert_eq!(refusal.message(), said["message"].as_str());
        }
    }
}

#[tokio::test]
async fn management_an_answer_of_another_shape_is_not_quoted() {
    for body in [
        json!({ "id": { "email": "ada@example.com" } }),
        json!("ada@example.com"),
        json!({ "id": ["ada@example.com"] }),
    ] {
        let error = error_of(json_answer(200, &body)).await;
        let mut text = format!("{error:?} {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            text.push_str(&format!(" {error} {error:?}"));
            source = error.source();
        }
        assert!(!text.contains("ada@example.com"), "{text}");
        assert_eq!(error.code().as_str(), "management.failed");
    }
}

#[tokio::test]
async fn management_a_member_of_another_type_is_as_good_as_absent() {
    let logto = StandIn::default();
    let body = json!({ "id": "ada", "username": 1, "customData": [], "identities": "x", "profile": [1], "isSuspended": "yes",
        "createdAt": "soon", "lastSignInAt": 1e300, "hasPassword": {}, "tomorrow": { "a": [1] } });
    logto.next(json_answer(200, &body));
    let user = logto.management().users().get("ada").await.unwrap();
    assert_eq!((user.username.as_deref(), user.is_suspended, user.has_password), (None, false, None));
    assert!(user.custom_data.is_empty() && user.identities.is_empty() && user.created_at.is_none());
    assert_eq!(user.extra["tomorrow"], json!({ "a": [1] }));
}

#[tokio::test]
async fn management_a_token_that_logto_refuses_is_replaced_once() {
    let logto = StandIn::default();
    let management = logto.management();
    let no_token = || answer_of(&fixture("90-management/auth/02-garbage"));
    logto.next_token(Answer::Is(token("first"))).next_token(Answer::Is(token("second")));
    logto.next(no_token()).next(json_answer(200, &json!({ "id": "ada" })));
    assert_eq!(management.users().get("ada").await.unwrap().id, "ada");
    let bearer =
        |number: usize| logto.asked("/api")[number].headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
    assert_eq!((bearer(0), bearer(1), logto.token_count()), ("Bearer first".into(), "Bearer second".into(), 2));

    // Refused again: that is an error, and no third token.
    let logto = StandIn::default();
    let management = logto.management();
    logto.next(no_token()).next(no_token());
    logto.next_token(Answer::Is(token("first"))).next_token(Answer::Is(token("second")));
    let error = management.users().get("ada").await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("management.token_refused", 500));
    assert!(error.hint().contains("Logto Management API"), "{}", error.hint());
    assert_eq!(Refusal::of(&error).unwrap().code(), Some("auth.unauthorized"));
    assert_eq!((logto.lines().len(), logto.token_count()), (2, 2));
}

#[tokio::test]
async fn management_a_machine_without_the_role_is_told_so() {
    // A token without scope, as recorded: the scope was not granted.
    let logto = StandIn::default();
    logto.next_token(Answer::Is(answer_of(&fixture("90-management/auth/04-token-without-role"))));
    let error = logto.management().users().get("ada").await.unwrap_err();
    assert!(error.hint().contains("Logto Management API access"), "{error:?} {}", error.hint());
    assert!(logto.lines().is_empty(), "nothing was asked with it");

    let logto = StandIn::default();
    logto.next(answer_of(&fixture("90-management/auth/05-no-scope")));
    let error = logto.management().users().list().page(1, 20).await.unwrap_err();
    assert_eq!(error.code().as_str(), "management.forbidden");
    assert!(error.hint().contains("Applications › the app › Roles"), "{}", error.hint());

    // With the role.
    let logto = StandIn::default();
    logto.next_token(Answer::Is(answer_of(&fixture("90-management/auth/08-token-with-role"))));
    logto.next(answer_of(&fixture("90-management/auth/09-list-users")));
    logto.management().users().list().page(1, 1).await.unwrap();
}

#[tokio::test]
async fn management_a_resource_that_the_tenant_has_not_leads_to_the_setting() {
    let logto = StandIn::default();
    logto.next_token(Answer::Is(answer_of(&fixture("60-client-credentials/04-unknown-resource"))));
    let error = logto
        .management_with(|settings| settings.resource("https://other.logto.app/api"))
        .users()
        .get("ada")
        .await
        .unwrap_err();
    assert!(error.hint().contains("LOGTO_MANAGEMENT_RESOURCE"), "{error:?} {}", error.hint());
    let asked = String::from_utf8(logto.asked("/oidc/token")[0].body().clone()).unwrap();
    assert!(asked.contains("resource=https%3A%2F%2Fother.logto.app%2Fapi") && asked.contains("scope=all"), "{asked}");
}

#[tokio::test]
async fn management_answers_that_say_nothing_are_nothing() {
    for answer in [
        with_header(204, "x-a", "b"),
        text_answer(201, "text/plain; charset=utf-8", "Created"),
        json_answer(200, &json!({ "a": 1 })),
        json_answer(201, &json!([])),
        text_answer(200, "application/json", ""),
    ] {
        let logto = StandIn::default();
        logto.next(answer.clone()).next(answer);
        logto.management().post::<Nothing>("/x", &json!({})).await.unwrap();
        logto.management().users().delete("ada").await.unwrap();
    }
    // What was sent is JSON, and a `DELETE` has no body.
    let logto = StandIn::default();
    logto.next(with_header(204, "x-a", "b")).next(with_header(204, "x-a", "b"));
    logto.management().put::<Nothing>("/x", "a text").await.unwrap();
    logto.management().delete::<Nothing>("/x").await.unwrap();
    let asked = logto.asked("/api");
    assert_eq!(
        (asked[0].body().as_slice(), &asked[0].headers()[header::CONTENT_TYPE]),
        (b"\"a text\"".as_slice(), &http::HeaderValue::from_static("application/json"))
    );
    assert!(asked[1].body().is_empty() && !asked[1].headers().contains_key(header::CONTENT_TYPE));
    // What has no form as JSON is not sent.
    let error =
        logto.management().post::<Nothing>("/x", &std::collections::BTreeMap::from([(vec![1], 2)])).await.unwrap_err();
    assert_eq!((error.code().as_str(), logto.lines().len()), ("options.invalid", 2));
}
