//! Pushed authorization requests (RFC 9126).

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::{
    authorize, client,
    error::{OidcError, OidcResult},
    reply::Reply,
    request::{Params, RecordedRequest},
    state::State,
};
use crate::clock::{random_token, whole_seconds};

const LIFETIME: Duration = Duration::from_secs(60);
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A request that waits for its browser.
#[derive(Debug)]
pub(super) struct Pushed {
    client_id: String,
    params: Params,
    expires_at: SystemTime,
}

/// POST `/oidc/request`.
pub(super) fn push(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let app = client::authenticate(state, request)?;
    let params = request.form_params().clone().with("client_id", &app.id);
    if params.get("request_uri").is_some() {
        return Err(OidcError::without_description("request_uri_not_supported"));
    }
    authorize::examine(state, &params).map_err(OidcError::of_pushed)?;
    let uri = format!("{PREFIX}{}", random_token()?);
    let pushed = Pushed { client_id: app.id, params, expires_at: state.after(LIFETIME) };
    state.pushed.insert(uri.clone(), pushed);
    Ok(Reply::json(201, &json!({ "expires_in": whole_seconds(LIFETIME), "request_uri": uri })))
}

/// The parameters that count: those that were pushed, once, or those that are there.
pub(super) fn resolve(state: &mut State, params: &Params) -> OidcResult<Params> {
    let Some(uri) = params.get("request_uri").filter(|uri| uri.starts_with(PREFIX)) else { return Ok(params.clone()) };
    let now = state.now();
    let pushed = state.pushed.remove(uri);
    let good = pushed.filter(|pushed| pushed.expires_at > now && params.get("client_id") == Some(&pushed.client_id));
    good.map(|pushed| pushed.params).ok_or_else(|| {
        OidcError::new(400, "invalid_request_uri", "request_uri is invalid, expired, or was already used")
    })
}
