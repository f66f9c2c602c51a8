//! 95-device-flow.

use std::{collections::BTreeSet, time::Duration};

use logto::testing::{MockLogto, TestClock};
use serde_json::Value;

use super::world::{PASSWORD, world};
use crate::{
    recording::files,
    replay::{Replay, fixture, form_value, xsrf},
    support::{API, Answer, client, text},
};

const DEVICE: &str = "d0b53ij7ow781fj4whela";

pub(super) async fn device_flow() -> BTreeSet<String> {
    let clock = TestClock::new();
    let mock = world().clock(clock.clone()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let folder = "95-device-flow";
    for file in files(folder, &["01", "02", "03", "04", "06", "10", "11-", "12", "13", "14", "20", "21", "22", "23"]) {
        replay.run(&file).await;
    }
    let page = replay.run("95-device-flow/24-confirm.json").await;
    let sign_in = page.location().to_owned();
    replay.follow(page, &files(folder, &["25"])).await;
    replay.run("95-device-flow/11c-pending-while-signing-in.json").await;
    let answer = replay.browser.post(&sign_in, &[("username", "ada"), ("password", PASSWORD)]).await;
    replay.follow(answer, &files(folder, &["30", "31", "32", "33"])).await;
    for file in files(folder, &["60", "61"]) {
        replay.run(&file).await;
    }

    let asked = [("scope", "openid offline_access profile read:books"), ("resource", API)];
    let tokens = poll(&mock, &approved(&mock, &asked).await).await;
    replay.learn_form("95-device-flow/64-refresh.json", "refresh_token", text(&tokens, "refresh_token"));
    for file in files(folder, &["64", "65"]) {
        replay.run(&file).await;
    }
    let file = "95-device-flow/66-token-no-offline-access.json";
    replay.learn_form(file, "device_code", &approved(&mock, &[("scope", "openid profile")]).await);
    replay.run(file).await;

    for prefix in ["70", "34", "35", "36", "37", "38", "79"] {
        for file in files(folder, &[prefix]) {
            replay.run(&file).await;
        }
    }
    let wrong = "95-device-flow/80-wrong-user-code.json";
    let form = replay.browser.get("/oidc/device?user_code=AAAA-AAAA").await;
    replay.learn(&form_value(&fixture(wrong), "xsrf").unwrap(), &xsrf(&form.body).unwrap());
    replay.run(wrong).await;

    replay.run("95-device-flow/81-device-authorization-to-expire.json").await;
    clock.advance(Duration::from_secs(601));
    replay.run("95-device-flow/82-expired.json").await;
    replay.done
}

/// The code of a device that Ada has agreed to.
async fn approved(mock: &MockLogto, asked: &[(&str, &str)]) -> String {
    let mut form = vec![("client_id", DEVICE)];
    form.extend(asked);
    let request = client().post(format!("{}/device/auth", mock.issuer())).form(&form);
    let answer = Answer::of(request).await.json();
    mock.approve_device(text(&answer, "verification_uri_complete"), "ada");
    text(&answer, "device_code").to_owned()
}

async fn poll(mock: &MockLogto, device_code: &str) -> Value {
    let form = [
        ("client_id", DEVICE),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device_code),
    ];
    Answer::of(client().post(format!("{}/token", mock.issuer())).form(&form)).await.json()
}
