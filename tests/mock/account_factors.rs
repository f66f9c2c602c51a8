//! Second factors of the Account API.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use logto::testing::{MockAccountCenter, MockLogto, MockOrganization};
use serde_json::{Value, json};

use crate::{
    account_user::User,
    support::{refresh, text},
};

const FACTORS: &str = "/my-account/mfa-verifications";

async fn new_secret(user: &User<'_>) -> String {
    let answer = user.post(&format!("{FACTORS}/totp-secret/generate"), &Value::Null).await.json();
    text(&answer, "secret").to_owned()
}

async fn kinds(user: &User<'_>) -> Vec<String> {
    let factors = user.get(FACTORS).await.json();
    factors.as_array().unwrap().iter().map(|factor| text(factor, "type").to_owned()).collect()
}

#[tokio::test]
async fn an_authenticator_app_is_added_by_its_code_and_replaced_by_another() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let secret = new_secret(&ada).await;
    assert_eq!(secret.len(), 32);
    let code = mock.totp_code(&secret);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let add = |secret: &str, code: &str| json!({ "type": "Totp", "secret": secret, "code": code });
    ada.post(FACTORS, &add(&secret, wrong)).await.is_refused(400, "session.mfa.invalid_totp_code");
    ada.post(FACTORS, &add("short", &code)).await.is_refused(400, "user.totp_secret_invalid");
    ada.post(FACTORS, &add(&secret, &code)).await.is_done();
    ada.post(FACTORS, &add(&secret, &code)).await.is_refused(422, "user.totp_already_in_use");
    let first = ada.get(FACTORS).await.json()[0]["id"].clone();

    let another = new_secret(&ada).await;
    let replace = |code: &str| json!({ "secret": another, "code": code });
    let path = format!("{FACTORS}/totp");
    ada.put(&path, &replace("")).await.is_refused(400, "session.mfa.invalid_totp_code");
    ada.put(&path, &replace(&mock.totp_code(&another))).await.is_done();
    let factors = ada.get(FACTORS).await.json();
    assert_eq!(factors.as_array().unwrap().len(), 1);
    assert_ne!(factors[0]["id"], first);
    ada.delete(&format!("{FACTORS}/{}", text(&factors[0], "id"))).await.is_done();
    ada.delete(&format!("{FACTORS}/{}", text(&factors[0], "id")))
        .await
        .is_refused(400, "verification_record.not_found");
    assert!(kinds(&ada).await.is_empty());
}

#[tokio::test]
async fn backup_codes_are_ten_and_never_the_only_factor() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let path = format!("{FACTORS}/backup-codes");
    let codes = ada.post(&format!("{path}/generate"), &Value::Null).await.json()["codes"].clone();
    let add = |codes: &Value| json!({ "type": "BackupCode", "codes": codes });
    ada.get(&path).await.is_refused(404, "verification_record.not_found");
    ada.post(FACTORS, &add(&codes)).await.is_refused(422, "session.mfa.backup_code_can_not_be_alone");
    ada.post(FACTORS, &json!({ "type": "Totp", "secret": new_secret(&ada).await })).await.is_done();
    ada.post(FACTORS, &add(&json!(["0123456789"]))).await.is_refused(422, "user.wrong_backup_code_format");
    ada.post(FACTORS, &add(&json!("0123456789"))).await.is_refused(400, "guard.invalid_input");
    ada.post(FACTORS, &add(&codes)).await.is_done();
    ada.post(FACTORS, &add(&codes)).await.is_refused(422, "user.backup_code_already_in_use");
    let kept = ada.get(&path).await.json()["codes"].clone();
    let kept: Vec<_> = kept.as_array().unwrap().iter().map(|code| code["code"].clone()).collect();
    assert_eq!(Value::from(kept), codes);
    ada.post(FACTORS, &json!({ "type": "Sms" })).await.is_refused(400, "guard.invalid_input");
}

#[tokio::test]
async fn a_factor_that_the_console_has_off_cannot_be_added() {
    let mock = MockLogto::builder().mfa_factors(&["BackupCode"]).start().await.unwrap();
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let secret = new_secret(&ada).await;
    let add = json!({ "type": "Totp", "secret": secret });
    ada.post(FACTORS, &add).await.is_refused(400, "session.mfa.mfa_factor_not_enabled");
    let replace = json!({ "secret": secret, "code": mock.totp_code(&secret) });
    ada.put(&format!("{FACTORS}/totp"), &replace).await.is_refused(400, "session.mfa.mfa_factor_not_enabled");
    mock.set_mfa_factors(&["Totp"]);
    ada.post(FACTORS, &add).await.is_done();
}

#[tokio::test]
async fn an_organization_that_requires_mfa_lets_in_who_has_added_a_factor() {
    let acme = MockOrganization::new("org-acme").role("admin", &["read:reports"]).require_mfa();
    let mock = MockLogto::builder().organization(acme).start().await.unwrap();
    let scope = "openid offline_access profile identities urn:logto:scope:organizations";
    let mut ada = User::with(&mock, "ada", scope).await;
    ada.verify("lovelace").await;
    let token = async || refresh(&mock, text(&ada.tokens, "refresh_token"), &[("organization_id", "org-acme")]).await;
    assert_eq!(token().await.status, 403);
    ada.post(FACTORS, &json!({ "type": "Totp", "secret": new_secret(&ada).await })).await.is_done();
    assert_eq!(token().await.status, 200);
}

#[tokio::test]
async fn a_passkey_is_kept_when_the_browser_answers_the_challenge_on_a_page_that_may_ask() {
    let page = "http://localhost:3000";
    let center = MockAccountCenter::new().related_origin(page);
    let mock = MockLogto::builder().account_center(center).start().await.unwrap();
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let begun = ada.post("/verifications/web-authn/registration", &Value::Null).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let (record, options) = (begun.created(), begun.json()["registrationOptions"].clone());
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("127.0.0.1"), &json!("ada")));
    let answer = |challenge: &Value, origin: &str, kind: &str| {
        let client_data = json!({ "type": kind, "challenge": challenge, "origin": origin }).to_string();
        json!({
            "verificationRecordId": record,
            "payload": {
                "type": "WebAuthn", "id": "a-credential", "rawId": "a-credential", "clientExtensionResults": {},
                "response": {
                    "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                    "attestationObject": URL_SAFE_NO_PAD.encode("o2NmbXRkbm9uZQ"), "transports": ["internal"],
                },
            },
        })
    };
    let verify = async |body: Value| ada.post("/verifications/web-authn/registration/verify", &body).await;
    let (challenge, failed) = (&options["challenge"], "session.mfa.webauthn_verification_failed");
    for wrong in [
        answer(&json!("another"), page, "webauthn.create"),
        answer(challenge, "https://evil.example.test", "webauthn.create"),
        answer(challenge, page, "webauthn.get"),
    ] {
        verify(wrong).await.is_refused(400, failed);
    }
    let add = json!({ "type": "WebAuthn", "newIdentifierVerificationRecordId": record });
    ada.post(FACTORS, &add).await.is_refused(400, "verification_record.not_found");
    assert_eq!(verify(answer(challenge, page, "webauthn.create")).await.created(), record);
    ada.post(FACTORS, &add).await.is_done();
    let factor = ada.get(FACTORS).await.json()[0].clone();
    assert_eq!((&factor["type"], factor.get("name")), (&json!("WebAuthn"), None));
    let path = format!("{FACTORS}/{}", text(&factor, "id"));
    let renamed = ada.patch(&format!("{path}/name"), &json!({ "name": "Laptop" })).await;
    assert_eq!((renamed.status, renamed.body.as_str()), (200, "OK"));
    assert_eq!(ada.get(FACTORS).await.json()[0]["name"], "Laptop");
    let again = ada.post("/verifications/web-authn/registration", &Value::Null).await.json();
    assert_eq!(again["registrationOptions"]["excludeCredentials"][0]["id"], "a-credential");
    // An authenticator app has no name.
    ada.post(FACTORS, &json!({ "type": "Totp", "secret": new_secret(&ada).await })).await.is_done();
    let totp = ada.get(FACTORS).await.json()[1]["id"].clone();
    let path = format!("{FACTORS}/{}/name", totp.as_str().unwrap());
    ada.patch(&path, &json!({ "name": "App" })).await.is_refused(400, "verification_record.not_found");
}

#[tokio::test]
async fn what_a_user_chooses_about_second_factors_is_kept() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let path = "/my-account/logto-configs";
    assert_eq!(ada.get(path).await.json()["mfa"], json!({ "skipped": false, "skipMfaOnSignIn": false }));
    ada.patch("/my-account/mfa-settings", &json!({ "skipMfaOnSignIn": true })).await;
    let changed = ada.patch(path, &json!({ "mfa": { "enabled": true }, "passkeySignIn": { "skipped": true } })).await;
    assert_eq!(changed.json(), ada.get(path).await.json());
    assert_eq!(changed.json()["mfa"], json!({ "enabled": true, "skipped": false, "skipMfaOnSignIn": true }));
    assert_eq!(changed.json()["passkeySignIn"], json!({ "skipped": true }));
    ada.patch("/my-account/mfa-settings", &json!({})).await.is_refused(400, "guard.invalid_input");
}
