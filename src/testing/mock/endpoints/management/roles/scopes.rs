//! What a role grants.

use super::role;
use crate::testing::mock::{
    directory::{MANAGEMENT_RESOURCE, MockResource, resource::Scope, role::Permission},
    endpoints::{
        account::{
            call::require,
            guard::Guard,
            refusal::{Answer, failure, not_found, not_there, refusal},
        },
        management::{
            Call,
            paging::page_if_asked,
            resources::{SCOPE_FIELDS, resource_json, scope_json, scope_members},
            searching::Search,
        },
    },
    messages::{
        ordered::{list as json_list, object},
        reply::Reply,
    },
    state::State,
};

/// GET `/api/roles/{id}/scopes`, each with its resource.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let scopes = of(state, call)?;
    let search = Search::read(call, SCOPE_FIELDS)?;
    let found = scopes.into_iter().filter(|(_, scope)| search.finds(scope)).map(|(resource, scope)| {
        object(scope_members(resource, scope).into_iter().chain([("resource", resource_json(resource))]))
    });
    page_if_asked(state, call, found)
}

fn of<'a>(state: &'a State, call: &Call<'_>) -> Answer<Vec<(&'a MockResource, &'a Scope)>> {
    let grants = &role(state, call)?.grants;
    Ok(grants.iter().filter_map(|permission| state.directory.scope_of(permission)).collect())
}

/// POST `/api/roles/{id}/scopes`.
pub(super) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.some_ids("scopeIds");
    guard.finish()?;
    let granted = of(state, call)?;
    for id in &ids {
        let has_it = granted.iter().any(|(_, scope)| scope.id == *id);
        let message = || format!("The scope id {id} has already been added to this role");
        require(!has_it, || failure(422, "role.scope_exists", &message()))?;
    }
    assign(state, call.param("id"), &ids)?;
    let scopes = of(state, call)?.into_iter().map(|(resource, scope)| scope_json(resource, scope));
    Ok(Reply::json_text(201, json_list(scopes)))
}

/// Lets a role grant scopes, all or none.
pub(super) fn assign(state: &mut State, role: &str, ids: &[String]) -> Answer<()> {
    let for_machines = state.directory.role(role).is_some_and(|role| role.for_machines);
    let mut new: Vec<Permission> = Vec::new();
    for id in ids {
        let (resource, scope) = state.directory.scope(id).ok_or_else(|| not_there("scopes", id))?;
        let may_be = for_machines || resource.indicator != MANAGEMENT_RESOURCE;
        require(may_be, || refusal(400, "role.management_api_scopes_not_assignable_to_user_role"))?;
        let permission = Permission { resource: resource.indicator.clone(), scope: scope.name.clone() };
        require(!new.contains(&permission), || refusal(422, "entity.unique_integrity_violation"))?;
        new.push(permission);
    }
    if let Some(role) = state.directory.role_mut(role) {
        role.grants.extend(new);
    }
    Ok(())
}

pub(super) fn of_ids(state: &State, ids: &[String]) -> String {
    let scopes = ids.iter().filter_map(|id| state.directory.scope(id));
    json_list(scopes.map(|(resource, scope)| scope_json(resource, scope)))
}

/// DELETE `/api/roles/{id}/scopes/{scopeId}`.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let (resource, scope) = state.directory.scope(call.param("scopeId")).ok_or_else(not_found)?;
    let gone = Permission { resource: resource.indicator.clone(), scope: scope.name.clone() };
    let role = state.directory.role_mut(call.param("id")).filter(|role| role.grants.contains(&gone));
    role.ok_or_else(not_found)?.grants.retain(|known| *known != gone);
    Ok(Reply::empty(204))
}
