//! Pushed authorization requests (RFC 9126) that wait for their browser.

use std::time::{Duration, SystemTime};

use super::State;
use crate::{
    clock::random_token,
    testing::mock::messages::{
        error::{OidcError, OidcResult},
        request::Params,
    },
};

pub(crate) const LIFETIME: Duration = Duration::from_secs(60);
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A request that waits for its browser.
#[derive(Debug)]
pub(crate) struct Pushed {
    client_id: String,
    params: Params,
    expires_at: SystemTime,
}

impl State {
    /// Keeps a request. Gives its `request_uri`.
    pub(crate) fn keep_pushed(&mut self, client_id: String, params: Params) -> OidcResult<String> {
        let uri = format!("{PREFIX}{}", random_token()?);
        let pushed = Pushed { client_id, params, expires_at: self.after(LIFETIME) };
        self.pushed.insert(uri.clone(), pushed);
        Ok(uri)
    }

    /// The parameters that count: those that were pushed, once, or those that are there.
    pub(crate) fn take_pushed(&mut self, params: &Params) -> OidcResult<Params> {
        let Some(uri) = params.get("request_uri").filter(|uri| uri.starts_with(PREFIX)) else {
            return Ok(params.clone());
        };
        let now = self.now();
        let pushed = self.pushed.remove(uri);
        let good =
            pushed.filter(|pushed| pushed.expires_at > now && params.get("client_id") == Some(&pushed.client_id));
        good.map(|pushed| pushed.params).ok_or_else(|| {
            OidcError::new(400, "invalid_request_uri", "request_uri is invalid, expired, or was already used")
        })
    }
}
