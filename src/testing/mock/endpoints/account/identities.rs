//! Accounts that the user has elsewhere.

use serde_json::{Value, json};

use super::{
    call::{Call, must_edit, require},
    guard::{Guard, Rule},
    new_identifier,
    refusal::{Answer, refusal},
};
use crate::testing::mock::{messages::reply::Reply, state::State};

/// POST `/api/my-account/identities`.
pub(crate) fn add(state: &mut State, call: &Call<'_>) -> Answer {
    link(state, call, false)
}

/// PUT `/api/my-account/identities`: also in the place of another account at the same provider.
pub(crate) fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    link(state, call, true)
}

fn link(state: &mut State, call: &Call<'_>, replaces: bool) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let record = guard.text("newIdentifierVerificationRecordId", Rule::Any);
    guard.finish()?;
    must_edit(state, "social")?;
    call.must_have("identities", 401)?;
    call.must_be_of_first_party()?;
    call.must_be_verified_if_possible(state)?;
    let social = new_identifier::social(state, &record)?;
    let (target, token) = (social.target.clone(), social.token.clone());
    let account = social.account.clone().unwrap_or_default();
    let id = account.get("id").cloned().unwrap_or_default();
    let is_linked = |identity: Option<&Value>| identity.and_then(|identity| identity.get("userId")) == Some(&id);
    let others = state.directory.users.iter().filter(|user| user.id != call.user_id);
    let taken = others.map(|user| user.identities.get(&target)).any(is_linked);
    require(!taken, || refusal(422, "user.identity_already_in_use"))?;
    let user = call.user_mut(state)?;
    require(replaces || !user.identities.contains_key(&target), || refusal(400, "user.identity_already_in_use"))?;
    if token.is_none() && !is_linked(user.identities.get(&target)) {
        user.social_tokens.remove(&target);
    }
    user.identities.insert(target.clone(), json!({ "userId": id, "details": account }));
    user.social_tokens.extend(token.map(|token| (target, token)));
    Ok(Reply::empty(204))
}

/// DELETE `/api/my-account/identities/:`. The token of the provider goes, too.
pub(crate) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    must_edit(state, "social")?;
    call.must_have("identities", 400)?;
    call.must_be_of_first_party()?;
    call.must_be_verified_if_possible(state)?;
    let user = call.user(state)?;
    require(user.identities.contains_key(&call.param), || refusal(404, "user.identity_not_exist"))?;
    require(user.identifiers() > 1, || refusal(400, "user.last_sign_in_method_required"))?;
    let user = call.user_mut(state)?;
    user.identities.remove(&call.param);
    user.social_tokens.remove(&call.param);
    Ok(Reply::empty(204))
}
