//! A token of a user for another of the same user (RFC 8693).

use serde_json::{Map, Value};

use crate::{
    clock::random_token,
    testing::mock::{
        directory::MockApp,
        messages::{
            error::{OidcError, OidcResult},
            request::Params,
        },
        state::{
            State,
            context::Context,
            store::{Authorized, Grant},
        },
        tokens::{
            access::{self, AccessGranted, Party, Target},
            response::token_response,
        },
    },
};

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const IMPERSONATION_TOKEN: &str = "urn:logto:token-type:impersonation_token";
const PERSONAL_ACCESS_TOKEN: &str = "urn:logto:token-type:personal_access_token";

pub(crate) fn exchange(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let required = |name: &'static str| form.get(name).ok_or_else(|| OidcError::missing(name));
    let (subject_token, kind) = (required("subject_token")?, required("subject_token_type")?);
    let user_id = subject(state, subject_token, kind).ok_or_else(OidcError::invalid_grant)?;
    state.check_application_access(&app.id, &user_id)?;
    let actor = actor(state, form)?;
    let target = Target { resource: form.only("resource"), organization: form.get("organization_id") };
    let granted = grant(state, app, &user_id, actor.as_deref(), target, &form.words("scope").unwrap_or_default())?;
    if let Some(token) = state.store.subject_tokens.get_mut(subject_token) {
        token.used = true;
    }
    Ok(token_response(granted, None, None))
}

/// Whose token it is, while it is good. A subject token is used up by one exchange; the others are not.
fn subject(state: &State, token: &str, kind: &str) -> Option<String> {
    let user_id = match kind {
        ACCESS_TOKEN => subject_token(state, token).or_else(|| access_token(state, token)),
        IMPERSONATION_TOKEN => subject_token(state, token),
        PERSONAL_ACCESS_TOKEN => {
            let token = state.store.personal_access_tokens.iter().find(|known| known.value == token)?;
            token.expires_at.is_none_or(|end| end > state.now()).then(|| token.user_id.clone())
        }
        _ => None,
    }?;
    state.directory.user(&user_id).filter(|user| !user.suspended)?;
    Some(user_id)
}

/// A token of the Management API.
fn subject_token(state: &State, token: &str) -> Option<String> {
    let token = state.store.subject_tokens.get(token)?;
    (token.expires_at > state.now() && !token.used).then(|| token.user_id.clone())
}

/// A user's own access token, opaque or JWT.
fn access_token(state: &State, token: &str) -> Option<String> {
    if let Some(found) = state.live_access_token(token) {
        return Some(found.what.user_id.clone());
    }
    let claims = state.keys.verify(token)?;
    let is_good = claims.get("exp")?.as_i64()? > state.now_seconds() && claims.get("iss")? == &state.issuer;
    // ID tokens have none.
    claims.get("client_id").filter(|_| is_good)?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// Who acts: the user of an opaque access token with the scope `openid`.
fn actor(state: &State, form: &Params) -> OidcResult<Option<String>> {
    let Some(token) = form.get("actor_token") else { return Ok(None) };
    let found = state.live_access_token(token).filter(|token| {
        form.get("actor_token_type") == Some(ACCESS_TOKEN) && token.scopes.iter().any(|scope| scope == "openid")
    });
    found.map(|token| Some(token.what.user_id.clone())).ok_or_else(OidcError::invalid_grant)
}

fn grant(
    state: &mut State,
    app: &MockApp,
    user_id: &str,
    actor: Option<&str>,
    target: Target<'_>,
    scopes: &[String],
) -> OidcResult<AccessGranted> {
    if target.resource.is_none() && target.organization.is_none() {
        return opaque(state, app, user_id, scopes);
    }
    let user = state.directory.user(user_id).ok_or_else(OidcError::invalid_grant)?;
    let available = access::available_to_user(&state.directory, user, target)?;
    if !target.resource.is_none_or(|resource| state.directory.knows_resource(resource)) {
        return Err(OidcError::invalid_target());
    }
    let scope = access::intersection(available, scopes).join(" ");
    access::signed(state, &Party { client_id: &app.id, subject: user_id, actor }, target, Some(scope), Map::new())
}

/// Without a resource the token is for Logto itself. It belongs to no session, so no sign-out ends it.
fn opaque(state: &mut State, app: &MockApp, user_id: &str, scopes: &[String]) -> OidcResult<AccessGranted> {
    let id = random_token()?;
    let what = Authorized {
        grant: id.clone(),
        client_id: app.id.clone(),
        user_id: user_id.to_owned(),
        session: String::new(),
        sid: String::new(),
        scopes: vec!["offline_access".to_owned()],
        resources: Vec::new(),
        nonce: None,
        auth_time: None,
        context: Context::default(),
    };
    state.store.grants.insert(id, Grant::new(&app.id, user_id, state.now()));
    access::opaque(state, &what, scopes)
}
