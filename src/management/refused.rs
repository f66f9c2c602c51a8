//! Why Logto refused a request: by its status and its codes, never by its texts.

use crate::{
    error::{Code, Error, is_transient_status},
    logto_api::Refusal,
};

/// The error for an answer that is no success.
pub(super) fn error(line: &str, refusal: Refusal) -> Error {
    let code = cause(&refusal);
    let error = Error::new(code, format!("{line} was refused"));
    // A status of 501 passes for an outage, and this stays until somebody sets it up.
    let error = match code {
        Code::ManagementNotSetUp => error,
        _ => error.with_response(refusal.status(), refusal.retry_after()),
    };
    error.with_source(refusal)
}

fn cause(refusal: &Refusal) -> Code {
    let code = refusal.code();
    match (refusal.status(), code) {
        (401, Some(_)) => Code::ManagementTokenRefused,
        // Another 403 is about what is asked for: a limit of the tenant's plan, say.
        (403, Some("auth.forbidden")) => Code::ManagementForbidden,
        (404, Some(_)) => Code::ManagementNotFound,
        // Without a code there is no such route.
        (404 | 405, None) => Code::ManagementNoRoute,
        (429, _) => Code::ManagementRateLimited,
        (501, Some(_)) => Code::ManagementNotSetUp,
        (status, _) if is_transient_status(status) => Code::ManagementFailed,
        // Broken JSON is answered without a code.
        (400, _) => Code::ManagementValue,
        (402..=499, Some(_)) => Code::ManagementValue,
        // The body is too large for a proxy in front as well (RFC 9110 section 15.5.14).
        (413, None) => Code::ManagementValue,
        _ => Code::ManagementFailed,
    }
}

/// The error where there was no answer, with what to do about a machine that gets no token for the Management API.
pub(super) fn without_answer(error: Error) -> Error {
    match error.code_of() {
        Code::ScopeRefused => error.with_hint(Code::ManagementForbidden.hint()),
        Code::ResourceRefused => error.with_hint(RESOURCE),
        _ => error,
    }
}

const RESOURCE: &str = "Set `resource` of the `Management`, or LOGTO_MANAGEMENT_RESOURCE, to the identifier in Logto Console › API resources › Logto Management API. \
    It is https://<tenant id>.logto.app/api on Logto Cloud and https://default.logto.app/api on a self-hosted server.";
