//! What users choose about second factors.

use serde_json::json;

use super::{
    call::{Call, must_edit, must_show},
    guard::Guard,
    refusal::Answer,
};
use crate::testing::mock::{directory::mfa::MfaChoices, messages::reply::Reply, state::State};

/// GET `/api/my-account/mfa-settings`.
pub(crate) fn mfa(state: &mut State, call: &Call<'_>) -> Answer {
    may_see(state, call)?;
    Ok(Reply::json(200, &json!({ "skipMfaOnSignIn": call.user(state)?.mfa_choices.skip_on_sign_in })))
}

/// PATCH `/api/my-account/mfa-settings`.
pub(crate) fn change_mfa(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let skip = guard.bool("skipMfaOnSignIn");
    guard.finish()?;
    may_change(state, call)?;
    call.user_mut(state)?.mfa_choices.skip_on_sign_in = skip;
    Ok(Reply::json(200, &json!({ "skipMfaOnSignIn": skip })))
}

/// GET `/api/my-account/logto-configs`.
pub(crate) fn configs(state: &mut State, call: &Call<'_>) -> Answer {
    may_see(state, call)?;
    Ok(Reply::json(200, &call.user(state)?.mfa_choices.shown()))
}

/// PATCH `/api/my-account/logto-configs`: the members given, beside those there are.
pub(crate) fn change_configs(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let change = read_choices(&mut guard);
    guard.finish()?;
    // Nobody has to be verified for that.
    call.must_have("identities", 401)?;
    must_edit(state, "mfa")?;
    let choices = &mut call.user_mut(state)?.mfa_choices;
    change(choices);
    Ok(Reply::json(200, &choices.shown()))
}

/// What a body changes of a user's choices.
pub(crate) fn read_choices(guard: &mut Guard) -> impl FnOnce(&mut MfaChoices) + use<> {
    let (has_mfa, has_passkey) = (guard.members().contains_key("mfa"), guard.members().contains_key("passkeySignIn"));
    let mfa = has_mfa.then(|| {
        guard.nested("mfa", |mfa| ["enabled", "skipped", "skipMfaOnSignIn"].map(|name| mfa.optional_bool(name)))
    });
    let passkey = has_passkey.then(|| guard.nested("passkeySignIn", |passkey| passkey.optional_bool("skipped")));
    move |choices| {
        if let Some([enabled, skipped, skip_on_sign_in]) = mfa.flatten() {
            choices.enabled = enabled.or(choices.enabled);
            choices.skipped = skipped.unwrap_or(choices.skipped);
            choices.skip_on_sign_in = skip_on_sign_in.unwrap_or(choices.skip_on_sign_in);
        }
        choices.passkey_skipped = passkey.flatten().flatten().unwrap_or(choices.passkey_skipped);
    }
}

fn may_see(state: &State, call: &Call<'_>) -> Answer<()> {
    call.must_have("identities", 401)?;
    must_show(state, "mfa")
}

fn may_change(state: &State, call: &Call<'_>) -> Answer<()> {
    call.must_be_verified()?;
    call.must_have("identities", 401)?;
    call.must_be_of_first_party()?;
    must_edit(state, "mfa")
}
