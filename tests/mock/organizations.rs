//! Organizations by the Management API, on the data that tokens are made of.

use logto::testing::{MockLogto, MockUser};
use serde_json::{Value, json};

use crate::{
    management_api::ManagementApi,
    support::{API, Answer, authorization_url, decoded, exchange, refresh, text},
};

const ORGANIZATIONS: &str = "urn:logto:resource:organizations";
const SCOPE: &str = "openid offline_access urn:logto:scope:organizations urn:logto:scope:organization_roles read:reports \
    invite:member clean:up read:books delete:books";
const DENIED: (u16, &str) = (403, "access_denied");

/// Signs a user in. Gives the refresh token.
pub(crate) async fn sign_in(mock: &MockLogto, user: &str) -> String {
    mock.clear_browser_session();
    let asked = [("scope", SCOPE), ("resource", API), ("resource", ORGANIZATIONS)];
    let callback = mock.sign_in(&authorization_url(mock, &asked), user).await;
    let answer = exchange(mock, &callback).await;
    text(&answer.json(), "refresh_token").to_owned()
}

/// The scope of an organization token, or status and code of the refusal.
pub(crate) async fn scope_in(
    mock: &MockLogto,
    refresh_token: &str,
    organization: &str,
) -> Result<String, (u16, String)> {
    outcome(&refresh(mock, refresh_token, &[("organization_id", organization)]).await)
}

pub(crate) fn outcome(answer: &Answer) -> Result<String, (u16, String)> {
    let body = answer.json();
    match answer.status {
        200 => Ok(decoded(text(&body, "access_token")).1["scope"].as_str().unwrap_or_default().to_owned()),
        status => Err((status, text(&body, "error").to_owned())),
    }
}

/// The roles in organizations that the next ID token tells of.
pub(crate) async fn roles_of(mock: &MockLogto, refresh_token: &str) -> Value {
    let answer = refresh(mock, refresh_token, &[]).await.json();
    decoded(text(&answer, "id_token")).1["organization_roles"].clone()
}

pub(crate) fn denied() -> Result<String, (u16, String)> {
    Err((DENIED.0, DENIED.1.to_owned()))
}

#[allow(clippy::unnecessary_wraps, reason = "what an outcome is compared with")]
pub(crate) fn scope(words: &str) -> Result<String, (u16, String)> {
    Ok(words.to_owned())
}

#[tokio::test]
async fn a_member_has_the_scopes_of_its_roles_until_they_or_the_membership_end() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    let bob = sign_in(&mock, "bob").await;
    assert_eq!(scope_in(&mock, &bob, "org-acme").await, denied());

    api.done("POST", "organizations/org-acme/users", json!({ "userIds": ["user-bob"] })).await;
    assert_eq!(scope_in(&mock, &bob, "org-acme").await, scope(""));
    let role = json!({ "organizationRoleIds": ["org-role-admin"] });
    api.done("POST", "organizations/org-acme/users/user-bob/roles", role.clone()).await;
    assert_eq!(scope_in(&mock, &bob, "org-acme").await, scope("read:reports invite:member"));
    assert_eq!(roles_of(&mock, &bob).await, json!(["org-acme:admin"]));
    api.done("DELETE", "organizations/org-acme/users/user-bob/roles/org-role-admin", Value::Null).await;
    assert_eq!(scope_in(&mock, &bob, "org-acme").await, scope(""));
    assert_eq!(roles_of(&mock, &bob).await, json!([]));

    // Removed while the session lives, in both ways: it goes on without the organization.
    for (method, path, body) in [
        ("DELETE", "organizations/org-acme/users/user-bob", Value::Null),
        ("PUT", "organizations/org-acme/users", json!({ "userIds": ["user-ada"] })),
    ] {
        api.done("POST", "organizations/org-acme/users", json!({ "userIds": ["user-bob"] })).await;
        api.done("PUT", "organizations/org-acme/users/user-bob/roles", role.clone()).await;
        assert_eq!(scope_in(&mock, &bob, "org-acme").await, scope("read:reports invite:member"));
        api.done(method, path, body).await;
        assert_eq!(scope_in(&mock, &bob, "org-acme").await, denied());
        assert_eq!(refresh(&mock, &bob, &[]).await.status, 200);
    }
    // A membership that begins again has none of the earlier roles.
    api.done("PUT", "organizations/org-acme/users", json!({ "userIds": ["user-ada", "user-bob"] })).await;
    assert_eq!(scope_in(&mock, &bob, "org-acme").await, scope(""));

    let ada = sign_in(&mock, "ada").await;
    assert_eq!(scope_in(&mock, &ada, "org-acme").await, scope("read:reports invite:member"));
    api.done("DELETE", "organizations/org-acme", Value::Null).await;
    assert_eq!(scope_in(&mock, &ada, "org-acme").await, denied());
    assert_eq!(roles_of(&mock, &ada).await, json!(["org-globex:member"]));
    let left = api.get("users/user-ada/organizations").await;
    assert_eq!((&left[0]["id"], &left[0]["organizationRoles"][0]["name"]), (&json!("org-globex"), &json!("member")));
}

#[tokio::test]
async fn the_template_is_what_every_organization_grants_by() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    let organization = api.create("organizations", json!({ "name": "Initech", "isMfaRequired": false })).await;
    let permission = api.create("organization-scopes", json!({ "name": "clean:up" })).await;
    let body = json!({ "name": "cleaner", "organizationScopeIds": [permission] });
    let role = api.create("organization-roles", body).await;
    api.done("POST", &format!("organizations/{organization}/users"), json!({ "userIds": ["user-bob"] })).await;
    let bulk = json!({ "userIds": ["user-bob"], "organizationRoleIds": [role] });
    api.done("POST", &format!("organizations/{organization}/users/roles"), bulk).await;
    let bob = sign_in(&mock, "bob").await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope("clean:up"));
    let scopes = api.get(&format!("organizations/{organization}/users/user-bob/scopes")).await;
    assert_eq!(scopes[0]["name"], "clean:up");

    let path = format!("organization-roles/{role}");
    api.done("PATCH", &path, json!({ "name": "janitor" })).await;
    assert_eq!(roles_of(&mock, &bob).await, json!([format!("{organization}:janitor")]));
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope("clean:up"));
    let reports = json!({ "organizationScopeIds": ["org-scope-read-reports"] });
    api.done("PUT", &format!("{path}/scopes"), reports).await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope("read:reports"));
    api.done("POST", &format!("{path}/scopes"), json!({ "organizationScopeIds": [permission] })).await;
    api.done("DELETE", &format!("{path}/scopes/org-scope-read-reports"), Value::Null).await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope("clean:up"));
    api.done("PATCH", &format!("organization-scopes/{permission}"), json!({ "name": "invite:member:not" })).await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope(""));
    api.done("PATCH", &format!("organization-scopes/{permission}"), json!({ "name": "clean:up" })).await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope("clean:up"));
    api.done("DELETE", &format!("organization-scopes/{permission}"), Value::Null).await;
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope(""));
    assert_eq!(api.get(&format!("{path}/scopes")).await, json!([]));

    api.done("DELETE", &path, Value::Null).await;
    assert_eq!(roles_of(&mock, &bob).await, json!([]));
    assert_eq!(scope_in(&mock, &bob, &organization).await, scope(""));
}

#[tokio::test]
async fn a_role_grants_scopes_of_an_api_resource_in_the_organization() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    let id = |name: &str| format!("scope-https-api-example-test-{name}");
    let role = json!({ "name": "clerk", "resourceScopeIds": [id("read-books")] });
    let role = api.create("organization-roles", role).await;
    let scopes = format!("organization-roles/{role}/resource-scopes");
    api.done("POST", &scopes, json!({ "scopeIds": [id("delete-books"), id("read-books")] })).await;
    let shown = api.get(&scopes).await;
    assert_eq!((shown.as_array().unwrap().len(), &shown[1]["name"]), (2, &json!("delete:books")));
    api.done("POST", "organizations/org-globex/users", json!({ "userIds": ["user-bob"] })).await;
    let names = json!({ "organizationRoleNames": ["clerk"] });
    api.done("POST", "organizations/org-globex/users/user-bob/roles", names).await;

    let bob = sign_in(&mock, "bob").await;
    let token = async || outcome(&refresh(&mock, &bob, &[("organization_id", "org-globex"), ("resource", API)]).await);
    assert_eq!(token().await, scope("read:books delete:books"));
    api.done("DELETE", &format!("{scopes}/{}", id("delete-books")), Value::Null).await;
    assert_eq!(token().await, scope("read:books"));
    // A scope that the resource loses is gone from the role, too, and one of a new name is granted under it.
    let of_resource = "resources/resource-https-api-example-test/scopes";
    api.done("POST", &scopes, json!({ "scopeIds": [id("write-books")] })).await;
    api.done("PATCH", &format!("{of_resource}/{}", id("write-books")), json!({ "name": "delete:books:all" })).await;
    assert_eq!(api.get(&scopes).await[1]["name"], "delete:books:all");
    api.done("DELETE", &format!("{of_resource}/{}", id("write-books")), Value::Null).await;
    assert_eq!(api.get(&scopes).await.as_array().unwrap().len(), 1);
    let role_shown = api.get("organization-roles?q=clerk").await;
    assert_eq!(role_shown[0]["resourceScopes"][0]["name"], "read:books");
    api.done("PUT", &scopes, json!({ "scopeIds": [] })).await;
    assert_eq!(token().await, scope(""));
    // What comes back was granted at the sign-in. A scope that was not would need a new one (`98-oidc-extra/20`).
    api.done("PUT", &scopes, json!({ "scopeIds": [id("read-books")] })).await;
    assert_eq!(token().await, scope("read:books"));
}

#[tokio::test]
async fn an_organization_begins_to_require_a_second_factor() {
    let mock = MockLogto::start().await;
    let api = ManagementApi::of(&mock);
    let ada = sign_in(&mock, "ada").await;
    for (required, expected) in [(true, denied()), (false, scope("read:reports invite:member"))] {
        api.done("PATCH", "organizations/org-acme", json!({ "isMfaRequired": required })).await;
        assert_eq!(scope_in(&mock, &ada, "org-acme").await, expected);
    }
    api.done("PATCH", "organizations/org-acme", json!({ "isMfaRequired": true })).await;
    mock.update_user("ada", MockUser::mfa);
    assert_eq!(scope_in(&mock, &ada, "org-acme").await, scope("read:reports invite:member"));
}
