//! The userinfo endpoint (OpenID Connect Core section 5.3).

use serde_json::Value;

use super::client;
use crate::testing::mock::{
    directory::claims::Place,
    messages::{
        error::{Challenge, OidcError, OidcResult},
        reply::Reply,
        request::RecordedRequest,
    },
    state::{State, tampering},
};

/// GET or POST `/oidc/me`. Only opaque access tokens open it.
pub(crate) fn userinfo(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let Some(token) = presented(request)? else {
        let error = OidcError::new(401, "invalid_token", "no access token provided");
        return Err(error.challenge(Challenge::Bare("Bearer")));
    };
    let refused = || {
        let error = OidcError::new(401, "invalid_token", "invalid token provided");
        error.challenge(Challenge::Explained("Bearer"))
    };
    let token = state.live_access_token(token).ok_or_else(refused)?;
    if let Some(app) = state.directory.app(&token.what.client_id) {
        client::check_origin(state, app, request)?;
    }
    let user = state.directory.user(&token.what.user_id).filter(|user| !user.suspended).ok_or_else(refused)?;
    if !token.scopes.iter().any(|scope| scope == "openid") {
        let error = OidcError::new(403, "insufficient_scope", "access token missing openid scope");
        return Err(error.member("scope", Some("openid")).challenge(Challenge::Explained("Bearer")));
    }
    let claims = state.directory.claims(user, &token.scopes, Place::UserInfo);
    Ok(Reply::json(200, &tampering::apply(&mut state.tampering.user_info, Value::Object(claims))))
}

/// The token, which comes in one way: as Bearer or in the form (RFC 6750 section 2).
fn presented(request: &RecordedRequest) -> OidcResult<Option<&str>> {
    let refused =
        |description: &str| Err(OidcError::invalid_request(description).challenge(Challenge::Explained("Bearer")));
    if request.query_value("access_token").is_some() {
        return refused("access tokens must not be provided via query parameter");
    }
    let posted = request.form_params().get("access_token");
    let Some(header) = request.header("authorization") else { return Ok(posted) };
    if posted.is_some() {
        return refused("access token must only be provided using one mechanism");
    }
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_) => refused("authorization header scheme must be `Bearer`"),
        None => refused("invalid authorization header value format"),
    }
}
