//! Machines as members of organizations, and members in lists.

use logto::testing::{MockApp, MockLogto, MockUser};
use serde_json::{Value, json};

use crate::{
    management_api::ManagementApi,
    organizations::{denied, outcome, scope},
    support::{Answer, client},
};

#[tokio::test]
async fn a_machine_is_a_member_with_roles_for_machines() {
    let machine = MockApp::new("machine", "machine-secret");
    let mock =
        MockLogto::builder().app(MockApp::new("web", "secret")).machine_to_machine_app(machine).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let token = async || {
        let form =
            [("grant_type", "client_credentials"), ("organization_id", "org-acme"), ("scope", "clean:up read:reports")];
        let request = client().post(format!("{}/token", mock.issuer())).form(&form);
        outcome(&Answer::of(request.basic_auth("machine", Some("machine-secret"))).await)
    };
    assert_eq!(token().await, denied());
    api.done("POST", "organizations/org-acme/applications", json!({ "applicationIds": ["machine"] })).await;
    assert_eq!(token().await, scope(""));

    let permission = api.create("organization-scopes", json!({ "name": "clean:up" })).await;
    let robot = json!({ "name": "robot", "type": "MachineToMachine", "organizationScopeIds": [permission] });
    let robot = api.create("organization-roles", robot).await;
    let roles = "organizations/org-acme/applications/machine/roles";
    let of_users = json!({ "organizationRoleIds": ["org-role-admin"] });
    let wrong_kind = (422, "entity.db_constraint_violated".to_owned());
    assert_eq!(api.refused("POST", roles, of_users).await, wrong_kind);
    let of_machines = json!({ "organizationRoleIds": [robot] });
    assert_eq!(
        api.refused("POST", "organizations/org-acme/users/user-ada/roles", of_machines.clone()).await,
        wrong_kind
    );
    api.done("POST", roles, of_machines.clone()).await;
    assert_eq!(token().await, scope("clean:up"));
    assert_eq!(api.get(roles).await[0]["type"], "MachineToMachine");
    let shown = api.get("organizations/org-acme/applications").await;
    assert_eq!((&shown[0]["id"], &shown[0]["organizationRoles"][0]["name"]), (&json!("machine"), &json!("robot")));
    assert_eq!(api.get("applications/machine/organizations").await[0]["organizationRoles"][0]["name"], "robot");

    api.done("DELETE", &format!("{roles}/{robot}"), Value::Null).await;
    assert_eq!(token().await, scope(""));
    let bulk = json!({ "applicationIds": ["machine"], "organizationRoleIds": [robot] });
    api.done("POST", "organizations/org-acme/applications/roles", bulk).await;
    api.done("PUT", roles, of_machines).await;
    assert_eq!(token().await, scope("clean:up"));
    api.done("PUT", "organizations/org-acme/applications", json!({ "applicationIds": [] })).await;
    assert_eq!(token().await, denied());
    let no_member = (422, "organization.require_membership".to_owned());
    assert_eq!(api.refused("GET", roles, Value::Null).await, no_member);
}

#[tokio::test]
async fn members_are_found_by_words_and_by_role() {
    let grace =
        MockUser::new("grace").name("Grace Hopper").email("grace@navy.example").organization("org-acme", &["sailor"]);
    let ada = MockUser::new("ada").name("Ada Lovelace").organization("org-acme", &["admin", "sailor"]);
    let mock = MockLogto::builder().user(grace).user(ada).user(MockUser::new("bob")).start().await.unwrap();
    let api = ManagementApi::of(&mock);
    let ids = async |query: &str| -> Vec<Value> {
        let members = api.get(&format!("organizations/org-acme/users{query}")).await;
        members.as_array().unwrap().iter().map(|member| member["id"].clone()).collect()
    };
    assert_eq!(ids("").await, ["user-ada", "user-grace"]);
    assert_eq!(ids("?q=NAVY").await, ["user-grace"]);
    assert_eq!(ids("?q=lovelace").await, ["user-ada"]);
    assert_eq!(ids("?q=user-gr").await, ["user-grace"]);
    assert_eq!(ids("?q=bob").await.len(), 0);
    assert_eq!(ids("?organizationRoleId=org-role-sailor").await, ["user-ada", "user-grace"]);
    assert_eq!(ids("?organizationRoleId=org-role-sailor&page=2&page_size=1").await, ["user-grace"]);
    assert_eq!(ids("?organizationRoleId=org-role-admin").await, ["user-ada"]);
    assert_eq!(ids("?organizationRoleId=nosuch").await.len(), 0);
    mock.delete_user("ada");
    assert_eq!(ids("").await, ["user-grace"]);
    // A role that a test gives in passing is one of the template from then on.
    mock.update_user("bob", |bob| bob.organization("org-acme", &["guest"]));
    assert_eq!(ids("?organizationRoleId=org-role-guest").await, ["user-bob"]);
}

#[tokio::test]
async fn what_has_pages_and_what_has_them_if_asked() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    for number in 1..=21 {
        api.create("organization-scopes", json!({ "name": format!("scope:{number:02}") })).await;
        api.create("organization-roles", json!({ "name": format!("role {number:02}") })).await;
    }
    let pages = async |path: &str| {
        let answer = api.send("GET", path, &Value::Null).await;
        let length = answer.json().as_array().unwrap().len();
        (length, answer.header("total-number").map(str::to_owned))
    };
    assert_eq!(pages("organization-roles").await, (20, Some("23".to_owned())));
    assert_eq!(pages("organization-roles?page=2").await, (3, Some("23".to_owned())));
    assert_eq!(pages("organization-roles?q=ROLE%200").await, (9, Some("9".to_owned())));
    assert_eq!(pages("organization-scopes").await, (23, None));
    assert_eq!(pages("organization-scopes?page=1&page_size=5").await, (5, Some("23".to_owned())));
    assert_eq!(pages("organization-scopes?q=member").await, (1, None));
    assert_eq!(pages("organizations").await, (2, Some("2".to_owned())));
    assert_eq!(pages("organizations?q=glob").await, (1, Some("1".to_owned())));
    assert_eq!(pages("organizations?q=ORG-A").await, (1, Some("1".to_owned())));
    assert_eq!(pages("organizations/nosuch/users").await, (0, Some("0".to_owned())));
    let bad = (400, "guard.invalid_pagination".to_owned());
    assert_eq!(api.refused("GET", "organizations?page=0", Value::Null).await, bad);
    assert_eq!(api.refused("GET", "organization-scopes?page_size=101", Value::Null).await, bad);
}
