//! What the Account API answers when it does not do what it is asked.

use crate::{
    error::Error,
    testing::mock::{endpoints::management::failure, messages::reply::Reply},
};

/// The refusal is a reply, too.
pub(crate) type Answer<T = Reply> = Result<T, Reply>;

/// A refusal with Logto's own message.
pub(crate) fn refusal(status: u16, code: &str) -> Reply {
    let message = MESSAGES.iter().find(|(known, _)| *known == code).map_or("", |(_, message)| *message);
    failure(status, code, message)
}

/// The request shows nobody.
pub(crate) fn unauthorized(status: u16) -> Reply {
    refusal(status, "auth.unauthorized")
}

/// There is no such verification record for this, or it is over.
pub(crate) fn no_record() -> Reply {
    refusal(400, "verification_record.not_found")
}

impl From<Error> for Reply {
    fn from(_: Error) -> Self {
        failure(500, "entity.relation_foreign_key_not_found", "The system gives no random bytes.")
    }
}

const MESSAGES: &[(&str, &str)] = &[
    ("account_center.field_not_editable", "Field is not editable."),
    ("account_center.field_not_enabled", "Field is not enabled."),
    ("account_center.not_enabled", "Account center is not enabled."),
    ("auth.forbidden", "Forbidden. Please check your user roles and permissions."),
    ("auth.third_party_application_forbidden", "Third-party applications cannot modify account data through this API."),
    ("auth.unauthorized", "Unauthorized. Please check credentials and its scope."),
    ("connector.social_auth_code_invalid", "Unable to get access token, please check authorization code."),
    ("guard.file_size_exceeded", "File size exceeded."),
    ("guard.mime_type_not_allowed", "MIME type is not allowed."),
    ("oidc.invalid_grant", "Grant request is invalid."),
    (
        "secrets.third_party_token_set.access_token_expired",
        "The access token has expired. Please reconnect your account.",
    ),
    ("secrets.third_party_token_set.token_not_found", "Token record not found."),
    ("session.invalid_credentials", "Incorrect account or password. Please check your input."),
    ("session.mfa.backup_code_can_not_be_alone", "Backup code can not be the only MFA."),
    ("session.mfa.invalid_totp_code", "Invalid TOTP code."),
    ("session.mfa.mfa_factor_not_enabled", "MFA factor is not enabled."),
    ("session.mfa.webauthn_verification_failed", "WebAuthn verification failed."),
    ("user.backup_code_already_in_use", "Backup code is already in use."),
    ("user.email_already_in_use", "This email is associated with an existing account."),
    ("user.identity_already_in_use", "The social account has been associated with an existing account."),
    ("user.identity_not_exist", "The social account has not been registered yet."),
    (
        "user.identity_not_exists_in_current_user",
        "The specified identity does not exist in the current user account. Please link the identity before proceeding.",
    ),
    ("user.last_sign_in_method_required", "You need to keep at least one identifier in your account."),
    ("user.phone_already_in_use", "This phone number is associated with an existing account."),
    ("user.same_password", "New password cannot be the same as your old password."),
    ("user.totp_already_in_use", "TOTP is already in use."),
    ("user.totp_secret_invalid", "Invalid TOTP secret supplied."),
    ("user.username_already_in_use", "This username is already in use."),
    ("user.wrong_backup_code_format", "Backup code format is invalid."),
    ("verification_code.code_mismatch", "Invalid verification code."),
    ("verification_code.email_mismatch", "Email mismatch. Please request a new verification code."),
    (
        "verification_code.exceed_max_try",
        "Verification code retries limitation exceeded. Please request a new verification code.",
    ),
    ("verification_code.not_found", "Verification code not found. Please send verification code first."),
    ("verification_code.phone_mismatch", "Phone mismatch. Please request a new verification code."),
    ("verification_record.not_found", "Verification record not found."),
    ("verification_record.permission_denied", "Permission denied, please re-authenticate."),
    (
        "verification_record.social_verification.token_response_not_found",
        "Token response not found. Please check that token storage is supported and enabled for the social connector.",
    ),
];
