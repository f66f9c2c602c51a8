//! 90-management, but for what is about organizations, and what other folders have of the same APIs.

use std::{
    collections::BTreeSet,
    time::{Duration, UNIX_EPOCH},
};

use logto::testing::{MockApp, MockLogto, MockOrganization, MockResource, MockWebhook, TestClock};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    stand_in::tokens_of,
    webhooks::without_times,
    world::{FULL, MACHINE, ORGANIZATION, PASSWORD, bob, page, web},
};
use crate::{
    management_client::Management,
    receiver::Receiver,
    recording::{CALLBACK, files, whole_ada, world as first_world},
    replay::{Replay, fixture},
    support::{API, Answer, refresh, text},
};

/// 2026-11-28T15:09:56Z, when most of it was recorded.
const RECORDED_AT: u64 = 1_795_878_596;
const TOKEN: &str = "<management API access token>";
const LIBRARIAN: &str = "rrqrhwxltrem9entrsdh5";
/// Ids of the recording, and those that stand for them.
const IDS: [(&str, &str); 3] = [
    (LIBRARIAN, "role-librarian"),
    ("9vsbtlb1knk256g5ht3vf", "scope-https-api-example-test-read-books"),
    ("f7rvv0f1tshcjw6se07h6", "resource-https-api-example-test"),
];

/// A replay by a machine that may call the Management API.
struct Walk<'a> {
    replay: Replay<'a>,
    client: Management<'a>,
}

impl<'a> Walk<'a> {
    async fn begin(mock: &'a MockLogto) -> Self {
        let client = Management::of(mock);
        let mut replay = Replay::new(mock);
        replay.learn(TOKEN, &client.token);
        for (there, here) in IDS {
            replay.learn(there, here);
        }
        client
            .patch(&format!("/resources/{}/scopes/{}", IDS[2].1, IDS[1].1), &json!({ "description": "Read books" }))
            .await;
        Self { replay, client }
    }

    /// Replays a file. A refusal is compared to the last letter, and so are the header fields of a list.
    async fn run(&mut self, file: &str) -> Answer {
        let answer = self.replay.run(file).await;
        let recorded = &fixture(file)["response"];
        if recorded["status"].as_u64().unwrap() >= 400 && !recorded["body_json"].is_null() {
            let mut live = answer.json();
            // A token is of this server, and its claims are, too.
            if !recorded["body_json"]["data"]["payload"].is_null() {
                live["data"]["payload"] = recorded["body_json"]["data"]["payload"].clone();
            }
            let recorded = self.replay.here(&recorded["body_json"].to_string());
            assert_eq!(live, serde_json::from_str::<Value>(&recorded).unwrap(), "{file}");
        }
        let headers = &recorded["headers"];
        assert_eq!(answer.header("total-number"), headers["total-number"].as_str(), "{file}");
        assert_eq!(answer.header("allow").is_some(), headers["allow"].is_string(), "{file}");
        let links: Vec<_> =
            answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap().to_owned()).collect();
        let recorded = headers["link"].as_array().into_iter().flatten();
        let recorded: Vec<_> = recorded.map(|link| self.replay.here(link.as_str().unwrap())).collect();
        assert_eq!(links, recorded, "{file}");
        answer
    }

    async fn run_all(&mut self, folder: &str, prefixes: &[&str]) {
        let found = files(folder, prefixes);
        assert!(found.len() >= prefixes.len(), "{folder}: {prefixes:?}");
        for file in found {
            self.run(&file).await;
        }
    }

    /// Has an id of the answer stand for the recorded one.
    async fn create(&mut self, file: &str) -> Answer {
        let answer = self.run(file).await;
        let recorded = fixture(file)["response"]["body_json"].clone();
        self.replay.learn(text(&recorded, "id"), text(&answer.json(), "id"));
        answer
    }
}

async fn mock(clock: &TestClock) -> MockLogto {
    let machine = MockApp::new(MACHINE.0, MACHINE.1).management_api_access().role("books-machine");
    MockLogto::builder()
        .app(web())
        .app(page())
        .machine_to_machine_app(machine)
        .user(whole_ada("hmsct46yllsj", ORGANIZATION).password(PASSWORD))
        .user(bob())
        .organization(MockOrganization::new(ORGANIZATION).name("Acme"))
        .resource(MockResource::new(API).scope("read:books").scope("write:books"))
        .role("librarian", API, &["read:books", "write:books"])
        .clock(clock.clone())
        .start()
        .await
        .unwrap()
}

fn clock() -> TestClock {
    TestClock::at(UNIX_EPOCH + Duration::from_secs(RECORDED_AT))
}

pub(super) async fn access() -> BTreeSet<String> {
    let mock = super::world::world().clock(clock()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let folder = "90-management/auth";
    replay.run_all(&[&format!("{folder}/01-no-token.json"), &format!("{folder}/02-garbage.json")]).await;
    let without = replay.run(&format!("{folder}/04-token-without-role.json")).await.json();
    replay.learn(TOKEN, text(&without, "access_token"));
    replay.run_all(&[&format!("{folder}/05-no-scope.json"), &format!("{folder}/06-basic.json")]).await;
    mock.update_app(MACHINE.0, MockApp::management_api_access);
    let with = replay.run(&format!("{folder}/08-token-with-role.json")).await.json();
    let mut done = replay.done.clone();
    let mut walk = Walk::begin(&mock).await;
    walk.replay.learn(TOKEN, text(&with, "access_token"));
    let listed = walk.run(&format!("{folder}/09-list-users.json")).await;
    let recorded = fixture(&format!("{folder}/09-list-users.json"));
    walk.replay.learn(text(&recorded["response"]["headers"], "etag"), listed.header("etag").unwrap());
    let method = walk.run(&format!("{folder}/11-unknown-method.json")).await;
    let sorted = |list: &str| list.split(", ").map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(method.header("allow").unwrap()), sorted("POST, HEAD, GET"));
    walk.run_all(folder, &["10", "12", "13"]).await;
    done.extend(walk.replay.done);
    done
}

pub(super) async fn users() -> BTreeSet<String> {
    let clock = clock();
    let mock = mock(&clock).await;
    let mut walk = Walk::begin(&mock).await;
    let folder = "90-management/users";
    walk.create(&format!("{folder}/01-create.json")).await;
    walk.client.post("/users", &json!({})).await;
    walk.run_all(
        folder,
        &["04", "05", "06", "07", "08", "09", "1", "2", "3", "4", "50", "51", "52", "53", "54", "55", "56", "57", "58"],
    )
    .await;
    walk.run_all(folder, &["61", "62", "63", "65"]).await;
    let factors = walk.run(&format!("{folder}/66-mfa.json")).await.json();
    let recorded = fixture(&format!("{folder}/66-mfa.json"))["response"]["body_json"].clone();
    for place in [0, 1] {
        assert_eq!(factors[place]["type"], recorded[place]["type"]);
        walk.replay.learn(text(&recorded[place], "id"), text(&factors[place], "id"));
    }
    walk.run_all(folder, &["67", "68", "69"]).await;
    let identity = fixture(&format!("{folder}/71-identity.json"))["response"]["body_json"]["identity"].clone();
    let carol = walk.replay.here("/users/yk5jlcby99kb");
    assert_eq!(walk.client.put(&format!("{carol}/identities/kakao"), &identity).await.status, 201);
    walk.run_all(folder, &["71", "72", "73", "80", "81", "82", "83", "84", "85", "86", "87"]).await;
    sessions(&mut walk, &clock).await;
    walk.run_all(folder, &["90"]).await;
    walk.replay.done
}

/// Ada's sessions: two, one of which ends, and a third, whose grant is revoked.
async fn sessions(walk: &mut Walk<'_>, clock: &TestClock) {
    let mock = walk.replay.mock;
    let folder = "90-management/users";
    let mut tokens = Vec::new();
    for _ in 0..3 {
        clock.advance(Duration::from_millis(10));
        let scope = "openid offline_access profile email phone roles custom_data identities urn:logto:scope:organizations \
             urn:logto:scope:organization_roles read:books write:books";
        tokens.push(
            tokens_of(
                mock,
                "ada",
                &[("scope", scope), ("resource", API), ("resource", "urn:logto:resource:organizations")],
            )
            .await,
        );
    }
    let listed = walk.run(&format!("{folder}/88-sessions.json")).await.json();
    let recorded = fixture(&format!("{folder}/88-sessions.json"))["response"]["body_json"].clone();
    for place in [0, 1] {
        let uid = |list: &Value| text(&list["sessions"][place]["payload"], "uid").to_owned();
        walk.replay.learn(&uid(&recorded), &uid(&listed));
        assert_eq!(
            walk.client.get(&format!("/users/hmsct46yllsj/sessions/{}", uid(&listed))).await.json(),
            listed["sessions"][place]
        );
    }
    let all = walk.run(&format!("{folder}/89-grants.json")).await.json();
    let first = text(&listed["sessions"][0]["payload"]["authorizations"][mock.app_id()], "grantId").to_owned();
    walk.run_all(folder, &["88c", "88d", "88e"]).await;
    for (file, token) in [("88f-refresh-after-a", &tokens[1]), ("88f-refresh-after-b", &tokens[2])] {
        let file = format!("{folder}/{file}.json");
        // Of the recorded token the request tells in its body alone.
        let recorded = fixture(&file);
        let form = text(&recorded["request"], "body").to_owned();
        let there = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "refresh_token").unwrap().1;
        walk.replay.learn(&there, text(token, "refresh_token"));
        walk.run(&file).await;
    }
    assert_eq!(refresh(mock, text(&tokens[0], "refresh_token"), &[]).await.status, 400);
    let grants: Vec<_> = all["grants"].as_array().unwrap().iter().map(|grant| text(grant, "id").to_owned()).collect();
    assert_eq!(grants.len(), 3);
    assert!(grants.contains(&first));
    let third = walk.client.get("/users/hmsct46yllsj/grants").await.json();
    let ids: Vec<_> = third["grants"].as_array().unwrap().iter().map(|grant| text(grant, "id")).collect();
    assert!(!ids.contains(&first.as_str()) && ids.len() == 2, "{ids:?}");
    walk.replay.learn("MF_PFZb5sBXiffqII6JZPWqsx_6z9EGwfhTmwEGVdsX", ids[0]);
    walk.run_all(folder, &["89b", "89c"]).await;
    let refreshed = [&tokens[1], &tokens[2]].map(|tokens| text(tokens, "refresh_token").to_owned());
    let mut alive = Vec::new();
    for token in refreshed {
        alive.push(refresh(mock, &token, &[]).await.status);
    }
    alive.sort_unstable();
    assert_eq!(alive, [200, 400], "one of the two grants was revoked");
}

pub(super) async fn roles() -> BTreeSet<String> {
    let mock = mock(&clock()).await;
    let mut walk = Walk::begin(&mock).await;
    let folder = "90-management/roles";
    walk.create(&format!("{folder}/01-create.json")).await;
    walk.run_all(folder, &["02", "03", "04", "05", "06", "07", "08", "10", "11", "12", "13", "14"]).await;
    walk.replay.done
}

pub(super) async fn resources() -> BTreeSet<String> {
    let mock = mock(&clock()).await;
    let mut walk = Walk::begin(&mock).await;
    let folder = "90-management/resources";
    walk.create(&format!("{folder}/01-create.json")).await;
    walk.run_all(folder, &["02", "03", "04", "07", "08"]).await;
    walk.create(&format!("{folder}/09-scope-create.json")).await;
    walk.run_all(folder, &["10", "11", "12", "13", "14", "15"]).await;
    walk.replay.done
}

pub(super) async fn applications() -> BTreeSet<String> {
    let mock = mock(&clock()).await;
    let mut walk = Walk::begin(&mock).await;
    let folder = "90-management/applications";
    for file in files(folder, &["01", "02", "03"]) {
        walk.create(&file).await;
    }
    walk.run_all(folder, &["04", "05", "06", "07", "08", "10", "12", "13", "14", "15", "16", "17", "19", "20"]).await;
    walk.replay.done
}

pub(super) async fn the_rest() -> BTreeSet<String> {
    let mock = mock(&clock()).await;
    let mut walk = Walk::begin(&mock).await;
    walk.run_all("90-management/misc", &["01", "02", "10", "12", "13", "14"]).await;
    let mut done = walk.replay.done;

    // The first recordings are of another world.
    let newest = MockApp::new("newest", "secret").redirect_uri(CALLBACK);
    let mock = first_world().app(newest).clock(clock()).start().await.unwrap();
    let mut walk = Walk::begin(&mock).await;
    tokens_of(&mock, "ada", &[("scope", FULL[0].1)]).await;
    walk.run_all("70-api", &["03", "04", "05", "06", "09"]).await;
    let created = walk.run("16-one-time-token/00-create.json").await.json();
    let recorded = fixture("16-one-time-token/00-create.json")["response"]["body_json"].clone();
    walk.replay.learn(text(&recorded, "token"), text(&created, "token"));
    done.extend(walk.replay.done.clone());
    done.extend(one_time_tokens(&mut walk).await);
    done
}

/// What the Experience API answers to a token that is used up, or none. The Management API answers the same.
async fn one_time_tokens(walk: &mut Walk<'_>) -> BTreeSet<String> {
    let mut done = BTreeSet::new();
    let mut used = false;
    for file in ["16-one-time-token/30-reused.json", "16-one-time-token/31-garbage.json"] {
        let recorded = fixture(file);
        let asked: Value = serde_json::from_str(&walk.replay.here(text(&recorded["request"], "body"))).unwrap();
        let body = json!({ "email": asked["identifier"]["value"], "token": asked["token"] });
        if !used {
            assert_eq!(walk.client.post("/one-time-tokens/verify", &body).await.json()["status"], json!("consumed"));
            used = true;
        }
        let answer = walk.client.post("/one-time-tokens/verify", &body).await;
        assert_eq!(Value::from(answer.status), recorded["response"]["status"], "{file}");
        assert_eq!(answer.json(), recorded["response"]["body_json"], "{file}");
        done.insert(file.to_owned());
    }
    done
}

/// `Role.*` and `Scope.Deleted` of 92-webhooks.
pub(super) async fn deliveries() -> BTreeSet<String> {
    let receiver = Receiver::start().await;
    let mock = mock(&clock()).await;
    let walk = Walk::begin(&mock).await;
    mock.add_webhook(MockWebhook::new(receiver.url()).id("14l4ezidypj0bn470mrn4"));
    let client = &walk.client;
    let role = client.post("/roles", &json!({ "name": "hr-7aaefa", "description": "d" })).await.json();
    let role = text(&role, "id");
    let scopes = format!("/resources/{}/scopes", IDS[2].1);
    let scope = client.post(&scopes, &json!({ "name": "sc:7aaefa" })).await.json();
    client.post(&format!("/roles/{role}/scopes"), &json!({ "scopeIds": [IDS[1].1] })).await;
    client.patch(&format!("/roles/{role}"), &json!({ "description": "e" })).await;
    client.ask(Method::DELETE, &format!("/roles/{role}"), &Value::Null).await;
    client.ask(Method::DELETE, &format!("{scopes}/{}", text(&scope, "id")), &Value::Null).await;
    let all = mock.deliveries().await;
    let events: Vec<_> = all.iter().map(logto::testing::MockDelivery::event).collect();
    let expected =
        ["Role.Created", "Scope.Created", "Role.Scopes.Updated", "Role.Data.Updated", "Role.Deleted", "Scope.Deleted"];
    assert_eq!(events, expected);
    let mut done = BTreeSet::new();
    for (place, name) in
        [(2, "12-role-scopes-updated"), (3, "13-role-data-updated"), (4, "14-role-deleted"), (5, "16-scope-deleted")]
    {
        let file = format!("92-webhooks/deliveries/{name}.json");
        let recorded = fixture(&file)["request"].clone();
        let ids =
            IDS.iter().copied().chain([("jneww0yoars9qvb7zap68", role), ("wovl8hj29xmt5na60915o", text(&scope, "id"))]);
        let body = ids.fold(text(&recorded, "body").to_owned(), |body, (there, here)| body.replace(there, here));
        assert_eq!(without_times(all[place].body()), without_times(&body), "{file}");
        done.insert(file);
    }
    done
}
