//! What judges a request and answers it. Here: which handler a request is for.

mod account;
mod application_access;
mod authorize;
mod client;
mod device;
mod discovery;
mod grant;
mod hooks;
pub(super) mod interaction;
mod introspect;
mod logout;
mod management;
mod one_time_token;
mod pages;
mod path;
mod pushed;
pub(super) mod session_cookie;
mod token;
mod userinfo;

use self::{authorize::authorize, token::token, userinfo::userinfo};
use super::{
    messages::{
        endpoint::Endpoint,
        error::{OidcError, OidcResult},
        reply::Reply,
        request::RecordedRequest,
    },
    state::State,
};

/// The whole server, but for the network: from a request to its reply.
pub(super) fn handle(state: &mut State, request: &RecordedRequest) -> Reply {
    let plain = request.query_value("parse_error") == Some("false");
    let (reply, failed, foreign) = match dispatch(state, request) {
        Ok(reply) => (reply, false, false),
        Err(error) => {
            let foreign = error.is_about_origin();
            (error.into_reply(&state.issuer, plain), true, foreign)
        }
    };
    let found = reply.status != 404 && request.method() != "OPTIONS";
    let reply = match Endpoint::of(request.path()) {
        Endpoint::Token
        | Endpoint::UserInfo
        | Endpoint::Introspection
        | Endpoint::PushedAuthorization
        | Endpoint::DeviceAuthorization
            if found =>
        {
            reply.for_applications().header("cache-control", "no-store")
        }
        Endpoint::Revocation if found => reply.for_applications(),
        Endpoint::Authorization | Endpoint::EndSession if found && failed => reply.header("cache-control", "no-store"),
        _ => reply,
    };
    let reply = match request.header("origin") {
        Some(origin) => reply.readable_from((!foreign).then_some(origin)),
        None => reply,
    };
    reply.finish(request)
}

fn dispatch(state: &mut State, request: &RecordedRequest) -> OidcResult {
    // HEAD is GET without the body (RFC 9110 section 9.3.2).
    let method = if request.method() == "HEAD" { "GET" } else { request.method() };
    match (method, request.path()) {
        ("GET", "/oidc/.well-known/openid-configuration" | "/oidc/.well-known/oauth-authorization-server") => {
            Ok(discovery::metadata(state))
        }
        ("GET", "/oidc/jwks") => Ok(discovery::jwks(state)),
        ("GET" | "POST", "/oidc/auth") => authorize(state, request),
        ("POST", "/oidc/token") => token(state, request),
        ("POST", "/oidc/request") => pushed::push(state, request),
        ("POST", "/oidc/device/auth") => device::authorization(state, request),
        ("GET", "/oidc/device") => device::pages::begin(state, request),
        ("POST", "/oidc/device") => device::pages::submit(state, request),
        ("GET", "/device") => Ok(device::pages::page(request)),
        ("GET", "/device/success") => Ok(device::pages::success()),
        ("POST", "/oidc/token/introspection") => introspect::introspect(state, request),
        ("POST", "/oidc/token/revocation") => introspect::revoke(state, request),
        ("GET" | "POST", "/oidc/me") => userinfo(state, request),
        ("GET" | "POST", "/oidc/session/end") => logout::end_session(state, request),
        ("POST", "/oidc/session/end/confirm") => logout::confirm(state, request),
        ("GET", "/oidc/session/end/success") => Ok(logout::success()),
        ("GET", "/api/status") => Ok(Reply::empty(204)),
        ("GET", "/api/.well-known/account-center") => Ok(account::center::center(state)),
        ("OPTIONS", path) if account::is_at(path) => Ok(account::preflight(request)),
        (_, path) if account::is_at(path) => Ok(hooks::told(state, request, account::answer)),
        ("GET" | "POST", account::provider::PATH) => Ok(account::provider::page(state, request)),
        (_, path) if path == "/api/hooks" || path.starts_with("/api/hooks/") => hooks::hooks(state, request),
        (_, path) if path.starts_with("/api/") => Ok(management::api(state, request)),
        ("OPTIONS", path) if path.starts_with("/oidc/") => Ok(preflight(request)),
        ("GET", path) if path.starts_with("/oidc/auth/") || path.starts_with("/oidc/device/") => {
            let id = path.rsplit('/').next().unwrap_or_default();
            interaction::resume(state, id, session_cookie::presented(request))
        }
        ("GET", path) if path.starts_with("/user-assets/") => {
            account::avatar::picture(state, path).map_or_else(|| not_found(request), Ok)
        }
        ("GET" | "POST", _) => pages::page(state, request).unwrap_or_else(|| not_found(request)),
        _ => not_found(request),
    }
}

fn preflight(request: &RecordedRequest) -> Reply {
    Reply::empty(204)
        .header("access-control-allow-origin", request.header("origin").unwrap_or("*"))
        .header("access-control-allow-methods", request.header("access-control-request-method").unwrap_or("POST"))
        .header("access-control-allow-headers", request.header("access-control-request-headers").unwrap_or_default())
        .header("access-control-max-age", "3600")
}

fn not_found(request: &RecordedRequest) -> OidcResult {
    match request.path().strip_prefix("/oidc/") {
        Some(path) => {
            let description = format!("unrecognized route or not allowed method ({} on /{path})", request.method());
            Err(OidcError::new(404, "invalid_request", description))
        }
        None => Ok(Reply::text(404, "Not Found")),
    }
}
