//! How a Custom JWT script ends. It is asked about access tokens that are JWTs, and about no other token.

use crate::testing::mock::{
    MockLogto,
    messages::error::{OidcError, OidcResult},
};

/// What the Custom JWT script of the Logto Console does with an access token: see [`MockLogto::custom_jwt_of_users`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomJwtScript {
    /// Lets the token pass, with the custom claims there are.
    #[default]
    Passes,
    /// Calls `api.denyAccess` with this text. The answer is 400 `access_denied` with it as `error_description`.
    Denies(String),
    /// Throws an error. The token has no custom claims then.
    Throws,
}

#[derive(Debug, Default)]
pub(crate) struct CustomJwt {
    users: CustomJwtScript,
    machines: CustomJwtScript,
}

impl CustomJwt {
    /// Whether the access token that a user or a machine is to get has custom claims.
    ///
    /// # Errors
    ///
    /// If the script denies access.
    pub(crate) fn judge(&self, is_machine: bool) -> OidcResult<bool> {
        let script = if is_machine { &self.machines } else { &self.users };
        match script {
            CustomJwtScript::Passes => Ok(true),
            CustomJwtScript::Throws => Ok(false),
            CustomJwtScript::Denies(why) => Err(OidcError::new(400, "access_denied", why.as_str())),
        }
    }
}

/// The Custom JWT scripts.
impl MockLogto {
    /// Sets what the script for users' access tokens does from now on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let mock = logto::testing::MockLogto::start().await;
    /// use logto::testing::CustomJwtScript;
    ///
    /// mock.custom_jwt_of_users(CustomJwtScript::Denies("not today".to_owned()));
    /// # }
    /// ```
    pub fn custom_jwt_of_users(&self, script: CustomJwtScript) {
        self.shared.state().custom_jwt.users = script;
    }

    /// Sets what the script for machines' access tokens does from now on.
    pub fn custom_jwt_of_machines(&self, script: CustomJwtScript) {
        self.shared.state().custom_jwt.machines = script;
    }
}
