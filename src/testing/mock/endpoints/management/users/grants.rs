//! Which applications a user has let in.

use serde_json::json;

use crate::testing::mock::{
    endpoints::{
        account::{grants, refusal::Answer},
        management::Call,
    },
    messages::reply::Reply,
    state::State,
};

/// GET `/api/users/{id}/grants`, the oldest first. A user who does not exist has none.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let wanted = grants::wanted(call.request)?;
    Ok(Reply::json(200, &json!({ "grants": grants::of(state, call.param("userId"), wanted) })))
}

/// DELETE `/api/users/{id}/grants/{grantId}`.
pub(super) fn end(state: &mut State, call: &Call<'_>) -> Answer {
    grants::revoke(state, call.param("userId"), call.param("grantId"))?;
    Ok(Reply::empty(204))
}
