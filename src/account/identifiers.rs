//! What users sign in with: user name, password, email and phone.

use http::StatusCode;
use serde_json::json;

use super::{Account, AccountUser, Identifier, Verification, VerifiedIdentifier, operation::Operation};
use crate::{
    error::{Code, Error, Result},
    logto_api::{ApiBody, ApiPath},
    scopes,
    secret::Secret,
};

impl Account {
    /// Changes the user name.
    ///
    /// # Errors
    /// `account.verification_required`; `account.value_refused` for a name that is taken, or that Logto does not take. See also [`Account`].
    pub async fn set_username(&self, name: &str, verification: &Verification) -> Result<AccountUser> {
        self.patch_username(Some(name), verification).await
    }

    /// Takes the user name away.
    ///
    /// # Errors
    /// `account.value_refused` where the user could not sign in without it. See also [`set_username`](Self::set_username).
    pub async fn remove_username(&self, verification: &Verification) -> Result<AccountUser> {
        self.patch_username(None, verification).await
    }

    async fn patch_username(&self, name: Option<&str>, verification: &Verification) -> Result<AccountUser> {
        let operation = Operation::patch(ApiPath::new("my-account"), "change the user name")
            .scope(scopes::PROFILE)
            .field("username")
            .verified(verification)
            .body(ApiBody::json(&json!({ "username": name }))?);
        self.access.read(operation).await
    }

    /// Changes the password. Sessions and tokens go on.
    ///
    /// # Errors
    /// `account.verification_required`; `account.value_refused` for the present password, and for one against the password policy:
    /// [`Refusal::reasons`](super::Refusal::reasons) says why. See also [`Account`].
    pub async fn set_password(&self, password: &Secret, verification: &Verification) -> Result<()> {
        self.access.carry_out(change_password(password)?.verified(verification)).await
    }

    /// Sets the first password of a user who has neither a password nor an email address nor a phone number, and so nothing to verify by.
    ///
    /// # Errors
    /// `account.verification_required` for a user who has any of these; see also [`set_password`](Self::set_password).
    pub async fn set_first_password(&self, password: &Secret) -> Result<()> {
        self.access.carry_out(change_password(password)?).await
    }

    /// Changes the email address that the user signs in with to one at which they have got a code.
    ///
    /// # Errors
    /// `account.verification_required`; `account.code_unusable` where `email` is over; `account.value_refused` where another user has it; `options.invalid` for
    /// a phone number. See also [`Account`].
    pub async fn set_email(&self, email: &VerifiedIdentifier, verification: &Verification) -> Result<()> {
        let Identifier::Email(address) = email.identifier() else { return Err(self.wrong_kind()) };
        let body = json!({ "email": address, "newIdentifierVerificationRecordId": email.id().expose() });
        let operation = Operation::post(EMAIL.path(), "change the email address");
        self.set(EMAIL.of(operation).body(ApiBody::json(&body)?), email, verification).await
    }

    /// Takes the email address away.
    ///
    /// # Errors
    /// `account.verification_required`; `account.value_refused` where the user could not sign in without it. See also [`Account`].
    pub async fn remove_email(&self, verification: &Verification) -> Result<()> {
        let operation = Operation::delete(EMAIL.path(), "remove the email address");
        self.access.carry_out(EMAIL.of(operation).verified(verification)).await
    }

    /// Changes the phone number that the user signs in with to one at which they have got a code.
    ///
    /// # Errors
    /// See [`set_email`](Self::set_email).
    pub async fn set_phone(&self, phone: &VerifiedIdentifier, verification: &Verification) -> Result<()> {
        let Identifier::Phone(number) = phone.identifier() else { return Err(self.wrong_kind()) };
        let body = json!({ "phone": number, "newIdentifierVerificationRecordId": phone.id().expose() });
        let operation = Operation::post(PHONE.path(), "change the phone number");
        self.set(PHONE.of(operation).body(ApiBody::json(&body)?), phone, verification).await
    }

    /// Takes the phone number away.
    ///
    /// # Errors
    /// See [`remove_email`](Self::remove_email).
    pub async fn remove_phone(&self, verification: &Verification) -> Result<()> {
        let operation = Operation::delete(PHONE.path(), "remove the phone number");
        self.access.carry_out(PHONE.of(operation).verified(verification)).await
    }

    async fn set(
        &self,
        operation: Operation<'_>,
        proof: &VerifiedIdentifier,
        verification: &Verification,
    ) -> Result<()> {
        self.must_be_own(proof.verification(), Code::AccountVerification).await?;
        // It is the new address of which Logto says so: whoever asks is told of otherwise.
        let operation = operation.unknown_record(Code::AccountCode);
        self.access.carry_out(operation.verified(verification).gives(StatusCode::NO_CONTENT)).await
    }

    fn wrong_kind(&self) -> Error {
        let error =
            Error::new(Code::InvalidOption, "an email address takes the place of one, and a phone number that of one");
        self.access.failed(error)
    }
}

fn change_password(password: &Secret) -> Result<Operation<'static>> {
    let body = ApiBody::json(&json!({ "password": password.expose() }))?;
    let operation = Operation::post(ApiPath::new("my-account/password"), "change the password");
    Ok(operation.field("password").body(body).gives(StatusCode::NO_CONTENT))
}

/// A kind of address that a user has one of.
struct Primary {
    path: &'static str,
    scope: &'static str,
    field: &'static str,
}

const EMAIL: Primary = Primary { path: "my-account/primary-email", scope: scopes::EMAIL, field: "email" };
const PHONE: Primary = Primary { path: "my-account/primary-phone", scope: scopes::PHONE, field: "phone" };

impl Primary {
    fn path(&self) -> ApiPath {
        ApiPath::new(self.path)
    }

    fn of<'a>(&self, operation: Operation<'a>) -> Operation<'a> {
        operation.scope(self.scope).field(self.field)
    }
}
