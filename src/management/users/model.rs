//! A user, as Logto shows it.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{SsoIdentity, UserProfile};
use crate::{claims::SocialIdentity, logto_api::lenient};

/// A user. `Debug` prints the id alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct User {
    /// The user's id: `sub` of tokens.
    pub id: String,
    /// The name that the user signs in with.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub username: Option<String>,
    /// The email address that the user signs in with.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub primary_email: Option<String>,
    /// The phone number that the user signs in with: digits with the country code.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub primary_phone: Option<String>,
    /// Full name.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: Option<String>,
    /// Address of the picture.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub avatar: Option<String>,
    /// What applications keep about the user.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub custom_data: Map<String, Value>,
    /// Accounts at social connectors, by the connector's target.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub identities: BTreeMap<String, SocialIdentity>,
    /// Accounts at enterprise SSO connectors. `None` if they were not asked for.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub sso_identities: Option<Vec<SsoIdentity>>,
    /// Further members of the profile.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub profile: UserProfile,
    /// Whether the user is suspended.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_suspended: bool,
    /// Whether the user has a password. `None` if Logto does not say so.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub has_password: Option<bool>,
    /// Whether the user has a password, an email address or a phone number to verify a sensitive change with. `None` if Logto does not say so.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub has_security_verification_method: Option<bool>,
    /// The application that the user registered with.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub application_id: Option<String>,
    /// When the user last signed in.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub last_sign_in_at: Option<SystemTime>,
    /// When the user was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// When the user was last changed.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub updated_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}
