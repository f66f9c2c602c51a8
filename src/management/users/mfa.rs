//! Second factors of a user.

use std::{fmt, time::SystemTime};

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Users, user};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing},
    secret::Secret,
};

/// A second factor of a user. `Debug` prints the id and the kind alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MfaFactor {
    /// The factor's id.
    pub id: String,
    /// The kind: `Totp`, `WebAuthn`, `BackupCode`, `EmailVerificationCode`, `PhoneVerificationCode`.
    #[serde(default, rename = "type", deserialize_with = "lenient::loose")]
    pub kind: String,
    /// The name that the user gave a passkey.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: Option<String>,
    /// The browser that a passkey was made with.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub agent: Option<String>,
    /// How many backup codes are left.
    #[serde(default, rename = "remainCodes", deserialize_with = "lenient::loose")]
    pub remaining_codes: Option<u64>,
    /// When the factor was added.
    #[serde(default, deserialize_with = "lenient::date")]
    pub created_at: Option<SystemTime>,
    /// When the factor was last used.
    #[serde(default, deserialize_with = "lenient::date")]
    pub last_used_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for MfaFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MfaFactor").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A new authenticator app of a user. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewTotp {
    /// The secret, in Base32.
    pub secret: Secret,
    /// The QR code with the secret, as a `data:` URL of a PNG.
    #[serde(rename = "secretQrCode")]
    pub qr_code: Secret,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for NewTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTotp").finish_non_exhaustive()
    }
}

impl Users<'_> {
    /// Lists the second factors of a user.
    pub fn list_mfa_factors(&self, id: &str) -> List<MfaFactor> {
        self.0.list(user(id).then("mfa-verifications")).whole()
    }

    /// Adds an authenticator app to a user, with this secret (Base32), or with a new one that Logto makes. The user enters the secret into the app.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`, also if there is one already. See also [`Management`](crate::management::Management).
    pub async fn add_totp(&self, id: &str, secret: Option<&Secret>) -> Result<NewTotp> {
        let mut body = json!({ "type": "Totp" });
        if let Some(secret) = secret {
            body = json!({ "type": "Totp", "secret": secret.expose() });
        }
        self.0.post(user(id).then("mfa-verifications"), &body).await
    }

    /// Adds backup codes to a user and returns them: these, or new ones that Logto makes. The user needs another factor first.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`, also if there are some already. See also [`Management`](crate::management::Management).
    pub async fn add_backup_codes(&self, id: &str, codes: Option<&[Secret]>) -> Result<Vec<Secret>> {
        let body = match codes {
            Some(codes) => {
                let codes: Vec<_> = codes.iter().map(Secret::expose).collect();
                json!({ "type": "BackupCode", "codes": codes })
            }
            None => json!({ "type": "BackupCode" }),
        };
        let body = body.to_string().into_bytes();
        let answer = self.0.call(Method::POST, user(id).then("mfa-verifications"), Some(body)).await?;
        answer.read_member("codes")
    }

    /// Removes a second factor of a user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_mfa_factor(&self, id: &str, factor: &str) -> Result<()> {
        self.0.delete::<Nothing>(user(id).then("mfa-verifications").id(factor)).await.map(drop)
    }
}
