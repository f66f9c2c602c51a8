//! Writes the claim structs: each member is typed once, and reads leniently by the kind it is listed under.
//!
//! A shared struct behind `#[serde(flatten)]` would have serde buffer every member before it is read.

/// A struct of claims: `required` members must be there and of their type; `optional` ones, `milliseconds` (times in that unit; a `SystemTime`
/// elsewhere is in seconds), `lists` and `json` may be missing, null or anything else; `objects` are left out unless they have the shape of their type; `data` say themselves how they are read; whatever is not
/// listed ends in `extra`.
macro_rules! claims {
    ($(#[$about:meta])* struct $name:ident {
        required { $($(#[$required_doc:meta])* $required:ident: $required_type:ty,)* }
        $(
            optional { $($(#[$optional_doc:meta])* $optional:ident: $optional_type:ty,)* }
            $(milliseconds { $($(#[$date_doc:meta])* $date:ident,)* })?
        )*
        lists { $($(#[$list_doc:meta])* $list:ident,)* }
        json { $($(#[$json_doc:meta])* $json:ident,)* }
        $(objects { $($(#[$object_doc:meta])* $object:ident: $object_type:ty,)* })?
        $(data { $($(#[$data:meta])* $member:ident: $data_type:ty,)* })?
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$required_doc])*
                #[serde(deserialize_with = "super::lenient::required", serialize_with = "super::written::required")]
                pub $required: $required_type,
            )*
            $(
                $(
                    $(#[$optional_doc])*
                    #[serde(
                        default,
                        deserialize_with = "super::lenient::optional",
                        serialize_with = "super::written::optional",
                        skip_serializing_if = "Option::is_none"
                    )]
                    pub $optional: Option<$optional_type>,
                )*
                $($(
                    $(#[$date_doc])*
                    #[serde(default, with = "super::written::milliseconds", skip_serializing_if = "Option::is_none")]
                    pub $date: Option<std::time::SystemTime>,
                )*)?
            )*
            $(
                $(#[$list_doc])*
                #[serde(default, deserialize_with = "super::lenient::texts", skip_serializing_if = "Vec::is_empty")]
                pub $list: Vec<String>,
            )*
            $(
                $(#[$json_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $json: Option<serde_json::Value>,
            )*
            $($(
                $(#[$object_doc])*
                #[serde(default, deserialize_with = "super::lenient::object", skip_serializing_if = "Option::is_none")]
                pub $object: Option<$object_type>,
            )*)?
            $($(
                $(#[$data])*
                pub $member: $data_type,
            )*)?
            /// Every other member, as it came.
            #[serde(flatten)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// Returns the custom claims as a type of the application, which may name any other member as well. Logto puts them only into access
            /// tokens (Logto Console › Custom JWT): no ID token and no user info has them.
            ///
            /// # Errors
            /// `claims.unexpected` where a claim does not fit the type; the message names it.
            pub fn custom_claims<T: serde::de::DeserializeOwned>(&self) -> $crate::error::Result<T> {
                super::custom::read(self)
            }
        }
    };
}

/// [`claims`] with the members that describe a user (OpenID Connect Core 5.1, and Logto's own), by ID token and userinfo alike.
macro_rules! user_claims {
    ($(#[$about:meta])* struct $name:ident {
        required { $($required:tt)* }
        optional { $($optional:tt)* }
        lists { $($lists:tt)* }
        json { $($json:tt)* }
    }) => {
        $crate::claims::members::claims! {
            $(#[$about])*
            struct $name {
                required { $($required)* }
                optional {
                    $($optional)*
                    /// Full name.
                    name: String,
                    /// Surname.
                    family_name: String,
                    /// First name.
                    given_name: String,
                    /// Middle name.
                    middle_name: String,
                    /// Casual name.
                    nickname: String,
                    /// The name the user wants to be called by.
                    preferred_username: String,
                    /// Address of the profile page.
                    profile: String,
                    /// Address of the picture.
                    picture: String,
                    /// Address of the user's own site.
                    website: String,
                    /// Email address (scope `email`).
                    email: String,
                    /// Whether Logto has verified the email address.
                    email_verified: bool,
                    /// Gender.
                    gender: String,
                    /// Birthday, `YYYY-MM-DD` or `YYYY`.
                    birthdate: String,
                    /// Time zone, such as `Asia/Seoul`.
                    zoneinfo: String,
                    /// Language, such as `ko-KR`.
                    locale: String,
                    /// Phone number (scope `phone`), which Logto writes without the leading `+`.
                    phone_number: String,
                    /// Whether Logto has verified the phone number.
                    phone_number_verified: bool,
                }
                milliseconds {
                    /// When the profile changed. In JSON milliseconds since 1970: Logto's choice, the standard says seconds.
                    updated_at,
                    /// When the user was created. In JSON milliseconds since 1970.
                    created_at,
                }
                optional {
                    /// Username in Logto.
                    username: String,
                }
                lists {
                    $($lists)*
                    /// Names of the user's roles (scope `roles`).
                    roles,
                    /// Ids of the user's organizations (scope `urn:logto:scope:organizations`).
                    organizations,
                    /// The user's roles in organizations, as `<organization id>:<role name>` (scope `urn:logto:scope:organization_roles`).
                    organization_roles,
                }
                json {
                    $($json)*
                    /// Postal address (scope `address`; OpenID Connect Core 5.1.1).
                    address,
                    /// Enterprise identities (scope `identities`), as each connector has them.
                    sso_identities,
                }
                data {
                    /// What your application keeps about the user (scope `custom_data`): an object. In a type of yours:
                    /// `custom_data_as`.
                    #[serde(default, deserialize_with = "super::lenient::object", skip_serializing_if = "Option::is_none")]
                    custom_data: Option<serde_json::Map<String, serde_json::Value>>,
                    /// Accounts at social connectors, by connector (scope `identities`).
                    #[serde(default, deserialize_with = "super::lenient::objects_by_name", skip_serializing_if = "Option::is_none")]
                    identities: Option<std::collections::BTreeMap<String, $crate::claims::SocialIdentity>>,
                    /// Id, name and description of each organization (scope `urn:logto:scope:organizations`).
                    #[serde(default, deserialize_with = "super::lenient::objects", skip_serializing_if = "Vec::is_empty")]
                    organization_data: Vec<$crate::claims::OrganizationData>,
                }
            }
        }

        impl $name {
            /// Returns the [`custom_data`](Self::custom_data) as your own type. A user without custom data is treated like one with an empty object.
            ///
            /// # Errors
            /// `claims.unexpected` where a member does not fit the type; the message names it.
            pub fn custom_data_as<T: serde::de::DeserializeOwned>(&self) -> $crate::error::Result<T> {
                let none = serde_json::Map::new();
                let data = self.custom_data.as_ref().unwrap_or(&none);
                super::custom::read_as(data, $crate::error::Code::ClaimsUnexpected, "the custom data is")
            }
        }
    };
}

pub(super) use {claims, user_claims};
