//! The token endpoint (RFC 6749 section 3.2) and the response that all grants share.

use serde_json::{Map, Value, json};

use super::{
    access::AccessGranted,
    claims::Place,
    client, device,
    error::{OidcError, OidcResult},
    grant,
    reply::Reply,
    request::RecordedRequest,
    state::State,
    store::Authorized,
    tampering,
    world::{AppKind, MockApp},
};

/// POST `/oidc/token`.
pub(super) fn token(state: &mut State, request: &RecordedRequest) -> OidcResult {
    if !request.has_readable_body() {
        let description = "only application/x-www-form-urlencoded content-type bodies are supported on POST /token";
        return Err(OidcError::invalid_request(description));
    }
    let form = request.form_params();
    if let Some(name) = form.repeated() {
        return Err(OidcError::repeated(name));
    }
    let app = client::authenticate(state, request)?;
    let kind = form.get("grant_type").ok_or_else(|| OidcError::missing("grant_type"))?;
    let is_allowed = match kind {
        "client_credentials" => app.kind == AppKind::Machine,
        "authorization_code" | "refresh_token" => app.kind != AppKind::Machine,
        grant::exchange::GRANT_TYPE => app.token_exchange,
        device::GRANT_TYPE => app.device_flow,
        _ => true,
    };
    if !is_allowed {
        return Err(OidcError::invalid_request("requested grant type is not allowed for this client"));
    }
    let response = match kind {
        "authorization_code" => grant::code::exchange(state, &app, form)?,
        "refresh_token" => grant::refresh::refresh(state, &app, form)?,
        "client_credentials" => grant::machine::machine(state, &app, form)?,
        grant::exchange::GRANT_TYPE => grant::exchange::exchange(state, &app, form)?,
        device::GRANT_TYPE => grant::device::device(state, &app, form)?,
        _ => return Err(OidcError::new(400, "unsupported_grant_type", "unsupported grant_type requested")),
    };
    Ok(Reply::json(200, &tampering::apply(&mut state.tampering.token_response, response)))
}

/// RFC 6749 section 5.1, with the ID token of OpenID Connect Core section 3.1.3.3.
pub(super) fn response(access: AccessGranted, id_token: Option<String>, refresh_token: Option<String>) -> Value {
    let mut members = Map::new();
    members.insert("access_token".into(), access.token.into());
    members.insert("expires_in".into(), access.expires_in.into());
    members.extend(id_token.map(|token| ("id_token".into(), token.into())));
    members.extend(refresh_token.map(|token| ("refresh_token".into(), token.into())));
    members.extend(access.scope.map(|scope| ("scope".into(), scope.into())));
    members.insert("token_type".into(), "Bearer".into());
    Value::Object(members)
}

/// The ID token for what was authorized, with the claims that these scopes give.
pub(super) fn id_token(state: &mut State, app: &MockApp, what: &Authorized, scopes: &[String]) -> OidcResult<String> {
    let user = state.world.user(&what.user_id).ok_or_else(OidcError::invalid_grant)?;
    let mut claims = state.world.claims(user, scopes, Place::IdToken);
    claims.extend(what.nonce.as_deref().map(|nonce| ("nonce".into(), nonce.into())));
    claims.extend(what.auth_time.map(|time| ("auth_time".into(), time.into())));
    claims.extend(state.authentication(what));
    if app.backchannel_session_required {
        claims.insert("sid".into(), what.sid.as_str().into());
    }
    state.stamp(&mut claims, &app.id, state.lifetimes.id_token);
    state.sign_id_token(json!(claims))
}
