//! Why Logto refused a request for an account: by its codes, never by its texts.

use super::operation::Operation;
use crate::{
    error::{Code, Error, is_transient_status},
    logto_api::Refusal,
};

pub(super) fn error(operation: &Operation<'_>, refusal: Refusal) -> Error {
    let code = cause(operation, &refusal);
    let error = Error::new(code, message(operation, code));
    // A status of 501 passes for an outage, and this stays until somebody sets it up.
    let error = match code {
        Code::AccountNotSetUp => error,
        _ => error.with_response(refusal.status(), refusal.retry_after()),
    };
    // A mail server or a provider that is down.
    let error = match refusal.code() {
        Some("connector.general" | "connector.invalid_response") if code == Code::AccountFailed => error.for_now(),
        _ => error,
    };
    let error = match wait(code, &refusal) {
        Some(time) => error.with_retry_after(time),
        None => error,
    };
    error.with_source(refusal)
}

fn cause(operation: &Operation<'_>, refusal: &Refusal) -> Code {
    let status = refusal.meant_status();
    // Without a code it is not Logto's API that answered, but something between or a route that this Logto does not have.
    // The body is too large for a proxy in front as well (RFC 9110 section 15.5.14).
    let Some(code) = refusal.code() else {
        return if status == 413 { Code::AccountValue } else { Code::AccountFailed };
    };
    let is_token_of_provider = operation.is_provider_token;
    match code {
        "account_center.not_enabled" => Code::AccountDisabled,
        // Both spellings are Logto's.
        "account_center.field_not_editable"
        | "account_center.field_not_enabled"
        | "account_center.filed_not_editable"
        | "account_center.filed_not_enabled" => Code::AccountFieldOff,
        "verification_record.permission_denied" => Code::AccountVerification,
        "verification_record.not_found" => operation.unknown_record,
        "session.invalid_credentials" | "verification_code.code_mismatch" | "session.mfa.invalid_totp_code" => {
            Code::AccountCredentials
        }
        "session.verification_blocked_too_many_attempts" => Code::AccountLockedOut,
        "session.verification_session_not_found" => operation.unknown_record,
        "session.mfa.mfa_factor_not_enabled" => Code::AccountMfaOff,
        "session.invalid_connector_id" | "storage.not_configured" => Code::AccountNotSetUp,
        "verification_record.social_verification.token_response_not_found" => Code::ProviderTokenMissing,
        "auth.unauthorized" => Code::AccountTokenRefused,
        code if code.starts_with("verification_code.") => Code::AccountCode,
        code if code.starts_with("secrets.third_party_token_set.") => Code::ProviderTokenMissing,
        // The provider no longer takes the refresh token that Logto holds, or the connector is gone.
        code if is_token_of_provider && !is_transient_status(status) && code.starts_with("connector.") => {
            Code::ProviderTokenMissing
        }
        // Of the vault alone it is the scope that is missing.
        "auth.forbidden" if is_token_of_provider => Code::AccountScopeMissing,
        _ if status == 501 => Code::AccountNotSetUp,
        // What a connector met is answered with 400 and 401, and is no value of the user's.
        "connector.social_auth_code_invalid"
        | "connector.social_invalid_access_token"
        | "connector.social_invalid_id_token"
        | "connector.authorization_failed" => Code::AccountLinkRefused,
        "connector.general" | "connector.invalid_response" => Code::AccountFailed,
        code if code.starts_with("connector.") && !is_transient_status(status) => Code::AccountNotSetUp,
        _ if is_transient_status(status) => Code::AccountFailed,
        _ if status == 404 => Code::AccountNotFound,
        "user.identity_not_exist" | "entity.not_found" | "entity.not_exists" | "entity.not_exists_with_id" => {
            Code::AccountNotFound
        }
        _ if status == 403 => Code::AccountAppRefused,
        _ if matches!(status, 400 | 409 | 413 | 422) => Code::AccountValue,
        _ => Code::AccountFailed,
    }
}

fn message(operation: &Operation<'_>, code: Code) -> String {
    let what = operation.what;
    match code {
        Code::AccountFieldOff if !operation.fields.is_empty() => {
            format!("Logto does not let users {what}: see the field `{}`", operation.fields.join("` or `"))
        }
        Code::AccountTokenRefused | Code::AccountScopeMissing => match operation.scopes().collect::<Vec<_>>() {
            scopes if scopes.is_empty() => format!("the token of the user does not serve to {what}"),
            scopes => {
                format!("the token of the user does not serve to {what}, which takes the scope `{}`", scopes.join(" "))
            }
        },
        _ => format!("Logto refused to {what}"),
    }
}

/// How long the user is locked out. Logto has it in its message alone, in English where no language is asked for; it changes nothing but this.
fn wait(code: Code, refusal: &Refusal) -> Option<std::time::Duration> {
    if code != Code::AccountLockedOut {
        return None;
    }
    let mut words = refusal.message()?.split_whitespace().rev();
    let unit = words.next()?.trim_end_matches('.');
    let count = words.next()?.parse::<u64>().ok().filter(|count| *count <= 24 * 60)?;
    let seconds = match unit {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        _ => return None,
    };
    Some(std::time::Duration::from_secs(count.saturating_mul(seconds).min(24 * 60 * 60)))
}
