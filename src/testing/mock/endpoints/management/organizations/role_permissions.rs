//! What a role of the organization template grants: permissions of the organization, and scopes of API resources.

use super::{
    member_roles::has_twice,
    refusals::{taken, unknown_reference},
    roles::{known_resource_scopes, known_scopes},
    shown,
};
use crate::testing::mock::{
    directory::organization_template::OrganizationRole,
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found},
        },
        management::{Call, Route, paging::page_if_asked, resources::scope_json},
    },
    messages::reply::Reply,
    state::State,
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organization-roles/:id/scopes", scopes),
    ("POST", "organization-roles/:id/scopes", add_scopes),
    ("PUT", "organization-roles/:id/scopes", replace_scopes),
    ("DELETE", "organization-roles/:id/scopes/:organizationScopeId", remove_scope),
    ("GET", "organization-roles/:id/resource-scopes", resource_scopes),
    ("POST", "organization-roles/:id/resource-scopes", add_resource_scopes),
    ("PUT", "organization-roles/:id/resource-scopes", replace_resource_scopes),
    ("DELETE", "organization-roles/:id/resource-scopes/:scopeId", remove_resource_scope),
];

fn scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let template = &state.directory.organization_template;
    let role = template.role(call.param("id")).ok_or_else(not_found)?;
    page_if_asked(state, call, role.scopes.iter().filter_map(|id| template.scope(id)).map(shown::scope_json))
}

fn add_scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.some_ids("organizationScopeIds");
    guard.finish()?;
    let ids = known_scopes(&state.directory, &ids)?;
    let known = &mut referred(state, call)?.scopes;
    for id in ids {
        if !known.contains(&id) {
            known.push(id);
        }
    }
    Ok(Reply::text(201, "Created"))
}

fn replace_scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.ids("organizationScopeIds");
    guard.finish()?;
    if has_twice(&ids) {
        return Err(taken());
    }
    let scopes = known_scopes(&state.directory, &ids)?;
    match referred(state, call) {
        Ok(role) => role.scopes = scopes,
        Err(_) if ids.is_empty() => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(Reply::empty(204))
}

fn remove_scope(state: &mut State, call: &Call<'_>) -> Answer {
    let role = state.directory.organization_template.role_mut(call.param("id")).ok_or_else(not_found)?;
    let place = role.scopes.iter().position(|id| id == call.param("organizationScopeId")).ok_or_else(not_found)?;
    role.scopes.remove(place);
    Ok(Reply::empty(204))
}

fn resource_scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let directory = &state.directory;
    let role = directory.organization_template.role(call.param("id")).ok_or_else(not_found)?;
    let found = role.resource_scopes.iter().filter_map(|permission| directory.scope_of(permission));
    page_if_asked(state, call, found.map(|(resource, scope)| scope_json(resource, scope)))
}

fn add_resource_scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.some_ids("scopeIds");
    guard.finish()?;
    let permissions = known_resource_scopes(&state.directory, &ids)?;
    let known = &mut referred(state, call)?.resource_scopes;
    for permission in permissions {
        if !known.contains(&permission) {
            known.push(permission);
        }
    }
    Ok(Reply::text(201, "Created"))
}

fn replace_resource_scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.ids("scopeIds");
    guard.finish()?;
    if has_twice(&ids) {
        return Err(taken());
    }
    let permissions = known_resource_scopes(&state.directory, &ids)?;
    match referred(state, call) {
        Ok(role) => role.resource_scopes = permissions,
        Err(_) if ids.is_empty() => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(Reply::empty(204))
}

fn remove_resource_scope(state: &mut State, call: &Call<'_>) -> Answer {
    let asked = [call.param("scopeId").to_owned()];
    let permission = known_resource_scopes(&state.directory, &asked).map_err(|_| not_found())?;
    let role = state.directory.organization_template.role_mut(call.param("id")).ok_or_else(not_found)?;
    let place = role.resource_scopes.iter().position(|known| permission.contains(known)).ok_or_else(not_found)?;
    role.resource_scopes.remove(place);
    Ok(Reply::empty(204))
}

/// The role of a list that is written.
fn referred<'a>(state: &'a mut State, call: &Call<'_>) -> Answer<&'a mut OrganizationRole> {
    state.directory.organization_template.role_mut(call.param("id")).ok_or_else(unknown_reference)
}
