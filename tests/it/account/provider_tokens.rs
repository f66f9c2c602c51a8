//! Tokens of providers, which Logto keeps.

use std::time::Duration;

use serde_json::{Value, json};

use super::stand_in::{App, json_answer, recorded, refusal};

#[tokio::test]
async fn account_the_token_of_a_provider_comes_with_its_scopes_and_its_end() {
    let app = App::new();
    let session = app.session().await;
    let hour = Some(app.now() + Duration::from_secs(3600));
    for (scope, expires_in, scopes, expires_at) in [
        (json!("repo gist"), json!(3600), vec!["repo", "gist"], hour),
        (json!("repo,gist"), json!("3600"), vec!["repo", "gist"], hour),
        (Value::Null, Value::Null, vec![], None),
        (json!(7), json!("soon"), vec![], None),
        (json!(""), json!(-1), vec![], None),
    ] {
        let body =
            json!({ "access_token": "SENTINEL", "scope": scope, "token_type": "bearer", "expires_in": expires_in });
        app.logto.next(json_answer(200, &body)).next(json_answer(200, &body));
        let token = session.social_token("github").await.unwrap();
        assert_eq!(app.logto.last().uri().path(), "/api/my-account/identities/github/access-token");
        assert_eq!((token.token.expose(), token.token_type.as_deref()), ("SENTINEL", Some("bearer")));
        assert_eq!(token.scopes, scopes);
        let seconds = |time: Option<std::time::SystemTime>| {
            time.map(|time| time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(seconds(token.expires_at), seconds(expires_at));
        assert!(!format!("{token:?}").contains("SENTINEL"));
        assert_eq!(session.sso_token("entra").await.unwrap().token, token.token);
        assert_eq!(app.logto.last().uri().path(), "/api/my-account/sso-identities/entra/access-token");
    }
}

#[tokio::test]
async fn account_a_vault_without_a_token_leads_to_linking_again() {
    let app = App::new();
    let session = app.session().await;
    for answer in [
        recorded("67-identity-access-token"),
        refusal(401, "secrets.third_party_token_set.access_token_expired"),
        refusal(400, "connector.social_auth_code_invalid"),
        refusal(422, "connector.authorization_failed"),
    ] {
        app.logto.next(answer.clone()).next(answer);
        for error in [session.social_token("x").await.unwrap_err(), session.sso_token("x").await.unwrap_err()] {
            assert_eq!((error.code().as_str(), error.http_status()), ("provider_token.missing", 404));
            assert!(!error.requires_sign_in() && error.hint().contains("begin_link"), "{}", error.hint());
        }
    }
    // An outage of the provider is none of that.
    app.logto.next(refusal(500, "connector.general"));
    let error = session.social_token("x").await.unwrap_err();
    assert_eq!((error.code().as_str(), error.is_transient()), ("account.failed", true));
    assert!(session.user().await.unwrap().is_some());
}

#[tokio::test]
async fn account_a_token_is_replaced_by_that_of_a_new_link() {
    let app = App::new();
    let account = app.account().await;
    let social = serde_json::from_value(json!({ "v": super::stand_in::record("social") })).unwrap();
    app.logto.next(json_answer(200, &json!({ "access_token": "new" })));
    let token = account.replace_social_token("git/hub", &social).await.unwrap();
    assert_eq!((token.token.expose(), token.expires_at), ("new", None));
    let asked = app.logto.last();
    assert_eq!(
        (asked.method().as_str(), asked.uri().path()),
        ("PUT", "/api/my-account/identities/git%2Fhub/access-token")
    );
    for (answer, code) in [
        (refusal(422, "verification_record.social_verification.invalid_target"), "account.value_refused"),
        (refusal(422, "user.identity_not_exists_in_current_user"), "account.value_refused"),
        (refusal(422, "verification_record.social_verification.token_response_not_found"), "provider_token.missing"),
        (refusal(400, "verification_record.not_found"), "account.link_mismatched"),
        (refusal(403, "auth.forbidden"), "account.scope_missing"),
    ] {
        app.logto.next(answer);
        assert_eq!(account.replace_social_token("github", &social).await.unwrap_err().code(), code);
    }
}
