//! Second factors: what there is, and backup codes.

use std::{fmt, time::SystemTime};

use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value, json};

use super::{Account, Verification, operation::Operation};
use crate::{
    error::{Code, Result},
    logto_api::{ApiBody, ApiPath, lenient},
    scopes,
    secret::Secret,
};

const FACTORS: &str = "my-account/mfa-verifications";

/// The kind of a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
    /// A passkey or a security key.
    WebAuthn,
    /// Codes on paper.
    BackupCode,
    /// Codes by email.
    Email,
    /// Codes by text message.
    Phone,
    /// Another one, by Logto's name.
    Other(String),
}

impl<'de> Deserialize<'de> for FactorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.as_str() {
            "Totp" => Self::Totp,
            "WebAuthn" => Self::WebAuthn,
            "BackupCode" => Self::BackupCode,
            "EmailVerificationCode" => Self::Email,
            "PhoneVerificationCode" => Self::Phone,
            _ => Self::Other(name),
        })
    }
}

/// A second factor of the user.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MfaFactor {
    /// Its id.
    pub id: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: FactorKind,
    /// The name that the user gave a passkey.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: Option<String>,
    /// The browser that a passkey was made with.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub agent: Option<String>,
    /// When it was added.
    #[serde(default, deserialize_with = "lenient::date")]
    pub created_at: Option<SystemTime>,
    /// When it was last used.
    #[serde(default, deserialize_with = "lenient::date")]
    pub last_used_at: Option<SystemTime>,
    /// How many backup codes are left.
    #[serde(default, rename = "remainCodes", deserialize_with = "lenient::loose")]
    pub remaining_codes: Option<u32>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// New backup codes, to be shown once and kept until the user has said that they are written down.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupCodes {
    codes: Vec<Secret>,
}

impl BackupCodes {
    /// The codes.
    #[must_use]
    pub fn codes(&self) -> &[Secret] {
        &self.codes
    }
}

impl fmt::Debug for BackupCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupCodes").field("count", &self.codes.len()).finish_non_exhaustive()
    }
}

impl Serialize for BackupCodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.codes.len()))?;
        for code in &self.codes {
            list.serialize_element(code.expose())?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for BackupCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Self { codes: Vec::deserialize(deserializer)? })
    }
}

/// A backup code of the user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackupCode {
    /// The code.
    pub code: Secret,
    /// When it was used; `None` while it is good.
    #[serde(default, deserialize_with = "lenient::date")]
    pub used_at: Option<SystemTime>,
}

#[derive(Deserialize)]
struct Codes<T> {
    codes: Vec<T>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Factors(#[serde(deserialize_with = "lenient::list")] Vec<MfaFactor>);

impl Account {
    /// The user's second factors.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn mfa_factors(&self) -> Result<Vec<MfaFactor>> {
        let operation = Operation::get(ApiPath::new(FACTORS), "see second factors");
        Ok(self.access.read::<Factors>(operation.scope(scopes::IDENTITIES).field("mfa")).await?.0)
    }

    /// New backup codes. They are good when they were added: [`add_backup_codes`](Self::add_backup_codes).
    ///
    /// # Errors
    /// `account.verification_required`. See also [`Account`].
    pub async fn new_backup_codes(&self, verification: &Verification) -> Result<BackupCodes> {
        let path = ApiPath::new(FACTORS).then("backup-codes/generate");
        let operation = Operation::post(path, "make backup codes").verified(verification);
        Ok(BackupCodes { codes: self.access.read::<Codes<Secret>>(operation).await?.codes })
    }

    /// Adds backup codes.
    ///
    /// # Errors
    /// `account.verification_required`; `account.mfa_off`; `account.value_refused` where there are some that are good, or no other factor. See also
    /// [`Account`].
    pub async fn add_backup_codes(&self, codes: &BackupCodes, verification: &Verification) -> Result<()> {
        let operation = add_factor("add backup codes", &json!({ "type": "BackupCode", "codes": codes }))?;
        self.access.carry_out(operation.verified(verification)).await
    }

    /// The user's backup codes, those that were used included.
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found` where there are none. See also [`Account`].
    pub async fn backup_codes(&self, verification: &Verification) -> Result<Vec<BackupCode>> {
        let operation = Operation::get(ApiPath::new(FACTORS).then("backup-codes"), "see backup codes")
            .scope(scopes::IDENTITIES)
            .field("mfa")
            .verified(verification)
            .unknown_record(Code::AccountNotFound);
        Ok(self.access.read::<Codes<BackupCode>>(operation).await?.codes)
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found`, also for a factor of another kind. See also [`Account`].
    pub async fn rename_factor(&self, id: &str, name: &str, verification: &Verification) -> Result<()> {
        let path = self.id(ApiPath::new(FACTORS), id)?.then("name");
        let operation = Operation::patch(path, "rename a second factor").body(ApiBody::json(&json!({ "name": name }))?);
        self.access.carry_out(of_one(operation, verification)).await
    }

    /// Removes a second factor.
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found`. See also [`Account`].
    pub async fn remove_factor(&self, id: &str, verification: &Verification) -> Result<()> {
        let path = self.id(ApiPath::new(FACTORS), id)?;
        self.access.carry_out(of_one(Operation::delete(path, "remove a second factor"), verification)).await
    }
}

/// About one factor, by its id.
fn of_one<'a>(operation: Operation<'a>, verification: &'a Verification) -> Operation<'a> {
    let operation = operation.scope(scopes::IDENTITIES).field("mfa").verified(verification);
    operation.unknown_record(Code::AccountNotFound)
}

/// Adds a factor of any kind.
pub(super) fn add_factor<'a>(what: &'static str, body: &Value) -> Result<Operation<'a>> {
    let operation = Operation::post(ApiPath::new(FACTORS), what).scope(scopes::IDENTITIES).field("mfa");
    Ok(operation.body(ApiBody::json(body)?).gives(StatusCode::NO_CONTENT))
}
