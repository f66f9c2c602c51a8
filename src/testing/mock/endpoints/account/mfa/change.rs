//! The name of a passkey, and the end of a factor.

use crate::testing::mock::{
    directory::mfa::FactorKind,
    endpoints::account::{
        call::{Call, must_edit},
        guard::{Guard, Rule},
        refusal::{Answer, no_record},
    },
    messages::reply::Reply,
    state::State,
};

/// PATCH `/api/my-account/mfa-verifications/:/name`: passkeys alone have names.
pub(crate) fn rename(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let new_name = guard.text("name", Rule::Any);
    guard.finish()?;
    call.must_be_verified()?;
    must_edit(state, "mfa")?;
    call.must_have("identities", 401)?;
    call.must_be_of_first_party()?;
    let factor = call.user_mut(state)?.factors.iter_mut().find(|factor| factor.id == call.param);
    match factor.map(|factor| &mut factor.kind) {
        Some(FactorKind::Passkey { name, .. }) => *name = Some(new_name),
        _ => return Err(no_record()),
    }
    Ok(Reply::text(200, "OK"))
}

/// DELETE `/api/my-account/mfa-verifications/:`.
pub(crate) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    call.must_be_verified()?;
    call.must_have("identities", 401)?;
    call.must_be_of_first_party()?;
    let known = call.user(state)?.factors.iter().any(|factor| factor.id == call.param);
    if !known {
        return Err(no_record());
    }
    must_edit(state, "mfa")?;
    call.user_mut(state)?.factors.retain(|factor| factor.id != call.param);
    Ok(Reply::empty(204))
}
