//! What an application asks for at the authorization endpoint, or a device at its own.

use std::time::Duration;

use crate::testing::mock::messages::{respond::Return, screens::Screen};

/// A request that is in order.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) third_party: bool,
    pub(crate) back: Return,
    /// Each once. `offline_access` is among them only if consent is asked for (OpenID Connect Core section 11).
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<Duration>,
    /// Best first.
    pub(crate) acr_values: Vec<String>,
    /// The user whom `id_token_hint` names.
    pub(crate) hinted: Option<String>,
    pub(crate) screen: Screen,
    /// The device that asked (RFC 8628), by its user code. Then nothing goes back by the browser.
    pub(crate) device: Option<String>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}
