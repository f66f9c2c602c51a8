//! Why something was not done, in words for the one who wanted it. What is not the user's to mend stays an error.

use logto::{Error, ErrorCode, account::Refusal};

use crate::html::escape;

pub(crate) struct Trouble {
    /// The name of the field that it is about; empty where it is about the whole page.
    field: &'static str,
    what: String,
    reasons: Vec<&'static str>,
}

impl Trouble {
    pub(crate) fn new(field: &'static str, what: impl Into<String>) -> Self {
        Self { field, what: what.into(), reasons: Vec::new() }
    }

    /// One thing is under way at a time: another tab has begun something else.
    pub(crate) fn begun_elsewhere() -> Self {
        Self::new("", "Meanwhile something else was begun, perhaps in another tab. Begin once more.")
    }

    /// # Errors
    /// The error itself, where the user can do nothing about it.
    pub(crate) fn of(error: Error, field: &'static str) -> Result<Self, Error> {
        let refusal = Refusal::of(&error);
        let (field, what) = match error.code() {
            ErrorCode::ACCOUNT_CREDENTIALS_WRONG => (field, wrong(field).to_owned()),
            ErrorCode::ACCOUNT_CODE_UNUSABLE => {
                (field, "This code can no longer be used. Send another one.".to_owned())
            }
            ErrorCode::ACCOUNT_LOCKED_OUT => (field, locked_out(&error)),
            ErrorCode::ACCOUNT_VALUE_REFUSED => (field, refused(refusal)),
            ErrorCode::ACCOUNT_FIELD_OFF => {
                ("", "The administrator has switched this off, so it stays as it is.".to_owned())
            }
            ErrorCode::ACCOUNT_MFA_OFF => {
                ("", "The administrator has not switched this kind of second step on.".to_owned())
            }
            ErrorCode::ACCOUNT_NOT_SET_UP => {
                ("", "This cannot be done here: the administrator has not set it up.".to_owned())
            }
            ErrorCode::ACCOUNT_NOT_FOUND => {
                ("", "It is not there any more. The list below is as it is now.".to_owned())
            }
            ErrorCode::ACCOUNT_LINK_MISMATCHED => {
                ("", "This link was begun elsewhere, or too long ago. Begin once more.".to_owned())
            }
            ErrorCode::ACCOUNT_LINK_CANCELLED => {
                ("", "Nothing was linked: you left the other page before its end.".to_owned())
            }
            ErrorCode::ACCOUNT_LINK_REFUSED => ("", "Nothing was linked: the other side refused.".to_owned()),
            _ => return Err(error),
        };
        let reasons = refusal.map(Refusal::reasons).unwrap_or_default();
        Ok(Self { field, what, reasons: reasons.into_iter().map(reason).collect() })
    }

    pub(crate) fn is_about(&self, field: &str) -> bool {
        self.field == field
    }

    /// What stands at the head of the page; empty where it stands beside a field.
    pub(crate) fn of_the_page(&self) -> String {
        match self.field {
            "" => format!(r#"<div role="alert">{}</div>"#, self.words()),
            _ => String::new(),
        }
    }

    pub(crate) fn words(&self) -> String {
        let reasons: Vec<_> = self.reasons.iter().map(|reason| format!("<li>{reason}</li>")).collect();
        let reasons = reasons.concat();
        let reasons = if reasons.is_empty() { reasons } else { format!("<ul>{reasons}</ul>") };
        format!(r#"<p class="wrong">{}</p>{reasons}"#, escape(&self.what))
    }
}

fn wrong(field: &str) -> &'static str {
    match field {
        "password" => "This is not your password.",
        _ => "This code is not right. Take the newest one.",
    }
}

fn locked_out(error: &Error) -> String {
    match error.retry_after().map(|wait| wait.as_secs().div_ceil(60)) {
        None => "Too many attempts. Try again later.".to_owned(),
        Some(1) => "Too many attempts. Try again in a minute.".to_owned(),
        Some(minutes) => format!("Too many attempts. Try again in {minutes} minutes."),
    }
}

/// Logto's codes are stable. Its messages are in English, and do for the rest.
fn refused(refusal: Option<&Refusal>) -> String {
    let what = match refusal.and_then(Refusal::code).unwrap_or_default() {
        "user.username_already_in_use" => "Somebody else has this user name.",
        "user.email_already_in_use" => "Another account has this address.",
        "user.phone_already_in_use" => "Another account has this number.",
        "user.identity_already_in_use" => {
            "It is linked to another account, or another one of its kind is linked to yours."
        }
        "user.last_sign_in_method_required" => "It is the last way to sign in that you have, so it stays.",
        "user.same_password" => "This is your present password. Choose another one.",
        "password.rejected" => "This password is too easy to guess:",
        "guard.invalid_input" => "It cannot be written like this.",
        "user.totp_already_in_use" => "You have an authenticator app already.",
        "session.mfa.backup_code_can_not_be_alone" => {
            "Backup codes are for those who have another second step. Add that first."
        }
        _ => "",
    };
    match (what, refusal.and_then(Refusal::message)) {
        ("", Some(message)) => message.chars().take(200).collect(),
        ("", None) => "It was not taken.".to_owned(),
        (what, _) => what.to_owned(),
    }
}

fn reason(code: &str) -> &'static str {
    match code.trim_start_matches("password_rejected.") {
        "too_short" => "It is too short.",
        "too_long" => "It is too long.",
        "character_types" => "It needs more kinds of characters: capital and small letters, digits, signs.",
        "unsupported_characters" => "It has characters that cannot be used.",
        "pwned" => "It is on lists of stolen passwords.",
        "restricted.repetition" => "It repeats a character.",
        "restricted.sequence" => "It has a sequence, such as abc or 123.",
        "restricted.user_info" => "It has your name, address or number in it.",
        "restricted.words" => "It has a word that is not allowed here.",
        _ => "It does not meet the rules of this site.",
    }
}
