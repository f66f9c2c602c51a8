//! Invitations by the Management API: what an accepted one brings, and what ends one.

use std::time::{Duration, UNIX_EPOCH};

use logto::testing::{MockLogto, MockLogtoBuilder, MockUser, MockWebhook, TestClock};
use serde_json::{Value, json};

use crate::{
    management_api::ManagementApi,
    organizations::{roles_of, scope_in, sign_in},
    receiver::Receiver,
    support::text,
};

const BEGAN: u64 = 1_900_000_000_000;
const HOUR: u64 = 3_600_000;
const CHANGED: &str = "The status of the invitation cannot be changed anymore.";

fn world() -> (MockLogtoBuilder, TestClock) {
    let clock = TestClock::at(UNIX_EPOCH + Duration::from_millis(BEGAN));
    let dave = MockUser::new("dave").email("Dave@Example.test");
    let builder = MockLogto::builder().user(dave).user(MockUser::new("bob").email("bob@example.test"));
    (builder.clock(clock.clone()), clock)
}

fn to_dave() -> Value {
    json!({
        "invitee": "dave@example.test", "organizationId": "org-acme", "expiresAt": BEGAN + HOUR,
        "organizationRoleIds": ["org-role-admin"],
    })
}

fn accept(user: &str) -> Value {
    json!({ "status": "Accepted", "acceptedUserId": user })
}

async fn status(api: &ManagementApi<'_>, id: &str) -> String {
    text(&api.get(&format!("organization-invitations/{id}")).await, "status").to_owned()
}

/// The message of a refusal with 422 `request.invalid_input`.
async fn impossible(api: &ManagementApi<'_>, path: &str, body: Value) -> String {
    let answer = api.send("PUT", path, &body).await;
    let body = answer.json();
    assert_eq!((answer.status, text(&body, "code")), (422, "request.invalid_input"));
    text(&body, "message").trim_start_matches("Input is invalid. ").to_owned()
}

#[tokio::test]
async fn an_accepted_invitation_makes_a_member_once() {
    let (builder, _) = world();
    let receiver = Receiver::start().await;
    let webhook = MockWebhook::new(receiver.url()).events(["Organization.Membership.Updated"]);
    let mock = builder.webhook(webhook).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let dave = sign_in(&mock, "dave").await;
    let id = api.create("organization-invitations", to_dave()).await;
    let path = format!("organization-invitations/{id}/status");
    assert_eq!(
        impossible(&api, &path, accept("user-bob")).await,
        "The accepted user must have the same email as the invitee."
    );
    assert_eq!(
        impossible(&api, &path, json!({ "status": "Accepted" })).await,
        "The `acceptedUserId` is required when accepting an invitation."
    );
    assert_eq!(api.refused("PUT", &path, accept("nobody")).await, (404, "entity.not_found".to_owned()));
    assert_eq!((status(&api, &id).await.as_str(), roles_of(&mock, &dave).await), ("Pending", json!([])));

    // The address in other letters is the same. Of two at once, one is accepted.
    let body = accept("user-dave");
    let (first, second) = tokio::join!(api.send("PUT", &path, &body), api.send("PUT", &path, &body));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
    assert_eq!(impossible(&api, &path, accept("user-dave")).await, CHANGED);
    assert_eq!(impossible(&api, &path, json!({ "status": "Revoked" })).await, CHANGED);
    let shown = api.get(&format!("organization-invitations/{id}")).await;
    assert_eq!((&shown["status"], &shown["acceptedUserId"]), (&json!("Accepted"), &json!("user-dave")));

    assert_eq!(roles_of(&mock, &dave).await, json!(["org-acme:admin"]));
    assert_eq!(scope_in(&mock, &dave, "org-acme").await, Ok("read:reports invite:member".to_owned()));
    let told = mock.deliveries().await;
    let told: Vec<_> = told.iter().map(|delivery| delivery.json()["addedUserIds"].clone()).collect();
    assert_eq!(told, [json!(["user-dave"])]);

    // Who was removed does not come back by the old invitation, but by a new one.
    api.done("DELETE", "organizations/org-acme/users/user-dave", Value::Null).await;
    assert_eq!(impossible(&api, &path, accept("user-dave")).await, CHANGED);
    assert_eq!(scope_in(&mock, &dave, "org-acme").await, Err((403, "access_denied".to_owned())));
    let again = api.create("organization-invitations", to_dave()).await;
    api.done("PUT", &format!("organization-invitations/{again}/status"), accept("user-dave")).await;
    assert_eq!(roles_of(&mock, &dave).await, json!(["org-acme:admin"]));
}

#[tokio::test]
async fn an_invitation_ends_by_time_or_by_hand() {
    let (builder, clock) = world();
    let mock = builder.start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let id = api.create("organization-invitations", to_dave()).await;
    let path = format!("organization-invitations/{id}/status");
    let taken = (422, "entity.unique_integrity_violation".to_owned());
    assert_eq!(api.refused("POST", "organization-invitations", to_dave()).await, taken);
    clock.advance(Duration::from_millis(HOUR));
    assert_eq!(status(&api, &id).await, "Pending");
    clock.advance(Duration::from_millis(1));
    assert_eq!(status(&api, &id).await, "Expired");
    assert_eq!(impossible(&api, &path, accept("user-dave")).await, CHANGED);

    // An expired one is in nobody's way, and neither is a revoked one.
    let later = || {
        let mut body = to_dave();
        body["expiresAt"] = json!(BEGAN + 3 * HOUR);
        body
    };
    let second = api.create("organization-invitations", later()).await;
    let path = format!("organization-invitations/{second}/status");
    api.done("PUT", &path, json!({ "status": "Revoked" })).await;
    assert_eq!(impossible(&api, &path, accept("user-dave")).await, CHANGED);
    let body = later();
    let create = || api.send("POST", "organization-invitations", &body);
    let (one, other) = tokio::join!(create(), create());
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    let all = api.get("organization-invitations?invitee=DAVE@example.test&organizationId=org-acme").await;
    let states: Vec<_> = all.as_array().unwrap().iter().map(|one| text(one, "status")).collect();
    assert_eq!(states, ["Pending", "Revoked", "Expired"]);
    assert_eq!(api.get("organization-invitations?organizationId=org-globex").await, json!([]));
    api.done("DELETE", "organizations/org-acme", Value::Null).await;
    assert_eq!(api.get("organization-invitations").await, json!([]));
}

#[tokio::test]
async fn an_invitation_needs_a_stranger_and_whoever_invites() {
    let (builder, _) = world();
    let mock = builder.start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let with = |name: &str, value: Value| {
        let mut body = to_dave();
        body["invitee"] = json!("bob@example.test");
        body[name] = value;
        body
    };
    let unknown = (422, "entity.relation_foreign_key_not_found".to_owned());
    for body in [with("inviterId", json!("nobody")), with("organizationRoleIds", json!(["nosuch"]))] {
        assert_eq!(api.refused("POST", "organization-invitations", body).await, unknown);
    }
    for wrong in [json!(1e300), json!("soon"), json!(null)] {
        let refused = api.refused("POST", "organization-invitations", with("expiresAt", wrong)).await;
        assert_eq!(refused, (400, "guard.invalid_input".to_owned()));
    }
    let id = api.create("organization-invitations", with("inviterId", json!("user-dave"))).await;
    assert_eq!(api.get("organization-invitations?inviterId=user-dave").await[0]["id"], json!(id));
    api.done("POST", "organizations/org-globex/users", json!({ "userIds": ["user-bob"] })).await;
    let member = api.send("POST", "organization-invitations", &with("organizationId", json!("org-globex"))).await;
    assert_eq!(member.json()["message"], "Input is invalid. The invitee is already a member of the organization.");
    assert_eq!(member.status, 422);
    // With who invited, the invitation is gone.
    mock.delete_user("dave");
    assert_eq!(api.get("organization-invitations").await, json!([]));
    let accepted = api.refused("PUT", &format!("organization-invitations/{id}/status"), accept("user-bob")).await;
    assert_eq!(accepted, (404, "entity.not_found".to_owned()));
}

#[tokio::test]
async fn messages_are_kept_where_there_is_an_email_connector() {
    let (builder, _) = world();
    let mock = builder.email_connector().start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let mut body = to_dave();
    body["messagePayload"] = json!({ "link": "https://example.test/join" });
    let id = api.create("organization-invitations", body.clone()).await;
    // What is refused sends nothing.
    api.refused("POST", "organization-invitations", body).await;
    let path = format!("organization-invitations/{id}/message");
    api.done("POST", &path, json!({ "code": "123456", "any": 1 })).await;
    assert_eq!(api.refused("POST", &path, json!({ "code": 1 })).await, (400, "guard.invalid_input".to_owned()));
    assert_eq!(
        mock.invitation_messages(),
        [
            ("dave@example.test".to_owned(), json!({ "link": "https://example.test/join" })),
            ("dave@example.test".to_owned(), json!({ "any": 1, "code": "123456" })),
        ]
    );
}
