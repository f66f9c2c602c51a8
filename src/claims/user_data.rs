//! What claims about a user are made of, beside text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An organization of a user: an item of `organization_data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrganizationData {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description, if it has one.
    #[serde(default, deserialize_with = "super::lenient::optional")]
    pub description: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A user's account at a social connector: an item of `identities`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SocialIdentity {
    /// The user's id there.
    #[serde(rename = "userId")]
    pub user_id: String,
    /// What the connector said of the user: name, email and more, as each connector has it.
    #[serde(default, deserialize_with = "super::lenient::object", skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
