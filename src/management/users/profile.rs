//! The profile of a user: the standard claims of OpenID Connect Core 5.1 beside name and picture.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{logto_api::lenient, management::body::body};

/// Further members of a user's profile. `Debug` prints none of them.
#[derive(Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct UserProfile {
    /// Surname.
    #[serde(deserialize_with = "lenient::loose")]
    pub family_name: Option<String>,
    /// First name.
    #[serde(deserialize_with = "lenient::loose")]
    pub given_name: Option<String>,
    /// Middle name.
    #[serde(deserialize_with = "lenient::loose")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(deserialize_with = "lenient::loose")]
    pub nickname: Option<String>,
    /// The name the user wants to be called by.
    #[serde(deserialize_with = "lenient::loose")]
    pub preferred_username: Option<String>,
    /// Address of the profile page.
    #[serde(deserialize_with = "lenient::loose")]
    pub profile: Option<String>,
    /// Address of the user's own site.
    #[serde(deserialize_with = "lenient::loose")]
    pub website: Option<String>,
    /// Gender.
    #[serde(deserialize_with = "lenient::loose")]
    pub gender: Option<String>,
    /// Birthday, `YYYY-MM-DD` or `YYYY`.
    #[serde(deserialize_with = "lenient::loose")]
    pub birthdate: Option<String>,
    /// Time zone, such as `Asia/Seoul`.
    #[serde(deserialize_with = "lenient::loose")]
    pub zoneinfo: Option<String>,
    /// Language, such as `ko-KR`.
    #[serde(deserialize_with = "lenient::loose")]
    pub locale: Option<String>,
    /// Postal address.
    #[serde(deserialize_with = "lenient::loose")]
    pub address: Option<UserAddress>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for UserProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserProfile").finish_non_exhaustive()
    }
}

/// A postal address (OpenID Connect Core 5.1.1). What is `None` is not sent. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(clippy::exhaustive_structs, reason = "it is written as a literal with `..Default::default()`")]
pub struct UserAddress {
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

impl fmt::Debug for UserAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAddress").finish_non_exhaustive()
    }
}

body! {
    /// Members of a user's profile.
    ProfileUpdate;
    /// Sets the surname.
    text family_name "familyName";
    /// Sets the first name.
    text given_name "givenName";
    /// Sets the middle name.
    text middle_name "middleName";
    /// Sets the casual name.
    text nickname "nickname";
    /// Sets the name the user wants to be called by.
    text preferred_username "preferredUsername";
    /// Sets the address of the profile page.
    text profile "profile";
    /// Sets the address of the user's own site.
    text website "website";
    /// Sets the gender.
    text gender "gender";
    /// Sets the birthday, `YYYY-MM-DD` or `YYYY`.
    text birthdate "birthdate";
    /// Sets the time zone, such as `Asia/Seoul`.
    text zoneinfo "zoneinfo";
    /// Sets the language, such as `ko-KR`.
    text locale "locale";
    /// Sets the postal address.
    value(UserAddress) address "address";
}
