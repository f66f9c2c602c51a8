//! The roles of the organization template.

use super::{
    refusals::{nothing_to_change, nothing_to_update, taken, unknown_reference},
    search::is_found,
    shown::{entity, kind_name, role_json},
};
use crate::testing::mock::{
    directory::{
        MockDirectory, organization_members::MemberKind, organization_template::OrganizationRole, role::Permission,
    },
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found},
        },
        management::{Call, Route, paging::page},
    },
    messages::{
        ordered::{list as json_list, object, text},
        reply::Reply,
    },
    state::{State, ids::short_id},
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organization-roles", list),
    ("POST", "organization-roles", create),
    ("GET", "organization-roles/:id", get),
    ("PATCH", "organization-roles/:id", change),
    ("DELETE", "organization-roles/:id", delete),
];

/// In the order of the names.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let directory = &state.directory;
    let is_found =
        |role: &&OrganizationRole| is_found(call, &[Some(&role.id), Some(&role.name), role.description.as_deref()]);
    let mut roles: Vec<_> = directory.organization_template.roles.iter().filter(is_found).collect();
    roles.sort_by(|left, right| left.name.cmp(&right.name));
    page(state, call, roles.into_iter().map(|role| with_permissions(directory, role)))
}

fn with_permissions(directory: &MockDirectory, role: &OrganizationRole) -> String {
    let scopes = role.scopes.iter().filter_map(|id| directory.organization_template.scope(id));
    let scopes = json_list(scopes.map(|scope| entity(&scope.id, &scope.name)));
    let of_resources = role.resource_scopes.iter().filter_map(|permission| directory.scope_of(permission));
    let of_resources = json_list(of_resources.map(|(resource, scope)| {
        let resource = entity(&resource.id, &resource.name);
        object([("id", text(&scope.id)), ("name", text(&scope.name)), ("resource", resource)])
    }));
    role_json(role, vec![("scopes", scopes), ("resourceScopes", of_resources)])
}

fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text_within("name", 1, 128);
    let description = guard.nullable_text_within("description", 256);
    let kind = kind(&mut guard).unwrap_or(MemberKind::User);
    let scopes = guard.optional_ids("organizationScopeIds").unwrap_or_default();
    let resource_scopes = guard.optional_ids("resourceScopeIds").unwrap_or_default();
    guard.finish()?;
    if state.directory.organization_template.role_named(&name).is_some() {
        return Err(taken());
    }
    let mut role = OrganizationRole {
        id: short_id()?,
        name,
        description: None,
        kind,
        scopes: Vec::new(),
        resource_scopes: Vec::new(),
    };
    description.apply(&mut role.description);
    role.scopes = known_scopes(&state.directory, &scopes)?;
    role.resource_scopes = known_resource_scopes(&state.directory, &resource_scopes)?;
    let shown = role_json(&role, Vec::new());
    let id = role.id.clone();
    state.directory.organization_template.roles.push(role);
    if !(scopes.is_empty() && resource_scopes.is_empty()) {
        call.tell(state, "OrganizationRole.Scopes.Updated", 201, vec![("organizationRoleId", text(&id))]);
    }
    Ok(Reply::json_text(201, shown))
}

fn get(state: &mut State, call: &Call<'_>) -> Answer {
    let role = state.directory.organization_template.role(call.param("id")).ok_or_else(not_found)?;
    Ok(Reply::json_text(200, role_json(role, Vec::new())))
}

fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text_within("name", 1, 128);
    let description = guard.nullable_text_within("description", 256);
    let kind = kind(&mut guard);
    guard.finish()?;
    if name.is_none() && !description.is_one() && kind.is_none() {
        return Err(nothing_to_change());
    }
    let template = &mut state.directory.organization_template;
    let other = name.as_ref().and_then(|name| template.role_named(name)).filter(|role| role.id != id);
    let is_taken = other.is_some();
    let role = template.role_mut(id).ok_or_else(|| nothing_to_update("organization_role"))?;
    if is_taken {
        return Err(taken());
    }
    let old = role.name.clone();
    role.name = name.unwrap_or(old.clone());
    description.apply(&mut role.description);
    role.kind = kind.unwrap_or(role.kind);
    let (new, reply) = (role.name.clone(), Reply::json_text(200, role_json(role, Vec::new())));
    state.directory.rename_organization_role(&old, Some(&new));
    Ok(reply)
}

/// Nobody has it any more.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let roles = &mut state.directory.organization_template.roles;
    let place = roles.iter().position(|role| role.id == call.param("id")).ok_or_else(not_found)?;
    let gone = roles.remove(place);
    state.directory.rename_organization_role(&gone.name, None);
    Ok(Reply::empty(204))
}

fn kind(guard: &mut Guard) -> Option<MemberKind> {
    let kinds = [MemberKind::User, MemberKind::Application];
    let name = guard.optional_choice("type", &kinds.map(kind_name))?;
    kinds.into_iter().find(|kind| kind_name(*kind) == name)
}

/// The ids of permissions, each once, if all are there.
pub(super) fn known_scopes(directory: &MockDirectory, ids: &[String]) -> Answer<Vec<String>> {
    let mut known = Vec::new();
    for id in ids {
        directory.organization_template.scope(id).ok_or_else(unknown_reference)?;
        if !known.contains(id) {
            known.push(id.clone());
        }
    }
    Ok(known)
}

/// The scopes of resources that have these ids, each once, if all are there.
pub(super) fn known_resource_scopes(directory: &MockDirectory, ids: &[String]) -> Answer<Vec<Permission>> {
    let mut known = Vec::new();
    for id in ids {
        let (resource, scope) = directory.scope(id).ok_or_else(unknown_reference)?;
        let permission = Permission { resource: resource.indicator.clone(), scope: scope.name.clone() };
        if !known.contains(&permission) {
            known.push(permission);
        }
    }
    Ok(known)
}
