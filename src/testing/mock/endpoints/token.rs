//! The token endpoint (RFC 6749 section 3.2) and its grants.

use super::{client, grant};
use crate::testing::mock::{
    directory::AppKind,
    messages::{
        error::{OidcError, OidcResult},
        reply::Reply,
        request::RecordedRequest,
    },
    state::{State, tampering},
};

/// POST `/oidc/token`.
pub(crate) fn token(state: &mut State, request: &RecordedRequest) -> OidcResult {
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
        "authorization_code" => app.kind != AppKind::Machine && !app.device_flow,
        "refresh_token" => app.kind != AppKind::Machine,
        grant::exchange::GRANT_TYPE => app.token_exchange,
        grant::device::GRANT_TYPE => app.device_flow,
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
        grant::device::GRANT_TYPE => grant::device::device(state, &app, form)?,
        _ => return Err(OidcError::new(400, "unsupported_grant_type", "unsupported grant_type requested")),
    };
    Ok(Reply::json(200, &tampering::apply(&mut state.tampering.token_response, response)))
}
