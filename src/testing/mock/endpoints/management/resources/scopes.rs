//! Scopes of a resource.

use super::{SCOPE_FIELDS, changeable, scope_json};
use crate::testing::mock::{
    directory::{MockResource, resource::Scope},
    endpoints::{
        account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, failure, no_such, not_found, refusal},
        },
        management::{Call, paging::page, searching::Search},
    },
    messages::reply::Reply,
    state::{State, ids::short_id},
};

/// GET `/api/resources/{resourceId}/scopes`. A resource that does not exist has none.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let search = Search::read(call, SCOPE_FIELDS)?;
    let resource = state.directory.resource_with_id(call.param("resourceId"));
    let found = resource.into_iter().flat_map(|resource| {
        resource.scopes.iter().filter(|scope| search.finds(scope)).map(move |scope| scope_json(resource, scope))
    });
    page(state, call, found.collect::<Vec<_>>())
}

/// POST `/api/resources/{resourceId}/scopes`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    let description = guard.nullable_text("description", Rule::Any);
    guard.finish()?;
    let created_at = Some(state.now());
    check_spaces(&name)?;
    let resource = changeable(state, call.param("resourceId"))?;
    check_name(resource, None, &name)?;
    let mut scope = Scope { id: short_id()?, name, description: None, created_at };
    description.apply(&mut scope.description);
    let reply = Reply::json_text(201, scope_json(resource, &scope));
    resource.scopes.push(scope);
    Ok(reply)
}

/// PATCH `/api/resources/{resourceId}/scopes/{scopeId}`. Roles that grant it grant it under its new name.
pub(super) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text("name", Rule::NotEmpty);
    let description = guard.nullable_text("description", Rule::Any);
    guard.finish()?;
    let id = call.param("scopeId");
    let resource = changeable(state, call.param("resourceId"))?;
    if let Some(name) = &name {
        check_spaces(name)?;
        check_name(resource, Some(id), name)?;
    }
    require(name.is_some() || description.is_one(), || refusal(422, "entity.invalid_input"))?;
    let scope = resource.scopes.iter_mut().find(|scope| scope.id == id).ok_or_else(|| no_such("scope"))?;
    description.apply(&mut scope.description);
    if let Some(name) = name {
        state.directory.rename_scope(id, &name);
    }
    let (resource, scope) = state.directory.scope(id).ok_or_else(|| no_such("scope"))?;
    Ok(Reply::json_text(200, scope_json(resource, scope)))
}

fn check_spaces(name: &str) -> Answer<()> {
    require(!name.contains(char::is_whitespace), || refusal(400, "scope.name_with_space"))
}

fn check_name(resource: &MockResource, own: Option<&str>, name: &str) -> Answer<()> {
    let taken = resource.scopes.iter().any(|scope| scope.name == name && Some(scope.id.as_str()) != own);
    require(!taken, || failure(422, "scope.name_exists", &format!("The scope name {name} is already in use")))
}

/// DELETE `/api/resources/{resourceId}/scopes/{scopeId}`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let id = call.param("scopeId");
    let resource = changeable(state, call.param("resourceId"))?;
    let is_there = resource.scopes.iter().any(|scope| scope.id == id);
    require(is_there, not_found)?;
    state.directory.remove_scope(id);
    Ok(Reply::empty(204))
}
