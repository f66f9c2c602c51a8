//! A code for tokens (RFC 6749 section 4.1.3).

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::testing::mock::{
    directory::MockApp,
    messages::{
        error::{OidcError, OidcResult},
        request::Params,
    },
    state::{
        State,
        store::{Authorized, Code},
    },
    tokens::{
        access::{self, Target},
        id_token, refresh_token,
        response::token_response,
    },
};

/// A code that could not be exchanged stays good; one that comes a second time takes its whole grant with it.
pub(crate) fn exchange(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let value = form.get("code").ok_or_else(|| OidcError::missing("code"))?;
    let redirect_uri = form.get("redirect_uri").ok_or_else(|| OidcError::missing("redirect_uri"))?;
    let what = examine(state, app, value, redirect_uri, form.get("code_verifier"))?;
    let target = Target { resource: form.only("resource"), organization: None };
    let access = access::for_user(state, &what, target, &what.scopes)?;
    let id_token = what.has_scope("openid").then(|| id_token::issue(state, app, &what, &what.scopes)).transpose()?;
    let refresh_token = what.is_offline().then(|| refresh_token::issue(state, &what)).transpose()?;
    if let Some(code) = state.store.codes.get_mut(value) {
        code.used = true;
    }
    Ok(token_response(access, id_token, refresh_token))
}

fn examine(
    state: &mut State,
    app: &MockApp,
    value: &str,
    redirect_uri: &str,
    verifier: Option<&str>,
) -> OidcResult<Authorized> {
    let code = state.store.codes.get(value).ok_or_else(OidcError::invalid_grant)?;
    let suspended = state.directory.user(&code.what.user_id).is_none_or(|user| user.suspended);
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
