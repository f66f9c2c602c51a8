//! A device code for tokens (RFC 8628 section 3.4).

use serde_json::Value;

use crate::testing::mock::{
    directory::MockApp,
    messages::{
        error::{OidcError, OidcResult},
        request::Params,
    },
    state::{State, devices::Outcome},
    tokens::{
        access::{self, Target},
        id_token, refresh_token,
        response::token_response,
    },
};

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device that comes again after it got its tokens takes the whole grant with it.
pub(crate) fn device(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let value = form.get("device_code").ok_or_else(|| OidcError::missing("device_code"))?;
    let now = state.now();
    let found = state.devices.request_mut(value, &app.id).ok_or_else(OidcError::invalid_grant)?;
    if found.expires_at <= now {
        return Err(OidcError::new(400, "expired_token", "device code is expired"));
    }
    let what = match &found.outcome {
        Outcome::Approved(what) => what.as_ref().clone(),
        Outcome::Pending => {
            let description = "authorization request is still pending as the end-user hasn't yet completed the user interaction steps";
            return Err(OidcError::new(400, "authorization_pending", description));
        }
        Outcome::Denied => return Err(OidcError::new(400, "access_denied", "End-User aborted interaction")),
        Outcome::Used(grant) => {
            let grant = grant.clone();
            state.store.revoke(&grant);
            return Err(OidcError::invalid_grant());
        }
    };
    let target = Target { resource: form.only("resource"), organization: None };
    let access = access::for_user(state, &what, target, &what.scopes)?;
    let id_token = what.has_scope("openid").then(|| id_token::issue(state, app, &what, &what.scopes)).transpose()?;
    let refresh_token = what.is_offline().then(|| refresh_token::issue(state, &what)).transpose()?;
    if let Some(found) = state.devices.request_mut(value, &app.id) {
        found.outcome = Outcome::Used(what.grant);
    }
    Ok(token_response(access, id_token, refresh_token))
}
