//! The password as a proof that it is the user.

use http::StatusCode;
use serde_json::json;

use super::{
    Account,
    operation::Operation,
    verification::{Record, Verification},
};
use crate::{
    error::Result,
    logto_api::{ApiBody, ApiPath},
    secret::Secret,
};

impl Account {
    /// Verifies that it is the user, by their password.
    ///
    /// # Errors
    /// `account.credentials_wrong` for a wrong password; `account.locked_out` after too many. See also [`Account`].
    pub async fn verify_password(&self, password: &Secret) -> Result<Verification> {
        let body = ApiBody::json(&json!({ "password": password.expose() }))?;
        let operation = Operation::post(ApiPath::new("verifications/password"), "verify the password");
        let record: Record = self.access.read(operation.body(body).gives(StatusCode::CREATED)).await?;
        self.verification_by(record).await
    }
}
