//! A code for tokens (RFC 6749 section 4.1.3).

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::refresh;
use crate::testing::mock::{
    access::{self, Target},
    error::{OidcError, OidcResult},
    request::Params,
    state::State,
    store::{Authorized, Code},
    token,
    world::MockApp,
};

/// A code that could not be exchanged stays good; one that comes a second time takes its whole grant with it.
pub(in crate::testing::mock) fn exchange(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let value = form.get("code").ok_or_else(|| OidcError::missing("code"))?;
    let redirect_uri = form.get("redirect_uri").ok_or_else(|| OidcError::missing("redirect_uri"))?;
    let what = examine(state, app, value, redirect_uri, form.get("code_verifier"))?;
    let target = Target { resource: only(form.all("resource")), organization: None };
    let access = access::for_user(state, &what, target, &what.scopes)?;
    let id_token = what.has_scope("openid").then(|| token::id_token(state, app, &what, &what.scopes)).transpose()?;
    let refresh_token = what.is_offline().then(|| refresh::issue(state, &what)).transpose()?;
    if let Some(code) = state.store.codes.get_mut(value) {
        code.used = true;
    }
    Ok(token::response(access, id_token, refresh_token))
}

fn examine(
    state: &mut State,
    app: &MockApp,
    value: &str,
    redirect_uri: &str,
    verifier: Option<&str>,
) -> OidcResult<Authorized> {
    let code = state.store.codes.get(value).ok_or_else(OidcError::invalid_grant)?;
    let suspended = state.world.user(&code.what.user_id).is_none_or(|user| user.suspended);
    let sound = code.what.client_id == app.id
        && code.redirect_uri == redirect_uri
        && code.expires_at > state.now()
        && state.store.has_grant(&code.what)
        && proves(verifier, code)
        && !suspended;
    if !sound {
        return Err(OidcError::invalid_grant());
    }
    let what = code.what.clone();
    if code.used {
        state.store.revoke(&what.grant);
        return Err(OidcError::invalid_grant());
    }
    Ok(what)
}

/// RFC 7636 section 4.6. A verifier without a challenge is as wrong as none for one.
fn proves(verifier: Option<&str>, code: &Code) -> bool {
    let hash = |verifier: &str| URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(verifier));
    verifier.map(hash) == code.challenge
}

/// The value, if there is exactly one: with two resources Logto answers as if there were none.
pub(super) fn only<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = values.next();
    if values.next().is_some() { None } else { first }
}
