//! What Logto knows of the user, and the plain changes.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Account, AccountProfile, operation::Operation};
use crate::{
    claims::SocialIdentity,
    error::Result,
    logto_api::{ApiBody, ApiPath, lenient},
    scopes,
};

/// What Logto knows of the user. A member is `None` where the user has none, no scope of the token shows it, or Logto's account center hides it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AccountUser {
    /// The user's id: `sub` of tokens.
    pub id: String,
    /// The name that the user signs in with (scope `profile`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub username: Option<String>,
    /// The email address that the user signs in with (scope `email`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub primary_email: Option<String>,
    /// The phone number that the user signs in with, digits with the country code (scope `phone`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub primary_phone: Option<String>,
    /// Full name (scope `profile`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: Option<String>,
    /// Address of the picture (scope `profile`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub avatar: Option<String>,
    /// What applications keep about the user (scope `custom_data`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub custom_data: Option<Map<String, Value>>,
    /// Accounts at social connectors, by the connector's target (scope `identities`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub identities: Option<BTreeMap<String, SocialIdentity>>,
    /// Further members of the profile (scope `profile`; its address `address`).
    #[serde(default, deserialize_with = "lenient::loose")]
    pub profile: Option<AccountProfile>,
    /// When the user last signed in.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub last_sign_in_at: Option<SystemTime>,
    /// When the user was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// When the user was changed.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub updated_at: Option<SystemTime>,
    /// Whether the user has a password.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub has_password: Option<bool>,
    /// Whether the user can verify that it is them: by a password, an email address or a phone number. Who cannot sets a first password, with
    /// [`Account::set_first_password`].
    #[serde(default, deserialize_with = "lenient::loose")]
    pub has_security_verification_method: Option<bool>,
    /// Whether the user is suspended.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_suspended: Option<bool>,
    /// Every other member, as it came: `ssoIdentities`, `applicationId`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What to change of the user. What is not set stays as it is.
#[derive(Clone, PartialEq, Default)]
#[must_use]
pub struct UserUpdate {
    members: Map<String, Value>,
}

impl UserUpdate {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The full name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with("name", name.into().into())
    }

    /// No name.
    pub fn no_name(self) -> Self {
        self.with("name", Value::Null)
    }

    /// The picture, as an absolute URL.
    pub fn avatar(self, url: impl Into<String>) -> Self {
        self.with("avatar", url.into().into())
    }

    /// No picture.
    pub fn no_avatar(self) -> Self {
        self.with("avatar", Value::Null)
    }

    /// What applications keep about the user, all of it: it takes the place of what was there.
    pub fn custom_data(self, data: Map<String, Value>) -> Self {
        self.with("customData", data.into())
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }
}

/// Without the values.
impl fmt::Debug for UserUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserUpdate").field(&self.members.keys().collect::<Vec<_>>()).finish()
    }
}

impl Account {
    /// What Logto knows of the user, as it is now.
    ///
    /// # Errors
    /// See [`Account`].
    pub async fn user(&self) -> Result<AccountUser> {
        self.access.read(Operation::get(ApiPath::new("my-account"), "read the account")).await
    }

    /// Changes name, picture or custom data; gives the user as they are then.
    ///
    /// # Errors
    /// `account.value_refused` for what Logto does not take: [`Refusal::members`](super::Refusal::members) names it. See also [`Account`].
    pub async fn update(&self, update: &UserUpdate) -> Result<AccountUser> {
        let custom_data = update.members.contains_key("customData").then_some(scopes::CUSTOM_DATA);
        let operation = Operation::patch(ApiPath::new("my-account"), "change the account")
            .scope(scopes::PROFILE)
            .further_scope(custom_data)
            .fields(update.members.keys().map(String::as_str).collect())
            .body(ApiBody::json(&update.members)?);
        self.access.read(operation).await
    }
}
