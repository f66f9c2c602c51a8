//! Where the account meets a session, another user, a request that only looks, a caller that hangs up, and what stands between.

use std::time::Duration;

use logto::{
    LogtoClient, RequestSession, Secret, TokenOptions,
    account::UserUpdate,
    integrate::AuthRequest,
    store::MemoryStore,
    testing::{TestSession, another_instance},
};
use serde_json::json;

use super::stand_in::{ALL_SCOPES, App, ENDPOINT, json_answer, nothing, page, recorded, refusal};
use crate::logs::listen;

const TOKEN: &str = "/oidc/token";

async fn is_signed_in(session: &RequestSession) -> bool {
    session.user().await.unwrap().is_some()
}

#[tokio::test]
async fn account_a_token_that_logto_no_longer_knows_is_replaced_once() {
    let app = App::new();
    let session = app.session().await;
    app.refreshes("SENTINEL-SECOND", ALL_SCOPES);
    app.logto.next(recorded("13-get-garbage")).next(recorded("10-get"));
    assert_eq!(session.account().user().await.unwrap().name.as_deref(), Some("Acc"));
    let tokens: Vec<_> =
        app.logto.asked("/api/").iter().map(|request| request.headers()["authorization"].clone()).collect();
    assert_eq!(tokens, ["Bearer SENTINEL-FIRST", "Bearer SENTINEL-SECOND"]);
    assert!(tokens.iter().all(http::HeaderValue::is_sensitive));

    // The new one is kept with the session.
    assert_eq!(session.get_access_token(TokenOptions::new()).await.unwrap().token(), "SENTINEL-SECOND");
    assert!(!session.commit().await.unwrap().set_cookies().is_empty());
    assert_eq!(app.logto.asked(TOKEN).len(), 1);
}

#[tokio::test]
async fn account_a_token_that_is_refused_again_is_an_error_and_no_loop() {
    let app = App::new();
    let session = app.session().await;
    app.refreshes("second", ALL_SCOPES);
    app.logto.next(recorded("13-get-garbage")).next(recorded("13-get-garbage")).next(recorded("10-get"));
    let error = session.account().user().await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("account.token_refused", false));
    assert_eq!((app.logto.asked("/api/").len(), app.logto.asked(TOKEN).len()), (2, 1));
    assert!(is_signed_in(&session).await);
}

#[tokio::test]
async fn account_the_session_of_a_suspended_user_ends_as_elsewhere() {
    let app = App::new();
    let session = app.session().await;
    app.logto.always(
        TOKEN,
        json_answer(400, &json!({ "error": "invalid_grant", "error_description": "grant request is invalid" })),
    );
    app.logto.next(recorded("a6-suspended"));
    let error = session.account().user().await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("session.ended", true));
    assert!(!is_signed_in(&session).await);
}

#[tokio::test]
async fn account_a_change_is_not_repeated_for_a_refusal_that_is_not_about_the_token() {
    let app = App::new();
    let session = app.session().await;
    app.refreshes("second", ALL_SCOPES);
    for (answer, code) in [
        (recorded("36-password-garbage-verification"), "account.verification_required"),
        (refusal(401, "secrets.third_party_token_set.access_token_expired"), "provider_token.missing"),
        (page(401), "account.failed"),
        (json_answer(401, &json!({ "message": "unauthorized" })), "account.failed"),
    ] {
        app.logto.next(answer);
        let error = session.account().set_password(&Secret::new("x"), &app.verification()).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.requires_sign_in()), (code, false));
    }
    assert_eq!((app.logto.asked("/api/").len(), app.logto.asked(TOKEN).len()), (4, 0));
    assert!(is_signed_in(&session).await);
}

#[tokio::test]
async fn account_a_scope_that_the_token_does_not_have_is_told_before_any_request() {
    let app = App::new();
    let account = app.session_with("ada", &["openid", "profile"]).await.account();
    let v = &app.verification();
    let told = async |work: logto::Result<()>, scope: &str| {
        let error = work.unwrap_err();
        assert_eq!((error.code().as_str(), error.requires_sign_in()), ("account.scope_missing", false));
        assert!(error.to_string().contains(&format!("`{scope}`")), "{error}");
    };
    told(account.sessions(v).await.map(drop), "urn:logto:scope:sessions").await;
    told(account.remove_email(v).await, "email").await;
    told(account.remove_phone(v).await, "phone").await;
    told(account.mfa_factors().await.map(drop), "identities").await;
    told(account.update(&UserUpdate::new().custom_data(serde_json::Map::new())).await.map(drop), "custom_data").await;
    assert!(app.logto.asked("/api/").is_empty());
    app.logto.next(recorded("16-patch"));
    account.update(&UserUpdate::new().name("Accountant")).await.unwrap();
}

#[tokio::test]
async fn account_nobody_who_is_not_signed_in_has_one() {
    let app = App::new();
    let error = RequestSession::new(app.client.clone(), "").account().user().await.unwrap_err();
    assert_eq!(error.code(), "not_authenticated");
    let error = RequestSession::new(None, "").account().user().await.unwrap_err();
    assert_eq!(error.code(), "sign_in.not_set_up");
    assert!(app.logto.asked("/").is_empty());
}

#[tokio::test]
async fn account_a_server_that_is_no_logto_is_asked_nothing() {
    let app = App::with(|settings| settings.issuer(format!("{ENDPOINT}/oidc")));
    let session = app.session().await;
    for error in [session.account().user().await.unwrap_err(), session.account().center().await.unwrap_err()] {
        assert_eq!((error.code().as_str(), error.kind()), ("account.no_logto", logto::ErrorKind::Config));
    }
    assert!(app.logto.asked("/").is_empty());
}

#[tokio::test]
async fn account_a_request_that_only_looks_reads_and_changes_nothing() {
    let app = App::new();
    let user = TestSession::new().sub("ada").access_token(TokenOptions::new(), "t", ALL_SCOPES);
    let cookies = user.cookie_header(app.client.config()).await.unwrap();
    for (method, purpose, changes) in [("HEAD", None, false), ("GET", Some("prefetch"), false), ("POST", None, true)] {
        let header = |name: &str| match name {
            "cookie" => Some(cookies.clone()),
            "sec-purpose" => purpose.map(str::to_owned),
            _ => None,
        };
        let session = AuthRequest::new(method, "/", header).enter(&app.client);
        app.logto.next(recorded("10-get"));
        session.account().user().await.unwrap();
        if changes {
            app.logto.next(recorded("16-patch"));
        }
        let outcome = session.account().update(&UserUpdate::new().name("Accountant")).await;
        let code = outcome.err().map(|error| error.code().as_str());
        assert_eq!(code, (!changes).then_some("request.looks_only"), "{method} {purpose:?}");
    }
}

#[tokio::test]
async fn account_two_tabs_that_change_at_once_are_each_carried_out_with_one_new_token() {
    let app = App::new();
    app.refreshes("second", ALL_SCOPES);
    let user = TestSession::new().sub("ada").access_token(TokenOptions::new(), "first", ALL_SCOPES);
    let cookies = user.cookie_header(app.client.config()).await.unwrap();
    let tabs = [1, 2].map(|_| RequestSession::new(app.client.clone(), cookies.clone()));
    app.logto.next(recorded("13-get-garbage")).next(recorded("13-get-garbage"));
    app.logto.next(recorded("16-patch")).next(recorded("16-patch"));
    let (one, other) = (UserUpdate::new().name("Accountant"), UserUpdate::new().name("Accountant"));
    let accounts = [tabs[0].account(), tabs[1].account()];
    let (one, other) = tokio::join!(accounts[0].update(&one), accounts[1].update(&other));
    assert_eq!((one.unwrap().name, other.unwrap().name), (Some("Accountant".into()), Some("Accountant".into())));
    assert_eq!((app.logto.asked("/api/").len(), app.logto.asked(TOKEN).len()), (4, 1));
}

#[tokio::test]
async fn account_a_caller_that_hangs_up_leaves_the_session_as_it_was() {
    let app = App::new();
    let session = app.session().await;
    let account = session.account();
    let verification = app.verification();
    let password = Secret::new("x");
    for polls in 0..6 {
        app.logto.next(nothing());
        let mut change = Box::pin(account.set_password(&password, &verification));
        for _ in 0..polls {
            if tokio::time::timeout(Duration::ZERO, &mut change).await.is_ok() {
                break;
            }
        }
    }
    assert!(is_signed_in(&session).await);
    assert_eq!(session.get_access_token(TokenOptions::new()).await.unwrap().token(), "SENTINEL-FIRST");
    assert!(session.commit().await.unwrap().set_cookies().is_empty());
}

#[tokio::test]
async fn account_a_session_in_a_store_and_another_instance_have_the_same_account() {
    let app = App::with(|settings| settings.endpoint(ENDPOINT).session_store(MemoryStore::new()));
    app.refreshes("SENTINEL-SECOND", ALL_SCOPES);
    let user = TestSession::new().sub("ada").access_token(TokenOptions::new(), "SENTINEL-FIRST", ALL_SCOPES);
    let cookies = user.cookie_header(app.client.config()).await.unwrap();
    let first = RequestSession::new(app.client.clone(), cookies.clone());
    let record = json!({ "verificationRecordId": "record", "expiresAt": "2099-01-01T00:00:00.000Z" });
    // Of two tokens that end in one second either serves.
    app.clock.advance(Duration::from_secs(60));
    app.logto.next(recorded("13-get-garbage")).next(json_answer(201, &record));
    let verification = first.account().verify_password(&Secret::new("x")).await.unwrap();
    first.set_data(&verification).await.unwrap();
    _ = first.commit().await.unwrap();

    // The other instance has the token of the refresh and the verification from the store.
    let other = LogtoClient::new(another_instance(app.client.config())).unwrap();
    let second = RequestSession::new(other, cookies);
    let kept = second.data().await.unwrap().expect("the data of the session is in the store");
    assert_eq!(verification, kept);
    app.logto.next(nothing());
    second.account().set_password(&Secret::new("y"), &kept).await.unwrap();
    let sent = app.logto.last();
    assert_eq!(sent.headers()["logto-verification-id"], "record");
    assert_eq!(sent.headers()["authorization"].to_str().unwrap(), "Bearer SENTINEL-SECOND");
}

#[tokio::test]
async fn account_what_a_proxy_answers_is_neither_success_nor_loss() {
    let app = App::new();
    let session = app.session().await;
    let (account, v) = (session.account(), &app.verification());
    for (answer, transient) in [(page(502), true), (page(200), false), (page(404), false), (page(403), false)] {
        app.logto.next(answer.clone());
        let error = account.user().await.unwrap_err();
        assert_eq!((error.code().as_str(), error.is_transient()), ("account.failed", transient), "{error}");
        for _ in 0..4 {
            app.logto.next(answer.clone());
        }
        let outcomes = [
            account.set_password(&Secret::new("x"), v).await,
            account.rename_factor("id", "name", v).await,
            account.remove_email(v).await,
            account.verify_password(&Secret::new("x")).await.map(drop),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().code(), "account.failed");
        }
    }
    // A list in the place of an object, and text in that of a list.
    for body in [json!([]), json!("SENTINEL-TEXT"), json!(null), json!({ "verificationRecordId": 1 })] {
        app.logto.next(json_answer(201, &body));
        let error = account.verify_password(&Secret::new("x")).await.unwrap_err();
        assert_eq!(error.code(), "account.failed");
        assert!(!format!("{error} {error:?}").contains("SENTINEL"), "{error:?}");
    }
    assert!(is_signed_in(&session).await);
}

#[tokio::test]
async fn account_ids_of_users_lead_nowhere_else() {
    let app = App::new();
    let (account, v) = (app.account().await, &app.verification());
    for (id, path) in [
        ("users/1", "/api/my-account/mfa-verifications/users%2F1"),
        ("a?b=c#d", "/api/my-account/mfa-verifications/a%3Fb%3Dc%23d"),
        ("%2e%2e", "/api/my-account/mfa-verifications/%252e%252e"),
        (".\t.", "/api/my-account/mfa-verifications/.%09."),
    ] {
        app.logto.next(nothing());
        account.remove_factor(id, v).await.unwrap();
        assert_eq!(app.logto.last().uri().to_string(), format!("{ENDPOINT}{path}"));
    }
    let before = app.logto.asked("/api/").len();
    for id in ["", ".", "..", "../../users/1", "a/../b"] {
        let outcomes = [
            account.remove_factor(id, v).await,
            account.unlink_identity(id, v).await,
            account.revoke_grant(id, v).await,
            account.social_token(id).await.map(drop),
            account.sso_token(id).await.map(drop),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().code(), "account.not_found", "{id:?}");
        }
    }
    assert_eq!(app.logto.asked("/api/").len(), before);
}

#[tokio::test]
async fn account_nothing_that_a_user_enters_reaches_the_log() {
    let (log, _guard) = listen("trace");
    let app = App::new();
    let session = app.session().await;
    let (account, v) = (session.account(), &app.verification());
    app.logto.next(json_answer(
        422,
        &json!({ "code": "user.email\nFORGED", "message": "SENTINEL-ENTERED", "data": "SENTINEL-ENTERED", "details": "SENTINEL-ENTERED" }),
    ));
    let update = UserUpdate::new().name("SENTINEL-ENTERED");
    let error = account.update(&update).await.unwrap_err();
    app.logto.next(recorded("31-verify-password-wrong"));
    let wrong = account.verify_password(&Secret::new("SENTINEL-PASSWORD")).await.unwrap_err();
    app.logto.next(page(200));
    let page = account.set_password(&Secret::new("SENTINEL-PASSWORD"), v).await.unwrap_err();
    app.logto.next(recorded("32-verify-password"));
    let verification = account.verify_password(&Secret::new("SENTINEL-PASSWORD")).await.unwrap();
    _ = session.commit().await.unwrap();
    let printed =
        format!("{error} {error:?} {wrong} {wrong:?} {page} {page:?} {update:?} {verification:?} {}", log.text());
    assert!(!printed.contains("SENTINEL"), "{printed}");
    assert!(!printed.contains(verification.id().expose()), "{printed}");
    assert!(!printed.contains("\nFORGED"), "{printed}");
}
