//! Roles outside organizations.

mod holders;
mod scopes;

use super::{
    Call, Route,
    paging::page,
    searching::{Field, Search},
};
use crate::testing::mock::{
    directory::{AppKind, MockDirectory, role::Role},
    endpoints::account::{
        call::require,
        guard::{Guard, Rule},
        refusal::{Answer, failure, not_there, refusal},
    },
    messages::{
        ordered::{list as json_list, object, optional, text},
        reply::Reply,
    },
    state::{State, ids::short_id, webhook_json::kind_of},
};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "roles", list),
    ("POST", "roles", create),
    ("GET", "roles/:id", show),
    ("PATCH", "roles/:id", change),
    ("DELETE", "roles/:id", delete),
    ("GET", "roles/:id/users", holders::users),
    ("POST", "roles/:id/users", holders::add_users),
    ("DELETE", "roles/:id/users/:userId", holders::remove_user),
    ("GET", "roles/:id/applications", holders::applications),
    ("POST", "roles/:id/applications", holders::add_applications),
    ("DELETE", "roles/:id/applications/:applicationId", holders::remove_application),
    ("GET", "roles/:id/scopes", scopes::list),
    ("POST", "roles/:id/scopes", scopes::add),
    ("DELETE", "roles/:id/scopes/:scopeId", scopes::remove),
];

/// What roles are searched by.
pub(super) const FIELDS: &[Field<Role>] = &[
    ("id", |role| Some(&role.id)),
    ("name", |role| Some(&role.name)),
    ("description", |role| Some(&role.description)),
];

const TYPES: &[&str] = &["User", "MachineToMachine"];
/// How many of those who have a role a list shows.
const FEATURED: usize = 3;

pub(super) fn role_json(role: &Role) -> String {
    object(members(role))
}

fn members(role: &Role) -> [(&'static str, String); 6] {
    let kind = if role.for_machines { "MachineToMachine" } else { "User" };
    [
        ("tenantId", text("default")),
        ("id", text(&role.id)),
        ("name", text(&role.name)),
        ("description", text(&role.description)),
        ("type", text(kind)),
        ("isDefault", role.is_default.to_string()),
    ]
}

/// The role that the path names.
fn role<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a Role> {
    let id = call.param("id");
    state.directory.role(id).ok_or_else(|| not_there("roles", id))
}

/// GET `/api/roles`.
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let value = |name| call.request.query_value(name);
    let directory = &state.directory;
    let user = value("excludeUserId").and_then(|id| directory.user(id)).map(|user| &user.roles);
    let app = value("excludeApplicationId").and_then(|id| directory.app(id)).map(|app| &app.roles);
    let excluded: Vec<_> = user.into_iter().chain(app).flatten().collect();
    let for_machines = value("type").map(|kind| kind == "MachineToMachine");
    let search = Search::read(call, FIELDS)?;
    let found = directory.roles.iter().filter(|role| {
        !role.is_internal()
            && search.finds(role)
            && for_machines.is_none_or(|kind| role.for_machines == kind)
            && !excluded.contains(&&role.name)
    });
    page(state, call, found.map(|role| with_holders(directory, role)))
}

fn with_holders(directory: &MockDirectory, role: &Role) -> String {
    let users: Vec<_> = directory.users.iter().filter(|user| user.roles.contains(&role.name)).collect();
    let machines = directory.apps.iter().filter(|app| app.kind == AppKind::Machine);
    let apps: Vec<_> = machines.filter(|app| app.roles.contains(&role.name)).collect();
    let featured_users = users.iter().take(FEATURED).map(|user| {
        let (avatar, name) = (optional(user.picture.as_deref()), optional(user.name.as_deref()));
        object([("id", text(&user.id)), ("avatar", avatar), ("name", name)])
    });
    let featured_apps = apps
        .iter()
        .take(FEATURED)
        .map(|app| object([("id", text(&app.id)), ("name", text(&app.name)), ("type", text(kind_of(app)))]));
    object(members(role).into_iter().chain([
        ("usersCount", users.len().to_string()),
        ("featuredUsers", json_list(featured_users)),
        ("applicationsCount", apps.len().to_string()),
        ("featuredApplications", json_list(featured_apps)),
    ]))
}

/// POST `/api/roles`. With a scope that does not exist, the role is created, and the answer is 404 (`90-management/roles/05-search.json`).
fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text("name", Rule::NotEmpty);
    let description = guard.text("description", Rule::NotEmpty);
    let kind = guard.optional_choice("type", TYPES);
    let is_default = guard.optional_bool("isDefault");
    let scope_ids = guard.optional_ids("scopeIds");
    guard.finish()?;
    check_name(state, None, &name)?;
    require(!name.starts_with("#internal:"), || refusal(403, "role.internal_role_violation"))?;
    let id = short_id()?;
    let for_machines = kind.as_deref() == Some("MachineToMachine");
    let is_default = is_default.unwrap_or_default();
    let role = Role { id: id.clone(), name, description, for_machines, is_default, grants: Vec::new() };
    let reply = Reply::json_text(200, role_json(&role));
    state.directory.roles.push(role);
    if let Some(ids) = scope_ids {
        scopes::assign(state, &id, &ids)?;
        let data = scopes::of_ids(state, &ids);
        call.tell(state, "Role.Scopes.Updated", 200, vec![("roleId", text(&id)), ("data", data)]);
    }
    Ok(reply)
}

fn check_name(state: &State, own: Option<&str>, name: &str) -> Answer<()> {
    let taken = state.directory.roles.iter().any(|role| role.name == name && Some(role.id.as_str()) != own);
    require(!taken, || failure(422, "role.name_in_use", &format!("This role name {name} is already in use")))
}

/// GET `/api/roles/{id}`.
fn show(state: &mut State, call: &Call<'_>) -> Answer {
    Ok(Reply::json_text(200, role_json(role(state, call)?)))
}

/// PATCH `/api/roles/{id}`. Those who have the role keep it under its new name.
fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text("name", Rule::NotEmpty);
    let description = guard.optional_text("description", Rule::NotEmpty);
    let is_default = guard.optional_bool("isDefault");
    guard.finish()?;
    role(state, call)?;
    let id = call.param("id");
    if let Some(name) = &name {
        check_name(state, Some(id), name)?;
    }
    let changes = name.is_some() || description.is_some() || is_default.is_some();
    require(changes, || refusal(422, "entity.invalid_input"))?;
    if let Some(name) = name {
        state.directory.rename_role(id, &name);
    }
    if let Some(role) = state.directory.role_mut(id) {
        role.description = description.unwrap_or_else(|| role.description.clone());
        role.is_default = is_default.unwrap_or(role.is_default);
    }
    show(state, call)
}

/// DELETE `/api/roles/{id}`.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    role(state, call)?;
    state.directory.remove_role(call.param("id"));
    Ok(Reply::empty(204))
}
