//! Name, picture, user name, custom data, and what else a profile has.

use serde_json::{Map, Value, json};

use super::{
    call::{Call, must_edit, require},
    guard::{Change, Guard, Rule},
    refusal::{Answer, refusal},
};
use crate::testing::mock::{
    directory::{MockUser, claims::millis, profile::PROFILE},
    messages::reply::Reply,
    state::State,
};

/// The field of the account center that governs a member.
const FIELDS: &[(&str, &str)] = &[
    ("name", "name"),
    ("avatar", "avatar"),
    ("username", "username"),
    ("primaryEmail", "email"),
    ("primaryPhone", "phone"),
    ("profile", "profile"),
    ("customData", "customData"),
    ("identities", "social"),
    ("hasPassword", "password"),
];

/// GET `/api/my-account`: what the scopes and the account center let it see. The other members are left out.
pub(crate) fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let user = call.user(state)?;
    let mut body = visible(state, call, user);
    body.insert("hasSecurityVerificationMethod".into(), user.can_verify().into());
    Ok(Reply::json(200, &Value::Object(body)))
}

fn visible(state: &State, call: &Call<'_>, user: &MockUser) -> Map<String, Value> {
    let mut body = Map::from_iter([("id".to_owned(), user.id.as_str().into())]);
    let groups = [
        ("identities", json!({ "identities": user.identities })),
        ("custom_data", json!({ "customData": user.claims.get("custom_data").cloned().unwrap_or_else(|| json!({})) })),
        ("email", json!({ "primaryEmail": user.email })),
        ("phone", json!({ "primaryPhone": user.phone })),
        ("profile", basics(state, user, call)),
    ];
    for (scope, members) in groups {
        if let (true, Value::Object(members)) = (call.token.has_scope(scope), members) {
            body.extend(members);
        }
    }
    let governed = |name: &str| FIELDS.iter().find(|(member, _)| *member == name);
    body.retain(|name, _| governed(name).is_none_or(|(_, field)| state.directory.account_center.shows(field)));
    body
}

fn basics(state: &State, user: &MockUser, call: &Call<'_>) -> Value {
    let sessions = state.sessions.values().filter(|session| session.user_id == user.id);
    let signed_in_at = sessions.map(|session| session.signed_in_at).max();
    json!({
        "username": user.username, "name": user.name, "avatar": user.picture,
        "lastSignInAt": millis(signed_in_at.or(user.created_at)),
        "createdAt": millis(user.created_at), "updatedAt": millis(user.updated_at),
        "profile": profile(user, call), "applicationId": call.token.what.client_id, "cimdClientId": null,
        "isSuspended": user.suspended, "hasPassword": user.password.is_some(),
    })
}

fn profile(user: &MockUser, call: &Call<'_>) -> Value {
    let seen = user.profile().filter(|(name, _)| *name != "address" || call.token.has_scope("address"));
    Value::Object(seen.map(|(name, value)| (name.to_owned(), value.clone())).collect())
}

/// PATCH `/api/my-account`.
pub(crate) fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.nullable_text("name", Rule::Any);
    let avatar = guard.nullable_text("avatar", Rule::Url);
    let username = guard.nullable_text("username", Rule::Username);
    let custom_data = guard.optional_object("customData");
    guard.finish()?;
    for (field, changes) in [
        ("name", name.is_one()),
        ("avatar", avatar.is_one()),
        ("username", username.is_one()),
        ("customData", custom_data.is_some()),
    ] {
        if changes {
            must_edit(state, field)?;
        }
    }
    call.must_have("profile", 400)?;
    if custom_data.is_some() {
        call.must_have("custom_data", 400)?;
    }
    call.must_be_of_first_party()?;
    if let Change::To(username) = &username {
        call.must_be_verified()?;
        check_username(state, call, username.as_deref())?;
    }
    let user = call.user_mut(state)?;
    name.apply(&mut user.name);
    avatar.apply(&mut user.picture);
    username.apply(&mut user.username);
    if let Some(data) = custom_data {
        user.claims.insert("custom_data".into(), Value::Object(data));
    }
    show(state, call)
}

fn check_username(state: &State, call: &Call<'_>, username: Option<&str>) -> Answer<()> {
    let user = call.user(state)?;
    if let Some(name) = username {
        let taken = state.directory.user_with_username(name).is_some_and(|known| known.id != user.id);
        return require(!taken, || refusal(422, "user.username_already_in_use"));
    }
    let others = user.identifiers().saturating_sub(usize::from(user.username.is_some()));
    require(others > 0, || refusal(400, "user.last_sign_in_method_required"))
}

/// PATCH `/api/my-account/profile`: the members given, beside those there are.
pub(crate) fn change_more(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let texts = PROFILE.iter().filter(|(_, name)| *name != "address");
    let texts: Vec<_> =
        texts.filter_map(|(claim, name)| Some((*claim, guard.optional_text(name, Rule::Any)?))).collect();
    let address = guard.optional_object("address");
    guard.finish()?;
    must_edit(state, "profile")?;
    call.must_have("profile", 400)?;
    if address.is_some() {
        call.must_have("address", 400)?;
    }
    call.must_be_of_first_party()?;
    let user = call.user_mut(state)?;
    user.claims.extend(texts.into_iter().map(|(claim, text)| (claim.to_owned(), text.into())));
    user.claims.extend(address.map(|address| ("address".to_owned(), Value::Object(address))));
    let profile = profile(user, call);
    Ok(Reply::json(200, &profile))
}
