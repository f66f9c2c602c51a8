//! Permissions of API resources that come with a grant. A grant has those that its user had at the sign-in; what a role brought since then
//! comes with a new sign-in, and what was taken away is gone at once (`98-oidc-extra/20` to `23`).
//!
//! That the permissions of all of a user's organizations are granted at the sign-in, and that `prompt=none` ends with `consent_required`
//! where the user has got one since, is as the sources of Logto (`findResourceScopes`) and of oidc-provider (`rs_scopes_missing`) have it.

use std::collections::BTreeSet;

use crate::testing::mock::{
    directory::{MockDirectory, claims::is_user_scope},
    state::{authorization_request::AuthorizationRequest, store::Grant},
};

/// Whether the grant has what the request asks for and the user has.
pub(crate) fn has_all(directory: &MockDirectory, grant: &Grant, asked: &AuthorizationRequest, user_id: &str) -> bool {
    let mut user_scopes = asked.scopes.iter().filter(|scope| is_user_scope(scope));
    user_scopes.all(|scope| grant.scopes.contains(scope))
        && asked.resources.iter().all(|resource| {
            let mut scopes = available(directory, asked, user_id, resource).into_iter();
            scopes.all(|scope| grant.has_resource_scope(resource, &scope))
        })
}

/// Puts into the grant what the request asks for and the user has.
pub(crate) fn give_all(directory: &MockDirectory, grant: &mut Grant, asked: &AuthorizationRequest, user_id: &str) {
    grant.scopes.extend(asked.scopes.iter().cloned());
    for resource in &asked.resources {
        let scopes = available(directory, asked, user_id, resource);
        grant.resource_scopes.entry(resource.clone()).or_default().extend(scopes);
    }
}

/// Leaves of the scopes of a resource those of the grant.
pub(crate) fn narrow(scopes: &mut Vec<String>, grant: Option<&Grant>, resource: &str) {
    scopes.retain(|scope| grant.is_some_and(|grant| grant.has_resource_scope(resource, scope)));
}

/// The scopes of a resource that the user has now, by roles of their own and in any organization.
fn available(
    directory: &MockDirectory,
    asked: &AuthorizationRequest,
    user_id: &str,
    resource: &str,
) -> BTreeSet<String> {
    let Some(user) = directory.user(user_id) else { return BTreeSet::new() };
    let holder = user.holder();
    let organizations = holder.memberships.iter().map(|membership| &membership.organization);
    let of_organizations =
        organizations.filter_map(|id| directory.organization_scopes(holder, id, Some(resource))).flatten();
    let scopes = directory.resource_scopes(holder, resource).into_iter().chain(of_organizations);
    scopes.filter(|scope| asked.scopes.contains(scope)).collect()
}
