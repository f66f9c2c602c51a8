//! The password.

use serde_json::json;

use super::{
    call::{Call, must_edit, require},
    guard::{Guard, Rule},
    password_policy::issues,
    refusal::{Answer, refusal},
};
use crate::testing::mock::{directory::password::Password, messages::reply::Reply, state::State};

/// POST `/api/my-account/password`. What the user has signed in to goes on.
pub(crate) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let password = guard.text("password", Rule::NotEmpty);
    guard.finish()?;
    call.must_be_of_first_party()?;
    call.must_be_verified_if_possible(state)?;
    must_edit(state, "password")?;
    let user = call.user_mut(state)?;
    let issues = issues(&password, user);
    if !issues.is_empty() {
        let message = "Password rejected. Please check if your password meets the requirements.";
        return Err(Reply::json(422, &json!({ "code": "password.rejected", "data": issues, "message": message })));
    }
    require(!user.is_password(&password), || refusal(422, "user.same_password"))?;
    user.password = Some(Password::Plain(password.into()));
    Ok(Reply::empty(204))
}
