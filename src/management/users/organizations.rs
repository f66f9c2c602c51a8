//! The organizations of a user.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Users, user};
use crate::{logto_api::lenient, management::List};

/// An organization that a user is a member of.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationOfUser {
    /// The organization's id.
    pub id: String,
    /// The organization's name.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: String,
    /// What the organization is.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// Whether members need a second factor.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_mfa_required: bool,
    /// The roles of the user in the organization.
    #[serde(default, deserialize_with = "lenient::list")]
    pub organization_roles: Vec<RoleInOrganization>,
    /// Every other member, as it came: `customData`, `branding`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A role in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RoleInOrganization {
    /// The role's id.
    pub id: String,
    /// The role's name.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: String,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Users<'_> {
    /// Lists the organizations of a user, each with the roles of the user in it.
    pub fn list_organizations(&self, id: &str) -> List<OrganizationOfUser> {
        self.0.list(user(id).then("organizations")).whole()
    }
}
