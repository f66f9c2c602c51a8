//! The further members of a user's profile (OpenID Connect Core 5.1).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Account, operation::Operation};
use crate::{
    error::Result,
    logto_api::{ApiBody, ApiPath, lenient},
    scopes,
};

/// The struct that is read and the setters that change it, from one list of members.
macro_rules! profile {
    ($($(#[$doc:meta])* $member:ident as $wire:literal,)*) => {
        /// The further members of a user's profile.
        #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct AccountProfile {
            $(
                $(#[$doc])*
                #[serde(default, deserialize_with = "lenient::loose")]
                pub $member: Option<String>,
            )*
            /// Postal address (scope `address`).
            #[serde(default, deserialize_with = "lenient::loose")]
            pub address: Option<AccountAddress>,
            /// Every other member, as it came.
            #[serde(flatten)]
            pub extra: Map<String, Value>,
        }

        impl ProfileUpdate {
            $(
                $(#[$doc])*
                pub fn $member(self, value: impl Into<String>) -> Self {
                    self.with($wire, value.into().into())
                }
            )*
        }
    };
}

profile! {
    /// Surname.
    family_name as "familyName",
    /// First name.
    given_name as "givenName",
    /// Middle name.
    middle_name as "middleName",
    /// Casual name.
    nickname as "nickname",
    /// The name the user wants to be called by.
    preferred_username as "preferredUsername",
    /// Address of the profile page.
    profile as "profile",
    /// Address of the user's own site.
    website as "website",
    /// Gender.
    gender as "gender",
    /// Birthday, `YYYY-MM-DD` or `YYYY`.
    birthdate as "birthdate",
    /// Time zone, such as `Asia/Seoul`.
    zoneinfo as "zoneinfo",
    /// Language, such as `ko-KR`.
    locale as "locale",
}

/// A postal address (OpenID Connect Core 5.1.1). What is `None` is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(clippy::exhaustive_structs, reason = "it is written as a literal with `..Default::default()`")]
pub struct AccountAddress {
    /// The whole address, as it is printed.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street and number.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State or province.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country.
    #[serde(deserialize_with = "lenient::loose", skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What to change of the profile. What is not set stays as it is.
#[derive(Clone, PartialEq, Default)]
#[must_use]
pub struct ProfileUpdate {
    members: Map<String, Value>,
}

impl ProfileUpdate {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The postal address, all of it.
    pub fn address(self, address: &AccountAddress) -> Self {
        // A struct of texts is always JSON.
        let address = serde_json::to_value(address).unwrap_or_default();
        self.with("address", address)
    }

    fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }
}

/// Without the values.
impl fmt::Debug for ProfileUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProfileUpdate").field(&self.members.keys().collect::<Vec<_>>()).finish()
    }
}

impl Account {
    /// Changes members of the profile; gives the profile as it is then.
    ///
    /// # Errors
    /// `account.value_refused` for what Logto does not take: [`Refusal::members`](super::Refusal::members) names it. See also [`Account`].
    pub async fn update_profile(&self, update: &ProfileUpdate) -> Result<AccountProfile> {
        let address = update.members.contains_key("address").then_some(scopes::ADDRESS);
        let operation = Operation::patch(ApiPath::new("my-account/profile"), "change the profile")
            .scope(scopes::PROFILE)
            .further_scope(address)
            .field("profile")
            .body(ApiBody::json(&update.members)?);
        self.access.read(operation).await
    }
}
