//! 90-management: organizations, the organization template and invitations, in the order in which they were recorded. The bodies are compared
//! member by member, but for the times at which something was made.

use std::{
    collections::BTreeSet,
    time::{Duration, UNIX_EPOCH},
};

use logto::testing::{
    MockApp, MockLogto, MockLogtoBuilder, MockOrganization, MockResource, MockUser, MockWebhook, TestClock,
};
use serde_json::{Value, json};

use super::webhooks::{HOOK, KEY, compare};
use crate::{
    management_api::{ManagementApi, token},
    receiver::Receiver,
    recording::recorded_ada,
    replay::{Replay, fixture},
    support::{API, Answer, text},
};

const INITECH: &str = "zxhxp5l0xlny";
const ACME: &str = "7ivtbhtrj7t0";
/// When the first organization was made.
const BEGAN: u64 = 1_795_878_672_005;

fn world() -> MockLogtoBuilder {
    let ada = recorded_ada("hmsct46yllsj").phone("14155550123").organization(ACME, &["admin"]);
    let machine = MockApp::new("850p3ghmh1s8xv95kxuzp", "secret").name("Rust M2M").organization(ACME, &["machine"]);
    MockLogto::builder()
        .clock(TestClock::at(UNIX_EPOCH + Duration::from_millis(BEGAN)))
        .app(MockApp::new("quxrgtxn5inac2i09j1fa", "secret"))
        .machine_to_machine_app(machine)
        .user(ada.claim("custom_data", json!({ "plan": "pro", "nested": { "n": 1 } })))
        .user(MockUser::new("bob").id("dtyu8qlg9lii").name("Bob").email("bob@example.test"))
        .user(MockUser::new("dave").id("37s5njgpd347").email("dave_362bed@example.test"))
        .organization(
            MockOrganization::new(ACME)
                .name("Acme")
                .description("Acme org")
                .custom_data(json!({ "tier": "gold" }))
                .role("admin", &["read:billing", "invite:member"])
                .role_for_resource("admin", API, &["read:books"]),
        )
        .organization(MockOrganization::new("srebhjm1lxvw").name("Other").description("ada is not a member"))
        .resource(MockResource::new(API).scope("read:books"))
}

/// The recorded ids of what the builder predefines with ids, names and descriptions of its own.
const PREDEFINED: &[(&str, &str)] = &[
    ("hvewucmz3naj4qejt6qae", "org-role-admin"),
    ("h49dpi5go6541lzkdbubb", "org-role-machine"),
    ("o35mg592y9cd0oh1aozh3", "org-scope-read-billing"),
    ("qvht2gstmi2y1y3ub9qau", "org-scope-invite-member"),
    ("9vsbtlb1knk256g5ht3vf", "scope-https-api-example-test-read-books"),
    ("f7rvv0f1tshcjw6se07h6", "resource-https-api-example-test"),
];

pub(super) async fn management() -> BTreeSet<String> {
    let mut done = lists().await;
    let mock = world().start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let mut replay = Replay::new(&mock);
    replay.learn("<management API access token>", &token(&mock));
    for (recorded, live) in PREDEFINED {
        replay.learn(recorded, live);
    }
    describe_predefined(&api).await;
    run(&mut replay, "users/59-organizations").await;
    run(&mut replay, "applications/18-organizations").await;

    organizations(&mut replay).await;
    template(&mut replay).await;
    invitations(&mut replay, &api).await;
    // The roles that newcomers get.
    run(&mut replay, "organizations/33-jit-roles").await;
    assert_eq!(api.get(&format!("organizations/{}/jit/roles", replay.here(INITECH))).await[0]["name"], "admin");
    run(&mut replay, "organizations/41-delete").await;
    run(&mut replay, "organizations/42-delete-again").await;
    done.extend(replay.done);
    done
}

/// The order is that of the ids: here they are the recorded ones.
async fn lists() -> BTreeSet<String> {
    let named = |id: &str| MockOrganization::new(id).name("Initech 362bed");
    let initech = named(INITECH).description("TPS").custom_data(json!({ "tier": "silver" }));
    let mock = world().organization(initech).organization(named("v9b9hkz61e3c")).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.learn("<management API access token>", &token(&mock));
    for file in ["06-list", "07-search", "08-list-featured"] {
        run(&mut replay, &format!("organizations/{file}")).await;
    }
    replay.done
}

/// Descriptions and names that the builder does not set, as they were at the recorded server.
async fn describe_predefined(api: &ManagementApi<'_>) {
    let described = |text: &str| json!({ "description": text });
    api.done("PATCH", "organization-roles/org-role-admin", described("Org admin")).await;
    api.done("PATCH", "organization-scopes/org-scope-read-billing", described("Billing")).await;
    api.done("PATCH", "organization-scopes/org-scope-invite-member", described("Invite")).await;
}

async fn organizations(replay: &mut Replay<'_>) {
    let created = run(replay, "organizations/01-create").await.json();
    assert_eq!(text(&created, "id").len(), INITECH.len());
    run(replay, "organizations/02-create-same-name").await;
    for file in [
        "03-create-bad",
        "05-get-404",
        "09-patch",
        "10-patch-404",
        "11-members-add",
        "12-members-add-again",
        "14-members",
        "15-members-search",
        "16-members-roles",
        "17-member-roles",
        "18-member-roles-add",
        "20-member-scopes",
        "21-member-role-delete",
        "22-member-roles-404",
        "23-members-put",
        "24-member-remove",
        "25-member-remove-again",
        "26-apps-add",
        "27-apps",
        "28-apps-add-web",
        "29-jit-domains",
        "30-jit-domains-list",
        "31-jit-domain-again",
        "32-jit-domain-delete",
        "34-user-organizations",
    ] {
        run(replay, &format!("organizations/{file}")).await;
    }
}

async fn template(replay: &mut Replay<'_>) {
    for file in [
        "01-scope-create",
        "02-scope-create-again",
        "03-role-create",
        "04-role-create-again",
        "05-roles",
        "06-role",
        "07-role-scopes",
        "08-role-scopes-put",
        "09-role-patch",
        "11-role-delete",
        "12-role-delete-again",
        "13-scope-delete",
    ] {
        run(replay, &format!("organization-template/{file}")).await;
    }
}

async fn invitations(replay: &mut Replay<'_>, api: &ManagementApi<'_>) {
    for file in [
        "01-create",
        "02-create-again",
        "03-create-past",
        "04-create-no-connector",
        "05-create-bad",
        "05b-create-unknown-org",
        "06-list",
        "07-list-of-organization",
        "08-get",
        "09-get-404",
        "10-accept-wrong-user",
        "11-accept",
    ] {
        run(replay, &format!("invitations/{file}")).await;
    }
    // The invitation that is revoked was made by a request that was not kept.
    let body = json!({
        "invitee": "hal_362bed@example.test", "organizationId": replay.here(INITECH), "expiresAt": 1_796_483_473_325_u64,
        "messagePayload": false,
    });
    replay.learn("egxvqwsmovmls7f590ev7", &api.create("organization-invitations", body).await);
    run(replay, "invitations/14-revoke").await;
    run(replay, "invitations/15-message-no-connector").await;
    let accepted = format!("organization-invitations/{}", replay.here("nhoqr3ab3mshqfe6pvhdu"));
    api.done("DELETE", &accepted, Value::Null).await;
    run(replay, "invitations/17-delete-again").await;
}

/// Replays a file, and compares the whole body and the header fields about pages.
async fn run(replay: &mut Replay<'_>, name: &str) -> Answer {
    let file = format!("90-management/{name}.json");
    let answer = replay.run(&file).await;
    let recorded = fixture(&file);
    if let Some(body) = recorded["response"].get("body_json") {
        let live = answer.json();
        if let (201, Some(id), Some(new)) = (answer.status, body["id"].as_str(), live["id"].as_str()) {
            replay.learn(id, new);
        }
        let expected: Value = serde_json::from_str(&replay.here(&body.to_string())).unwrap();
        assert_eq!(without_times(live), without_times(expected), "{file}");
    } else {
        assert_eq!(answer.body, recorded["response"]["body"].as_str().unwrap_or_default(), "{file}");
    }
    same_paging(replay, &file, &answer);
    answer
}

fn same_paging(replay: &Replay<'_>, file: &str, answer: &Answer) {
    let recorded = &fixture(file)["response"]["headers"];
    assert_eq!(answer.header("total-number"), recorded["total-number"].as_str(), "{file}");
    let live: Vec<_> = answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap().to_owned()).collect();
    let links = recorded["link"].as_array().into_iter().flatten();
    let links: Vec<_> = links.map(|link| replay.here(link.as_str().unwrap())).collect();
    assert_eq!(live, links, "{file}");
}

/// Without the times, and without the name that the builder cannot give to a resource.
fn without_times(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|name, _| !["createdAt", "updatedAt"].contains(&name.as_str()));
            if let Some(resource) = members.get_mut("resource").and_then(Value::as_object_mut) {
                resource.remove("name");
            }
            members.values_mut().for_each(|member| *member = without_times(member.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_times(item.take())),
        _ => {}
    }
    value
}

/// 92-webhooks/deliveries: what is told of organizations and their roles.
pub(super) async fn deliveries() -> BTreeSet<String> {
    let receiver = Receiver::start().await;
    let webhook = MockWebhook::new(receiver.url()).id(HOOK).signing_key(KEY).header("x-custom", "custom value");
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_millis(BEGAN));
    let mock = MockLogto::builder().webhook(webhook).clock(clock).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let mut done = BTreeSet::new();
    let id = api.create("organizations", json!({ "name": "Hooli 7aaefa" })).await;
    let ids = [("wljhsahaqd86", id.as_str())];
    compare(&mock, &receiver, &mut done, &["06-organization-created"], &ids).await;
    let organization = format!("organizations/{id}");
    api.done("PATCH", &organization, json!({ "description": "x" })).await;
    compare(&mock, &receiver, &mut done, &["09-organization-data-updated"], &ids).await;
    api.done("DELETE", &organization, Value::Null).await;
    compare(&mock, &receiver, &mut done, &["10-organization-deleted"], &ids).await;

    let id = api.create("organization-roles", json!({ "name": "or-7aaefa", "description": "d" })).await;
    let ids = [("oalnguo7zy02056hbd4u4", id.as_str())];
    compare(&mock, &receiver, &mut done, &["17-organization-role-created"], &ids).await;
    api.done("DELETE", &format!("organization-roles/{id}"), Value::Null).await;
    compare(&mock, &receiver, &mut done, &["18-organization-role-deleted"], &ids).await;
    done
}
