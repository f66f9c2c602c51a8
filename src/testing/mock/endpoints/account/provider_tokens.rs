//! Tokens of other providers, from the secret vault.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;

use super::{
    call::{Call, require},
    guard::{Guard, Rule},
    new_identifier,
    refusal::{Answer, failure, refusal},
};
use crate::{
    clock::{random_token, unix_seconds},
    testing::mock::{
        directory::{MockProviderToken, MockUser},
        messages::reply::Reply,
        state::State,
    },
};

/// GET `/api/my-account/identities/:/access-token`.
pub(crate) fn social(state: &mut State, call: &Call<'_>) -> Answer {
    stored(state, call, |user| &mut user.social_tokens)
}

/// GET `/api/my-account/sso-identities/:/access-token`.
pub(crate) fn sso(state: &mut State, call: &Call<'_>) -> Answer {
    stored(state, call, |user| &mut user.sso_tokens)
}

type Tokens = BTreeMap<String, MockProviderToken>;

fn stored(state: &mut State, call: &Call<'_>, tokens: fn(&mut MockUser) -> &mut Tokens) -> Answer {
    may_ask(call)?;
    let (now, another) = (state.now(), random_token()?);
    let user = state.directory.user_mut(&call.user_id).ok_or_else(none)?;
    let token = tokens(user).get_mut(&call.param).ok_or_else(none)?;
    if token.expires_at.is_none_or(|end| unix_seconds(now) < unix_seconds(end)) {
        return Ok(shown(token, unix_seconds(now)));
    }
    if !token.refreshable {
        tokens(user).remove(&call.param);
        return Err(refusal(401, "secrets.third_party_token_set.access_token_expired"));
    }
    token.token = another.into();
    token.expires_at = now.checked_add(token.lifetime.unwrap_or(Duration::from_secs(3600)));
    Ok(shown(token, unix_seconds(now)))
}

/// PUT `/api/my-account/identities/:/access-token`, with the token that a social verification gave.
pub(crate) fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let record = guard.text("verificationRecordId", Rule::NotEmpty);
    guard.finish()?;
    may_ask(call)?;
    let social = new_identifier::social(state, &record)?;
    if social.target != call.param {
        let message = format!("Invalid verification record. Expected {} but got {}.", call.param, social.target);
        return Err(failure(422, "verification_record.social_verification.invalid_target", &message));
    }
    let account = social.account.as_ref().and_then(|account| account.get("id")).cloned();
    let (token, now) = (social.token.clone(), unix_seconds(state.now()));
    let user = state.directory.user_mut(&call.user_id).ok_or_else(none)?;
    let linked = user.identities.get(&call.param).and_then(|identity| identity.get("userId")).cloned();
    let is_own = linked.is_some() && linked == account;
    require(is_own, || refusal(422, "user.identity_not_exists_in_current_user"))?;
    let missing = || refusal(422, "verification_record.social_verification.token_response_not_found");
    let token = token.ok_or_else(missing)?;
    let reply = shown(&token, now);
    user.social_tokens.insert(call.param.clone(), token);
    Ok(reply)
}

/// Of no scope says another code here.
fn may_ask(call: &Call<'_>) -> Answer<()> {
    require(call.token.has_scope("identities"), || refusal(403, "auth.forbidden"))
}

fn none() -> Reply {
    refusal(404, "secrets.third_party_token_set.token_not_found")
}

fn shown(token: &MockProviderToken, now: i64) -> Reply {
    let mut body = json!({ "access_token": token.token.expose(), "token_type": "Bearer" });
    if let Some(body) = body.as_object_mut() {
        body.extend(token.scope.as_ref().map(|scope| ("scope".to_owned(), scope.as_str().into())));
        let expires_in = token.expires_at.map(|end| unix_seconds(end).saturating_sub(now));
        body.extend(expires_in.map(|seconds| ("expires_in".to_owned(), seconds.into())));
    }
    Reply::json(200, &body)
}
