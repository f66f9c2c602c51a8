//! A device code for tokens (RFC 8628 section 3.4).

use serde_json::Value;

use super::{code::only, refresh};
use crate::testing::mock::{
    access::{self, Target},
    device::Outcome,
    error::{OidcError, OidcResult},
    request::Params,
    state::State,
    token,
    world::MockApp,
};

/// A device that comes again after it got its tokens takes the whole grant with it.
pub(in crate::testing::mock) fn device(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
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
    let target = Target { resource: only(form.all("resource")), organization: None };
    let access = access::for_user(state, &what, target, &what.scopes)?;
    let id_token = what.has_scope("openid").then(|| token::id_token(state, app, &what, &what.scopes)).transpose()?;
    let refresh_token = what.is_offline().then(|| refresh::issue(state, &what)).transpose()?;
    if let Some(found) = state.devices.request_mut(value, &app.id) {
        found.outcome = Outcome::Used(what.grant);
    }
    Ok(token::response(access, id_token, refresh_token))
}
