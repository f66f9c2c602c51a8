//! By the password.

use serde_json::json;

use super::judge;
use crate::testing::mock::{
    directory::iso::iso,
    endpoints::account::{
        call::Call,
        guard::{Guard, Rule},
        refusal::{Answer, refusal},
    },
    messages::reply::Reply,
    state::{State, account::records::Kind},
};

/// POST `/api/verifications/password`.
pub(crate) fn verify(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let password = guard.text("password", Rule::NotEmpty);
    guard.finish()?;
    call.must_be_of_first_party()?;
    let is_right = call.user(state)?.is_password(&password);
    let wrong = (!is_right).then(|| refusal(422, "session.invalid_credentials"));
    judge(state, &call.user_id, wrong)?;
    let (id, expires_at) = state.keep_record(Some(call.user_id.clone()), Kind::Password)?;
    Ok(Reply::json(201, &json!({ "verificationRecordId": id, "expiresAt": iso(expires_at) })))
}
