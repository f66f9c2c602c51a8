//! Permissions of API resources that come with a grant. A grant has those that its user had at the sign-in; what a role brought since then
//! comes with a new sign-in, and what was taken away is gone at once (`98-oidc-extra/20` to `23`).
//!
//! That the permissions of all of a user's organizations are granted at the sign-in, and that `prompt=none` ends with `consent_required`
//! where the user has got one since, is as the sources of Logto (`findResourceScopes`) and of oidc-provider (`rs_scopes_missing`) have it.

use std::collections::BTreeSet;

use super::{
    authorize::{AuthorizationRequest, is_user_scope},
    store::Grant,
    world::World,
};

/// Whether the grant has what the request asks for and the user has.
pub(super) fn has_all(world: &World, grant: &Grant, asked: &AuthorizationRequest, user_id: &str) -> bool {
    let mut user_scopes = asked.scopes.iter().filter(|scope| is_user_scope(scope));
    user_scopes.all(|scope| grant.scopes.contains(scope))
        && asked.resources.iter().all(|resource| {
            let mut scopes = available(world, asked, user_id, resource).into_iter();
            scopes.all(|scope| grant.has_resource_scope(resource, &scope))
        })
}

/// Puts into the grant what the request asks for and the user has.
pub(super) fn give_all(world: &World, grant: &mut Grant, asked: &AuthorizationRequest, user_id: &str) {
    grant.scopes.extend(asked.scopes.iter().cloned());
    for resource in &asked.resources {
        let scopes = available(world, asked, user_id, resource);
        grant.resource_scopes.entry(resource.clone()).or_default().extend(scopes);
    }
}

/// Leaves of the scopes of a resource those of the grant.
pub(super) fn narrow(scopes: &mut Vec<String>, grant: Option<&Grant>, resource: &str) {
    scopes.retain(|scope| grant.is_some_and(|grant| grant.has_resource_scope(resource, scope)));
}

/// The scopes of a resource that the user has now, by roles of their own and in any organization.
fn available(world: &World, asked: &AuthorizationRequest, user_id: &str, resource: &str) -> BTreeSet<String> {
    let Some(user) = world.user(user_id) else { return BTreeSet::new() };
    let holder = user.holder();
    let organizations = holder.memberships.iter().map(|membership| &membership.organization);
    let of_organizations =
        organizations.filter_map(|id| world.organization_scopes(holder, id, Some(resource))).flatten();
    let scopes = world.resource_scopes(holder, resource).into_iter().chain(of_organizations);
    scopes.filter(|scope| asked.scopes.contains(scope)).collect()
}
