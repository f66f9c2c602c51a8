//! How the user wants second factors to be asked for.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Account, Verification, operation::Operation};
use crate::{
    error::Result,
    logto_api::{ApiBody, ApiPath, lenient},
    scopes,
};

const SETTINGS: &str = "my-account/mfa-settings";
const CONFIGS: &str = "my-account/logto-configs";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    skip_mfa_on_sign_in: bool,
}

/// What Logto keeps of the user's choices at sign-in.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct LogtoConfigs {
    /// `enabled`, `skipped` and `skipMfaOnSignIn`: about second factors.
    #[serde(deserialize_with = "lenient::loose")]
    pub mfa: Map<String, Value>,
    /// `skipped`: about passkeys.
    #[serde(deserialize_with = "lenient::loose")]
    pub passkey_sign_in: Map<String, Value>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl LogtoConfigs {
    /// Whether second factors are on for the user. `None` where it is left to Logto's policy.
    #[must_use]
    pub fn mfa_enabled(&self) -> Option<bool> {
        self.mfa.get("enabled")?.as_bool()
    }

    /// Whether the user has put off a second factor.
    #[must_use]
    pub fn mfa_skipped(&self) -> bool {
        self.mfa.get("skipped").and_then(Value::as_bool).unwrap_or_default()
    }

    /// Whether the user has put off a passkey.
    #[must_use]
    pub fn passkey_skipped(&self) -> bool {
        self.passkey_sign_in.get("skipped").and_then(Value::as_bool).unwrap_or_default()
    }
}

/// What to change of the user's choices at sign-in. What is not set stays as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct LogtoConfigsUpdate {
    #[serde(skip_serializing_if = "Map::is_empty")]
    mfa: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    passkey_sign_in: Map<String, Value>,
}

impl LogtoConfigsUpdate {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether second factors are on for the user.
    pub fn mfa_enabled(mut self, on: bool) -> Self {
        self.mfa.insert("enabled".to_owned(), on.into());
        self
    }

    /// Whether the user has put off a second factor.
    pub fn mfa_skipped(mut self, skipped: bool) -> Self {
        self.mfa.insert("skipped".to_owned(), skipped.into());
        self
    }

    /// Whether the user has put off a passkey.
    pub fn passkey_skipped(mut self, skipped: bool) -> Self {
        self.passkey_sign_in.insert("skipped".to_owned(), skipped.into());
        self
    }
}

impl Account {
    /// Whether the user is spared second factors at sign-in, where Logto's policy leaves them the choice.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn skips_mfa(&self) -> Result<bool> {
        let operation = Operation::get(ApiPath::new(SETTINGS), "see the settings of second factors");
        let settings: Settings = self.access.read(operation.scope(scopes::IDENTITIES).field("mfa")).await?;
        Ok(settings.skip_mfa_on_sign_in)
    }

    /// Spares the user second factors at sign-in, or has them asked for again. Gives what is so then.
    ///
    /// # Errors
    /// `account.verification_required`. See also [`Account`].
    pub async fn set_skips_mfa(&self, skip: bool, verification: &Verification) -> Result<bool> {
        let operation = Operation::patch(ApiPath::new(SETTINGS), "change the settings of second factors")
            .scope(scopes::IDENTITIES)
            .field("mfa")
            .verified(verification)
            .body(ApiBody::json(&json!({ "skipMfaOnSignIn": skip }))?);
        Ok(self.access.read::<Settings>(operation).await?.skip_mfa_on_sign_in)
    }

    /// What Logto keeps of the user's choices at sign-in.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn logto_configs(&self) -> Result<LogtoConfigs> {
        let operation = Operation::get(ApiPath::new(CONFIGS), "see the choices at sign-in");
        self.access.read(operation.scope(scopes::IDENTITIES).field("mfa")).await
    }

    /// Changes the user's choices at sign-in; gives them as they are then. It takes no verification.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn update_logto_configs(&self, update: &LogtoConfigsUpdate) -> Result<LogtoConfigs> {
        let operation = Operation::patch(ApiPath::new(CONFIGS), "change the choices at sign-in");
        let operation = operation.scope(scopes::IDENTITIES).field("mfa").body(ApiBody::json(update)?);
        self.access.read(operation).await
    }
}
