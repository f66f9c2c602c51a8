//! Which changes by the Management API webhooks are told of (`managementApiHooksRegistration` of Logto's source, and `92-webhooks`).

use super::Call;
use crate::testing::mock::{
    messages::reply::Reply,
    state::{
        State,
        webhook_events::{Change, Members},
    },
};

/// Method and path of the table, and the event, whose `data` is the answer.
const EVENTS: &[(&str, &str, &str)] = &[
    ("POST", "users", "User.Created"),
    ("PATCH", "users/:userId", "User.Data.Updated"),
    ("PATCH", "users/:userId/custom-data", "User.Data.Updated"),
    ("PATCH", "users/:userId/profile", "User.Data.Updated"),
    ("PATCH", "users/:userId/password", "User.Data.Updated"),
    ("PATCH", "users/:userId/is-suspended", "User.SuspensionStatus.Updated"),
    ("POST", "roles", "Role.Created"),
    ("DELETE", "roles/:id", "Role.Deleted"),
    ("PATCH", "roles/:id", "Role.Data.Updated"),
    ("POST", "roles/:id/scopes", "Role.Scopes.Updated"),
    ("DELETE", "roles/:id/scopes/:scopeId", "Role.Scopes.Updated"),
    ("POST", "resources/:resourceId/scopes", "Scope.Created"),
    ("DELETE", "resources/:resourceId/scopes/:scopeId", "Scope.Deleted"),
    ("PATCH", "resources/:resourceId/scopes/:scopeId", "Scope.Data.Updated"),
    ("POST", "organizations", "Organization.Created"),
    ("DELETE", "organizations/:id", "Organization.Deleted"),
    ("PATCH", "organizations/:id", "Organization.Data.Updated"),
    ("POST", "organization-roles", "OrganizationRole.Created"),
    ("DELETE", "organization-roles/:id", "OrganizationRole.Deleted"),
    ("PATCH", "organization-roles/:id", "OrganizationRole.Data.Updated"),
    ("POST", "organization-scopes", "OrganizationScope.Created"),
    ("DELETE", "organization-scopes/:id", "OrganizationScope.Deleted"),
    ("PATCH", "organization-scopes/:id", "OrganizationScope.Data.Updated"),
    ("PUT", "organization-roles/:id/scopes", "OrganizationRole.Scopes.Updated"),
    ("POST", "organization-roles/:id/scopes", "OrganizationRole.Scopes.Updated"),
    ("DELETE", "organization-roles/:id/scopes/:organizationScopeId", "OrganizationRole.Scopes.Updated"),
];

/// Tells of the change that an answer reports, if it reports one.
pub(super) fn tell(state: &mut State, call: &Call<'_>, reply: &Reply) {
    let is_this = |(method, route, _): &&(&str, &str, &str)| *method == call.request.method() && *route == call.route;
    let Some((_, _, event)) = EVENTS.iter().find(is_this).filter(|_| reply.status < 300) else { return };
    let is_json = reply.value("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    call.tell(state, event, reply.status, if is_json { vec![("data", body)] } else { Members::new() });
}

impl Call<'_> {
    /// Tells webhooks of an event that this request caused, with these members beside the usual ones.
    pub(crate) fn tell(&self, state: &mut State, event: &str, status: u16, more: Members<'_>) {
        let path = self.request.path().strip_prefix("/api").unwrap_or_default();
        let route = format!("/{}", self.route);
        let rest = path.strip_prefix("/roles").filter(|rest| !rest.is_empty());
        // The router of roles has one more parameter: what follows `/roles` (`92-webhooks/deliveries/14-role-deleted.json`).
        let params = rest.map(|rest| ("0", rest)).into_iter();
        let params: Vec<_> = params.chain(self.params.iter().map(|(name, value)| (*name, value.as_str()))).collect();
        let change = Change { method: self.request.method(), path, route: &route, params: &params, status };
        state.tell_change(event, change, more);
    }
}
