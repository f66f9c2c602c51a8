//! A token of a user for another of the same user (RFC 8693). The branches with a recording are those of subject tokens; personal access
//! tokens, organizations and actors are as Logto's source has them.

use serde_json::{Map, Value};

use crate::{
    clock::random_token,
    testing::mock::{
        access::{self, AccessGranted, Party, Target},
        context::Context,
        error::{OidcError, OidcResult},
        inspect,
        request::Params,
        state::State,
        store::{Authorized, Grant},
        token,
        world::MockApp,
    },
};

pub(in crate::testing::mock) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PERSONAL_ACCESS_TOKEN: &str = "urn:logto:token-type:personal_access_token";

pub(in crate::testing::mock) fn exchange(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let required = |name: &'static str| form.get(name).ok_or_else(|| OidcError::missing(name));
    let (subject_token, kind) = (required("subject_token")?, required("subject_token_type")?);
    let user_id = subject(state, subject_token, kind).ok_or_else(OidcError::invalid_grant)?;
    let actor = actor(state, form)?;
    let target = Target { resource: form.get("resource"), organization: form.get("organization_id") };
    let granted = grant(state, app, &user_id, actor.as_deref(), target, &form.words("scope").unwrap_or_default())?;
    if let Some(token) = state.store.subject_tokens.get_mut(subject_token).filter(|_| kind == ACCESS_TOKEN) {
        token.used = true;
    }
    Ok(token::response(granted, None, None))
}

/// Whose token it is, while it is good. A subject token is used up by one exchange; a personal access token is not.
fn subject(state: &State, token: &str, kind: &str) -> Option<String> {
    let user_id = match kind {
        ACCESS_TOKEN => {
            let token = state.store.subject_tokens.get(token)?;
            (token.expires_at > state.now() && !token.used).then_some(&token.user_id)
        }
        PERSONAL_ACCESS_TOKEN => {
            let token = state.store.personal_access_tokens.get(token)?;
            token.expires_at.is_none_or(|end| end > state.now()).then_some(&token.user_id)
        }
        _ => None,
    }?;
    state.world.user(user_id).filter(|user| !user.suspended).map(|user| user.id.clone())
}

/// Who acts: the user of an opaque access token with the scope `openid`.
fn actor(state: &State, form: &Params) -> OidcResult<Option<String>> {
    let Some(token) = form.get("actor_token") else { return Ok(None) };
    let found = inspect::live_access_token(state, token).filter(|token| {
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
    let refused = || OidcError::new(403, "access_denied", "user is not a member of the organization");
    let user = state.world.user(user_id).ok_or_else(OidcError::invalid_grant)?;
    let available = access::available(&state.world, user.holder(), target).ok_or_else(refused)?;
    if !target.resource.is_none_or(|resource| state.world.knows_resource(resource)) {
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
    state.store.grants.insert(id, Grant::default());
    access::opaque(state, &what, scopes)
}
