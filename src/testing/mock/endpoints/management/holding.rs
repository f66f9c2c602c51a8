//! The roles that a user or a machine has.

use serde_json::json;

use super::{
    Call,
    paging::page,
    roles::{FIELDS, role_json},
    searching::Search,
};
use crate::testing::mock::{
    directory::role::Role,
    endpoints::account::{
        call::require,
        guard::Guard,
        refusal::{Answer, not_found, not_there, refusal},
    },
    messages::reply::Reply,
    state::State,
};

/// What is different for users and for machines.
#[derive(Clone, Copy)]
pub(super) struct Holding {
    pub(super) for_machines: bool,
    /// The refusal of a role of the other kind.
    pub(super) wrong_type: fn() -> Reply,
}

impl Holding {
    pub(super) fn list(self, state: &State, call: &Call<'_>, held: &[String]) -> Answer {
        let search = Search::read(call, FIELDS)?;
        let roles = state.directory.roles.iter().filter(|role| held.contains(&role.name) && !role.is_internal());
        let found = roles.filter(|role| role.for_machines == self.for_machines && search.finds(role));
        page(state, call, found.map(role_json))
    }

    /// The names of all roles from now on, and the answer. A role that is held already is no mistake.
    pub(super) fn add(self, state: &State, held: &[String], ids: &[String]) -> Answer<(Vec<String>, Reply)> {
        let (mut names, mut added) = (held.to_vec(), Vec::new());
        for id in ids {
            let role = state.directory.role(id);
            if role.is_some_and(|role| held.contains(&role.name)) {
                continue;
            }
            require(role.is_none_or(|role| role.for_machines == self.for_machines), self.wrong_type)?;
            let role = role.ok_or_else(|| not_there("roles", id))?;
            require(!added.contains(&id) || self.for_machines, || refusal(422, "entity.unique_integrity_violation"))?;
            if !added.contains(&id) {
                added.push(id);
                names.push(role.name.clone());
            }
        }
        Ok((names, Reply::json(201, &json!({ "roleIds": ids, "addedRoleIds": added }))))
    }

    /// The names of all roles from now on.
    pub(super) fn replaced(self, state: &State, held: &[String], ids: &[String]) -> Answer<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for id in ids {
            let role = state.directory.role(id).ok_or_else(|| not_there("roles", id))?;
            let is_held = held.contains(&role.name);
            require(is_held || !names.contains(&role.name), || refusal(422, "entity.unique_integrity_violation"))?;
            require(is_held || role.for_machines == self.for_machines, || {
                refusal(422, "entity.db_constraint_violated")
            })?;
            if !names.contains(&role.name) {
                names.push(role.name.clone());
            }
        }
        // What is kept stays where it is.
        let kept = held.iter().filter(|name| names.contains(name)).cloned();
        let new = names.iter().filter(|name| !held.contains(name)).cloned();
        Ok(kept.chain(new).collect())
    }

    /// The names of all roles from now on.
    pub(super) fn without(state: &State, held: &[String], id: &str) -> Answer<Vec<String>> {
        let is_held = |role: &&Role| held.contains(&role.name);
        let gone = state.directory.role(id).filter(is_held).ok_or_else(not_found)?;
        Ok(held.iter().filter(|name| **name != gone.name).cloned().collect())
    }
}

/// The member `roleIds` of a body.
pub(super) fn read(call: &Call<'_>) -> Answer<Vec<String>> {
    let mut guard = Guard::read(call.request)?;
    let ids = guard.ids("roleIds");
    guard.finish()?;
    Ok(ids)
}

/// The answer to PUT of a user's roles.
pub(super) fn replaced_with(ids: &[String]) -> Reply {
    let mut unique: Vec<&String> = Vec::new();
    for id in ids {
        if !unique.contains(&id) {
            unique.push(id);
        }
    }
    Reply::json(200, &json!({ "roleIds": unique }))
}
