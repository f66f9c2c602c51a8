//! 99-oidc-misc: what the server and the mock were both asked.

use std::{collections::BTreeSet, time::Duration};

use logto::testing::{MockLogto, MockUser, TestClock};
use serde_json::Value;

use super::{
    stand_in::tokens_of,
    world::{FULL, MACHINE, MFA_ORGANIZATION, PASSWORD, world},
};
use crate::{
    recording::files,
    replay::{Replay, fixture, form_value, xsrf},
    support::{API, Answer, authorization_url, client, text, token},
};

const FOLDER: &str = "99-oidc-misc";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const PERSONAL: &str = "urn:logto:token-type:personal_access_token";

async fn mock() -> MockLogto {
    let mock = world().start().await.unwrap();
    mock.update_user("ada", |ada| ada.organization(MFA_ORGANIZATION, &[]));
    mock
}

fn file(name: &str) -> String {
    format!("{FOLDER}/cmp-{name}.json")
}

pub(super) async fn authorization() -> BTreeSet<String> {
    let mock = mock().await;
    let mut replay = Replay::new(&mock);
    replay.browser.sign_in(&authorization_url(&mock, &FULL), "ada", PASSWORD).await;
    replay.run_with_stand_ins(&files(FOLDER, &["cmp-auth-", "cmp-par"]), "ada").await;
    replay.done
}

pub(super) async fn sign_out() -> BTreeSet<String> {
    let mock = mock().await;
    let mut replay = Replay::new(&mock);
    replay.browser.sign_in(&authorization_url(&mock, &FULL), "ada", PASSWORD).await;
    let mut rest: BTreeSet<_> = files(FOLDER, &["cmp-end-"]).into_iter().collect();
    let (stays, state, tampered) =
        (file("end-confirm-no-logout-yes"), file("end-confirm-with-state"), file("end-hint-tampered"));
    for special in [&stays, &state, &tampered] {
        assert!(rest.remove(special), "{special}");
    }
    replay.run_with_stand_ins(&rest.into_iter().collect::<Vec<_>>(), "ada").await;

    let hint = fixture(&tampered)["request"]["query"][1][1].as_str().unwrap().to_owned();
    let live = super::stand_in::resigned(&mock, &hint);
    let (signed, signature) = live.rsplit_once('.').unwrap();
    replay.learn(&hint, &format!("{signed}.{}", signature.chars().rev().collect::<String>()));
    replay.run(&tampered).await;

    // The page that asks is answered without `logout`: only the application's part of the session ends.
    let asks = format!("{}/session/end?client_id={}", mock.issuer(), mock.app_id());
    let page = replay.browser.get(&asks).await;
    let confirmed = replay.browser.post("/oidc/session/end/confirm", &[("xsrf", &xsrf(&page.body).unwrap())]).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.body);
    replay.run(&stays).await;

    let asks = format!("{asks}&post_logout_redirect_uri=http://localhost:3000/&state=a+b%26c");
    let page = replay.browser.get(&asks).await;
    replay.learn(&form_value(&fixture(&state), "xsrf").unwrap(), &xsrf(&page.body).unwrap());
    replay.run(&state).await;
    replay.done
}

pub(super) async fn tokens() -> BTreeSet<String> {
    let mock = mock().await;
    let mut replay = Replay::new(&mock);
    let suspended = file("refresh-deleted-or-suspended");
    replay.stand_in(&suspended, "nobody").await;
    assert!(mock.suspend_user("nobody"));
    replay.run(&suspended).await;
    for (name, id, before, gained) in [
        ("first-role-gained-after-sign-in", "eno3n5nl3smn", None, "ro"),
        ("role-gained-after-sign-in", "ae7mfcr9gcuj", Some("ro"), "rw"),
        ("role-gained-id-token", "odplv397xajr", None, "ro"),
    ] {
        let user = MockUser::new(id).id(id);
        mock.add_user(before.into_iter().fold(user, MockUser::role));
        let file = file(name);
        replay.learn_form(&file, "refresh_token", text(&tokens_of(&mock, id, &FULL).await, "refresh_token"));
        mock.update_user(id, |user| user.role(gained));
        replay.run(&file).await;
    }
    let left: Vec<_> = files(FOLDER, &["cmp-code-", "cmp-m2m-", "cmp-refresh-", "cmp-token-", "cmp-device-"])
        .into_iter()
        .filter(|file| !replay.done.contains(file) && !file.contains("after-revoke"))
        .collect();
    replay.run_with_stand_ins(&left, "ada").await;
    replay.done
}

pub(super) async fn exchanges() -> BTreeSet<String> {
    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    mock.update_user("ada", |ada| ada.organization(MFA_ORGANIZATION, &[]));
    let mut replay = Replay::new(&mock);
    for (name, more) in [
        ("sub-after-actor-failure", ("actor_token", "garbage")),
        ("sub-after-target-failure", ("resource", "https://nosuch.example.test")),
    ] {
        let file = file(name);
        let subject = mock.create_subject_token("ada");
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        let form = [("grant_type", EXCHANGE), ("subject_token", &subject), ("subject_token_type", kind), more];
        assert_eq!(token(&mock, &form).await.status, 400);
        replay.learn_form(&file, "subject_token", &subject);
        replay.run(&file).await;
    }
    let suspended = file("pat-suspended");
    replay.stand_in(&suspended, "nobody").await;
    assert!(mock.suspend_user("nobody"));
    replay.run(&suspended).await;
    let expired = file("pat-expired");
    let pat = mock.create_personal_access_token("ada", Some(Duration::from_secs(60)));
    replay.learn_form(&expired, "subject_token", &pat);

    let names = ["cmp-actor-", "cmp-pat-", "cmp-subject-", "cmp-impersonation-", "cmp-no-subject-", "cmp-unknown-type"];
    let left: Vec<_> =
        files(FOLDER, &names).into_iter().filter(|file| !replay.done.contains(file) && *file != expired).collect();
    replay.run_with_stand_ins(&left, "ada").await;
    clock.advance(Duration::from_secs(61));
    replay.run(&expired).await;
    replay.done
}

pub(super) async fn inspection() -> BTreeSet<String> {
    let mock = mock().await;
    let mut replay = Replay::new(&mock);
    let full = tokens_of(&mock, "ada", &FULL).await;
    replay.learn_bearer(&file("userinfo-refresh-token"), text(&full, "refresh_token"));
    replay.learn_form(
        &file("revoke-hint-wrong"),
        "token",
        text(&tokens_of(&mock, "ada", &FULL).await, "refresh_token"),
    );

    for (name, scope) in [
        ("exchange-userinfo", "openid profile email roles urn:logto:scope:organizations"),
        ("exchange-userinfo-no-openid", "profile"),
        ("exchange-revoke-then-userinfo", FULL[0].1),
        ("exchange-introspect", "openid profile"),
    ] {
        let opaque = exchanged(&mock, scope).await;
        let file = file(name);
        if name.ends_with("introspect") {
            replay.learn_form(&file, "token", &opaque);
        } else {
            replay.learn_bearer(&file, &opaque);
        }
        if name.contains("revoke") {
            revoke(&mock, &opaque).await;
        }
        replay.run(&file).await;
    }

    let revoked = file("introspect-after-revoke");
    let opaque = exchanged(&mock, "openid").await;
    replay.learn_form(&revoked, "token", &opaque);
    revoke(&mock, &opaque).await;
    replay.run(&revoked).await;

    let code = file("introspect-code");
    let callback = mock.sign_in(&authorization_url(&mock, &FULL), "ada").await;
    replay.learn_form(&code, "token", &crate::support::param(&callback, "code").unwrap());
    replay.run(&code).await;

    let kept = file("refresh-after-revoke-by-other-client");
    let theirs = file("revoke-by-other-client");
    replay.stand_in(&kept, "ada").await;
    replay.stand_in(&theirs, "ada").await;
    replay.run(&theirs).await;
    replay.run(&kept).await;

    let suspended = file("userinfo-suspended");
    replay.stand_in(&suspended, "nobody").await;
    assert!(mock.suspend_user("nobody"));
    replay.run(&suspended).await;

    let names = ["cmp-introspect-", "cmp-revoke-", "cmp-userinfo-"];
    let left: Vec<_> = files(FOLDER, &names).into_iter().filter(|file| !replay.done.contains(file)).collect();
    replay.run_with_stand_ins(&left, "ada").await;
    replay.done
}

/// An opaque token of Ada's, from an exchange.
async fn exchanged(mock: &MockLogto, scope: &str) -> String {
    let pat = mock.create_personal_access_token("ada", None);
    let form = [("grant_type", EXCHANGE), ("subject_token", &pat), ("subject_token_type", PERSONAL), ("scope", scope)];
    text(&token(mock, &form).await.json(), "access_token").to_owned()
}

async fn revoke(mock: &MockLogto, token: &str) {
    let request = client().post(format!("{}/token/revocation", mock.issuer()));
    let request = request.basic_auth(mock.app_id(), Some(mock.app_secret())).form(&[("token", token)]);
    assert_eq!(Answer::of(request).await.status, 200);
}

pub(super) async fn the_rest() -> BTreeSet<String> {
    let mock = mock().await;
    let mut replay = Replay::new(&mock);
    let form = [("grant_type", "client_credentials"), ("resource", API), ("scope", "read:books")];
    let request = client().post(format!("{}/token", mock.issuer())).basic_auth(MACHINE.0, Some(MACHINE.1));
    let machine: Value = Answer::of(request.form(&form)).await.json();
    replay.learn_bearer(&file("mgmt-subject-no-scope"), text(&machine, "access_token"));
    let names = ["cmp-discovery-", "cmp-jwks-", "cmp-oidc-", "cmp-mgmt-"];
    replay.run_with_stand_ins(&files(FOLDER, &names), "ada").await;
    replay.done
}
