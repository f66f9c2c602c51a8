//! The password of a user.

use serde::Deserialize;
use serde_json::json;

use super::{User, Users, user};
use crate::{error::Result, management::Nothing, secret::Secret};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HasPassword {
    has_password: bool,
}

impl Users<'_> {
    /// Sets the password of a user and returns the user. Logto does not apply the password policy of the sign-in experience here.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn set_password(&self, id: &str, password: &Secret) -> Result<User> {
        self.0.patch(user(id).then("password"), &json!({ "password": password.expose() })).await
    }

    /// Sets whether the user has to set a new password at the next sign-in, and returns the user. Password expiration must be on in
    /// Logto Console › Security.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn set_password_expired(&self, id: &str, expired: bool) -> Result<User> {
        self.0.patch(user(id).then("password/expiration"), &json!({ "isExpired": expired })).await
    }

    /// Verifies the password of a user.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `session.invalid_credentials` for a wrong password.
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn verify_password(&self, id: &str, password: &Secret) -> Result<()> {
        let body = json!({ "password": password.expose() });
        self.0.post::<Nothing>(user(id).then("password/verify"), &body).await.map(drop)
    }

    /// Returns whether a user has a password.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn has_password(&self, id: &str) -> Result<bool> {
        let answer: HasPassword = self.0.get(user(id).then("has-password")).await?;
        Ok(answer.has_password)
    }
}
