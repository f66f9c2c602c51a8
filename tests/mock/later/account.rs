//! 91-account-api, and what 70-api has of the Account API.

use std::{
    collections::BTreeSet,
    time::{Duration, UNIX_EPOCH},
};

use logto::testing::{MockAccountCenter, MockConnector, MockLogto, MockUser, TestClock};
use serde_json::{Value, json};
use url::Url;

use super::{
    stand_in::tokens_of,
    world::{PASSWORD, world},
};
use crate::{
    recording::{ADA, files, recorded_ada},
    replay::{Replay, fixture},
    support::{Answer, client, param, text},
};

const FOLDER: &str = "91-account-api";
/// What the recorded sign-in asked for.
const SCOPE: &str = "openid offline_access profile email phone address custom_data identities roles \
    urn:logto:scope:organizations urn:logto:scope:sessions";
/// 2026-11-28T15:34:59Z, when the code of `86-totp.json` was an authenticator app's.
const RECORDED_AT: u64 = 1_795_880_099;
/// The second is the one whose user name, e-mail address and phone number were changed.
const USERS: [&str; 2] = ["acc_b822a2", "acdx_fd934f"];
const FIELDS: [&str; 11] =
    ["name", "avatar", "profile", "email", "phone", "password", "username", "social", "customData", "mfa", "session"];

/// A recorded user with what stands in the recordings for it.
struct Walk<'a> {
    replay: Replay<'a>,
    token: String,
    password: String,
}

impl<'a> Walk<'a> {
    async fn begin(mock: &'a MockLogto, user: &str, of: &str) -> Self {
        let token = text(&tokens_of(mock, user, &[("scope", SCOPE)]).await, "access_token").to_owned();
        let mut replay = Replay::new(mock);
        replay.learn_bearer(&file(of), &token);
        Self { replay, token, password: PASSWORD.to_owned() }
    }

    /// Replays a file. A refusal is compared to the last letter.
    async fn run(&mut self, name: &str) -> Answer {
        let file = file(name);
        let answer = self.replay.run(&file).await;
        let recorded = &fixture(&file)["response"];
        if recorded["status"].as_u64().unwrap() >= 400 {
            assert_eq!(answer.json(), recorded["body_json"], "{name}");
        }
        answer
    }

    async fn run_all(&mut self, names: &[&str]) {
        for name in names {
            self.run(name).await;
        }
    }

    /// The record that the header of a file names: of the password, which was not recorded each time.
    async fn verify_password_for(&mut self, name: &str) {
        let request = client().post(format!("{}/api/verifications/password", self.replay.mock.endpoint()));
        let request = request.bearer_auth(&self.token).json(&json!({ "password": self.password }));
        let answer = Answer::of(request).await.json();
        let recorded = fixture(&file(name));
        let recorded = text(&recorded["request"]["headers"], "logto-verification-id").to_owned();
        self.replay.learn(&recorded, text(&answer, "verificationRecordId"));
    }

    /// The code that was sent stands for the one that a file's request types.
    fn read_code_for(&mut self, name: &str, address: &str) {
        let typed: Value = serde_json::from_str(text(&fixture(&file(name))["request"], "body")).unwrap();
        self.replay.learn(text(&typed, "code"), &self.replay.mock.sent_code(address).unwrap());
    }
}

fn file(name: &str) -> String {
    format!("{FOLDER}/{name}.json")
}

fn user(name: &'static str, id: &str) -> MockUser {
    MockUser::new(name).id(id).password(PASSWORD).name("Acc")
}

async fn mock(clock: &TestClock) -> MockLogto {
    let [first, second] = USERS;
    let world = world()
        .user(user(first, "j0uwtixl43fy").email("acc_b822a2@example.test"))
        .user(user(second, "8nqwroccqjhr").email("acdx_fd934f@example.test"))
        .connector(MockConnector::new("cktjr3lpwp9n", "kakao"))
        .connector(MockConnector::new("1oa3445v8nkh", "mock-social"))
        .clock(clock.clone());
    world.start().await.unwrap()
}

pub(super) async fn account_api() -> BTreeSet<String> {
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(RECORDED_AT));
    let mock = mock(&clock).await;
    let [first, second] = USERS;
    // The sessions that 96 shows. The token is of the first.
    let mut walk = Walk::begin(&mock, first, "10-get").await;
    let mut fewer = String::new();
    for scope in ["openid profile", SCOPE, "openid profile"] {
        clock.advance(Duration::from_millis(10));
        let tokens = tokens_of(&mock, first, &[("scope", scope)]).await;
        if fewer.is_empty() {
            text(&tokens, "access_token").clone_into(&mut fewer);
        }
    }
    walk.replay.learn_bearer(&file("11-get-fewer-scopes"), &fewer);
    profile(&mut walk).await;
    password(&mut walk).await;
    social(&mut walk).await;
    second_factors(&mut walk).await;
    sessions(&mut walk).await;
    let mut done = walk.replay.done.clone();

    let mut other = Walk::begin(&mock, second, "40-code-email").await;
    addresses(&mut other).await;
    lockout(&mut other).await;
    done.extend(other.replay.done);

    hidden(&mut walk).await;
    assert!(mock.suspend_user(first));
    walk.run("a6-suspended").await;
    done.extend(walk.replay.done);
    done
}

async fn profile(walk: &mut Walk<'_>) {
    let mock = walk.replay.mock;
    mock.set_account_center(MockAccountCenter::off());
    walk.run_all(&["01-disabled", "02-disabled-patch"]).await;
    mock.set_account_center(MockAccountCenter::new().read_only("avatar"));
    let center = walk.run("a2-account-center").await;
    assert_eq!(center.json(), fixture(&file("a2-account-center"))["response"]["body_json"]);
    walk.run_all(&["10-get", "11-get-fewer-scopes", "13-get-garbage"]).await;
    let id_token = tokens_of(mock, "bob", &[]).await;
    walk.replay.learn_bearer(&file("15-get-id-token"), text(&id_token, "id_token"));
    walk.run_all(&["15-get-id-token", "16-patch", "17-patch-avatar-read-only"]).await;
    walk.run_all(&["20-patch-bad", "21-patch-custom-data"]).await;
    let changed = walk.run("23-profile").await;
    assert_eq!(changed.json(), fixture(&file("23-profile"))["response"]["body_json"]);
    walk.run("24-profile-bad").await;
    let preflight = walk.run("a5-cors").await;
    let recorded = &fixture(&file("a5-cors"))["response"]["headers"];
    for name in ["access-control-allow-methods", "access-control-allow-headers", "access-control-max-age"] {
        assert_eq!(preflight.header(name), recorded[name].as_str(), "{name}");
    }
}

async fn password(walk: &mut Walk<'_>) {
    walk.run_all(&["30-password-no-verification", "31-verify-password-wrong", "32-verify-password"]).await;
    walk.run_all(&["33-password-weak", "34-password-same", "35-password"]).await;
    "Ada-Lovelace-1815!-2".clone_into(&mut walk.password);
    walk.run_all(&["36-password-garbage-verification", "37-get-after-password"]).await;
}

async fn social(walk: &mut Walk<'_>) {
    for name in ["60-social-kakao", "62-social-mock"] {
        let answer = walk.run(name).await.json();
        let recorded = fixture(&file(name))["response"]["body_json"].clone();
        let (live, recorded) = (text(&answer, "authorizationUri"), text(&recorded, "authorizationUri"));
        for parameter in ["state", "redirect_uri"] {
            assert_eq!(param(live, parameter), param(recorded, parameter), "{live}");
        }
        assert!(Url::parse(live).unwrap().path().len() > 1, "{live}");
    }
    walk.run_all(&["63-social-mock-verify", "64-identity-no-verification", "67-identity-access-token"]).await;
    walk.verify_password_for("69-identity-delete-again").await;
    walk.run_all(&["69-identity-delete-again", "70-social-unknown"]).await;
}

async fn second_factors(walk: &mut Walk<'_>) {
    let mock = walk.replay.mock;
    mock.set_mfa_factors(&["BackupCode"]);
    walk.run_all(&["80-mfa-empty", "81-mfa-settings", "82-totp-secret", "83-totp-not-enabled"]).await;
    mock.set_mfa_factors(&["Totp", "BackupCode"]);
    // The code was an app's at the time of the recording, and the mock has the clock of that time.
    walk.run_all(&["84-totp-no-verification", "86-totp", "88-backup-codes", "89-backup-codes-add"]).await;
    walk.run_all(&["90-backup-codes-list"]).await;
    let factors = walk.run("91-mfa").await.json();
    for (place, recorded) in ["074rbz90fmfjylcdu7jz2", "r2iot77jxynhifmttzvax"].into_iter().enumerate() {
        walk.replay.learn(recorded, text(&factors[place], "id"));
    }
    assert_eq!(factors[1]["remainCodes"], 10);
    walk.run_all(&["92-mfa-settings-patch", "a0-logto-configs", "93-mfa-delete-0", "93-mfa-delete-1"]).await;
    assert_eq!(walk.run("80-mfa-empty").await.body, "[]");
}

async fn sessions(walk: &mut Walk<'_>) {
    walk.run("95-sessions-no-verification").await;
    let (live, recorded) =
        (walk.run("96-sessions").await.json(), fixture(&file("96-sessions"))["response"]["body_json"].clone());
    let (live, recorded) = (live["sessions"].as_array().unwrap(), recorded["sessions"].as_array().unwrap());
    assert_eq!(live.len(), recorded.len());
    for (live, recorded) in live.iter().zip(recorded) {
        assert_eq!(live["isCurrent"], recorded["isCurrent"], "{live}");
        assert_eq!(live["lastSubmission"]["signInContext"], recorded["lastSubmission"]["signInContext"]);
        let app = |session: &Value| session["payload"]["authorizations"]["quxrgtxn5inac2i09j1fa"].clone();
        assert_eq!(app(live)["persistsLogout"], app(recorded)["persistsLogout"], "{live}");
        walk.replay.learn(text(&app(recorded), "grantId"), text(&app(live), "grantId"));
        walk.replay.learn(text(&recorded["payload"], "uid"), text(&live["payload"], "uid"));
        let lifetime = |payload: &Value| payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap();
        assert_eq!(lifetime(&live["payload"]), lifetime(&recorded["payload"]));
    }
    let (live, recorded) =
        (walk.run("97-grants").await.json(), fixture(&file("97-grants"))["response"]["body_json"].clone());
    let (live, recorded) = (live["grants"].as_array().unwrap(), recorded["grants"].as_array().unwrap());
    assert_eq!(live.len(), recorded.len());
    for (live, recorded) in live.iter().zip(recorded) {
        let words = |grant: &Value| {
            text(&grant["payload"]["openid"], "scope").split(' ').map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(words(live), words(recorded));
        let lifetime =
            |grant: &Value| grant["payload"]["exp"].as_i64().unwrap() - grant["payload"]["iat"].as_i64().unwrap();
        assert_eq!(lifetime(live), lifetime(recorded));
    }
    walk.run_all(&["98-sessions-no-scope", "99-session-delete", "99b-session-delete-404", "99c-grant-delete"]).await;
}

/// Of the second user.
async fn addresses(walk: &mut Walk<'_>) {
    let address = "new_fd934f@example.test";
    walk.verify_password_for("19-patch-username-taken").await;
    walk.run_all(&["18b-patch-username-no-verification", "19-patch-username-taken", "a1-logto-configs-patch"]).await;
    walk.run_all(&["40-code-email", "41-code-wrong"]).await;
    walk.read_code_for("42-code", address);
    walk.run_all(&["41b-code-other-address", "42-code", "43-email-no-verification", "44-email-other"]).await;
    walk.run_all(&["45-email", "45b-email-again", "45c-code-own-email"]).await;
    walk.read_code_for("45d-code-own-email-verify", address);
    walk.run_all(&["45d-code-own-email-verify", "46-email-delete", "47-code-email-taken"]).await;
    walk.read_code_for("47b-verify", "bob@example.test");
    walk.run_all(&["47b-verify", "50-code-phone"]).await;
    walk.read_code_for("51-code-phone-verify", "14155556090");
    walk.run_all(&["51-code-phone-verify", "52-phone", "52b-get", "53-phone-delete"]).await;
}

/// The hundredth wrong password in an hour locks the user out.
async fn lockout(walk: &mut Walk<'_>) {
    for _ in 1..=99 {
        walk.run("a7-locked").await;
    }
    walk.run("a8-locked-out").await;
}

/// Every field is off, also the name.
async fn hidden(walk: &mut Walk<'_>) {
    let off = FIELDS.into_iter().fold(MockAccountCenter::new(), MockAccountCenter::hidden);
    walk.replay.mock.set_account_center(off);
    walk.run_all(&["a3-get-name-off", "a4-patch-name-off"]).await;
    walk.replay.mock.set_account_center(MockAccountCenter::new());
}

/// The first recordings have an account center that does not say whether there is a password.
pub(super) async fn hidden_password() -> BTreeSet<String> {
    let center = ["password", "phone", "customData", "social"]
        .into_iter()
        .fold(MockAccountCenter::new(), MockAccountCenter::hidden);
    let mock = crate::recording::world().account_center(MockAccountCenter::off()).start().await.unwrap();
    mock.update_user("ada", |_| recorded_ada(ADA).password(PASSWORD));
    let tokens = tokens_of(&mock, "ada", &[("scope", "openid offline_access profile email")]).await;
    let mut replay = Replay::new(&mock);
    replay.learn_bearer("70-api/11-my-account.json", text(&tokens, "access_token"));
    replay.run("70-api/10-my-account-disabled.json").await;
    mock.set_account_center(center);
    for file in files("70-api", &["11", "12"]) {
        replay.run(&file).await;
    }
    replay.done
}
