//! Accounts that a user has elsewhere.

use serde_json::{Value, json};

use super::{shown, user, user_mut};
use crate::testing::mock::{
    directory::MockUser,
    endpoints::{
        account::{
            call::require,
            guard::{Guard, Rule},
            refusal::{Answer, failure, refusal},
        },
        management::Call,
    },
    messages::reply::Reply,
    state::State,
};

/// GET `/api/users/{id}/identities/{target}`.
pub(super) fn show(state: &mut State, call: &Call<'_>) -> Answer {
    let identity = user(state, call)?.identities.get(call.param("target"));
    let identity = identity.ok_or_else(|| refusal(404, "user.identity_not_exist"))?;
    Ok(Reply::json(200, &json!({ "identity": identity })))
}

/// GET `/api/users/{id}/all-identities`.
pub(super) fn all(state: &mut State, call: &Call<'_>) -> Answer {
    let user = user(state, call)?;
    let social = user.identities.iter().map(|(target, identity)| json!({ "identity": identity, "target": target }));
    let enterprise = user.claims.get("sso_identities").cloned().unwrap_or_else(|| json!([]));
    Ok(Reply::json(200, &json!({ "socialIdentities": social.collect::<Vec<_>>(), "ssoIdentities": enterprise })))
}

/// PUT `/api/users/{id}/identities/{target}`. There need not be a connector for the target (`73-identity-put-unknown.json`).
pub(super) fn put(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let account = guard.text("userId", Rule::Any);
    let details = guard.optional_object("details");
    guard.finish()?;
    user(state, call)?;
    let target = call.param("target");
    let has_it =
        |user: &MockUser| user.identities.get(target).and_then(|known| known.get("userId")) == Some(&json!(account));
    let taken = state.directory.users.iter().any(|user| user.id != call.param("userId") && has_it(user));
    require(!taken, || refusal(422, "user.identity_already_in_use"))?;
    let mut identity = json!({ "userId": account });
    if let (Some(members), Some(details)) = (identity.as_object_mut(), details) {
        members.insert("details".to_owned(), details.into());
    }
    let user = user_mut(state, call)?;
    let status = if user.identities.insert(target.to_owned(), identity).is_some() { 200 } else { 201 };
    Ok(Reply::json(status, &Value::Object(user.identities.clone())))
}

/// POST `/api/users/{id}/identities`. No connector here reads what its provider told an application, so that this is refused.
pub(super) fn link(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let connector = guard.text("connectorId", Rule::Any);
    guard.object("connectorData");
    guard.finish()?;
    user(state, call)?;
    let is_known = state.directory.connector(&connector).is_some();
    let message = || format!("The connector with ID `{connector}` does not exist.");
    require(is_known, || failure(404, "entity.not_found", &message()))?;
    Err(refusal(400, "connector.social_auth_code_invalid"))
}

/// DELETE `/api/users/{id}/identities/{target}`. The token of the provider goes, too.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let target = call.param("target");
    let is_there = user(state, call)?.identities.contains_key(target);
    require(is_there, || refusal(404, "user.identity_not_exist"))?;
    let user = user_mut(state, call)?;
    user.identities.remove(target);
    user.social_tokens.remove(target);
    shown(state, call)
}

/// GET `/api/users/{id}/sso-identities/{ssoConnectorId}`.
pub(super) fn enterprise(state: &mut State, call: &Call<'_>) -> Answer {
    let identities = user(state, call)?.claims.get("sso_identities").and_then(Value::as_array);
    let id = call.param("ssoConnectorId");
    let is_it = |identity: &&Value| identity.get("ssoConnectorId").and_then(Value::as_str) == Some(id);
    match identities.into_iter().flatten().find(is_it) {
        Some(identity) => Ok(Reply::json(200, &json!({ "ssoIdentity": identity }))),
        None => Err(refusal(404, "user.sso_identity_not_exist")),
    }
}
