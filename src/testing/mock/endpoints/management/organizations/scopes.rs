//! The permissions of the organization template.

use super::{
    refusals::{nothing_to_change, nothing_to_update, taken},
    search::is_found,
    shown::scope_json,
};
use crate::testing::mock::{
    directory::organization_template::OrganizationScope,
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found, not_there},
        },
        management::{Call, Route, paging::page_if_asked},
    },
    messages::reply::Reply,
    state::{State, ids::short_id},
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organization-scopes", list),
    ("POST", "organization-scopes", create),
    ("GET", "organization-scopes/:id", get),
    ("PATCH", "organization-scopes/:id", change),
    ("DELETE", "organization-scopes/:id", delete),
];

/// In the order of the names.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let is_found = |scope: &&OrganizationScope| is_found(call, &[Some(&scope.name)]);
    let mut scopes: Vec<_> = state.directory.organization_template.scopes.iter().filter(is_found).collect();
    scopes.sort_by(|left, right| left.name.cmp(&right.name));
    page_if_asked(state, call, scopes.into_iter().map(scope_json))
}

fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text_within("name", 1, 128);
    let description = guard.nullable_text_within("description", 256);
    guard.finish()?;
    let scopes = &mut state.directory.organization_template.scopes;
    if scopes.iter().any(|scope| scope.name == name) {
        return Err(taken());
    }
    let mut scope = OrganizationScope { id: short_id()?, name, description: None };
    description.apply(&mut scope.description);
    let reply = Reply::json_text(201, scope_json(&scope));
    scopes.push(scope);
    Ok(reply)
}

fn get(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    let scope = state.directory.organization_template.scope(id).ok_or_else(|| not_there("organization_scopes", id))?;
    Ok(Reply::json_text(200, scope_json(scope)))
}

fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("id");
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text_within("name", 1, 128);
    let description = guard.nullable_text_within("description", 256);
    guard.finish()?;
    if name.is_none() && !description.is_one() {
        return Err(nothing_to_change());
    }
    let scopes = &mut state.directory.organization_template.scopes;
    let is_taken = scopes.iter().any(|scope| Some(&scope.name) == name.as_ref() && scope.id != id);
    let scope = scopes.iter_mut().find(|scope| scope.id == id);
    let scope = scope.ok_or_else(|| nothing_to_update("organization_scope"))?;
    if is_taken {
        return Err(taken());
    }
    if let Some(name) = name {
        scope.name = name;
    }
    description.apply(&mut scope.description);
    Ok(Reply::json_text(200, scope_json(scope)))
}

/// No role grants it any more.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let (template, id) = (&mut state.directory.organization_template, call.param("id"));
    let place = template.scopes.iter().position(|scope| scope.id == id).ok_or_else(not_found)?;
    template.scopes.remove(place);
    for role in &mut template.roles {
        role.scopes.retain(|known| known != id);
    }
    Ok(Reply::empty(204))
}
