//! Where a user is signed in.

use serde_json::{Value, json};

use crate::testing::mock::{
    endpoints::{
        account::{
            call::require,
            refusal::{Answer, refusal},
            sessions,
        },
        management::Call,
    },
    messages::reply::Reply,
    state::State,
};

/// GET `/api/users/{id}/sessions`. A user who does not exist has none.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the handlers")]
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let shown: Vec<_> = all(state, call).into_iter().map(|(_, shown)| shown).collect();
    Ok(Reply::json(200, &json!({ "sessions": shown })))
}

/// GET `/api/users/{id}/sessions/{sessionId}`.
pub(super) fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let found = all(state, call).into_iter().find(|(uid, _)| uid == call.param("sessionId"));
    found.map(|(_, shown)| Reply::json(200, &shown)).ok_or_else(none)
}

fn all(state: &State, call: &Call<'_>) -> Vec<(String, Value)> {
    let Some(user) = state.directory.user(call.param("userId")) else { return Vec::new() };
    let sessions = sessions::of(state, &user.id).into_iter();
    sessions.map(|session| (session.1.uid.clone(), sessions::shown(state, user, session))).collect()
}

/// DELETE `/api/users/{id}/sessions/{sessionId}`. No back-channel logout is made.
pub(super) fn end(state: &mut State, call: &Call<'_>) -> Answer {
    let target = sessions::grants_target(call.request)?;
    let found = state.session_called(call.param("sessionId"));
    let (id, owner) = found.map(|(id, session)| (id.clone(), session.user_id.clone())).ok_or_else(none)?;
    require(owner == call.param("userId"), || refusal(404, "oidc.invalid_session_account_id"))?;
    if let Some(session) = state.sessions.remove(&id) {
        sessions::revoke(state, &session, target);
    }
    Ok(Reply::empty(204))
}

fn none() -> Reply {
    refusal(404, "oidc.session_not_found")
}
