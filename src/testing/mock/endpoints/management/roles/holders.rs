//! Who has a role.

use super::role;
use crate::testing::mock::{
    directory::AppKind,
    endpoints::{
        account::{
            call::require,
            guard::Guard,
            refusal::{Answer, failure, not_found, not_there, refusal},
        },
        management::{Call, applications, paging::page, searching::Search, users},
    },
    messages::reply::Reply,
    state::{State, webhook_json::user_json},
};

/// GET `/api/roles/{id}/users`, the newest first.
pub(super) fn users(state: &mut State, call: &Call<'_>) -> Answer {
    let role = role(state, call)?;
    let search = Search::read(call, users::FIELDS)?;
    let found = state.directory.users.iter().rev().filter(|user| user.roles.contains(&role.name) && search.finds(user));
    page(state, call, found.map(|user| user_json(user, true)))
}

/// POST `/api/roles/{id}/users`.
pub(super) fn add_users(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = read(call, "userIds")?;
    let (name, for_machines) = role(state, call).map(|role| (role.name.clone(), role.for_machines))?;
    for id in &ids {
        let has_it = state.directory.user(id).is_some_and(|user| user.roles.contains(&name));
        let message = || format!("The user id {id} is already been added to this role");
        require(!has_it, || failure(422, "role.user_exists", &message()))?;
    }
    let are_known = ids.iter().all(|id| state.directory.user(id).is_some());
    require(are_known, not_found)?;
    require(!for_machines, || refusal(422, "entity.db_constraint_violated"))?;
    for user in state.directory.users.iter_mut().filter(|user| ids.contains(&user.id)) {
        user.roles.push(name.clone());
    }
    Ok(Reply::text(201, "Created"))
}

/// DELETE `/api/roles/{id}/users/{userId}`.
pub(super) fn remove_user(state: &mut State, call: &Call<'_>) -> Answer {
    let name = state.directory.role(call.param("id")).map(|role| role.name.clone()).ok_or_else(not_found)?;
    let user = state.directory.user_mut(call.param("userId")).filter(|user| user.roles.contains(&name));
    user.ok_or_else(not_found)?.roles.retain(|known| *known != name);
    Ok(Reply::empty(204))
}

/// GET `/api/roles/{id}/applications`, the newest first.
pub(super) fn applications(state: &mut State, call: &Call<'_>) -> Answer {
    let role = role(state, call)?;
    let search = Search::read(call, applications::FIELDS)?;
    let machines = state.directory.apps.iter().rev().filter(|app| app.kind == AppKind::Machine);
    let found = machines.filter(|app| app.roles.contains(&role.name) && search.finds(app));
    page(state, call, found.map(applications::app_json))
}

/// POST `/api/roles/{id}/applications`.
pub(super) fn add_applications(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = read(call, "applicationIds")?;
    let (name, for_machines) = role(state, call).map(|role| (role.name.clone(), role.for_machines))?;
    for id in &ids {
        let has_it = state.directory.app(id).is_some_and(|app| app.roles.contains(&name));
        // Logto does not fill in the template: it has the id under another name.
        let message = "The application id {{applicationId}} is already been added to this role";
        require(!has_it, || failure(422, "role.application_exists", message))?;
    }
    for id in &ids {
        require(state.directory.app(id).is_some(), || not_there("applications", id))?;
    }
    let are_machines = ids.iter().filter_map(|id| state.directory.app(id)).all(|app| app.kind == AppKind::Machine);
    require(for_machines && are_machines, || refusal(422, "entity.db_constraint_violated"))?;
    for app in state.directory.apps.iter_mut().filter(|app| ids.contains(&app.id)) {
        app.roles.push(name.clone());
    }
    Ok(Reply::text(201, "Created"))
}

/// DELETE `/api/roles/{id}/applications/{applicationId}`.
pub(super) fn remove_application(state: &mut State, call: &Call<'_>) -> Answer {
    let name = state.directory.role(call.param("id")).map(|role| role.name.clone()).ok_or_else(not_found)?;
    let app = state.directory.app_mut(call.param("applicationId")).filter(|app| app.roles.contains(&name));
    app.ok_or_else(not_found)?.roles.retain(|known| *known != name);
    Ok(Reply::empty(204))
}

fn read(call: &Call<'_>, name: &'static str) -> Answer<Vec<String>> {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.some_ids(name);
    guard.finish()?;
    Ok(ids)
}
