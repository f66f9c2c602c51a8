//! The roles that members have in an organization.

use serde_json::json;

use super::{
    members::{ids_name, kind, member},
    refusals::{no_member, taken, unknown_reference, unknown_role_names, wrong_kind},
    shown::{role_json, scope_json},
};
use crate::testing::mock::{
    directory::{MockDirectory, organization_members::MemberKind},
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found},
        },
        management::{Call, Route, paging::page_if_asked},
    },
    messages::{ordered::list, reply::Reply},
    state::State,
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("POST", "organizations/:id/users/roles", assign),
    ("GET", "organizations/:id/users/:userId/roles", show),
    ("POST", "organizations/:id/users/:userId/roles", add),
    ("PUT", "organizations/:id/users/:userId/roles", replace),
    ("DELETE", "organizations/:id/users/:userId/roles/:organizationRoleId", remove),
    ("GET", "organizations/:id/users/:userId/scopes", scopes),
    ("POST", "organizations/:id/applications/roles", assign),
    ("GET", "organizations/:id/applications/:applicationId/roles", show),
    ("POST", "organizations/:id/applications/:applicationId/roles", add),
    ("PUT", "organizations/:id/applications/:applicationId/roles", replace),
    ("DELETE", "organizations/:id/applications/:applicationId/roles/:organizationRoleId", remove),
];

/// Several roles for several members. All get them, or none.
fn assign(state: &mut State, call: &Call<'_>) -> Answer {
    let (kind, organization) = (kind(call), call.param("id"));
    let mut guard = Guard::read(call.request)?;
    let members = guard.some_ids(ids_name(kind));
    let roles = guard.some_ids("organizationRoleIds");
    guard.finish()?;
    let names = role_names(&state.directory, kind, &roles)?;
    if members.iter().any(|id| state.directory.membership(kind, id, organization).is_none()) {
        return Err(unknown_reference());
    }
    for id in &members {
        grant(&mut state.directory, kind, id, organization, &names);
    }
    Ok(Reply::text(201, "Created"))
}

fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let template = &state.directory.organization_template;
    let roles = held(&state.directory, call)?;
    let roles = roles.iter().filter_map(|name| template.role_named(name)).map(|role| role_json(role, Vec::new()));
    page_if_asked(state, call, roles)
}

fn add(state: &mut State, call: &Call<'_>) -> Answer {
    held(&state.directory, call)?;
    let (ids, names) = asked(&state.directory, call)?;
    grant(&mut state.directory, kind(call), member(call), call.param("id"), &names);
    Ok(match kind(call) {
        MemberKind::User => Reply::json(201, &json!({ "organizationRoleIds": ids })),
        MemberKind::Application => Reply::text(201, "Created"),
    })
}

fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    held(&state.directory, call)?;
    let (ids, names) = asked(&state.directory, call)?;
    // Of a user's roles, the server drops what is there twice; of a machine's it does not.
    if has_twice(&ids) {
        return Err(taken());
    }
    if let Some(membership) = state.directory.membership_mut(kind(call), member(call), call.param("id")) {
        membership.roles = names;
    }
    Ok(Reply::empty(204))
}

fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    held(&state.directory, call)?;
    let role = state.directory.organization_template.role(call.param("organizationRoleId"));
    let name = role.map(|role| role.name.clone()).ok_or_else(not_found)?;
    let membership = state.directory.membership_mut(kind(call), member(call), call.param("id"));
    let roles = &mut membership.ok_or_else(no_member)?.roles;
    let place = roles.iter().position(|role| *role == name).ok_or_else(not_found)?;
    roles.remove(place);
    Ok(Reply::empty(204))
}

/// Of a user who is no member there are none: this route does not ask for a membership, against its description.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the handlers")]
fn scopes(state: &mut State, call: &Call<'_>) -> Answer {
    let membership = state.directory.membership(MemberKind::User, member(call), call.param("id"));
    let roles = membership.map(|membership| membership.roles.as_slice()).unwrap_or_default();
    let scopes = state.directory.organization_template.permissions(roles);
    Ok(Reply::json_text(200, list(scopes.into_iter().map(scope_json))))
}

/// The names of the member's roles.
fn held<'a>(directory: &'a MockDirectory, call: &Call<'_>) -> Answer<&'a [String]> {
    let membership = directory.membership(kind(call), member(call), call.param("id")).ok_or_else(no_member)?;
    Ok(&membership.roles)
}

/// The roles of the body, by id and by name. Users' can be named in both ways.
fn asked(directory: &MockDirectory, call: &Call<'_>) -> Answer<(Vec<String>, Vec<String>)> {
    let kind = kind(call);
    let mut guard = Guard::read(call.request)?;
    if kind == MemberKind::Application {
        let ids = guard.some_ids("organizationRoleIds");
        guard.finish()?;
        let names = role_names(directory, kind, &ids)?;
        return Ok((ids, names));
    }
    let mut ids = guard.optional_ids("organizationRoleIds").unwrap_or_default();
    let names = guard.optional_ids("organizationRoleNames").unwrap_or_default();
    guard.finish()?;
    let template = &directory.organization_template;
    let unknown: Vec<_> = names.iter().filter(|name| template.role_named(name).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(unknown_role_names(&unknown));
    }
    ids.extend(names.iter().filter_map(|name| template.role_named(name)).map(|role| role.id.clone()));
    let mut distinct = Vec::new();
    for id in ids {
        if !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    let names = role_names(directory, kind, &distinct)?;
    Ok((distinct, names))
}

/// The names of roles, which are to be for this kind of member. The database looks at the kind first.
pub(super) fn role_names(directory: &MockDirectory, kind: MemberKind, ids: &[String]) -> Answer<Vec<String>> {
    let template = &directory.organization_template;
    if ids.iter().filter_map(|id| template.role(id)).any(|role| role.kind != kind) {
        return Err(wrong_kind());
    }
    let names = ids.iter().map(|id| template.role(id).map(|role| role.name.clone()));
    names.collect::<Option<_>>().ok_or_else(unknown_reference)
}

/// Gives a member the roles that it has not.
pub(super) fn grant(directory: &mut MockDirectory, kind: MemberKind, id: &str, organization: &str, names: &[String]) {
    let Some(membership) = directory.membership_mut(kind, id, organization) else { return };
    for name in names {
        if !membership.roles.contains(name) {
            membership.roles.push(name.clone());
        }
    }
}

pub(super) fn has_twice(ids: &[String]) -> bool {
    ids.iter().enumerate().any(|(place, id)| ids.iter().take(place).any(|earlier| earlier == id))
}
