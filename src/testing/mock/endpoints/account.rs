//! The Account API: what users see and change of their own accounts, and how they show before that it is they.
//!
//! Where no recording shows an answer, it is that of Logto's description of the API (`user.openapi.json`) and of its source.

pub(super) mod avatar;
pub(super) mod call;
pub(super) mod center;
pub(super) mod grants;
pub(super) mod guard;
mod identifiers;
mod identities;
pub(super) mod mfa;
mod new_identifier;
mod password;
mod password_policy;
mod profile;
pub(super) mod provider;
mod provider_tokens;
pub(super) mod refusal;
mod sent_code;
pub(super) mod sessions;
pub(super) mod settings;
mod verification;

use self::{call::Call, refusal::Answer};
use super::path::params;
use crate::testing::mock::{
    messages::{reply::Reply, request::RecordedRequest},
    state::State,
};

type Handler = fn(&mut State, &Call<'_>) -> Answer;

/// Method and path below `/api`; `:` stands for one segment.
const ROUTES: &[(&str, &str, Handler)] = &[
    ("GET", "my-account", profile::show),
    ("PATCH", "my-account", profile::change),
    ("PATCH", "my-account/profile", profile::change_more),
    ("POST", "my-account/user-assets/avatar", avatar::upload),
    ("POST", "my-account/password", password::change),
    ("POST", "my-account/primary-email", identifiers::set_email),
    ("DELETE", "my-account/primary-email", identifiers::remove_email),
    ("POST", "my-account/primary-phone", identifiers::set_phone),
    ("DELETE", "my-account/primary-phone", identifiers::remove_phone),
    ("POST", "my-account/identities", identities::add),
    ("PUT", "my-account/identities", identities::replace),
    ("DELETE", "my-account/identities/:", identities::remove),
    ("GET", "my-account/identities/:/access-token", provider_tokens::social),
    ("PUT", "my-account/identities/:/access-token", provider_tokens::replace),
    ("GET", "my-account/sso-identities/:/access-token", provider_tokens::sso),
    ("GET", "my-account/mfa-verifications", mfa::list),
    ("POST", "my-account/mfa-verifications", mfa::add::add),
    ("PUT", "my-account/mfa-verifications/totp", mfa::add::replace_totp),
    ("POST", "my-account/mfa-verifications/totp-secret/generate", mfa::new_totp_secret),
    ("POST", "my-account/mfa-verifications/backup-codes/generate", mfa::new_backup_codes),
    ("GET", "my-account/mfa-verifications/backup-codes", mfa::backup_codes),
    ("PATCH", "my-account/mfa-verifications/:/name", mfa::change::rename),
    ("DELETE", "my-account/mfa-verifications/:", mfa::change::remove),
    ("GET", "my-account/mfa-settings", settings::mfa),
    ("PATCH", "my-account/mfa-settings", settings::change_mfa),
    ("GET", "my-account/logto-configs", settings::configs),
    ("PATCH", "my-account/logto-configs", settings::change_configs),
    ("GET", "my-account/sessions", sessions::list),
    ("DELETE", "my-account/sessions/:", sessions::end),
    ("GET", "my-account/grants", grants::list),
    ("DELETE", "my-account/grants/:", grants::end),
    ("POST", "verifications/password", verification::password::verify),
    ("POST", "verifications/verification-code", verification::code::send),
    ("POST", "verifications/verification-code/verify", verification::code::verify),
    ("POST", "verifications/social", verification::social::begin),
    ("POST", "verifications/social/verify", verification::social::verify),
    ("POST", "verifications/web-authn/registration", verification::passkey::begin),
    ("POST", "verifications/web-authn/registration/verify", verification::passkey::verify),
];

/// Whether a path is one of the Account API's.
pub(super) fn is_at(path: &str) -> bool {
    path.starts_with("/api/my-account") || path.starts_with("/api/verifications")
}

/// Anything under these two paths.
pub(super) fn answer(state: &mut State, request: &RecordedRequest) -> Reply {
    let here =
        || ROUTES.iter().filter_map(|(method, route, handler)| Some((*method, *handler, params(request, route)?)));
    let method = if request.method() == "HEAD" { "GET" } else { request.method() };
    let reply = match here().find(|(known, ..)| *known == method) {
        Some((_, handler, mut params)) => {
            let param = params.pop().map(|(_, value)| value).unwrap_or_default();
            handle(state, request, handler, param).unwrap_or_else(|refusal| refusal)
        }
        None if here().next().is_some() => {
            let known: Vec<_> = here().map(|(method, ..)| method).collect();
            Reply::text(405, "Method Not Allowed").header("allow", known.join(", "))
        }
        None => Reply::text(404, "Not Found"),
    };
    reply.header("access-control-allow-origin", "*").header("access-control-expose-headers", "*")
}

/// OPTIONS of a page of any origin (`91-account-api/a5-cors.json`).
pub(super) fn preflight(request: &RecordedRequest) -> Reply {
    Reply::empty(204)
        .header("access-control-allow-origin", request.header("origin").unwrap_or("*"))
        .header("access-control-allow-methods", "GET,HEAD,PUT,POST,DELETE,PATCH")
        .header("access-control-allow-headers", request.header("access-control-request-headers").unwrap_or_default())
}

fn handle(state: &mut State, request: &RecordedRequest, handler: Handler, param: String) -> Answer {
    let call = Call::admit(state, request, param)?;
    handler(state, &call)
}
