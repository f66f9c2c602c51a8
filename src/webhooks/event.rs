//! An event as a delivery tells it.

use std::time::SystemTime;

use cookie::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::EventName;
use crate::{
    claims::SocialIdentity,
    error::{Code, Error, Result},
};

/// A delivery that was verified: what happened, when, and to whom.
///
/// Which members there are depends on the event. A change by the Management API has `ip`, `path`, `method`, `params` and mostly `data`; a sign-in has
/// `user`, `application` and `session_id`. What has no field here is in [`extra`](Self::extra).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    #[serde(rename = "event")]
    pub name: EventName,
    /// The webhook's id.
    pub hook_id: String,
    /// When it happened, by Logto's clock.
    #[serde(deserialize_with = "rfc_3339")]
    pub created_at: SystemTime,
    /// The application that the user was signing in to.
    #[serde(default)]
    pub application: Option<WebhookApplication>,
    /// The user who was signing in.
    #[serde(default)]
    pub user: Option<WebhookUser>,
    /// What was created or changed, as it is now: a user for the events `User.…`, and so on. A user who was deleted is here as before; other deletions
    /// have none, nor has a change of members.
    #[serde(default)]
    pub data: Option<Value>,
    /// What the path of the Management API named: `userId`, `id`, `scopeId`.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The organization whose members came or went.
    #[serde(default)]
    pub organization_id: Option<String>,
    /// Users who became members of the organization.
    #[serde(default)]
    pub added_user_ids: Vec<String>,
    /// Users who are members no longer.
    #[serde(default)]
    pub removed_user_ids: Vec<String>,
    /// The session at Logto, of a sign-in: not the `sid` of ID tokens.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The address of who signed in, or called the Management API.
    #[serde(default, alias = "userIp")]
    pub ip: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
    #[serde(skip)]
    body_hash: [u8; 32],
}

/// A user as a webhook tells of one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebhookUser {
    /// The user's id: `sub` in tokens.
    pub id: String,
    /// The username.
    #[serde(default)]
    pub username: Option<String>,
    /// The email address, which Logto has verified or an administrator has set.
    #[serde(default)]
    pub primary_email: Option<String>,
    /// The phone number: digits, without `+`.
    #[serde(default)]
    pub primary_phone: Option<String>,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The address of a picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// What the application keeps with the user.
    #[serde(default)]
    pub custom_data: Map<String, Value>,
    /// Accounts at social connectors, by the connector's target.
    #[serde(default)]
    pub identities: std::collections::BTreeMap<String, SocialIdentity>,
    /// Whether the user is suspended, and cannot sign in.
    #[serde(default)]
    pub is_suspended: bool,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// An application as a webhook tells of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct WebhookApplication {
    /// The App ID.
    pub id: String,
    /// Its type: `Traditional`, `SPA`, `Native`, `MachineToMachine`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Event {
    /// Reads a body whose signature is right.
    pub(super) fn read(body: &[u8]) -> Result<Self> {
        let event: Self = serde_json::from_slice(body).map_err(|error| {
            // Where it is wrong, and not what stands there: it is about a person.
            let message = format!(
                "a delivery is signed and is no event: {} at line {}, column {}",
                category(&error),
                error.line(),
                error.column()
            );
            Error::new(Code::WebhookBody, message)
        })?;
        Ok(Self { body_hash: Sha256::digest(body).into(), ..event })
    }

    /// Returns the id of the user whom the event is about: who signed in, was created, changed, suspended or deleted. A change of an organization's
    /// members is about several: [`added_user_ids`](Self::added_user_ids), [`removed_user_ids`](Self::removed_user_ids).
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        if let Some(user) = &self.user {
            return Some(&user.id);
        }
        let of_data = || self.is_about_a_user().then(|| self.data.as_ref()?.get("id")?.as_str()).flatten();
        self.extra
            .get("userId")
            .and_then(Value::as_str)
            .or_else(|| self.params.get("userId").and_then(Value::as_str))
            .or_else(of_data)
    }

    /// Returns [`data`](Self::data) as your own type: [`WebhookUser`] for the events `User.…`. `None` if there is none, or if it does not match the
    /// type.
    #[must_use]
    pub fn data_as<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.data.as_ref()?).ok()
    }

    /// Returns the id of the delivery, which is the same if it arrives again: the SHA-256 of its body, in hexadecimal digits. The body contains the
    /// webhook's id, the time to the millisecond and the event; two users who are created in one millisecond are two deliveries.
    #[must_use]
    pub fn delivery_id(&self) -> String {
        use std::fmt::Write;
        self.body_hash.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn is_about_a_user(&self) -> bool {
        self.name.as_str().starts_with("User.")
    }
}

fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Data => "a member is missing or of another type",
        _ => "not JSON",
    }
}

fn rfc_3339<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map(Into::into).map_err(serde::de::Error::custom)
}
