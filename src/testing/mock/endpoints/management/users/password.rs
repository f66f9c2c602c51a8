//! Passwords. The password policy is not applied here.

use serde_json::json;

use super::{shown, user, user_mut};
use crate::testing::mock::{
    directory::password::Password,
    endpoints::{
        account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, refusal},
        },
        management::Call,
    },
    messages::reply::Reply,
    state::State,
};

/// PATCH `/api/users/{id}/password`.
pub(super) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let password = read(call)?;
    user_mut(state, call)?.password = Some(Password::Plain(password.into()));
    shown(state, call)
}

/// POST `/api/users/{id}/password/verify`.
pub(super) fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let password = read(call)?;
    let is_right = user(state, call)?.is_password(&password);
    require(is_right, || refusal(422, "session.invalid_credentials"))?;
    Ok(Reply::empty(204))
}

/// GET `/api/users/{id}/has-password`.
pub(super) fn is_set(state: &mut State, call: &Call<'_>) -> Answer {
    let is_set = user(state, call)?.password.is_some();
    Ok(Reply::json(200, &json!({ "hasPassword": is_set })))
}

fn read(call: &Call<'_>) -> Answer<String> {
    let mut guard = Guard::read(call.request)?;
    let password = guard.text("password", Rule::NotEmpty);
    guard.finish()?;
    Ok(password)
}
