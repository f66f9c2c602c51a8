//! Roles, resources and scopes that change, in the tokens that are issued next.

use logto::testing::{MockApp, MockLogto};
use serde_json::json;

use crate::{
    management_client::{Management, machine},
    support::{API, Answer, client, decoded, refresh, text, token, tokens},
};

const LIBRARIAN: &str = "role-librarian";

async fn scope_of_a_new_sign_in(mock: &MockLogto, user: &str, resource: &str, scope: &str) -> Option<String> {
    mock.clear_browser_session();
    let asked = [("scope", scope), ("resource", resource)];
    let callback = mock.sign_in(&crate::support::authorization_url(mock, &asked), user).await;
    let tokens = crate::support::exchange(mock, &callback).await.json();
    let answer = refresh(mock, text(&tokens, "refresh_token"), &[("resource", resource)]).await;
    let (_, claims) = decoded(text(&answer.json(), "access_token"));
    claims["scope"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_role_given_by_the_management_api_is_in_the_next_token_and_one_taken_away_is_not() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let scope = "openid offline_access read:books write:books";
    assert_eq!(scope_of_a_new_sign_in(&mock, "bob", API, scope).await.as_deref(), Some(""));
    management.post("/users/user-bob/roles", &json!({ "roleIds": [LIBRARIAN] })).await;
    assert_eq!(scope_of_a_new_sign_in(&mock, "bob", API, scope).await.as_deref(), Some("read:books write:books"));
    let listed = management.get("/users/user-bob/roles").await.json();
    assert_eq!((listed.as_array().unwrap().len(), text(&listed[0], "name")), (1, "librarian"));

    // Taken away, it is gone at the next refresh.
    let live = tokens(&mock, &[("scope", scope), ("resource", API)]).await;
    management.delete(&format!("/users/user-ada/roles/{LIBRARIAN}")).await;
    let refreshed = refresh(&mock, text(&live, "refresh_token"), &[("resource", API)]).await.json();
    assert_eq!(decoded(text(&refreshed, "access_token")).1["scope"], json!(""));

    // A role of machines is none of users.
    let machines =
        management.post("/roles", &json!({ "name": "m", "description": "d", "type": "MachineToMachine" })).await;
    let ids = json!({ "roleIds": [machines.json()["id"]] });
    let refused = management.post("/users/user-bob/roles", &ids).await;
    assert_eq!((refused.status, text(&refused.json(), "code")), (422, "user.invalid_role_type"));
}

#[tokio::test]
async fn a_resource_with_a_scope_and_a_role_is_made_while_the_server_runs() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    let films = "https://films.example.test";
    let resource =
        management.post("/resources", &json!({ "name": "Films", "indicator": films, "accessTokenTtl": 60 })).await;
    let resource = format!("/resources/{}", text(&resource.json(), "id"));
    let scope = management.post(&format!("{resource}/scopes"), &json!({ "name": "read:films" })).await.json();
    let scope = text(&scope, "id");
    let body = json!({ "name": "viewer", "description": "sees", "scopeIds": [scope], "isDefault": true });
    let role = management.post("/roles", &body).await.json();
    let role = format!("/roles/{}", text(&role, "id"));

    // A default role comes with each new user.
    let newcomer = management.post("/users", &json!({ "username": "newcomer" })).await.json();
    let held = management.get(&format!("/users/{}/roles", text(&newcomer, "id"))).await.json();
    assert_eq!(text(&held[0], "name"), "viewer");
    let asked = "openid offline_access read:films see:films";
    assert_eq!(scope_of_a_new_sign_in(&mock, "newcomer", films, asked).await.as_deref(), Some("read:films"));

    // Renamed, both stay what they are.
    management.patch(&format!("{resource}/scopes/{scope}"), &json!({ "name": "see:films" })).await;
    management.patch(&role, &json!({ "name": "watcher" })).await;
    assert_eq!(scope_of_a_new_sign_in(&mock, "newcomer", films, asked).await.as_deref(), Some("see:films"));
    let holders = management.get(&format!("{role}/users")).await;
    assert_eq!((holders.header("total-number"), text(&holders.json()[0], "username")), (Some("1"), "newcomer"));

    // A scope that is gone is granted no more, also not if one of its name comes back.
    management.delete(&format!("{resource}/scopes/{scope}")).await;
    management.post(&format!("{resource}/scopes"), &json!({ "name": "see:films" })).await;
    assert_eq!(scope_of_a_new_sign_in(&mock, "newcomer", films, asked).await.as_deref(), Some(""));
    assert_eq!(management.delete(&resource).await.status, 204);
    let url = crate::support::authorization_url(&mock, &[("resource", films)]);
    let refused = Answer::of(client().get(url)).await;
    assert!(refused.location().contains("error=invalid_target"), "{refused:?}");
}

#[tokio::test]
async fn the_management_api_opens_to_a_machine_with_its_role_alone() {
    let plain = MockApp::new("plain", "secret");
    let mock = MockLogto::builder().app(MockApp::new("web", "secret")).machine_to_machine_app(machine());
    let mock = mock.machine_to_machine_app(plain).start().await.unwrap();
    let management = Management::as_machine(&mock).await;
    assert_eq!(management.get("/users").await.status, 200);
    let roles = management.get("/applications/a-machine/roles").await.json();
    assert_eq!(text(&roles[0], "name"), "Logto Management API access");
    let api = roles[0]["id"].clone();
    assert_eq!(scope_of_machine(&mock, "plain").await, None);
    let added = management.post("/applications/plain/roles", &json!({ "roleIds": [api] })).await;
    assert_eq!(added.json(), json!({ "roleIds": [api], "addedRoleIds": [api] }));
    assert_eq!(scope_of_machine(&mock, "plain").await.as_deref(), Some("all"));
    for (path, status, code) in [
        ("/applications/web/roles", 422, "application.invalid_type"),
        ("/applications/plain/roles", 422, "application.invalid_role_type"),
        ("/applications/nosuch/roles", 404, "entity.not_exists_with_id"),
    ] {
        let refused = management.post(path, &json!({ "roleIds": [LIBRARIAN] })).await;
        assert_eq!((refused.status, text(&refused.json(), "code")), (status, code), "{path}");
    }
    let gone = management.delete(&format!("/applications/plain/roles/{}", api.as_str().unwrap())).await;
    assert_eq!((gone.status, scope_of_machine(&mock, "plain").await), (204, None));
    let user_role = json!({ "name": "u", "description": "d", "scopeIds": ["management-api-all"] });
    let refused = management.post("/roles", &user_role).await;
    assert_eq!(
        (refused.status, text(&refused.json(), "code")),
        (400, "role.management_api_scopes_not_assignable_to_user_role")
    );
}

async fn scope_of_machine(mock: &MockLogto, id: &str) -> Option<String> {
    let form = [("grant_type", "client_credentials"), ("resource", "https://default.logto.app/api"), ("scope", "all")];
    let request = client().post(format!("{}/token", mock.issuer())).basic_auth(id, Some("secret")).form(&form);
    Answer::of(request).await.json()["scope"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn the_management_api_itself_is_neither_changed_nor_deleted() {
    let mock = MockLogto::start().await;
    let management = Management::of(&mock);
    for answer in [
        management.patch("/resources/management-api", &json!({ "name": "x" })).await,
        management.post("/resources/management-api/scopes", &json!({ "name": "x" })).await,
        management.delete("/resources/management-api/scopes/management-api-all").await,
    ] {
        assert_eq!((answer.status, text(&answer.json(), "code")), (400, "resource.cannot_modify_management_api"));
    }
    let form = [("grant_type", "authorization_code"), ("code", "x")];
    assert_eq!(token(&mock, &form).await.status, 400, "the server goes on");
}
