//! What the Management API refuses about organizations, and what it leaves as it was then.

use logto::testing::{MockApp, MockLogto, MockProviderToken, MockUser, MockWebhook};
use serde_json::{Value, json};

use crate::{management_api::ManagementApi, receiver::Receiver};

const UNKNOWN: &str = "entity.relation_foreign_key_not_found";
const TAKEN: &str = "entity.unique_integrity_violation";
const GUARD: &str = "guard.invalid_input";
const KIND: &str = "entity.db_constraint_violated";
const EMPTY: &str = "entity.invalid_input";

/// Path and body, status and code.
type Case = (&'static str, Value, u16, &'static str);

async fn check(api: &ManagementApi<'_>, method: &str, cases: Vec<Case>) {
    for (path, body, status, code) in cases {
        let shown = body.to_string();
        assert_eq!(api.refused(method, path, body).await, (status, code.to_owned()), "{method} {path} {shown}");
    }
}

fn creations() -> Vec<Case> {
    vec![
        ("organizations", json!({ "name": "" }), 400, GUARD),
        ("organizations", json!({ "name": "x".repeat(129) }), 400, GUARD),
        ("organizations", json!({ "name": "x", "customData": [] }), 400, GUARD),
        ("organizations", json!([]), 400, GUARD),
        ("organizations/org-acme/jit/email-domains", json!({ "emailDomain": "" }), 400, GUARD),
        ("organizations/nosuch/jit/email-domains", json!({ "emailDomain": "x.example" }), 422, UNKNOWN),
        ("organizations/org-acme/jit/roles", json!({ "organizationRoleIds": ["nosuch"] }), 422, UNKNOWN),
        ("organizations/org-acme/jit/sso-connectors", json!({ "ssoConnectorIds": ["nosuch"] }), 422, UNKNOWN),
        ("organization-roles", json!({ "name": "x", "type": "Robot" }), 400, GUARD),
        ("organization-roles", json!({ "name": "x", "organizationScopeIds": ["nosuch"] }), 422, UNKNOWN),
        ("organization-roles", json!({ "name": "x", "resourceScopeIds": ["nosuch"] }), 422, UNKNOWN),
        (
            "organization-roles/nosuch/scopes",
            json!({ "organizationScopeIds": ["org-scope-read-reports"] }),
            422,
            UNKNOWN,
        ),
        ("organization-roles/org-role-admin/scopes", json!({ "organizationScopeIds": [] }), 400, GUARD),
        ("organization-roles/org-role-admin/resource-scopes", json!({ "scopeIds": ["nosuch"] }), 422, UNKNOWN),
        ("organization-scopes", json!({ "name": "read:reports" }), 422, TAKEN),
    ]
}

fn assignments() -> Vec<Case> {
    vec![
        ("organizations/org-acme/users", json!({ "userIds": [] }), 400, GUARD),
        ("organizations/org-acme/users", json!({ "userIds": [1] }), 400, GUARD),
        ("organizations/org-acme/users", json!({ "userIds": ["user-bob", "nobody"] }), 422, UNKNOWN),
        ("organizations/nosuch/users", json!({ "userIds": ["user-bob"] }), 422, UNKNOWN),
        ("organizations/org-acme/applications", json!({ "applicationIds": ["nosuch"] }), 422, UNKNOWN),
        ("organizations/org-acme/applications", json!({ "applicationIds": ["nosuch", "web"] }), 422, KIND),
        ("organizations/org-acme/users/roles", json!({ "userIds": ["user-ada"] }), 400, GUARD),
        (
            "organizations/org-acme/users/roles",
            json!({ "userIds": ["user-ada", "user-bob"], "organizationRoleIds": ["org-role-member"] }),
            422,
            UNKNOWN,
        ),
        (
            "organizations/org-acme/users/roles",
            json!({ "userIds": ["user-ada"], "organizationRoleIds": ["org-role-member", "nosuch"] }),
            422,
            UNKNOWN,
        ),
        (
            "organizations/org-acme/users/roles",
            json!({ "userIds": ["nobody"], "organizationRoleIds": ["org-role-robot"] }),
            422,
            KIND,
        ),
        (
            "organizations/org-acme/users/user-ada/roles",
            json!({ "organizationRoleNames": ["nosuch"] }),
            422,
            "organization.role_names_not_found",
        ),
        (
            "organizations/org-acme/users/user-bob/roles",
            json!({ "organizationRoleIds": ["org-role-admin"] }),
            422,
            "organization.require_membership",
        ),
    ]
}

fn replacements() -> Vec<Case> {
    vec![
        ("organizations/org-acme/users", json!({ "userIds": ["nobody"] }), 422, UNKNOWN),
        ("organizations/org-acme/applications", json!({ "applicationIds": ["web"] }), 422, KIND),
        ("organizations/org-acme/users/user-ada/roles", json!({ "organizationRoleIds": ["nosuch"] }), 422, UNKNOWN),
        ("organizations/org-acme/applications/machine/roles", json!({ "organizationRoleIds": [] }), 400, GUARD),
        ("organizations/org-acme/jit/email-domains", json!({ "emailDomains": ["a.example", "a.example"] }), 422, TAKEN),
        ("organizations/org-acme/jit/email-domains", json!({ "emailDomains": "a.example" }), 400, GUARD),
        ("organizations/nosuch/jit/email-domains", json!({ "emailDomains": ["a.example"] }), 422, UNKNOWN),
        ("organization-roles/org-role-admin/scopes", json!({ "organizationScopeIds": ["nosuch"] }), 422, UNKNOWN),
    ]
}

fn changes() -> Vec<Case> {
    vec![
        ("organizations/org-acme", json!({}), 422, EMPTY),
        ("organizations/org-acme", json!({ "name": null }), 400, GUARD),
        ("organizations/nosuch", json!({ "name": "x" }), 404, "entity.not_exists"),
        ("organization-roles/org-role-admin", json!({ "name": "member" }), 422, TAKEN),
        ("organization-roles/nosuch", json!({ "name": "member" }), 404, "entity.not_exists"),
        ("organization-scopes/org-scope-invite-member", json!({ "name": "read:reports" }), 422, TAKEN),
        ("organization-scopes/org-scope-invite-member", json!({ "unknown": 1 }), 422, EMPTY),
    ]
}

fn removals() -> Vec<Case> {
    vec![
        ("organizations/org-acme/users/user-bob", Value::Null, 404, "entity.not_found"),
        ("organizations/org-acme/applications/web", Value::Null, 404, "entity.not_found"),
        ("organizations/org-acme/users/user-ada/roles/org-role-member", Value::Null, 404, "entity.not_found"),
        (
            "organizations/org-acme/users/user-bob/roles/org-role-admin",
            Value::Null,
            422,
            "organization.require_membership",
        ),
        ("organizations/org-acme/jit/roles/org-role-admin", Value::Null, 404, "entity.not_found"),
        ("organizations/org-acme/jit/email-domains/x.example", Value::Null, 404, "entity.not_found"),
        ("organization-roles/org-role-member/scopes/org-scope-invite-member", Value::Null, 404, "entity.not_found"),
        ("organization-scopes/nosuch", Value::Null, 404, "entity.not_found"),
    ]
}

fn reads() -> Vec<Case> {
    vec![
        ("organization-roles/nosuch", Value::Null, 404, "entity.not_found"),
        ("organization-roles/nosuch/scopes", Value::Null, 404, "entity.not_found"),
        ("organization-scopes/nosuch", Value::Null, 404, "entity.not_exists_with_id"),
        ("organizations/nosuch/jit/roles", Value::Null, 404, "entity.not_exists_with_id"),
        ("users/nobody/organizations", Value::Null, 404, "entity.not_found"),
        ("applications/nosuch/organizations", Value::Null, 404, "entity.not_exists_with_id"),
    ]
}

#[tokio::test]
async fn requests_that_name_what_there_is_not_change_nothing() {
    let machine = MockApp::new("machine", "secret").organization("org-acme", &["robot"]);
    let builder = MockLogto::builder().app(MockApp::new("web", "secret")).machine_to_machine_app(machine);
    let mock = builder.start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let acme = |rest: &str| format!("organizations/org-acme/{rest}");
    let everything = async || {
        let mut all = Vec::new();
        for path in ["users", "applications", "jit/roles", "jit/email-domains"] {
            all.push(api.get(&acme(path)).await);
        }
        all.push(api.get("organizations").await);
        all.push(api.get("organization-roles").await);
        all.push(api.get("organization-scopes").await);
        all
    };
    let before = everything().await;
    for (method, cases) in [
        ("POST", creations()),
        ("POST", assignments()),
        ("PUT", replacements()),
        ("PATCH", changes()),
        ("DELETE", removals()),
        ("GET", reads()),
    ] {
        check(&api, method, cases).await;
    }
    assert_eq!(everything().await, before);
    // A route of its own does not ask for a membership.
    assert_eq!(api.get("organizations/org-acme/users/user-bob/scopes").await, json!([]));
}

#[tokio::test]
async fn enterprise_connectors_are_those_that_users_have_tokens_of() {
    let ada = MockUser::new("ada").sso_token("sso-okta", MockProviderToken::new("token"));
    let mock = MockLogto::builder().user(ada).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let path = "organizations/org-acme/jit/sso-connectors";
    api.done("POST", path, json!({ "ssoConnectorIds": ["sso-okta"] })).await;
    assert_eq!(api.get(path).await[0]["id"], "sso-okta");
    api.done("DELETE", "organizations/org-acme/jit/sso-connectors/sso-okta", Value::Null).await;
    api.done("PUT", path, json!({ "ssoConnectorIds": ["sso-okta"] })).await;
    api.done("PUT", path, json!({ "ssoConnectorIds": [] })).await;
    assert_eq!(api.get(path).await, json!([]));
}

#[tokio::test]
async fn webhooks_are_told_of_what_changed_and_not_of_what_was_refused() {
    let receiver = Receiver::start().await;
    let mock = MockLogto::builder().webhook(MockWebhook::new(receiver.url())).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let members = "organizations/org-acme/users";
    api.done("POST", members, json!({ "userIds": ["user-bob", "user-ada"] })).await;
    api.refused("POST", members, json!({ "userIds": ["nobody"] })).await;
    api.done("PUT", members, json!({ "userIds": ["user-bob"] })).await;
    api.done("DELETE", &format!("{members}/user-bob"), Value::Null).await;
    let role = json!({ "name": "r", "organizationScopeIds": ["org-scope-read-reports"] });
    let role = api.create("organization-roles", role).await;
    api.done("PUT", &format!("organization-roles/{role}/scopes"), json!({ "organizationScopeIds": [] })).await;
    api.done("PATCH", &format!("organization-roles/{role}"), json!({ "name": "q" })).await;
    api.refused("PATCH", &format!("organization-roles/{role}"), json!({ "name": "admin" })).await;
    let permission = api.create("organization-scopes", json!({ "name": "s" })).await;
    api.done("PATCH", &format!("organization-scopes/{permission}"), json!({ "name": "t" })).await;
    api.done("DELETE", &format!("organization-scopes/{permission}"), Value::Null).await;
    let all = mock.deliveries().await;
    let told: Vec<_> = all.iter().map(|delivery| (delivery.event().to_owned(), delivery.json())).collect();
    let lists: Vec<_> =
        told.iter().take(3).map(|(_, body)| (body["addedUserIds"].clone(), body["removedUserIds"].clone())).collect();
    let (bob, ada, none) = (json!(["user-bob"]), json!(["user-ada"]), Value::Null);
    assert_eq!(lists, [(bob.clone(), none.clone()), (none.clone(), ada), (none, bob)]);
    let events: Vec<_> = told.iter().skip(3).map(|(event, _)| event.as_str()).collect();
    assert_eq!(
        events,
        [
            "OrganizationRole.Scopes.Updated",
            "OrganizationRole.Created",
            "OrganizationRole.Scopes.Updated",
            "OrganizationRole.Data.Updated",
            "OrganizationScope.Created",
            "OrganizationScope.Data.Updated",
            "OrganizationScope.Deleted",
        ]
    );
    assert_eq!(told[3].1["organizationRoleId"], json!(role));
    assert_eq!((&told[4].1["data"]["id"], &told[5].1["params"]), (&json!(role), &json!({ "id": role })));
}
