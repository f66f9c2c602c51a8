//! Devices that wait for their users (RFC 8628).

use std::{
    collections::{BTreeSet, HashMap},
    time::SystemTime,
};

use super::{authorization_request::AuthorizationRequest, store::Authorized};

#[derive(Debug, Default)]
pub(crate) struct Devices {
    /// By device code.
    pub(crate) requests: HashMap<String, DeviceRequest>,
    /// What the pages post back, so that no other site can.
    pub(crate) forms: BTreeSet<String>,
}

/// A device that waits for its user.
#[derive(Debug)]
pub(crate) struct DeviceRequest {
    pub(crate) asked: AuthorizationRequest,
    pub(crate) user_code: String,
    pub(crate) expires_at: SystemTime,
    pub(crate) outcome: Outcome,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Pending,
    Approved(Box<Authorized>),
    Denied,
    /// The tokens were given; the grant is theirs.
    Used(String),
}

impl Devices {
    pub(crate) fn request_mut(&mut self, device_code: &str, client_id: &str) -> Option<&mut DeviceRequest> {
        self.requests.get_mut(device_code).filter(|request| request.asked.client_id == client_id)
    }

    /// The user may type small letters, and no dash.
    pub(crate) fn of_user(&mut self, user_code: &str) -> Option<&mut DeviceRequest> {
        let letters = |code: &str| code.to_ascii_uppercase().replace(|letter: char| !letter.is_ascii_alphabetic(), "");
        let typed = letters(user_code);
        self.requests.values_mut().find(|request| letters(&request.user_code) == typed)
    }

    pub(crate) fn approve(&mut self, user_code: &str, what: Authorized) {
        if let Some(request) = self.of_user(user_code) {
            request.outcome = Outcome::Approved(Box::new(what));
        }
    }
}
