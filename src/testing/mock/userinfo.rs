//! The userinfo endpoint (OpenID Connect Core section 5.3).

use serde_json::Value;

use super::{
    claims::Place,
    error::{Challenge, OidcError, OidcResult},
    inspect,
    reply::Reply,
    request::RecordedRequest,
    state::State,
    tampering,
};

/// GET or POST `/oidc/me`. Only opaque access tokens open it.
pub(super) fn userinfo(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let bearer = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
    let Some(token) = bearer.or_else(|| request.form_params().get("access_token")) else {
        let error = OidcError::new(401, "invalid_token", "no access token provided");
        return Err(error.challenge(Challenge::Bare("Bearer")));
    };
    let refused = || {
        let error = OidcError::new(401, "invalid_token", "invalid token provided");
        error.challenge(Challenge::Explained("Bearer"))
    };
    let token = inspect::live_access_token(state, token.trim()).ok_or_else(refused)?;
    let user = state.world.user(&token.what.user_id).filter(|user| !user.suspended).ok_or_else(refused)?;
    if !token.scopes.iter().any(|scope| scope == "openid") {
        let error = OidcError::new(403, "insufficient_scope", "access token missing openid scope");
        return Err(error.member("scope", Some("openid")).challenge(Challenge::Explained("Bearer")));
    }
    let claims = state.world.claims(user, &token.scopes, Place::UserInfo);
    Ok(Reply::json(200, &tampering::apply(&mut state.tampering.user_info, Value::Object(claims))))
}
