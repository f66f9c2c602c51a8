//! The end session endpoint (OpenID Connect RP-Initiated Logout): a page that posts itself, then the way back.

use base64_simd::URL_SAFE_NO_PAD;

use super::session_cookie;
use crate::{
    clock::random_token,
    testing::mock::{
        messages::{
            error::{OidcError, OidcResult},
            html,
            reply::Reply,
            request::{Params, RecordedRequest},
            respond::with_query,
        },
        state::{State, pending_logout::PendingLogout},
        tokens::logout_token,
    },
};

/// GET or POST `/oidc/session/end`.
pub(crate) fn end_session(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let params = request.params();
    if let Some(name) = params.repeated() {
        return Err(OidcError::repeated(name));
    }
    let client_id = client(state, params)?;
    let redirect_uri = match (params.owned("post_logout_redirect_uri"), client_id.as_deref()) {
        (Some(uri), Some(client_id)) => {
            let app = state.directory.app(client_id).ok_or_else(|| OidcError::unknown_client(client_id))?;
            if !app.allows_post_logout_redirect(&uri) {
                return Err(OidcError::invalid_request("post_logout_redirect_uri not registered"));
            }
            Some(uri)
        }
        // Without knowing whose it is, Logto ignores it.
        _ => None,
    };
    let presented = session_cookie::presented(request).filter(|id| state.session(id).is_some()).map(str::to_owned);
    let pending = PendingLogout { session: presented, client_id, redirect_uri, state: params.owned("state") };
    let xsrf = random_token()?;
    let page = html::sign_out(&format!("{}/session/end/confirm", state.issuer), &xsrf);
    state.logouts.insert(xsrf, pending);
    Ok(Reply::html(200, page))
}

/// POST `/oidc/session/end/confirm`.
pub(crate) fn confirm(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let form = request.form_params();
    let pending = form.get("xsrf").and_then(|xsrf| state.logouts.remove(xsrf));
    let pending = pending.ok_or_else(|| OidcError::invalid_request("could not find logout details"))?;
    let signs_out = form.get("logout").is_some();
    let calls = match pending.session {
        Some(id) if signs_out => match state.sessions.remove(&id) {
            Some(session) => logout_token::calls(state, &session)?,
            None => Vec::new(),
        },
        Some(id) => {
            leave(state, &id, pending.client_id.as_deref());
            Vec::new()
        }
        None => Vec::new(),
    };
    let location = match pending.redirect_uri {
        Some(uri) => {
            let params: Vec<_> = pending.state.map(|state| ("state", state)).into_iter().collect();
            with_query(&uri, &params)
        }
        None => format!("{}/session/end/success", state.issuer),
    };
    let reply = Reply::redirect(303, location);
    Ok(Reply { calls, ..if signs_out { reply.without_session() } else { reply } })
}

/// The user stays signed in at the server: only what the session is to the app ends, with the grant, unless that is for offline access.
fn leave(state: &mut State, session: &str, client_id: Option<&str>) {
    let session = state.sessions.get_mut(session);
    let Some(app) = session.zip(client_id).and_then(|(session, id)| session.apps.remove(id)) else { return };
    if state.store.grants.get(&app.grant).is_some_and(|grant| !grant.scopes.contains("offline_access")) {
        state.store.revoke(&app.grant);
    }
}

/// GET `/oidc/session/end/success`.
pub(crate) fn success() -> Reply {
    Reply::html(200, html::notice("You are signed out", "Close this page, or go back to the application."))
}

/// The app that signs out, by `client_id` or by the ID token it presents, expired or not.
fn client(state: &State, params: &Params) -> OidcResult<Option<String>> {
    let named = params.owned("client_id");
    if let Some(hint) = params.get("id_token_hint") {
        let claims = unverified_claims(hint);
        let claims = claims.ok_or_else(|| OidcError::invalid_request("could not decode id_token_hint"))?;
        let audience = claims.get("aud").and_then(serde_json::Value::as_str).map(str::to_owned);
        if named.is_some() && named != audience {
            return Err(OidcError::invalid_request("client_id does not match the provided id_token_hint"));
        }
        // Also where the key that signed it is gone.
        if state.keys.verify(hint).is_none() {
            return Err(OidcError::invalid_request("could not validate id_token_hint"));
        }
        return Ok(audience);
    }
    if let Some(id) = named.as_deref().filter(|id| state.directory.app(id).is_none()) {
        return Err(OidcError::unknown_client(id));
    }
    Ok(named)
}

fn unverified_claims(jwt: &str) -> Option<serde_json::Value> {
    let (signed, _) = jwt.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(claims).ok()?).ok()
}
