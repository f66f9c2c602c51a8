//! ID tokens (OpenID Connect Core section 2).

use serde_json::json;

use crate::testing::mock::{
    directory::{MockApp, claims::Place},
    messages::error::{OidcError, OidcResult},
    state::{State, store::Authorized},
};

/// The ID token for what was authorized, with the claims that these scopes give.
pub(crate) fn issue(state: &mut State, app: &MockApp, what: &Authorized, scopes: &[String]) -> OidcResult<String> {
    let user = state.directory.user(&what.user_id).ok_or_else(OidcError::invalid_grant)?;
    let mut claims = state.directory.claims(user, scopes, Place::IdToken);
    claims.extend(what.nonce.as_deref().map(|nonce| ("nonce".into(), nonce.into())));
    claims.extend(what.auth_time.map(|time| ("auth_time".into(), time.into())));
    claims.extend(state.authentication(what));
    if app.backchannel_session_required {
        claims.insert("sid".into(), what.sid.as_str().into());
    }
    state.stamp(&mut claims, &app.id, app.id_token_ttl().unwrap_or(state.lifetimes.id_token));
    state.sign_id_token(json!(claims))
}
