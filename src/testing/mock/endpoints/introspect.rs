//! Introspection (RFC 7662) and revocation (RFC 7009).

use serde_json::json;

use super::client;
use crate::{
    clock::unix_seconds,
    testing::mock::{
        directory::{AppKind, claims::is_user_scope},
        messages::{
            error::{OidcError, OidcResult},
            reply::Reply,
            request::RecordedRequest,
        },
        state::{State, store::Authorized},
        tokens::access,
    },
};

/// POST `/oidc/token/introspection`.
pub(crate) fn introspect(state: &State, request: &RecordedRequest) -> OidcResult {
    let app = client::authenticate(state, request)?;
    let token = opaque_token(request, "introspected via the introspection_endpoint")?;
    // A public client proves nothing, so it is told of its own tokens alone.
    let may_know = |what: &Authorized| app.kind != AppKind::Public || what.client_id == app.id;
    let body = if let Some(found) = state.live_access_token(token).filter(|found| may_know(&found.what)) {
        let scope = found.scopes.join(" ");
        let mut body = json!({
            "active": true, "sub": found.what.user_id, "client_id": found.what.client_id, "scope": scope,
            "iat": unix_seconds(found.issued_at), "exp": unix_seconds(found.expires_at), "iss": state.issuer,
            "token_type": "Bearer",
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(state.authentication(&found.what));
        }
        body
    } else if let Some(found) = state.live_refresh_token(token).filter(|found| may_know(&found.what)) {
        json!({
            "active": true, "sub": found.what.user_id, "client_id": found.what.client_id,
            "scope": full_scope(state, &found.what),
            "iat": unix_seconds(found.issued_at), "exp": unix_seconds(found.expires_at), "iss": state.issuer,
        })
    } else {
        json!({ "active": false })
    };
    Ok(Reply::json(200, &body))
}

/// The scope that introspection shows for a refresh token: of the user's, and of the resources.
fn full_scope(state: &State, what: &Authorized) -> String {
    let user = state.directory.user(&what.user_id);
    let mut scopes: Vec<_> = what.scopes.iter().filter(|scope| is_user_scope(scope)).cloned().collect();
    for resource in &what.resources {
        let held = user.map(|user| state.directory.resource_scopes(user.holder(), resource)).unwrap_or_default();
        scopes.extend(access::intersection(held, &what.scopes));
    }
    scopes.join(" ")
}

/// POST `/oidc/token/revocation`. With a token goes its whole grant. A token of another app stays; a public app is not told so.
pub(crate) fn revoke(state: &mut State, request: &RecordedRequest) -> OidcResult {
    let app = client::authenticate(state, request)?;
    let token = opaque_token(request, "revoked via the revocation_endpoint")?;
    match state.store.find(token).cloned() {
        Some(what) if what.client_id == app.id => state.store.revoke(&what.grant),
        Some(_) if app.kind != AppKind::Public => {
            return Err(OidcError::invalid_request("client is not authorized to revoke the presented token"));
        }
        _ => {}
    }
    Ok(Reply::text(200, ""))
}

/// The token in question, which must not be a JWT: those are in nobody's books.
fn opaque_token<'a>(request: &'a RecordedRequest, done: &str) -> OidcResult<&'a str> {
    let form = request.form_params();
    if let Some(name) = form.repeated() {
        return Err(OidcError::repeated(name));
    }
    let token = form.get("token").ok_or_else(|| OidcError::missing("token"))?;
    if token.split('.').count() == 3 {
        let description = format!("Structured JWT Tokens cannot be {done}");
        return Err(OidcError::new(400, "unsupported_token_type", description));
    }
    Ok(token)
}
