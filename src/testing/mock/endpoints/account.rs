//! The Account API, as far as a user reads and changes the profile.

use serde_json::{Map, Value, json};

use super::management::failure;
use crate::testing::mock::{
    directory::{MockUser, claims::millis},
    messages::{reply::Reply, request::RecordedRequest},
    state::{State, store::AccessToken},
};

const UNAUTHORIZED: &str = "Unauthorized. Please check credentials and its scope.";

/// Claims with the names that the Account API has for them.
const PROFILE: &[(&str, &str)] = &[
    ("family_name", "familyName"),
    ("given_name", "givenName"),
    ("middle_name", "middleName"),
    ("nickname", "nickname"),
    ("profile", "profile"),
    ("website", "website"),
    ("gender", "gender"),
    ("birthdate", "birthdate"),
    ("zoneinfo", "zoneinfo"),
    ("locale", "locale"),
    ("address", "address"),
];

/// Anything under `/api/my-account`. An opaque access token with the scope `openid` opens it.
pub(crate) fn account(state: &mut State, request: &RecordedRequest) -> Reply {
    let reply = match caller(state, request) {
        None => failure(401, "auth.unauthorized", UNAUTHORIZED),
        Some(token) => match (request.method(), request.path()) {
            ("GET", "/api/my-account") => shown(state, &token),
            ("PATCH", "/api/my-account") => change(state, &token, request),
            ("PATCH", "/api/my-account/profile") => change_profile(state, &token, request),
            _ => Reply::text(404, "Not Found"),
        },
    };
    reply.header("access-control-allow-origin", "*")
}

fn caller(state: &State, request: &RecordedRequest) -> Option<AccessToken> {
    let token = state.live_access_token(request.header("authorization")?.strip_prefix("Bearer ")?)?;
    let user = state.directory.user(&token.what.user_id)?;
    (token.has_scope("openid") && !user.suspended).then(|| token.clone())
}

/// What the token's scopes let it see. The other members are left out.
fn shown(state: &State, token: &AccessToken) -> Reply {
    let Some(user) = state.directory.user(&token.what.user_id) else {
        return failure(401, "auth.unauthorized", UNAUTHORIZED);
    };
    let mut body = Map::from_iter([("id".to_owned(), user.id.as_str().into())]);
    let groups = [
        ("identities", json!({ "identities": user.identities })),
        ("custom_data", json!({ "customData": user.claims.get("custom_data").cloned().unwrap_or_else(|| json!({})) })),
        ("email", json!({ "primaryEmail": user.email })),
        ("phone", json!({ "primaryPhone": user.phone })),
        ("profile", basics(state, user, token)),
    ];
    for (scope, members) in groups {
        if let (true, Value::Object(members)) = (token.has_scope(scope), members) {
            body.extend(members);
        }
    }
    let can_verify = user.password.is_some() || user.email.is_some() || user.phone.is_some();
    body.insert("hasSecurityVerificationMethod".into(), can_verify.into());
    Reply::json(200, &Value::Object(body))
}

fn basics(state: &State, user: &MockUser, token: &AccessToken) -> Value {
    let signed_in_at = state.sessions.get(&token.what.session).map(|session| session.signed_in_at);
    json!({
        "username": user.username, "name": user.name, "avatar": user.picture,
        "lastSignInAt": millis(signed_in_at.or(user.created_at)),
        "createdAt": millis(user.created_at), "updatedAt": millis(user.updated_at),
        "profile": profile(user, token), "applicationId": token.what.client_id, "cimdClientId": null,
        "isSuspended": user.suspended, "hasPassword": user.password.is_some(),
    })
}

fn profile(user: &MockUser, token: &AccessToken) -> Value {
    let seen = PROFILE.iter().filter(|(claim, _)| *claim != "address" || token.has_scope("address"));
    let members = seen.filter_map(|(claim, name)| Some(((*name).to_owned(), user.claims.get(*claim)?.clone())));
    Value::Object(members.collect())
}

/// Name, picture and custom data. A user name is changed by who has verified again, which needs routes that are not here.
fn change(state: &mut State, token: &AccessToken, request: &RecordedRequest) -> Reply {
    let Ok(Value::Object(changes)) = serde_json::from_slice(request.body()) else { return invalid() };
    let text = |name: &str| changes.get(name).map(|value| value.as_str().map(str::to_owned).ok_or(value.is_null()));
    let (name, avatar) = (text("name"), text("avatar"));
    let is_text = |change: &Option<Result<String, bool>>| !matches!(change, Some(Err(false)));
    let custom_data = changes.get("customData");
    if !is_text(&name) || !is_text(&avatar) || custom_data.is_some_and(|data| !data.is_object()) {
        return invalid();
    }
    if changes.contains_key("username") {
        let message = "Permission denied, please re-authenticate.";
        return failure(401, "verification_record.permission_denied", message);
    }
    let may = (token.has_scope("profile") || (name.is_none() && avatar.is_none()))
        && (token.has_scope("custom_data") || custom_data.is_none());
    if !may {
        return failure(400, "auth.unauthorized", UNAUTHORIZED);
    }
    let custom_data = custom_data.cloned();
    alter(state, token, |user| {
        if let Some(name) = name {
            user.name = name.ok();
        }
        if let Some(avatar) = avatar {
            user.picture = avatar.ok();
        }
        if let Some(data) = custom_data {
            user.claims.insert("custom_data".into(), data);
        }
    });
    shown(state, token)
}

/// The members given, beside those there are.
fn change_profile(state: &mut State, token: &AccessToken, request: &RecordedRequest) -> Reply {
    let Ok(Value::Object(changes)) = serde_json::from_slice(request.body()) else { return invalid() };
    if changes.iter().any(|(name, value)| !value.is_string() && name != "address") {
        return invalid();
    }
    if !token.has_scope("profile") {
        return failure(400, "auth.unauthorized", UNAUTHORIZED);
    }
    alter(state, token, |user| {
        for (claim, name) in PROFILE {
            if let Some(value) = changes.get(*name) {
                user.claims.insert((*claim).to_owned(), value.clone());
            }
        }
    });
    let all = |claim: &str, user: &MockUser| user.claims.get(claim).cloned();
    let user = state.directory.user(&token.what.user_id);
    let members = PROFILE.iter().filter_map(|(claim, name)| Some(((*name).to_owned(), all(claim, user?)?)));
    Reply::json(200, &Value::Object(members.collect()))
}

fn alter(state: &mut State, token: &AccessToken, change: impl FnOnce(&mut MockUser)) {
    let now = state.now();
    if let Some(user) = state.directory.users.iter_mut().find(|user| user.id == token.what.user_id) {
        change(user);
        user.updated_at = Some(now);
    }
}

fn invalid() -> Reply {
    failure(400, "guard.invalid_input", "The request body is invalid.")
}
