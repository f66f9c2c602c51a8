//! Pushed authorization requests (RFC 9126).

use serde_json::json;

use super::{authorize, client};
use crate::{
    clock::whole_seconds,
    testing::mock::{
        messages::{
            error::{OidcError, OidcResult},
            reply::Reply,
            request::RecordedRequest,
        },
        state::{State, pushed::LIFETIME},
    },
};

/// POST `/oidc/request`.
pub(crate) fn push(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let app = client::authenticate(state, request)?;
    let params = request.form_params().clone().with("client_id", &app.id);
    if params.get("request_uri").is_some() {
        return Err(OidcError::without_description("request_uri_not_supported"));
    }
    authorize::examine(state, &params).map_err(OidcError::of_pushed)?;
    let uri = state.keep_pushed(app.id, params)?;
    Ok(Reply::json(201, &json!({ "expires_in": whole_seconds(LIFETIME), "request_uri": uri })))
}
