//! What may be done with a verification, for how long, and by whom.

use std::time::Duration;

use logto::{
    RequestSession, Secret,
    account::{CodeFor, Identifier, SentCode, Verification, VerifiedIdentifier},
};
use serde_json::json;

use super::stand_in::{ALL_SCOPES, App, json_answer, nothing, record, recorded, refusal, verification};

#[tokio::test]
async fn account_a_verification_serves_twice_and_fits_a_session() {
    let app = App::new();
    let session = app.session().await;
    let expires_at =
        json!({ "verificationRecordId": "tkyp2pcpy58f7wpiucoco", "expiresAt": "2099-11-28T15:44:58.537Z" });
    app.logto.next(json_answer(201, &expires_at));
    let got = session.account().verify_password(&Secret::new("x")).await.unwrap();
    assert_eq!(got.user(), Some("ada"));
    let kept = serde_json::to_string(&got).unwrap();
    assert!(kept.len() < 100, "{kept}");
    session.set_data(&got).await.unwrap();
    let cookies = session.commit().await.unwrap();

    // In the next request, and in the one after that.
    for _ in 0..2 {
        let session = next(&app, cookies.set_cookies());
        let kept: Verification = session.data().await.unwrap().unwrap();
        assert_eq!(kept, got);
        app.logto.next(nothing());
        session.account().remove_phone(&kept).await.unwrap();
    }
    assert_eq!(app.logto.asked("/api/my-account/primary-phone").len(), 2);
}

/// The next request of the browser that was answered so.
fn next(app: &App, set_cookies: &[String]) -> RequestSession {
    let pairs = set_cookies.iter().map(|cookie| cookie.split(';').next().unwrap());
    RequestSession::new(app.client.clone(), pairs.collect::<Vec<_>>().join("; "))
}

#[tokio::test]
async fn account_a_verification_of_another_user_is_refused_before_any_request() {
    let app = App::new();
    let bob = app.session_with("bob", ALL_SCOPES).await.account();
    let of_ada = app.verification();
    let proof = |kind: Identifier| -> VerifiedIdentifier {
        serde_json::from_value(json!({ "v": { "i": "x", "u": "ada", "e": 4_000_000_000_u64 }, "a": kind })).unwrap()
    };
    let sent: SentCode = serde_json::from_value(
        json!({ "v": { "i": "x", "u": "ada", "e": 4_000_000_000_u64 }, "a": Identifier::email("a@b.test") }),
    )
    .unwrap();
    let of_bob = app.verification_of("bob");
    let social = serde_json::from_value(json!({ "v": { "i": "x", "u": "ada", "e": 4_000_000_000_u64 } })).unwrap();
    let passkey = serde_json::from_value(json!({ "v": { "i": "x", "u": "ada", "e": 4_000_000_000_u64 } })).unwrap();
    for (outcome, code) in [
        (bob.set_password(&Secret::new("x"), &of_ada).await, "account.verification_required"),
        (bob.sessions(&of_ada).await.map(drop), "account.verification_required"),
        (bob.set_email(&proof(Identifier::email("a@b.test")), &of_bob).await, "account.verification_required"),
        (bob.set_phone(&proof(Identifier::phone("1")), &of_bob).await, "account.verification_required"),
        (bob.link_identity(&social, &of_bob).await, "account.verification_required"),
        (bob.replace_social_token("github", &social).await.map(drop), "account.verification_required"),
        (bob.add_passkey(&passkey, None, &of_bob).await, "account.verification_required"),
        (bob.verify_code(&sent, &Secret::new("1")).await.map(drop), "account.code_unusable"),
    ] {
        let error = outcome.unwrap_err();
        assert_eq!((error.code().as_str(), error.requires_sign_in()), (code, false));
    }
    assert!(app.logto.asked("/api/").is_empty());

    // By a token whose user was not told, Logto judges.
    app.logto.next(recorded("36-password-garbage-verification"));
    let error = app.by_token("t").set_password(&Secret::new("x"), &of_ada).await.unwrap_err();
    assert_eq!(error.code(), "account.verification_required");
    let error = app.by_token("t").of_user("bob").set_password(&Secret::new("x"), &of_ada).await.unwrap_err();
    assert_eq!((error.code().as_str(), app.logto.asked("/api/").len()), ("account.verification_required", 1));
}

#[tokio::test]
async fn account_a_verification_that_is_over_is_refused_when_both_clocks_would_say_so() {
    let app = App::new();
    let account = app.account().await;
    let v = app.verification();
    app.clock.advance(Duration::from_secs(599));
    assert!(!v.is_over(app.now()));
    app.clock.advance(Duration::from_secs(1));
    assert!(v.is_over(app.now()));
    // Within the leeway of a minute it is Logto that knows.
    app.logto.next(nothing());
    account.set_password(&Secret::new("x"), &v).await.unwrap();
    app.clock.advance(Duration::from_secs(60));
    let error = account.set_password(&Secret::new("x"), &v).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("account.verification_required", 403));
    assert_eq!(app.logto.asked("/api/").len(), 1);
}

#[tokio::test]
async fn account_an_address_takes_a_code_that_was_sent_there() {
    let app = App::new();
    let account = app.account().await;
    app.logto.next(json_answer(201, &json!({ "verificationRecordId": "r1", "expiresAt": "2099-01-01T00:00:00.000Z" })));
    let sent = account.send_code(Identifier::phone("+1 (415) 555-6090"), CodeFor::NewAddress).await.unwrap();
    assert_eq!(sent.identifier().value(), "14155556090");
    assert!(!format!("{sent:?} {:?}", sent.identifier()).contains("1415"));
    assert!(serde_json::to_string(&sent).unwrap().len() < 160);
    let kept: SentCode = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
    app.logto.next(json_answer(200, &json!({ "verificationRecordId": "r1" })));
    let phone = account.verify_code(&kept, &Secret::new(" 123456 ")).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(app.logto.last().body()).unwrap();
    let asked =
        json!({ "identifier": { "type": "phone", "value": "14155556090" }, "verificationId": "r1", "code": "123456" });
    assert_eq!(body, asked);
    assert_eq!(phone.verification().expires_at(), sent.expires_at());

    // A phone number is no email address.
    let error = account.set_email(&phone, &app.verification()).await.unwrap_err();
    assert_eq!(error.code(), "options.invalid");
    app.logto.next(nothing());
    account.set_phone(&phone, &app.verification()).await.unwrap();
    // Of the present address it is the proof that a change takes.
    app.logto.next(nothing());
    account.remove_phone(&phone.into()).await.unwrap();
    assert_eq!(app.logto.last().headers()["logto-verification-id"], "r1");
}

#[tokio::test]
async fn account_codes_that_are_wrong_over_or_tried_too_often_are_told_apart() {
    let app = App::new();
    let account = app.account().await;
    let sent = json!({ "v": record("c"), "a": Identifier::email("a@b.test") });
    let sent: SentCode = serde_json::from_value(sent).unwrap();
    for (answer, code, status) in [
        (refusal(400, "verification_code.code_mismatch"), "account.credentials_wrong", 422),
        (refusal(400, "verification_code.expired"), "account.code_unusable", 422),
        (refusal(400, "verification_code.exceed_max_try"), "account.code_unusable", 422),
        (refusal(400, "verification_code.not_found"), "account.code_unusable", 422),
        (refusal(400, "verification_record.not_found"), "account.code_unusable", 422),
        (refusal(400, "session.verification_blocked_too_many_attempts"), "account.locked_out", 429),
        (refusal(501, "connector.not_found"), "account.not_set_up", 500),
        (refusal(429, "request.rate_limited"), "account.failed", 503),
    ] {
        app.logto.next(answer);
        let error = account.verify_code(&sent, &Secret::new("1")).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.http_status(), error.requires_sign_in()), (code, status, false));
    }
}

#[test]
fn account_what_is_kept_of_a_verification_prints_no_id() {
    let kept = verification(&json!({ "i": "SENTINEL", "u": "ada", "e": 1_900_000_000 }));
    assert!(!format!("{kept:?}").contains("SENTINEL"));
    assert!(serde_json::from_value::<Verification>(json!({ "i": 7, "e": 1 })).is_err());
}
