//! Roles of a machine.

use super::{app_mut, machine};
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

const HOLDING: Holding = Holding { for_machines: true, wrong_type: || refusal(422, "application.invalid_role_type") };

/// GET `/api/applications/{id}/roles`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    HOLDING.list(state, call, &machine(state, call)?.roles)
}

/// POST `/api/applications/{id}/roles`.
pub(super) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = holding::read(call)?;
    let (names, reply) = HOLDING.add(state, &machine(state, call)?.roles, &ids)?;
    app_mut(state, call.param("applicationId"))?.roles = names;
    Ok(reply)
}

/// PUT `/api/applications/{id}/roles`. The answer is the text `OK`.
pub(super) fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    let ids = holding::read(call)?;
    let names = HOLDING.replaced(state, &machine(state, call)?.roles, &ids)?;
    app_mut(state, call.param("applicationId"))?.roles = names;
    Ok(Reply::text(200, "OK"))
}

/// DELETE `/api/applications/{id}/roles/{roleId}`.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let names = Holding::without(state, &machine(state, call)?.roles, call.param("roleId"))?;
    app_mut(state, call.param("applicationId"))?.roles = names;
    Ok(Reply::empty(204))
}
