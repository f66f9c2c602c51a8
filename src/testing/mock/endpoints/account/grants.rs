//! Which applications the user has let in.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::{
    call::{Call, must_edit, must_show, require},
    guard::wrong_query,
    refusal::{Answer, refusal},
};
use crate::{
    clock::{random_token, unix_seconds},
    testing::mock::{
        directory::{MockApp, claims::millis},
        messages::{reply::Reply, request::RecordedRequest},
        state::{State, session::Session, store::Grant},
    },
};

const SCOPE: &str = "urn:logto:scope:sessions";
/// Logto's default.
const LIFETIME: Duration = Duration::from_secs(180 * 24 * 3600);

/// GET `/api/my-account/grants`, the oldest first.
pub(crate) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let wanted = wanted(call.request)?;
    call.must_be_verified()?;
    must_show(state, "session")?;
    call.must_have(SCOPE, 401)?;
    Ok(Reply::json(200, &json!({ "grants": of(state, &call.user_id, wanted) })))
}

/// Of which applications: `Some(true)` of third parties, `None` of all.
pub(crate) fn wanted(request: &RecordedRequest) -> Answer<Option<bool>> {
    match request.query_value("appType") {
        None => Ok(None),
        Some("firstParty") => Ok(Some(false)),
        Some("thirdParty") => Ok(Some(true)),
        Some(unknown) => Err(wrong_query("appType", unknown, &["firstParty", "thirdParty"])),
    }
}

/// The grants of a user, the oldest first.
pub(crate) fn of(state: &State, user_id: &str, wanted: Option<bool>) -> Vec<Value> {
    let own = state.store.grants.iter().filter(|(_, grant)| grant.user_id == user_id);
    let mut grants: Vec<_> =
        own.filter_map(|(id, grant)| Some((id, grant, state.directory.app(&grant.client_id)?))).collect();
    grants.retain(|(_, _, app)| wanted.is_none_or(|third_party| app.third_party == third_party));
    grants.sort_by_key(|(id, grant, _)| (grant.given_at.duration_since(UNIX_EPOCH).ok(), *id));
    grants.into_iter().map(|(id, grant, app)| shown(id, grant, app)).collect()
}

fn shown(id: &str, grant: &Grant, app: &MockApp) -> Value {
    let expires_at = grant.given_at.checked_add(LIFETIME).unwrap_or(grant.given_at);
    let scope = grant.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut payload = json!({
        "exp": unix_seconds(expires_at), "iat": unix_seconds(grant.given_at), "jti": id, "kind": "Grant",
        "clientId": grant.client_id, "accountId": grant.user_id, "openid": { "scope": scope },
    });
    let resources: Map<_, _> = grant
        .resource_scopes
        .iter()
        .map(|(resource, scopes)| {
            (resource.clone(), scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ").into())
        })
        .collect();
    if let (Some(payload), false) = (payload.as_object_mut(), resources.is_empty()) {
        payload.insert("resources".to_owned(), Value::Object(resources));
    }
    json!({
        "id": id, "payload": payload, "expiresAt": millis(Some(expires_at)),
        "application": { "id": app.id, "name": app.name },
    })
}

/// DELETE `/api/my-account/grants/:`. The session forgets the application, and its browser forgets the session.
pub(crate) fn end(state: &mut State, call: &Call<'_>) -> Answer {
    call.must_be_verified()?;
    must_edit(state, "session")?;
    call.must_have(SCOPE, 401)?;
    call.must_be_of_first_party()?;
    revoke(state, &call.user_id, &call.param)?;
    Ok(Reply::empty(204))
}

/// Ends a grant of a user.
pub(crate) fn revoke(state: &mut State, user_id: &str, grant_id: &str) -> Answer<()> {
    let own = state.store.grants.get(grant_id).is_some_and(|grant| grant.user_id == user_id);
    require(own, || refusal(404, "oidc.invalid_grant"))?;
    state.store.revoke(grant_id);
    let has_it = |(_, session): &(&String, &Session)| session.apps.values().any(|app| app.grant == grant_id);
    let id = state.sessions.iter().find(has_it).map(|(id, _)| id.clone());
    if let Some(mut session) = id.and_then(|id| state.sessions.remove(&id)) {
        session.apps.retain(|_, app| app.grant != grant_id);
        state.sessions.insert(random_token()?, session);
    }
    Ok(())
}
