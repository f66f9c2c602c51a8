//! The device flow (RFC 8628): the device's side. The user's is in `pages`.

pub(super) mod pages;

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, SystemTime},
};

use serde_json::json;
use url::Url;

use super::{
    MockLogto,
    authorize::{self, AuthorizationRequest},
    client,
    error::{OidcError, OidcResult},
    interaction,
    reply::Reply,
    request::RecordedRequest,
    state::State,
    store::Authorized,
};
use crate::{
    clock::{random_token, whole_seconds},
    error::Result,
};

pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LIFETIME: Duration = Duration::from_secs(600);

#[derive(Debug, Default)]
pub(super) struct Devices {
    /// By device code.
    requests: HashMap<String, DeviceRequest>,
    /// What the pages post back, so that no other site can.
    forms: BTreeSet<String>,
}

/// A device that waits for its user.
#[derive(Debug)]
pub(super) struct DeviceRequest {
    asked: AuthorizationRequest,
    user_code: String,
    pub(super) expires_at: SystemTime,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Pending,
    Approved(Box<Authorized>),
    Denied,
    /// The tokens were given; the grant is theirs.
    Used(String),
}

impl Devices {
    pub(super) fn request_mut(&mut self, device_code: &str, client_id: &str) -> Option<&mut DeviceRequest> {
        self.requests.get_mut(device_code).filter(|request| request.asked.client_id == client_id)
    }

    /// The user may type small letters, and no dash.
    fn of_user(&mut self, user_code: &str) -> Option<&mut DeviceRequest> {
        let letters = |code: &str| code.to_ascii_uppercase().replace(|letter: char| !letter.is_ascii_alphabetic(), "");
        let typed = letters(user_code);
        self.requests.values_mut().find(|request| letters(&request.user_code) == typed)
    }

    pub(super) fn approve(&mut self, user_code: &str, what: Authorized) {
        if let Some(request) = self.of_user(user_code) {
            request.outcome = Outcome::Approved(Box::new(what));
        }
    }
}

/// POST `/oidc/device/auth`.
pub(super) fn authorization(state: &mut State, request: &RecordedRequest) -> OidcResult {
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

/// What the user of a device does, without a browser.
impl MockLogto {
    /// Opens the `verification_uri_complete` of a device, signs in and agrees.
    ///
    /// # Panics
    ///
    /// If no device waits with this code, or there is no such user.
    #[allow(clippy::expect_used, clippy::panic, reason = "a test cannot go on without the device that it names")]
    pub fn approve_device(&self, verification_uri_complete: &str, user: &str) {
        let mut state = self.shared.state();
        let user_id = state.world.user_called(user).map(|user| user.id.clone()).expect("there is such a user");
        let asked = waiting(&mut state, verification_uri_complete).asked.clone();
        let id = interaction::start(&mut state, asked).expect("the system gives random bytes");
        let steps = interaction::sign_in(&mut state, &id, None, &user_id)
            .and_then(|_| interaction::consent(&mut state, &id, 303))
            .and_then(|_| interaction::resume(&mut state, &id, None));
        if let Err(error) = steps {
            panic!("MockLogto refused the device: {error:?}");
        }
    }

    /// Opens the `verification_uri_complete` of a device and refuses.
    ///
    /// # Panics
    ///
    /// If no device waits with this code.
    pub fn deny_device(&self, verification_uri_complete: &str) {
        waiting(&mut self.shared.state(), verification_uri_complete).outcome = Outcome::Denied;
    }
}

#[allow(clippy::expect_used, reason = "a test cannot go on without the device that it names")]
fn waiting<'a>(state: &'a mut State, verification_uri_complete: &str) -> &'a mut DeviceRequest {
    let url = Url::parse(verification_uri_complete).expect("it is a URL");
    let code = url.query_pairs().find(|(name, _)| name == "user_code").map(|(_, code)| code.into_owned());
    state.devices.of_user(&code.unwrap_or_default()).expect("a device waits with this user code")
}
