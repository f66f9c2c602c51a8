//! A user, and what becomes of it.

use serde_json::{Value, json};

use super::{creation::check_names, profile, shown, user, user_mut};
use crate::testing::mock::{
    endpoints::{
        account::{
            guard::{Change, Guard, Rule},
            refusal::Answer,
        },
        management::Call,
    },
    messages::{
        ordered::{list, stored},
        reply::Reply,
    },
    state::{State, webhook_json::user_json},
};

/// GET `/api/users/{id}`.
pub(super) fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let user = user(state, call)?;
    let mut body = user_json(user, true);
    if call.says("includeSsoIdentities") {
        let enterprise = user.claims.get("sso_identities").and_then(Value::as_array);
        let enterprise = list(enterprise.into_iter().flatten().map(stored));
        body = format!("{},\"ssoIdentities\":{enterprise}}}", body.trim_end_matches('}'));
    }
    Ok(Reply::json_text(200, body))
}

/// PATCH `/api/users/{id}`. An empty text takes away, as `null` does.
pub(super) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let username = guard.clearable_text("username", Rule::Username);
    let email = guard.clearable_text("primaryEmail", Rule::Email);
    let phone = guard.clearable_text("primaryPhone", Rule::Digits);
    let name = guard.clearable_text("name", Rule::Any);
    let avatar = guard.clearable_text("avatar", Rule::Url);
    let custom_data = guard.optional_object("customData");
    let profile = profile::read(&mut guard);
    guard.finish()?;
    user(state, call)?;
    let new = |change: &Change| match change {
        Change::To(Some(text)) => Some(text.clone()),
        _ => None,
    };
    let names = [new(&username), new(&email), new(&phone)];
    check_names(state, Some(call.param("userId")), names.each_ref().map(Option::as_deref))?;
    let user = user_mut(state, call)?;
    username.apply(&mut user.username);
    email.apply(&mut user.email);
    phone.apply(&mut user.phone);
    name.apply(&mut user.name);
    avatar.apply(&mut user.picture);
    user.claims.extend(custom_data.map(|data| ("custom_data".to_owned(), data.into())));
    if let Some(profile) = profile {
        user.clear_profile();
        user.extend_profile(profile);
    }
    shown(state, call)
}

/// GET `/api/users/{id}/custom-data`.
pub(super) fn custom_data(state: &mut State, call: &Call<'_>) -> Answer {
    let data = user(state, call)?.claims.get("custom_data").cloned();
    Ok(Reply::json_text(200, stored(&data.unwrap_or_else(|| json!({})))))
}

/// PATCH `/api/users/{id}/custom-data`: the members given, beside those there are.
pub(super) fn change_custom_data(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let members = guard.object("customData");
    guard.finish()?;
    let data = user_mut(state, call)?.claims.entry("custom_data").or_insert_with(|| json!({}));
    match data.as_object_mut() {
        Some(data) => data.extend(members),
        None => *data = members.into(),
    }
    custom_data(state, call)
}

/// PATCH `/api/users/{id}/is-suspended`. A suspended user is signed out; no back-channel logout is made.
pub(super) fn suspend(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let suspended = guard.bool("isSuspended");
    guard.finish()?;
    user_mut(state, call)?.suspended = suspended;
    if suspended {
        state.sign_out(call.param("userId"));
    }
    shown(state, call)
}

/// DELETE `/api/users/{id}`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let gone = user(state, call)?.clone();
    state.sign_out(&gone.id);
    state.store.forget_user(&gone.id);
    state.directory.users.retain(|user| user.id != gone.id);
    call.tell(state, "User.Deleted", 204, vec![("data", user_json(&gone, false))]);
    Ok(Reply::empty(204))
}
