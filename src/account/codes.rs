//! Codes by email and by text message: they verify an address, and by the user's own address the user.

use std::{fmt, time::SystemTime};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Account, Verification,
    operation::Operation,
    verification::{Record, VerifiedRecord},
};
use crate::{
    error::{Code, Result},
    logto_api::{ApiBody, ApiPath},
    secret::Secret,
};

/// An address that a code can be sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
#[non_exhaustive]
pub enum Identifier {
    /// An email address.
    Email(String),
    /// A phone number: digits with the country code, as Logto writes them.
    Phone(String),
}

impl Identifier {
    /// An email address.
    #[must_use]
    pub fn email(address: impl Into<String>) -> Self {
        Self::Email(address.into().trim().to_owned())
    }

    /// A phone number with its country code. Logto takes digits alone, so `+1 (415) 555-6090` is `14155556090`.
    #[must_use]
    pub fn phone(number: impl Into<String>) -> Self {
        Self::Phone(number.into().chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '.' | '(' | ')')).collect())
    }

    /// The address.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Email(value) | Self::Phone(value) => value,
        }
    }
}

/// Without the address.
impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(…)",
            Self::Phone(_) => "Phone(…)",
        })
    }
}

/// What a code is for: which of Logto's texts goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CodeFor {
    /// A new address.
    #[default]
    NewAddress,
    /// To verify the user, by their present address.
    Permission,
    /// An address as a second factor.
    Mfa,
}

impl CodeFor {
    fn template(self) -> Option<&'static str> {
        match self {
            Self::NewAddress => None,
            Self::Permission => Some("UserPermissionValidation"),
            Self::Mfa => Some("BindMfa"),
        }
    }
}

/// A code that was sent, and that the user is to enter. It is to be kept until then, in the session for one: see [`Verification`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    #[serde(rename = "v")]
    record: Verification,
    #[serde(rename = "a")]
    identifier: Identifier,
}

impl SentCode {
    /// Where it was sent to.
    #[must_use]
    pub fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// When it is over, by Logto's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.record.expires_at()
    }
}

impl fmt::Debug for SentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentCode").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// An address at which the user has got a code: what [`Account::set_email`] and [`Account::set_phone`] take.
///
/// Of the user's present address it is a [`Verification`], too.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedIdentifier {
    #[serde(rename = "v")]
    record: Verification,
    #[serde(rename = "a")]
    identifier: Identifier,
}

impl VerifiedIdentifier {
    /// The address.
    #[must_use]
    pub fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// The proof that it is the user, where the address is their present one. Of another address Logto takes it for no such proof.
    #[must_use]
    pub fn verification(&self) -> &Verification {
        &self.record
    }

    pub(super) fn id(&self) -> &Secret {
        self.record.id()
    }
}

impl From<VerifiedIdentifier> for Verification {
    fn from(verified: VerifiedIdentifier) -> Self {
        verified.record
    }
}

impl fmt::Debug for VerifiedIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedIdentifier").field("record", &self.record).finish_non_exhaustive()
    }
}

impl Account {
    /// Sends a code to an address. Logto does so for an address of another user, too, and refuses when it is to be set.
    ///
    /// # Errors
    /// `account.value_refused` for what is no address, or one that Logto's rules forbid; `account.not_set_up` without a connector;
    /// `account.locked_out`; `account.failed` with status 429 after too many. See also [`Account`].
    pub async fn send_code(&self, to: Identifier, code_for: CodeFor) -> Result<SentCode> {
        let mut body = json!({ "identifier": to });
        if let (Some(template), Value::Object(body)) = (code_for.template(), &mut body) {
            body.insert("templateType".to_owned(), template.into());
        }
        let operation = Operation::post(ApiPath::new("verifications/verification-code"), "send a code");
        let record: Record = self.access.read(operation.body(ApiBody::json(&body)?).gives(StatusCode::CREATED)).await?;
        Ok(SentCode { record: self.verification_by(record).await?, identifier: to })
    }

    /// Checks the code that the user has got.
    ///
    /// # Errors
    /// `account.credentials_wrong` for a wrong code; `account.code_unusable` for one that is over, of another address or user, or was tried too often;
    /// `account.locked_out`. See also [`Account`].
    pub async fn verify_code(&self, sent: &SentCode, code: &Secret) -> Result<VerifiedIdentifier> {
        self.must_be_own(&sent.record, Code::AccountCode).await?;
        let body = ApiBody::json(&json!({
            "identifier": sent.identifier, "verificationId": sent.record.id().expose(), "code": code.expose().trim(),
        }))?;
        let path = ApiPath::new("verifications/verification-code/verify");
        let operation = Operation::post(path, "verify the code").body(body).unknown_record(Code::AccountCode);
        let verified: VerifiedRecord = self.access.read(operation).await?;
        let record = sent.record.clone().with_id(verified.verification_record_id);
        Ok(VerifiedIdentifier { record, identifier: sent.identifier.clone() })
    }

    /// Makes sure that what was begun was not begun by another user.
    ///
    /// # Errors
    /// One with `code`.
    pub(super) async fn must_be_own(&self, record: &Verification, code: Code) -> Result<()> {
        let user = self.access.user().await.map_err(|error| self.access.failed(error))?;
        record.must_be_of(user.as_deref(), code).map_err(|error| self.access.failed(error))
    }
}
