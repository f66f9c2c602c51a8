//! Passkeys: the browser makes them, Logto keeps them, and the application carries JSON between the two.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{
    Account, Verification,
    factors::add_factor,
    operation::Operation,
    verification::{Record, VerifiedRecord},
};
use crate::{
    error::{Code, Error, Result},
    logto_api::{ApiBody, ApiPath},
};

/// A passkey that is being made. It is to be kept until the browser has made it, in the session for one: see [`Verification`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PasskeyRegistration {
    #[serde(rename = "v")]
    record: Verification,
    #[serde(skip)]
    options: Option<Value>,
}

impl PasskeyRegistration {
    /// What the browser makes the passkey by, as JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.
    /// `None` of a registration that was kept and read back.
    #[must_use]
    pub fn options(&self) -> Option<&Value> {
        self.options.as_ref()
    }

    /// When it is over, by Logto's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.record.expires_at()
    }
}

impl fmt::Debug for PasskeyRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyRegistration").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}

/// A passkey that Logto has checked, to be added with [`Account::add_passkey`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPasskey {
    #[serde(rename = "v")]
    record: Verification,
}

impl fmt::Debug for VerifiedPasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedPasskey").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    #[serde(flatten)]
    record: Record,
    registration_options: Value,
}

impl Account {
    /// Begins to make a passkey. Browsers make one for Logto's own domain, or for one that it names as related (Logto Console › Sign-in & account ›
    /// Account center).
    ///
    /// # Errors
    /// `account.not_set_up` where Logto makes passkeys for the host of `internal_endpoint`, which no browser takes. See also [`Account`].
    pub async fn begin_passkey(&self) -> Result<PasskeyRegistration> {
        let path = ApiPath::new("verifications/web-authn/registration");
        let begun: Begun = self.access.read(Operation::post(path, "begin a passkey")).await?;
        self.must_be_for_browsers(&begun.registration_options).map_err(|error| self.access.failed(error))?;
        let record = self.verification_by(begun.record).await?;
        Ok(PasskeyRegistration { record, options: Some(begun.registration_options) })
    }

    /// Checks the passkey that the browser has made: `credential` is what `PublicKeyCredential.toJSON()` gives.
    ///
    /// # Errors
    /// `account.value_refused` for what is no passkey of this registration; `account.verification_required` for a registration that is over, or
    /// another user's; `options.invalid` for what is no JSON object. See also [`Account`].
    pub async fn finish_passkey(
        &self,
        registration: &PasskeyRegistration,
        credential: &Value,
    ) -> Result<VerifiedPasskey> {
        self.must_be_own(&registration.record, Code::AccountVerification).await?;
        let Value::Object(mut payload) = credential.clone() else {
            let error = Error::new(Code::InvalidOption, "the passkey is not a JSON object");
            return Err(self.access.failed(error));
        };
        // Browsers call it `public-key`, Logto by the kind of the factor.
        payload.insert("type".to_owned(), "WebAuthn".into());
        let body = json!({ "verificationRecordId": registration.record.id().expose(), "payload": payload });
        let path = ApiPath::new("verifications/web-authn/registration/verify");
        let operation = Operation::post(path, "check the passkey").body(ApiBody::json(&body)?);
        let verified: VerifiedRecord = self.access.read(operation).await?;
        Ok(VerifiedPasskey { record: registration.record.clone().with_id(verified.verification_record_id) })
    }

    /// Adds a passkey, under the name that the user gives it, if they do.
    ///
    /// # Errors
    /// `account.verification_required`; `account.mfa_off`; `account.value_refused` for a passkey whose registration is over. See also [`Account`].
    pub async fn add_passkey(
        &self,
        passkey: &VerifiedPasskey,
        name: Option<&str>,
        verification: &Verification,
    ) -> Result<()> {
        self.must_be_own(&passkey.record, Code::AccountVerification).await?;
        let mut body = json!({
            "type": "WebAuthn", "newIdentifierVerificationRecordId": passkey.record.id().expose(),
        });
        if let (Some(name), Value::Object(body)) = (name, &mut body) {
            body.insert("name".to_owned(), name.into());
        }
        let operation = add_factor("add a passkey", &body)?.unknown_record(Code::AccountValue);
        self.access.carry_out(operation.verified(verification)).await
    }

    /// Logto makes a passkey for the host name that it is asked by, which may be one of a network of containers.
    fn must_be_for_browsers(&self, options: &Value) -> Result<()> {
        let addresses = self.access.client()?.0.provider.addresses();
        let made_for = options.get("rp").and_then(|rp| rp.get("id")).and_then(Value::as_str);
        let internal = addresses.internal_endpoint.as_ref().and_then(Url::host_str);
        if internal.is_none() || internal == addresses.endpoint.host_str() || made_for != internal {
            return Ok(());
        }
        let message = "Logto makes passkeys for the host of `internal_endpoint`, and browsers take none for it";
        Err(Error::new(Code::AccountNotSetUp, message).with_hint(
            "Logto makes a passkey for the host name that it is asked by. Leave out `internal_endpoint`, or have a proxy there hand on the host of              `endpoint` in `X-Forwarded-Host`, and set `TRUST_PROXY_HEADER` at Logto.",
        ))
    }
}
