//! Roles of a user.

use super::{user, user_mut};
use crate::testing::mock::{
    endpoints::{
        account::refusal::{Answer, refusal},
        management::{
            Call,
            holding::{self, Holding},
        },
    },
    messages::reply::Reply,
    state::State,
};

const HOLDING: Holding = Holding { for_machines: false, wrong_type: || refusal(422, "user.invalid_role_type") };

/// GET `/api/users/{id}/roles`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    HOLDING.list(state, call, &user(state, call)?.roles)
}

/// POST `/api/users/{id}/roles`.
pub(super) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = holding::read(call)?;
    let held = user(state, call)?.roles.clone();
    let (names, reply) = HOLDING.add(state, &held, &ids)?;
    user_mut(state, call)?.roles = names;
    Ok(reply)
}

/// PUT `/api/users/{id}/roles`.
pub(super) fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = holding::read(call)?;
    let held = user(state, call)?.roles.clone();
    user_mut(state, call)?.roles = HOLDING.replaced(state, &held, &ids)?;
    Ok(holding::replaced_with(&ids))
}

/// DELETE `/api/users/{id}/roles/{roleId}`.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let held = state.directory.user(call.param("userId")).map(|user| user.roles.clone()).unwrap_or_default();
    let names = Holding::without(state, &held, call.param("roleId"))?;
    user_mut(state, call)?.roles = names;
    Ok(Reply::empty(204))
}
