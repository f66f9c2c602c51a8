//! An authenticator app as a second factor.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded;

use super::{Account, Verification, factors::add_factor, operation::Operation, verification::exposed};
use crate::{
    error::{Code, Error, Result},
    logto_api::{ApiBody, ApiPath},
    scopes,
    secret::Secret,
};

/// The secret of an authenticator app, to be shown once, as a QR code or as text, and kept until the user has entered a code of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpSecret {
    #[serde(serialize_with = "exposed")]
    secret: Secret,
}

impl TotpSecret {
    /// A secret of the application's own making, in base32.
    #[must_use]
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into() }
    }

    /// The secret, in base32, for users who type it.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The address for a QR code. An app shows `issuer` (the application's name) and `account` (the user's).
    ///
    /// ```
    /// use logto::account::TotpSecret;
    ///
    /// let secret = TotpSecret::new("D5WXOWSIKUDEIOLU");
    /// let uri = secret.uri("My shop", "ada@example.com");
    /// assert_eq!(uri.expose(), "otpauth://totp/My%20shop:ada%40example.com?secret=D5WXOWSIKUDEIOLU&issuer=My%20shop");
    /// ```
    #[must_use]
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        // An app takes a plus sign for one.
        let escaped =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, account) = (escaped(issuer), escaped(account));
        Secret::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.secret.expose()))
    }
}

impl Account {
    /// A new secret for an authenticator app. Nothing is changed by it.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn new_totp_secret(&self) -> Result<TotpSecret> {
        let path = ApiPath::new("my-account/mfa-verifications/totp-secret/generate");
        self.access.read(Operation::post(path, "make a secret for an authenticator app")).await
    }

    /// Adds an authenticator app, of which the user has entered a code.
    ///
    /// # Errors
    /// `account.verification_required`; `account.credentials_wrong` for a wrong code; `account.mfa_off`; `account.value_refused` where there is one
    /// already: [`replace_totp`](Self::replace_totp). See also [`Account`].
    pub async fn add_totp(&self, secret: &TotpSecret, code: &Secret, verification: &Verification) -> Result<()> {
        let code = code.expose().trim();
        if code.is_empty() {
            // Logto takes an authenticator app without a code, and then nothing shows that the user has it.
            let error = Error::new(Code::AccountCredentials, "the code of the authenticator app is empty");
            return Err(self.access.failed(error));
        }
        let body = json!({ "type": "Totp", "secret": secret.secret.expose(), "code": code });
        self.access.carry_out(add_factor("add an authenticator app", &body)?.verified(verification)).await
    }

    /// Adds an authenticator app in the place of the one that is there, if there is one.
    ///
    /// # Errors
    /// See [`add_totp`](Self::add_totp).
    pub async fn replace_totp(&self, secret: &TotpSecret, code: &Secret, verification: &Verification) -> Result<()> {
        let body = ApiBody::json(&json!({ "secret": secret.secret.expose(), "code": code.expose().trim() }))?;
        let operation =
            Operation::put(ApiPath::new("my-account/mfa-verifications/totp"), "replace the authenticator app")
                .scope(scopes::IDENTITIES)
                .field("mfa")
                .body(body)
                .verified(verification)
                .gives(StatusCode::NO_CONTENT);
        self.access.carry_out(operation).await
    }
}
