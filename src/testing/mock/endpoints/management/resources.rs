//! API resources.

mod scopes;

use std::time::Duration;

use super::{Call, Route, paging::page_if_asked, searching::Field};
use crate::{
    clock::whole_seconds,
    testing::mock::{
        directory::{MANAGEMENT_RESOURCE, MockResource, claims::millis, resource::Scope},
        endpoints::account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, failure, no_such, not_there, refusal},
        },
        messages::{
            ordered::{list as json_list, object, optional, text},
            reply::Reply,
        },
        state::{State, ids::short_id},
    },
};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "resources", list),
    ("POST", "resources", create),
    ("GET", "resources/:id", show),
    ("PATCH", "resources/:id", change),
    ("PATCH", "resources/:id/is-default", change_default),
    ("DELETE", "resources/:id", delete),
    ("GET", "resources/:resourceId/scopes", scopes::list),
    ("POST", "resources/:resourceId/scopes", scopes::create),
    ("PATCH", "resources/:resourceId/scopes/:scopeId", scopes::change),
    ("DELETE", "resources/:resourceId/scopes/:scopeId", scopes::delete),
];

/// What scopes are searched by.
pub(super) const SCOPE_FIELDS: &[Field<Scope>] = &[
    ("id", |scope| Some(&scope.id)),
    ("name", |scope| Some(&scope.name)),
    ("description", |scope| scope.description.as_deref()),
];

pub(super) fn resource_json(resource: &MockResource) -> String {
    object(members(resource))
}

fn members(resource: &MockResource) -> [(&'static str, String); 6] {
    [
        ("tenantId", text("default")),
        ("id", text(&resource.id)),
        ("name", text(&resource.name)),
        ("indicator", text(&resource.indicator)),
        ("isDefault", resource.is_default.to_string()),
        ("accessTokenTtl", whole_seconds(resource.access_token_ttl).to_string()),
    ]
}

fn with_scopes(resource: &MockResource) -> String {
    let scopes = json_list(resource.scopes.iter().map(|scope| scope_json(resource, scope)));
    object(members(resource).into_iter().chain([("scopes", scopes)]))
}

pub(super) fn scope_json(resource: &MockResource, scope: &Scope) -> String {
    object(scope_members(resource, scope))
}

pub(super) fn scope_members(resource: &MockResource, scope: &Scope) -> [(&'static str, String); 6] {
    [
        ("tenantId", text("default")),
        ("id", text(&scope.id)),
        ("resourceId", text(&resource.id)),
        ("name", text(&scope.name)),
        ("description", optional(scope.description.as_deref())),
        ("createdAt", millis(scope.created_at).to_string()),
    ]
}

/// The resource that the path names.
fn resource<'a>(state: &'a State, id: &str) -> Answer<&'a MockResource> {
    state.directory.resource_with_id(id).ok_or_else(|| not_there("resources", id))
}

/// The same, unless it is the Management API.
fn changeable<'a>(state: &'a mut State, id: &str) -> Answer<&'a mut MockResource> {
    let resource = state.directory.resource_with_id_mut(id).ok_or_else(|| not_there("resources", id))?;
    require(resource.indicator != MANAGEMENT_RESOURCE, || refusal(400, "resource.cannot_modify_management_api"))?;
    Ok(resource)
}

/// GET `/api/resources`.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let shown: fn(&MockResource) -> String = if call.says("includeScopes") { with_scopes } else { resource_json };
    page_if_asked(state, call, state.directory.resources.iter().map(shown))
}

/// POST `/api/resources`. The indicator need not be a URI.
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    let indicator = guard.text("indicator", Rule::NotEmpty);
    let lifetime = guard.optional_number("accessTokenTtl").map(lifetime);
    guard.finish()?;
    let message = || format!("The API identifier {indicator} is already in use");
    let taken = state.directory.resource(&indicator).is_some();
    require(!taken, || failure(422, "resource.resource_identifier_in_use", &message()))?;
    let mut resource = MockResource::new(indicator);
    (resource.id, resource.name) = (short_id()?, name);
    resource.access_token_ttl = lifetime.unwrap_or(resource.access_token_ttl);
    let reply = Reply::json_text(201, with_scopes(&resource));
    state.directory.resources.push(resource);
    Ok(reply)
}

/// GET `/api/resources/{id}`.
fn show(state: &mut State, call: &Call<'_>) -> Answer {
    Ok(Reply::json_text(200, resource_json(resource(state, call.param("id"))?)))
}

/// PATCH `/api/resources/{id}`. The indicator is ignored.
fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text("name", Rule::NotEmpty);
    let lifetime = guard.optional_number("accessTokenTtl").map(lifetime);
    guard.finish()?;
    let resource = changeable(state, call.param("id"))?;
    require(name.is_some() || lifetime.is_some(), || refusal(422, "entity.invalid_input"))?;
    if let Some(name) = name {
        resource.name = name;
    }
    resource.access_token_ttl = lifetime.unwrap_or(resource.access_token_ttl);
    show(state, call)
}

fn lifetime(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// PATCH `/api/resources/{id}/is-default`. One resource at most is the default.
fn change_default(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let is_default = guard.bool("isDefault");
    guard.finish()?;
    let id = call.param("id");
    require(state.directory.resource_with_id(id).is_some(), || no_such("resource"))?;
    for resource in &mut state.directory.resources {
        resource.is_default = match resource.id == id {
            true => is_default,
            false => resource.is_default && !is_default,
        };
    }
    show(state, call)
}

/// DELETE `/api/resources/{id}`. Its scopes go, too.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let resource = resource(state, call.param("id"))?;
    let is_management = resource.indicator == MANAGEMENT_RESOURCE;
    require(!is_management, || refusal(400, "resource.cannot_delete_management_api"))?;
    state.directory.remove_resource(call.param("id"));
    Ok(Reply::empty(204))
}
