//! What a real Logto was sent and what it answered: our requests are the same, and its answers are understood.

use std::collections::BTreeSet;

use http::header;
use logto::{
    Result, Secret,
    account::{
        Account, AccountAddress, CodeFor, GrantsOf, Identifier, LinkOptions, LogtoConfigsUpdate, ProfileUpdate,
        Refusal, RevokeGrants, TotpSecret, UserUpdate,
    },
};
use serde_json::{Value, json};

use super::stand_in::{App, ENDPOINT, answer_of, fixture, record, verification};

const FOLDER: &str = "91-account-api";

/// Recorded requests that our types do not allow, and why. Their answers are given to the request that comes nearest.
const ONLY_ANSWERS: &[(&str, &str)] = &[
    ("18b-patch-username-no-verification", "a user name is changed with a verification"),
    ("20-patch-bad", "a picture is text"),
    ("24-profile-bad", "a name is text"),
    ("43-email-no-verification", "an address is changed with a verification"),
    ("64-identity-no-verification", "an account is linked with a verification"),
    ("84-totp-no-verification", "an authenticator app is added with a verification"),
    ("95-sessions-no-verification", "sessions are seen with a verification"),
    ("a1-logto-configs-patch", "no verification is sent where none is asked for"),
];

/// Recorded exchanges that are no operations of an account.
const NOT_OURS: &[(&str, &str)] = &[
    ("83-totp-not-enabled", "without a code nothing is sent"),
    ("a5-cors", "a question of browsers, and this is a server"),
];

/// What each refusal is to us.
const REFUSED: &[(&str, &str)] = &[
    ("01-disabled", "account.disabled"),
    ("02-disabled-patch", "account.disabled"),
    ("13-get-garbage", "account.token_refused"),
    ("15-get-id-token", "account.token_refused"),
    ("17-patch-avatar-read-only", "account.field_off"),
    ("18b-patch-username-no-verification", "account.verification_required"),
    ("19-patch-username-taken", "account.value_refused"),
    ("20-patch-bad", "account.value_refused"),
    ("24-profile-bad", "account.value_refused"),
    ("30-password-no-verification", "account.verification_required"),
    ("31-verify-password-wrong", "account.credentials_wrong"),
    ("33-password-weak", "account.value_refused"),
    ("34-password-same", "account.value_refused"),
    ("36-password-garbage-verification", "account.verification_required"),
    ("41-code-wrong", "account.credentials_wrong"),
    ("41b-code-other-address", "account.code_unusable"),
    ("43-email-no-verification", "account.verification_required"),
    ("44-email-other", "account.code_unusable"),
    ("64-identity-no-verification", "account.verification_required"),
    ("67-identity-access-token", "provider_token.missing"),
    ("69-identity-delete-again", "account.not_found"),
    ("70-social-unknown", "account.not_set_up"),
    ("84-totp-no-verification", "account.verification_required"),
    ("95-sessions-no-verification", "account.verification_required"),
    ("98-sessions-no-scope", "account.token_refused"),
    ("99b-session-delete-404", "account.not_found"),
    ("a4-patch-name-off", "account.field_off"),
    ("a6-suspended", "account.token_refused"),
    ("a7-locked", "account.credentials_wrong"),
    ("a8-locked-out", "account.locked_out"),
];

fn listed<'a>(list: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    list.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn names() -> BTreeSet<String> {
    let folder = format!("{}/tests/fixtures/logto/{FOLDER}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Has our client do what the recorded request did.
async fn perform(account: &Account, method: &str, path: &str, body: &Value, verified_by: &str) -> Result<()> {
    let v = &verification(&record(verified_by));
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let secret = |name: &str| Secret::new(text(name));
    let identifier = |kind: &str, value: &str| match kind {
        "email" => Identifier::email(value),
        _ => Identifier::phone(value),
    };
    let address = |kind: &str| {
        let proof =
            json!({ "v": record(text("newIdentifierVerificationRecordId")), "a": identifier(kind, text(kind)) });
        serde_json::from_value(proof).unwrap()
    };
    let social = |name: &str| serde_json::from_value(json!({ "v": record(text(name)) })).unwrap();
    let path = path.strip_prefix("/api/").unwrap();
    let segments: Vec<_> = path.split('/').collect();
    match (method, segments.as_slice()) {
        ("GET", ["my-account"]) => account.user().await.map(drop),
        ("PATCH", ["my-account"]) if body["username"].is_string() => {
            account.set_username(text("username"), v).await.map(drop)
        }
        ("PATCH", ["my-account"]) => {
            let mut update = UserUpdate::new();
            for (name, value) in body.as_object().unwrap() {
                update = match name.as_str() {
                    "name" => update.name(value.as_str().unwrap()),
                    "avatar" => update.avatar(value.as_str().unwrap_or("1")),
                    "customData" => update.custom_data(value.as_object().unwrap().clone()),
                    other => panic!("{other}"),
                };
            }
            account.update(&update).await.map(drop)
        }
        ("PATCH", ["my-account", "profile"]) => {
            let mut update = ProfileUpdate::new();
            for (name, value) in body.as_object().unwrap() {
                update = match name.as_str() {
                    "givenName" => update.given_name(value.as_str().unwrap_or("1")),
                    "familyName" => update.family_name(value.as_str().unwrap()),
                    "birthdate" => update.birthdate(value.as_str().unwrap()),
                    "address" => update.address(&serde_json::from_value::<AccountAddress>(value.clone()).unwrap()),
                    other => panic!("{other}"),
                };
            }
            account.update_profile(&update).await.map(drop)
        }
        ("POST", ["my-account", "password"]) if verified_by.is_empty() => {
            account.set_first_password(&secret("password")).await
        }
        ("POST", ["my-account", "password"]) => account.set_password(&secret("password"), v).await,
        ("POST", ["my-account", "primary-email"]) => account.set_email(&address("email"), v).await,
        ("DELETE", ["my-account", "primary-email"]) => account.remove_email(v).await,
        ("POST", ["my-account", "primary-phone"]) => account.set_phone(&address("phone"), v).await,
        ("DELETE", ["my-account", "primary-phone"]) => account.remove_phone(v).await,
        ("POST", ["verifications", "password"]) => account.verify_password(&secret("password")).await.map(drop),
        ("POST", ["verifications", "verification-code"]) => {
            let to = &body["identifier"];
            let to = identifier(to["type"].as_str().unwrap(), to["value"].as_str().unwrap());
            account.send_code(to, CodeFor::NewAddress).await.map(drop)
        }
        ("POST", ["verifications", "verification-code", "verify"]) => {
            let sent = json!({ "v": record(text("verificationId")), "a": body["identifier"] });
            account.verify_code(&serde_json::from_value(sent).unwrap(), &secret("code")).await.map(drop)
        }
        ("POST", ["verifications", "social"]) => {
            let options = LinkOptions::new(text("connectorId"), text("redirectUri")).state(text("state"));
            account.begin_link(options).await.map(drop)
        }
        ("POST", ["verifications", "social", "verify"]) => {
            let mut data = body["connectorData"].as_object().unwrap().clone();
            let redirect_uri = data.remove("redirectUri").unwrap();
            let pending = json!({ "v": record(text("verificationRecordId")), "r": redirect_uri, "s": data["state"] });
            let pairs = data.iter().map(|(name, value)| (name, value.as_str().unwrap()));
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            account.finish_link(&serde_json::from_value(pending).unwrap(), &query).await.map(drop)
        }
        ("POST", ["my-account", "identities"]) => {
            account.link_identity(&social("newIdentifierVerificationRecordId"), v).await
        }
        ("DELETE", ["my-account", "identities", target]) => account.unlink_identity(target, v).await,
        ("GET", ["my-account", "identities", target, "access-token"]) => account.social_token(target).await.map(drop),
        ("GET", ["my-account", "mfa-verifications"]) => account.mfa_factors().await.map(drop),
        ("GET", ["my-account", "mfa-settings"]) => account.skips_mfa().await.map(drop),
        ("PATCH", ["my-account", "mfa-settings"]) => {
            account.set_skips_mfa(body["skipMfaOnSignIn"].as_bool().unwrap(), v).await.map(drop)
        }
        ("POST", ["my-account", "mfa-verifications", "totp-secret", "generate"]) => {
            account.new_totp_secret().await.map(drop)
        }
        ("POST", ["my-account", "mfa-verifications"]) if body["type"] == "Totp" => {
            account.add_totp(&TotpSecret::new(text("secret")), &secret("code"), v).await
        }
        ("POST", ["my-account", "mfa-verifications"]) => {
            account.add_backup_codes(&serde_json::from_value(body["codes"].clone()).unwrap(), v).await
        }
        ("POST", ["my-account", "mfa-verifications", "backup-codes", "generate"]) => {
            account.new_backup_codes(v).await.map(drop)
        }
        ("GET", ["my-account", "mfa-verifications", "backup-codes"]) => account.backup_codes(v).await.map(drop),
        ("DELETE", ["my-account", "mfa-verifications", id]) => account.remove_factor(id, v).await,
        ("GET", ["my-account", "sessions"]) => account.sessions(v).await.map(drop),
        ("DELETE", ["my-account", "sessions", id]) => account.end_session(id, RevokeGrants::Online, v).await,
        ("GET", ["my-account", "grants"]) => account.grants(GrantsOf::All, v).await.map(drop),
        ("DELETE", ["my-account", "grants", id]) => account.revoke_grant(id, v).await,
        ("GET", ["my-account", "logto-configs"]) => account.logto_configs().await.map(drop),
        ("PATCH", ["my-account", "logto-configs"]) => {
            let skipped = body["mfa"]["skipped"].as_bool().unwrap();
            account.update_logto_configs(&LogtoConfigsUpdate::new().mfa_skipped(skipped)).await.map(drop)
        }
        ("GET", [".well-known", "account-center"]) => account.center().await.map(drop),
        other => panic!("{other:?} is nothing of ours"),
    }
}

#[tokio::test]
async fn account_recorded_requests_are_sent_and_their_answers_are_understood() {
    let (mut whole, mut answers) = (0, 0);
    for name in names() {
        if listed(NOT_OURS, &name).is_some() {
            continue;
        }
        let exchange = fixture(&format!("{FOLDER}/{name}"));
        let recorded = &exchange["request"];
        let header = |name: &str| recorded["headers"][name].as_str();
        let (method, path) = (recorded["method"].as_str().unwrap(), recorded["path"].as_str().unwrap());
        let body = recorded["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
        let verified_by = header("logto-verification-id").unwrap_or_default();

        let app = App::new();
        app.logto.next(answer_of(&exchange));
        let token = header("authorization").map_or("", |header| header.strip_prefix("Bearer ").unwrap());
        let outcome = perform(&app.by_token(token), method, path, &body, verified_by).await;

        let code = outcome.as_ref().err().map(|error| error.code().as_str());
        assert_eq!(code, listed(REFUSED, &name), "{name}: {outcome:?}");
        if let Err(error) = outcome {
            let refusal = Refusal::of(&error).unwrap();
            assert_eq!(Some(refusal.code()), Some(exchange["response"]["body_json"]["code"].as_str()), "{name}");
            assert_eq!(refusal.message(), exchange["response"]["body_json"]["message"].as_str(), "{name}");
            assert_eq!(refusal.data(), exchange["response"]["body_json"].get("data"), "{name}");
        }
        let sent = app.logto.last();
        assert_eq!(app.logto.asked("/api/").len(), 1, "{name}");
        assert_eq!((sent.method().as_str(), sent.uri().to_string()), (method, format!("{ENDPOINT}{path}")), "{name}");
        let of_sent = |name: &str| sent.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(of_sent("authorization"), header("authorization"), "{name}");
        if listed(ONLY_ANSWERS, &name).is_some() {
            answers += 1;
            continue;
        }
        whole += 1;
        assert_eq!(of_sent("logto-verification-id"), header("logto-verification-id"), "{name}");
        assert_eq!(of_sent("content-type"), header("content-type"), "{name}");
        let sent: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
        assert_eq!(sent, body, "{name}");
        assert_eq!(header("accept").is_some(), of_sent(header::ACCEPT.as_str()).is_some(), "{name}");
    }
    let all = names().len();
    assert_eq!(whole + answers + NOT_OURS.len(), all);
    assert_eq!((all, whole, answers), (76, 66, 8));
}

#[tokio::test]
async fn account_members_of_recorded_answers_are_read() {
    let app = App::new();
    let (account, v) = (app.by_token("t"), &verification(&record("v")));
    let answer = |name: &str| answer_of(&fixture(&format!("{FOLDER}/{name}")));
    let millis =
        |time: Option<std::time::SystemTime>| time.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();

    app.logto.next(answer("37-get-after-password"));
    let user = account.user().await.unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("j0uwtixl43fy", Some("acc_b822a2")));
    assert_eq!((user.name.as_deref(), user.avatar.as_deref()), (Some("Accountant"), None));
    assert_eq!((user.primary_email.as_deref(), user.primary_phone.as_deref()), (Some("acc_b822a2@example.test"), None));
    assert_eq!(user.custom_data.unwrap()["theme"], "dark");
    assert_eq!((user.has_password, user.is_suspended), (Some(true), Some(false)));
    assert_eq!(millis(user.created_at), 1_795_880_097_319);
    let profile = user.profile.unwrap();
    assert_eq!((profile.given_name.as_deref(), profile.birthdate.as_deref()), (Some("Ac"), Some("1990-01-01")));
    assert_eq!(profile.address.unwrap().country.as_deref(), Some("DE"));
    assert_eq!(user.extra["applicationId"], "quxrgtxn5inac2i09j1fa");

    // What no scope allows is not there.
    app.logto.next(answer("11-get-fewer-scopes"));
    let user = account.user().await.unwrap();
    assert_eq!((user.custom_data, user.identities, user.primary_email), (None, None, None));
    app.logto.next(answer("a3-get-name-off"));
    assert_eq!(account.user().await.unwrap().name, None);

    app.logto.next(answer("32-verify-password"));
    let verified = account.verify_password(&Secret::new("x")).await.unwrap();
    assert_eq!(verified.id().expose(), "tkyp2pcpy58f7wpiucoco");
    assert_eq!(millis(Some(verified.expires_at())), 1_795_880_698_000);

    app.logto.next(answer("60-social-kakao"));
    let link = account.begin_link(LinkOptions::new("c", "http://localhost:3000/social").state("abc")).await.unwrap();
    assert!(link.authorization_uri().unwrap().starts_with("https://kauth.kakao.com/oauth/authorize?client_id=dummy"));

    app.logto.next(answer("91-mfa"));
    let factors = account.mfa_factors().await.unwrap();
    let kinds: Vec<_> =
        factors.iter().map(|factor| format!("{:?} {:?}", factor.kind, factor.remaining_codes)).collect();
    assert_eq!(kinds, ["Totp None", "BackupCode Some(10)"]);
    assert_eq!(millis(factors[0].created_at), 1_795_880_099_824);

    app.logto.next(answer("90-backup-codes-list"));
    let codes = account.backup_codes(v).await.unwrap();
    assert_eq!((codes.len(), codes[0].code.expose(), codes[0].used_at), (10, "0e9b860523", None));

    app.logto.next(answer("96-sessions"));
    let sessions = account.sessions(v).await.unwrap();
    assert_eq!(sessions.iter().filter(|session| session.is_current).count(), 1);
    let first = &sessions[0];
    assert_eq!(
        (first.id.as_str(), first.ip.as_deref()),
        ("bDwnmGsL2TwlkZvUbzUUEpuueyZlZxtCD5XhxZdhhbQ", Some("127.0.0.1"))
    );
    assert_eq!(first.applications, ["quxrgtxn5inac2i09j1fa"]);
    assert_eq!((millis(first.signed_in_at), millis(first.expires_at)), (1_795_880_097_000, 1_797_089_697_000));
    assert_eq!(first.raw["lastSubmission"]["verificationRecords"][0]["type"], "Password");
    // The session that was ended then is one of them.
    let ended = fixture(&format!("{FOLDER}/99-session-delete"));
    let ended = ended["request"]["path"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(sessions.iter().any(|session| session.id == ended));

    app.logto.next(answer("97-grants"));
    let grants = account.grants(GrantsOf::All, v).await.unwrap();
    assert_eq!((grants.len(), grants[1].application_name.as_deref()), (4, Some("Rust web app")));
    assert_eq!(grants[1].scopes, ["openid", "profile"]);

    app.logto.next(answer("a0-logto-configs"));
    let configs = account.logto_configs().await.unwrap();
    assert_eq!((configs.mfa_enabled(), configs.mfa_skipped(), configs.passkey_skipped()), (Some(true), false, false));

    app.logto.next(answer("a2-account-center"));
    let center = account.center().await.unwrap();
    assert!(center.may_edit("name") && !center.may_edit("avatar") && center.may_see("avatar"));
    assert!(!center.may_see("nosuch"));
    assert!(app.logto.last().headers().get("authorization").is_none());

    app.logto.next(answer("33-password-weak"));
    let error = account.set_password(&Secret::new("abc"), v).await.unwrap_err();
    let reasons = ["password_rejected.too_short", "password_rejected.restricted.sequence"];
    assert_eq!(Refusal::of(&error).unwrap().reasons(), reasons);
    app.logto.next(answer("20-patch-bad"));
    let error = account.update(&UserUpdate::new().avatar("x")).await.unwrap_err();
    assert_eq!(Refusal::of(&error).unwrap().members(), ["avatar"]);
    app.logto.next(answer("a8-locked-out"));
    let error = account.verify_password(&Secret::new("x")).await.unwrap_err();
    assert_eq!((error.http_status(), error.retry_after().unwrap().as_secs()), (429, 3600));
}
