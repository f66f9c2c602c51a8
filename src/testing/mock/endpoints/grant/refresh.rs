//! New tokens for a refresh token (RFC 6749 section 6), rotated by Logto's rules.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::testing::mock::{
    directory::{AppKind, MockApp},
    messages::{
        error::{OidcError, OidcResult},
        request::Params,
    },
    state::{
        State,
        store::{Authorized, RefreshToken},
    },
    tokens::{
        access::{self, Target},
        id_token, refresh_token,
        response::token_response,
    },
};

/// A line of refresh tokens that is older than this is not rotated any more.
const ROTATES_FOR: Duration = Duration::from_secs(365 * 24 * 3600);

pub(crate) fn refresh(state: &mut State, app: &MockApp, form: &Params) -> OidcResult<Value> {
    let value = form.get("refresh_token").ok_or_else(|| OidcError::missing("refresh_token"))?;
    let held = examine(state, app, value)?;
    let what = &held.what;
    state.check_application_access(&app.id, &what.user_id)?;
    let scopes = match form.words("scope") {
        Some(words) => narrowed(what, words)?,
        None => what.scopes.clone(),
    };
    let target = Target { resource: form.only("resource"), organization: form.get("organization_id") };
    let access = access::for_user(state, what, target, &scopes)?;
    let openid = scopes.iter().any(|scope| scope == "openid");
    let id_token = openid.then(|| id_token::issue(state, app, what, &scopes)).transpose()?;
    let refresh_token = rotate(state, app, value, &held)?;
    Ok(token_response(access, id_token, Some(refresh_token)))
}

/// A replaced token that comes too late was stolen, from here or from there: its whole grant goes.
fn examine(state: &mut State, app: &MockApp, value: &str) -> OidcResult<RefreshToken> {
    let held = state.store.refresh_tokens.get(value).cloned().ok_or_else(OidcError::invalid_grant)?;
    let suspended = state.directory.user(&held.what.user_id).is_none_or(|user| user.suspended);
    let sound = held.what.client_id == app.id
        && held.expires_at > state.now()
        && state.store.has_grant(&held.what)
        && !suspended;
    if !sound {
        return Err(OidcError::invalid_grant());
    }
    if held.replaced_at.is_some_and(|time| since(state, time) > state.lifetimes.reuse_window) {
        state.store.revoke(&held.what.grant);
        return Err(OidcError::invalid_grant());
    }
    Ok(held)
}

fn since(state: &State, time: SystemTime) -> Duration {
    state.now().duration_since(time).unwrap_or_default()
}

fn narrowed(what: &Authorized, words: Vec<String>) -> OidcResult<Vec<String>> {
    let missing = words.iter().find(|word| !what.has_scope(word));
    match missing {
        Some(scope) => {
            let error = OidcError::new(400, "invalid_scope", "refresh token missing requested scope");
            Err(error.member("scope", Some(scope)))
        }
        None => Ok(words),
    }
}

/// The refresh token for the response: the same, or a new one in its place.
fn rotate(state: &mut State, app: &MockApp, value: &str, held: &RefreshToken) -> OidcResult<String> {
    if !must_rotate(state, app, held) {
        return Ok(value.to_owned());
    }
    let now = state.now();
    // A confidential client's line goes on as long as it is used; a public client's ends when it was to end.
    let expires_at = match app.kind {
        AppKind::Public => held.expires_at,
        _ => state.after(state.refresh_token_ttl(&app.id)),
    };
    if let Some(replaced) = state.store.refresh_tokens.get_mut(value) {
        // Each use of a replaced token renews the window.
        replaced.replaced_at = Some(now);
    }
    refresh_token::keep(state, RefreshToken { issued_at: now, expires_at, replaced_at: None, ..held.clone() })
}

fn must_rotate(state: &State, app: &MockApp, held: &RefreshToken) -> bool {
    if !app.rotate_refresh_token || since(state, held.line_began_at) >= ROTATES_FOR {
        return false;
    }
    let lifetime = held.expires_at.duration_since(held.issued_at).unwrap_or_default();
    let past_70_percent = since(state, held.issued_at).saturating_mul(10) >= lifetime.saturating_mul(7);
    app.kind == AppKind::Public || held.replaced_at.is_some() || past_70_percent
}
