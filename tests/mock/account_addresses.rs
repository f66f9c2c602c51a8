//! E-mail addresses, phone numbers, user names and passwords, and the verification records they take.

use std::time::Duration;

use logto::testing::{MockLogto, TestClock};
use serde_json::json;

use crate::{
    account_user::User,
    support::{Browser, authorization_url},
};

const DENIED: (u16, &str) = (401, "verification_record.permission_denied");
const NEW: &str = "new@example.test";

#[tokio::test]
async fn a_user_who_has_shown_the_password_changes_the_user_name_and_signs_in_with_it() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let changed = ada.patch("/my-account", &json!({ "username": "countess" })).await;
    assert_eq!((changed.status, &changed.json()["username"]), (200, &json!("countess")), "{}", changed.body);
    let callback = Browser::new(&mock).sign_in(&authorization_url(&mock, &[]), "countess", "lovelace").await;
    assert!(callback.contains("code="), "{callback}");
    ada.patch("/my-account", &json!({ "username": "bob" })).await.is_refused(422, "user.username_already_in_use");
    ada.patch("/my-account", &json!({ "username": "1st" })).await.is_refused(400, "guard.invalid_input");
    let none = ada.patch("/my-account", &json!({ "username": null })).await.json();
    assert_eq!(none["username"], json!(null));
    // Bob has a user name and nothing else.
    let bob = User::verified(&mock, "bob", "builder").await;
    bob.patch("/my-account", &json!({ "username": null })).await.is_refused(400, "user.last_sign_in_method_required");
}

#[tokio::test]
async fn a_record_opens_the_account_of_its_user_alone_and_for_ten_minutes() {
    let clock = TestClock::new();
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let mut bob = User::of(&mock, "bob").await;
    bob.record = ada.record.clone();
    let (status, code) = DENIED;
    bob.post("/my-account/password", &json!({ "password": "a-long-way-out" })).await.is_refused(status, code);
    clock.advance(Duration::from_secs(599));
    assert_eq!(ada.get("/my-account/sessions").await.status, 200);
    clock.advance(Duration::from_secs(1));
    ada.get("/my-account/sessions").await.is_refused(status, code);
}

#[tokio::test]
async fn a_code_to_the_own_address_shows_who_asks_and_one_to_another_address_does_not() {
    let mock = MockLogto::start().await;
    let mut ada = User::of(&mock, "ada").await;
    for (kind, own) in [("email", "ada@example.test"), ("phone", "14155550123")] {
        ada.record = Some(ada.send_code(kind, own).await);
        ada.get("/my-account/sessions").await.is_refused(DENIED.0, DENIED.1);
        ada.record = Some(ada.show(kind, own).await);
        assert_eq!(ada.get("/my-account/sessions").await.status, 200, "{kind}");
    }
    ada.record = Some(ada.show("email", NEW).await);
    ada.get("/my-account/sessions").await.is_refused(DENIED.0, DENIED.1);
    let for_mfa = json!({ "identifier": { "type": "email", "value": "ada@example.test" }, "templateType": "BindMfa" });
    let record = ada.post("/verifications/verification-code", &for_mfa).await.created();
    let code = mock.sent_code("ada@example.test").unwrap();
    assert_eq!(ada.type_code("email", "ada@example.test", &record, &code).await.status, 200);
    ada.record = Some(record);
    ada.get("/my-account/sessions").await.is_refused(DENIED.0, DENIED.1);
}

#[tokio::test]
async fn a_code_works_once_and_not_after_ten_wrong_ones() {
    let mock = MockLogto::start().await;
    let ada = User::of(&mock, "ada").await;
    let record = ada.show("email", NEW).await;
    let code = mock.sent_code(NEW).unwrap();
    ada.type_code("email", NEW, &record, &code).await.is_refused(400, "verification_code.not_found");
    let record = ada.send_code("phone", "14155550999").await;
    let code = mock.sent_code("14155550999").unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..10 {
        let answer = ada.type_code("phone", "14155550999", &record, wrong).await;
        answer.is_refused(400, "verification_code.code_mismatch");
    }
    let answer = ada.type_code("phone", "14155550999", &record, &code).await;
    answer.is_refused(400, "verification_code.exceed_max_try");
    let answer = ada.type_code("phone", "14155550998", &record, &code).await;
    answer.is_refused(400, "verification_code.phone_mismatch");
    ada.type_code("email", NEW, &record, &code).await.is_refused(400, "verification_record.not_found");
    ada.type_code("email", NEW, "nosuch", &code).await.is_refused(400, "verification_record.not_found");
}

#[tokio::test]
async fn an_address_is_set_that_was_shown_and_that_nobody_else_has() {
    let mock = MockLogto::start().await;
    mock.update_user("bob", |bob| bob.email("bob@example.test").phone("14155550777"));
    let ada = User::verified(&mock, "ada", "lovelace").await;
    for (kind, path, own, taken) in [
        ("email", "/my-account/primary-email", NEW, "bob@example.test"),
        ("phone", "/my-account/primary-phone", "14155550888", "14155550777"),
    ] {
        let set = async |value: &str, record: &str| {
            let body = json!({ kind: value, "newIdentifierVerificationRecordId": record });
            ada.post(path, &body).await
        };
        let unread = ada.send_code(kind, own).await;
        set(own, &unread).await.is_refused(400, "verification_record.not_found");
        set(own, ada.record.as_ref().unwrap()).await.is_refused(400, "verification_record.not_found");
        let record = ada.show(kind, taken).await;
        set(taken, &record).await.is_refused(422, &format!("user.{kind}_already_in_use"));
        let record = ada.show(kind, own).await;
        set(own, &record).await.is_done();
        let shown = ada.get("/my-account").await.json();
        assert!(shown.to_string().contains(own), "{shown}");
    }
    ada.delete("/my-account/primary-email").await.is_done();
    ada.delete("/my-account/primary-phone").await.is_done();
    assert_eq!(
        ada.patch("/my-account", &json!({ "username": null })).await.refusal().1,
        "user.last_sign_in_method_required"
    );
}

#[tokio::test]
async fn a_new_password_signs_the_user_in_and_the_old_one_does_not() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    ada.post("/my-account/password", &json!({ "password": "Analytical-Engine-1837" })).await.is_done();
    let verify = async |password: &str| ada.post("/verifications/password", &json!({ "password": password })).await;
    verify("lovelace").await.is_refused(422, "session.invalid_credentials");
    assert_eq!(verify("Analytical-Engine-1837").await.status, 201);
    // Whoever has nothing to be verified by sets the first password without a record.
    let kakao = User::of(&mock, "kakao").await;
    kakao.post("/my-account/password", &json!({ "password": "Analytical-Engine-1837" })).await.is_done();
    kakao
        .post("/my-account/password", &json!({ "password": "Difference-Engine-1822" }))
        .await
        .is_refused(DENIED.0, DENIED.1);
}

#[tokio::test]
async fn a_password_that_is_easily_guessed_is_refused_with_the_reasons() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    for (password, reasons) in [
        ("abc", &["too_short", "restricted.sequence"][..]),
        ("aaaaaaaa", &["restricted.repetition"]),
        ("lovelace1", &["restricted.user_info"]),
        ("qwertyuiop", &["restricted.sequence"]),
        ("0987654321", &["restricted.sequence"]),
        ("adalovelaceaaaa", &["restricted.user_info", "restricted.repetition"]),
        ("пароль-пароль", &["unsupported_characters"]),
        (&"x-".repeat(129), &["too_long"]),
    ] {
        let answer = ada.post("/my-account/password", &json!({ "password": password })).await;
        answer.is_refused(422, "password.rejected");
        let data = answer.json()["data"].clone();
        let codes: Vec<_> = data.as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect();
        let expected: Vec<_> = reasons.iter().map(|reason| format!("password_rejected.{reason}")).collect();
        assert_eq!(codes, expected, "{password}");
    }
    ada.post("/my-account/password", &json!({ "password": "" })).await.is_refused(400, "guard.invalid_input");
}

#[tokio::test]
async fn who_is_locked_out_is_let_in_again_after_an_hour_and_others_are_not_concerned() {
    let clock = TestClock::new();
    let mock = MockLogto::builder().clock(clock.clone()).start().await.unwrap();
    let (ada, bob) = (User::of(&mock, "ada").await, User::of(&mock, "bob").await);
    let verify = async |password: &str| ada.post("/verifications/password", &json!({ "password": password })).await;
    for _ in 0..99 {
        verify("wrong").await.is_refused(422, "session.invalid_credentials");
    }
    assert_eq!(verify("lovelace").await.status, 201);
    verify("wrong").await.is_refused(400, "session.verification_blocked_too_many_attempts");
    clock.advance(Duration::from_secs(59 * 60));
    let still = verify("lovelace").await;
    still.is_refused(400, "session.verification_blocked_too_many_attempts");
    assert!(still.body.contains("try again in 1 minute."), "{}", still.body);
    assert_eq!(bob.post("/verifications/password", &json!({ "password": "builder" })).await.status, 201);
    clock.advance(Duration::from_secs(60));
    // The access token is as old as that, too.
    User::verified(&mock, "ada", "lovelace").await;
}
