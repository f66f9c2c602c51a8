//! The device flow (RFC 8628): the device's side. The user's is in `pages`.

pub(super) mod pages;

use std::time::Duration;

use serde_json::json;

use super::{authorize, client, grant::device::GRANT_TYPE};
use crate::{
    clock::{random_token, whole_seconds},
    error::Result,
    testing::mock::{
        messages::{
            error::{OidcError, OidcResult},
            reply::Reply,
            request::RecordedRequest,
        },
        state::{
            State,
            devices::{DeviceRequest, Outcome},
        },
    },
};

const LIFETIME: Duration = Duration::from_secs(600);

/// POST `/oidc/device/auth`.
pub(crate) fn authorization(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let app = client::authenticate(state, request)?;
    if !app.device_flow {
        return Err(OidcError::invalid_request(format!("{GRANT_TYPE} is not allowed for this client")));
    }
    let user_code = new_user_code()?;
    let asked = authorize::for_device(state, &app, request.form_params(), &user_code)?;
    let device_code = random_token()?;
    let uri = format!("{}/device", state.endpoint);
    let body = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code={user_code}"), "expires_in": whole_seconds(LIFETIME),
    });
    let expires_at = state.after(LIFETIME);
    let waiting = DeviceRequest { asked, user_code, expires_at, outcome: Outcome::Pending };
    state.devices.requests.insert(device_code, waiting);
    Ok(Reply::json(200, &body))
}

/// Eight letters that are hard to take for one another, and spell no word (RFC 8628 section 6.1).
fn new_user_code() -> Result<String> {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let token = random_token()?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).map_or('B', |&letter| char::from(letter));
    let mut code: String = token.bytes().take(8).map(letter).collect();
    code.insert(4, '-');
    Ok(code)
}
