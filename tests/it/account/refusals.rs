//! Why Logto refused: by its codes, whatever its texts say.

use logto::{
    ErrorKind, Secret,
    account::{CodeFor, Identifier, LinkOptions, Refusal, TotpSecret, UserUpdate},
};
use serde_json::json;

use super::stand_in::{App, json_answer, page, record, recorded, refusal};

#[tokio::test]
async fn account_each_cause_has_a_code_a_kind_and_a_place_in_the_console() {
    let app = App::new();
    let (session, v) = (app.session().await, &app.verification());
    let account = session.account();
    for (answer, code, kind, place) in [
        (refusal(400, "account_center.not_enabled"), "account.disabled", ErrorKind::Config, "Account center"),
        (refusal(400, "account_center.field_not_enabled"), "account.field_off", ErrorKind::Forbidden, "Account center"),
        (
            refusal(400, "account_center.filed_not_editable"),
            "account.field_off",
            ErrorKind::Forbidden,
            "Account center",
        ),
        (
            refusal(401, "verification_record.permission_denied"),
            "account.verification_required",
            ErrorKind::Forbidden,
            "",
        ),
        (
            refusal(422, "user.email_already_in_use"),
            "account.value_refused",
            ErrorKind::InvalidRequest,
            "Console › Security",
        ),
        (refusal(400, "user.email_required"), "account.value_refused", ErrorKind::InvalidRequest, "Console › Security"),
        (refusal(403, "auth.forbidden"), "account.app_refused", ErrorKind::Config, "Console › Applications"),
        (recorded("83-totp-not-enabled"), "account.mfa_off", ErrorKind::Forbidden, "Multi-factor auth"),
        (refusal(404, "entity.not_found"), "account.not_found", ErrorKind::InvalidRequest, ""),
        (refusal(500, "user.username_already_in_use"), "account.failed", ErrorKind::Provider, ""),
        (json_answer(404, &json!("Not Found")), "account.failed", ErrorKind::Provider, ""),
        (json_answer(400, &json!({ "message": "broken" })), "account.failed", ErrorKind::Provider, ""),
        (json_answer(400, &json!({ "code": 7 })), "account.failed", ErrorKind::Provider, ""),
        (json_answer(400, &json!([{ "code": "x" }])), "account.failed", ErrorKind::Provider, ""),
    ] {
        app.logto.next(answer);
        let error = account.remove_email(v).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), (code, kind), "{error}");
        assert!(error.hint().contains(place), "{code}: {}", error.hint());
        assert!(!error.requires_sign_in() && !error.to_string().contains("ada@example.com"), "{error}");
        assert!(Refusal::of(&error).is_some());
    }
    assert!(session.user().await.unwrap().is_some());
}

#[tokio::test]
async fn account_a_field_that_is_off_is_named() {
    let app = App::new();
    let account = app.account().await;
    app.logto.next(refusal(400, "account_center.field_not_editable"));
    let error = account.update(&UserUpdate::new().name("a").no_avatar()).await.unwrap_err();
    assert!(error.to_string().contains("`avatar` or `name`"), "{error}");
    app.logto.next(refusal(400, "account_center.field_not_editable"));
    let error = account.remove_phone(&app.verification()).await.unwrap_err();
    assert!(error.to_string().contains("`phone`"), "{error}");
}

/// Logto answers 400 and 401 for what a connector met, and for what a proxy says there is no code.
#[tokio::test]
async fn account_what_a_connector_or_a_proxy_met_is_no_value_of_the_user() {
    let app = App::new();
    let account = app.account().await;
    for (answer, code, is_transient) in [
        (refusal(400, "connector.general"), "account.failed", true),
        (refusal(400, "connector.invalid_response"), "account.failed", true),
        (refusal(400, "connector.invalid_config"), "account.not_set_up", false),
        (refusal(400, "connector.template_not_found"), "account.not_set_up", false),
        (refusal(401, "connector.social_auth_code_invalid"), "account.link_refused", false),
        (refusal(401, "connector.authorization_failed"), "account.link_refused", false),
        (page(413), "account.value_refused", false),
    ] {
        app.logto.next(answer);
        let error = account.send_code(to_new_address(), CodeFor::NewAddress).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.is_transient()), (code, is_transient), "{error}");
    }
}

/// Logto takes an authenticator app without a code, and the user would be locked out of the next sign-in.
#[tokio::test]
async fn account_an_authenticator_app_without_a_code_is_not_sent() {
    let app = App::new();
    let account = app.account().await;
    for code in ["", " \t\n"] {
        let added = account.add_totp(&TotpSecret::new("D5WXOWSI"), &Secret::new(code), &app.verification()).await;
        assert_eq!(added.unwrap_err().code(), "account.credentials_wrong");
    }
    assert_eq!(app.logto.asked("/api/").len(), 0);
}

/// Who asks for the password again gets a new verification, and the other proof is over all the same.
#[tokio::test]
async fn account_a_proof_of_something_new_that_is_over_does_not_ask_for_another_verification() {
    let app = App::new();
    let (account, v) = (app.account().await, app.verification());
    let social = serde_json::from_value(json!({ "v": record("social") })).unwrap();
    let passkey = serde_json::from_value(json!({ "v": record("passkey") })).unwrap();
    let address = serde_json::from_value(json!({ "v": record("c"), "a": to_new_address() })).unwrap();
    let over = || refusal(400, "verification_record.not_found");
    app.logto.next(over());
    assert_eq!(account.set_email(&address, &v).await.unwrap_err().code(), "account.code_unusable");
    app.logto.next(over());
    assert_eq!(account.link_identity(&social, &v).await.unwrap_err().code(), "account.link_mismatched");
    app.logto.next(over());
    assert_eq!(account.add_passkey(&passkey, None, &v).await.unwrap_err().code(), "account.value_refused");
}

fn to_new_address() -> Identifier {
    Identifier::email("new@example.com")
}

#[tokio::test]
async fn account_what_is_not_set_up_is_no_outage() {
    let app = App::new();
    let account = app.account().await;
    app.logto.next(refusal(501, "connector.not_found"));
    let error = account.begin_link(LinkOptions::new("c", "http://localhost:3000/social")).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.is_transient(), error.http_status()), ("account.not_set_up", false, 500));
    assert_eq!(Refusal::of(&error).unwrap().status(), 501);
    app.logto.next(refusal(400, "storage.not_configured"));
    assert_eq!(account.upload_avatar("a.png", "image/png", b"x").await.unwrap_err().code(), "account.not_set_up");
}

#[tokio::test]
async fn account_a_lock_says_how_long_where_logto_does() {
    let app = App::new();
    let account = app.account().await;
    for (message, seconds) in [
        ("Please try again in 60 minutes.", Some(3600)),
        ("Please try again in 1 minute.", Some(60)),
        ("Please try again in 24 hours.", Some(86_400)),
        ("Please try again in 9999999 minutes.", None),
        ("Please try again in -1 minutes.", None),
        ("Please try again later.", None),
        ("", None),
    ] {
        let body = json!({ "code": "session.verification_blocked_too_many_attempts", "message": message });
        app.logto.next(json_answer(400, &body));
        let error = account.verify_password(&logto::Secret::new("x")).await.unwrap_err();
        let waits = error.retry_after().map(|time| time.as_secs());
        assert_eq!((error.code().as_str(), waits, error.is_transient()), ("account.locked_out", seconds, false));
    }
}

#[tokio::test]
async fn account_a_picture_is_sent_as_a_form_that_its_name_cannot_break_out_of() {
    let app = App::new();
    let account = app.account().await;
    app.logto.next(json_answer(200, &json!({ "url": "https://storage.test/a.png" })));
    let name = "a\"\r\nContent-Type: text/html\r\n\r\n<b>/../x.png";
    assert_eq!(account.upload_avatar(name, "image/png", b"\x89PNG\r\n--").await.unwrap(), "https://storage.test/a.png");
    let asked = app.logto.last();
    let media_type = asked.headers()["content-type"].to_str().unwrap().to_owned();
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8_lossy(asked.body()).into_owned();
    let lines: Vec<_> = body.split("\r\n").collect();
    assert_eq!(lines[0], format!("--{boundary}"));
    assert!(
        lines[1].starts_with("Content-Disposition: form-data; name=\"file\"; filename=\"a___Content-Type__text_html")
    );
    assert_eq!((lines[2], lines[3]), ("Content-Type: image/png", ""));
    assert!(body.ends_with(&format!("\r\n--{boundary}--\r\n")));
    for wrong in ["png", "image/png\r\nx: y", "", "image/png; a=\"b\""] {
        assert_eq!(account.upload_avatar("a", wrong, b"").await.unwrap_err().code(), "options.invalid", "{wrong:?}");
    }
}
