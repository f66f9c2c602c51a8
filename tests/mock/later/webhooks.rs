//! 92-webhooks: deliveries, and the Management API's part about webhooks.

use std::{
    collections::BTreeSet,
    time::{Duration, UNIX_EPOCH},
};

use logto::testing::{MockApp, MockDelivery, MockLogto, MockOrganization, MockUser, MockWebhook, TestClock};
use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    recording::CALLBACK,
    replay::{Replay, fixture},
    support::{Answer, Browser, authorization_url, client, text},
};

pub(super) const HOOK: &str = "14l4ezidypj0bn470mrn4";
pub(super) const KEY: &str = "fzjWgkxtLaXB9bAatxeteGdsFpujQJsR";
const ORGANIZATION: &str = "wljhsahaqd86";
/// When each of these happened: a body without other times is the recorded one, byte for byte.
const BEGAN: u64 = 1_795_878_717_616;
const MEMBER_CAME: u64 = 1_795_878_721_042;
const MEMBER_LEFT: u64 = 1_795_878_721_421;
const TESTED: u64 = 1_795_878_726_732;

/// The world of the recording, whose clock stands at the first event.
async fn world(receiver: &Receiver, clock: &TestClock) -> MockLogto {
    let app = MockApp::new("quxrgtxn5inac2i09j1fa", "secret").redirect_uri(CALLBACK).name("Rust web app");
    let webhook = MockWebhook::new(receiver.url()).id(HOOK).signing_key(KEY).header("x-custom", "custom value");
    let builder = MockLogto::builder().app(app.description("traditional web")).user(MockUser::new("ada"));
    let builder = builder.organization(MockOrganization::new(ORGANIZATION)).webhook(webhook);
    builder.clock(clock.clone()).start().await.unwrap()
}

fn eve() -> MockUser {
    let eve = MockUser::new("eve_7aaefa").id("vxzzmdwmpnpi").email("eve_7aaefa@example.test").password("secret");
    eve.name("Eve · 이브 \"q\" \\ </script>")
}

/// Moves a clock that stands at one of these moments to a later one.
fn advance(clock: &TestClock, from: u64, to: u64) {
    clock.advance(Duration::from_millis(to - from));
}

pub(super) async fn deliveries() -> BTreeSet<String> {
    let receiver = Receiver::start().await;
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_millis(BEGAN));
    let mock = world(&receiver, &clock).await;
    let mut done = BTreeSet::new();

    mock.add_user(eve());
    compare(&mock, &receiver, &mut done, &["01-user-created"], &[]).await;
    let custom_data = json!({ "f": 1.5, "big": 12_345_678_901_234_568_u64, "emoji": "🐻" });
    mock.update_user("eve_7aaefa", |eve| eve.name("Eva").claim("custom_data", custom_data));
    compare(&mock, &receiver, &mut done, &["02-user-data-updated"], &[]).await;
    mock.suspend_user("eve_7aaefa");
    compare(&mock, &receiver, &mut done, &["03-user-suspended"], &[]).await;
    mock.unsuspend_user("eve_7aaefa");
    compare(&mock, &receiver, &mut done, &["04-user-unsuspended"], &[]).await;
    mock.sign_in(&authorization_url(&mock, &[]), "eve_7aaefa").await;
    compare(&mock, &receiver, &mut done, &["05-post-sign-in"], &[]).await;
    advance(&clock, BEGAN, MEMBER_CAME);
    mock.update_user("eve_7aaefa", |eve| eve.organization(ORGANIZATION, &[]));
    compare(&mock, &receiver, &mut done, &["07-membership-updated"], &[]).await;
    advance(&clock, MEMBER_CAME, MEMBER_LEFT);
    mock.update_user("eve_7aaefa", MockUser::without_organizations);
    compare(&mock, &receiver, &mut done, &["08-membership-updated-put"], &[]).await;

    let mut browser = Browser::new(&mock);
    let page = browser.get(&authorization_url(&mock, &[("first_screen", "register")])).await.location().to_owned();
    browser.post(&page, &[("username", "reg_7aaefa"), ("password", "secret")]).await;
    let id = [("63haxi753nki", "user-reg_7aaefa")];
    compare(&mock, &receiver, &mut done, &["19-post-register", "19-post-register-2"], &id).await;

    advance(&clock, MEMBER_LEFT, TESTED);
    // The recorded test told of no header fields.
    mock.update_webhook(HOOK, |_| MockWebhook::new(receiver.url()).id(HOOK).signing_key(KEY));
    mock.test_webhook(HOOK, ["User.Created", "PostSignIn"]);
    compare(&mock, &receiver, &mut done, &["21-test", "21-test-2"], &[]).await;

    a_failure(&mut done).await;
    done
}

/// The deliveries since the last call against the recorded ones. `others` are values that stand here for recorded ones.
pub(super) async fn compare(
    mock: &MockLogto,
    receiver: &Receiver,
    done: &mut BTreeSet<String>,
    files: &[&str],
    others: &[(&str, &str)],
) {
    let all = mock.deliveries().await;
    let (new, received) = (&all[all.len() - files.len()..], receiver.take());
    assert_eq!((received.len(), all.len()), (files.len(), done.len() + files.len()), "{files:?}");
    for (file, delivery) in files.iter().zip(new) {
        let file = format!("92-webhooks/deliveries/{file}.json");
        let recorded = fixture(&file)["request"].clone();
        let body = text(&recorded, "body");
        let expected = others.iter().fold(body.to_owned(), |body, (there, here)| body.replace(there, here));
        assert_eq!(without_times(delivery.body()), without_times(&expected), "{file}");
        same_head(&file, delivery, &recorded["headers"], delivery.body() == body);
        // It arrives as it was sent. Two of one event may come in either order.
        let (headers, arrived) = received.iter().find(|(_, body)| body == delivery.body()).unwrap();
        assert_eq!((delivery.status(), delivery.hook_id()), (Some(200), HOOK), "{file}");
        assert_eq!(headers["content-length"], arrived.len().to_string(), "{file}");
        for (name, value) in delivery.headers() {
            assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{file}: {name}");
        }
        assert_eq!(headers.len(), delivery.headers().len() + 2, "{file}: {headers:?}");
        done.insert(file);
    }
}

/// The header fields in their order, with the recorded values; of the same body the same signature.
fn same_head(file: &str, delivery: &MockDelivery, recorded: &Value, same_body: bool) {
    let exact = ["07-membership-updated.", "08-membership-updated-put.", "21-test.", "21-test-2."];
    assert_eq!(same_body, exact.iter().any(|name| file.contains(name)), "{file}: byte for byte");
    let names = recorded_names(file);
    let live: Vec<_> = delivery.headers().keys().map(http::HeaderName::as_str).collect();
    assert_eq!(live, names, "{file}");
    for name in names {
        let value = delivery.header(&name).unwrap();
        match name.as_str() {
            "logto-signature-sha-256" => assert_eq!(value, sign(KEY, delivery.body()), "{file}"),
            _ => assert_eq!(value, recorded[&name], "{file}: {name}"),
        }
    }
    let signature = delivery.header("logto-signature-sha-256").unwrap();
    assert_eq!(signature == recorded["logto-signature-sha-256"], same_body, "{file}");
}

/// As they stand in the file, without those that the HTTP client makes: `Value` sorts its members.
fn recorded_names(file: &str) -> Vec<String> {
    let source = std::fs::read_to_string(crate::replay::fixtures().join(file)).unwrap();
    let headers = source.split("\"headers\": {").nth(1).unwrap().split('}').next().unwrap();
    let names = headers.lines().filter_map(|line| Some(line.split_once("\": \"")?.0.trim().trim_start_matches('"')));
    let made = ["host", "content-length", "connection"];
    names.filter(|name| !made.contains(name)).map(str::to_owned).collect()
}

/// With the same stand-in for each time and for the session's id.
pub(super) fn without_times(body: &str) -> String {
    let mut text = body.to_owned();
    let mut values = vec![serde_json::from_str::<Value>(body).unwrap()];
    while let Some(value) = values.pop() {
        values.extend(value.as_array().into_iter().flatten().cloned());
        for (name, value) in value.as_object().into_iter().flatten() {
            if ["createdAt", "updatedAt", "lastSignInAt", "sessionId"].contains(&name.as_str()) && !value.is_null() {
                let kind = if value.is_string() {
                    format!("{} characters", value.as_str().unwrap().len())
                } else {
                    "millis".to_owned()
                };
                text = text.replace(&format!("\"{name}\":{value}"), &format!("\"{name}\":<{kind}>"));
            }
            values.push(value.clone());
        }
    }
    text
}

fn sign(key: &str, body: &str) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, body.as_bytes());
    tag.as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// `retries-on-500.json`: one delivery, and no second.
async fn a_failure(done: &mut BTreeSet<String>) {
    let receiver = Receiver::start().await;
    receiver.answer(500, "");
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_millis(1_795_878_727_108));
    let mock = world(&receiver, &clock).await;
    mock.add_user(MockUser::new("ret_7aaefa").id("gcmavckc2tkx"));
    let all = mock.deliveries().await;
    let recorded = fixture("92-webhooks/retries-on-500.json");
    let recorded = recorded["deliveries"].as_array().unwrap();
    assert_eq!((all.len(), recorded.len(), receiver.take().len()), (1, 1, 1));
    assert_eq!(without_times(all[0].body()), without_times(text(&recorded[0], "body")));
    assert_eq!((all[0].status(), all[0].succeeded()), (Some(500), false));
    done.insert("92-webhooks/retries-on-500.json".to_owned());
}

pub(super) async fn management() -> BTreeSet<String> {
    let receiver = Receiver::start().await;
    let mock = MockLogto::start().await;
    let mut replay = Replay::new(&mock);
    let claims = json!({
        "iss": mock.issuer(), "aud": "https://default.logto.app/api", "scope": "all", "sub": "m", "exp": 4_000_000_000_u64,
    });
    replay.learn("<management API access token>", &mock.sign_jwt(json!({ "typ": "at+jwt" }), &claims));
    replay.learn("http://localhost:3199/hook", &receiver.url());
    let created = replay.run("92-webhooks/01-create.json").await.json();
    let recorded = fixture("92-webhooks/01-create.json")["response"]["body_json"].clone();
    for name in ["tenantId", "name", "event", "events", "enabled"] {
        assert_eq!(created[name], recorded[name], "{name}");
    }
    assert_eq!(created["config"], json!({ "url": receiver.url(), "headers": { "x-custom": "custom value" } }));
    for name in ["id", "signingKey"] {
        assert_eq!(text(&created, name).len(), text(&recorded, name).len(), "{name}");
    }
    replay.learn(HOOK, text(&created, "id"));
    for file in ["02-create-bad-event", "03-create-no-events", "04-list", "05-get-with-stats"] {
        let file = format!("92-webhooks/{file}.json");
        let answer = replay.run(&file).await;
        if answer.status == 400 {
            assert_eq!(answer.json(), fixture(&file)["response"]["body_json"], "{file}");
        }
    }
    mock.delete_user("ada");
    mock.deliveries().await;
    receiver.answer(500, "");
    mock.add_user(MockUser::new("ret_7aaefa"));
    mock.deliveries().await;
    receiver.answer(200, "");
    let logs = replay.run("92-webhooks/07-recent-logs.json").await.json();
    assert_eq!((&logs[0]["payload"]["result"], &logs[1]["payload"]["result"]), (&json!("Error"), &json!("Success")));
    assert_eq!(logs[0]["payload"]["response"], json!({ "body": "", "statusCode": 500 }));
    receiver.take();
    replay.run("92-webhooks/06-test.json").await;
    mock.deliveries().await;
    let tested = receiver.take();
    assert_eq!(tested.len(), 2);
    assert!(tested.iter().all(|(headers, _)| !headers.contains_key("x-custom")));
    let renewed = replay.run("92-webhooks/08-signing-key.json").await.json();
    assert_ne!(renewed["signingKey"], created["signingKey"]);
    mock.unsuspend_user("bob");
    let all = mock.deliveries().await;
    let last = all.last().unwrap();
    assert_eq!(last.header("logto-signature-sha-256").unwrap(), sign(text(&renewed, "signingKey"), last.body()));
    let disabled = replay.run("92-webhooks/09-disable.json").await.json();
    assert_eq!(disabled["enabled"], json!(false));
    mock.suspend_user("bob");
    assert_eq!(mock.deliveries().await.len(), all.len());

    // Nobody else may.
    let refused = Answer::of(client().get(format!("{}/api/hooks", mock.endpoint()))).await;
    assert_eq!((refused.status, text(&refused.json(), "code")), (401, "auth.authorization_header_missing"));
    replay.done
}
