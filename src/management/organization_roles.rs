//! Organization roles: those of the organization template, which all organizations have in common.

mod scopes;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{List, Management, Path, body::body, reference::Reference, roles::RoleKind};
use crate::{error::Result, logto_api::lenient};

/// An organization role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationRole {
    /// The role's id.
    pub id: String,
    /// The name, which is in the claim `organization_roles` of ID tokens.
    pub name: String,
    /// What the role is for.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// Who can have the role: `User` or `MachineToMachine`.
    #[serde(default, rename = "type", deserialize_with = "lenient::loose")]
    pub kind: Option<String>,
    /// The organization permissions that the role grants. `None` but in lists of all organization roles.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub scopes: Option<Vec<Reference>>,
    /// The permissions of API resources that the role grants. `None` but in lists of all organization roles.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub resource_scopes: Option<Vec<Reference>>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

body! {
    /// An organization role to be created. The name is required.
    NewOrganizationRole;
    /// Sets the name, which no other organization role has. At most 128 characters.
    text name "name";
    /// Sets what the role is for. At most 256 characters.
    text description "description";
    /// Sets who can have the role. Default: users.
    value(RoleKind) kind "type";
    /// Sets the organization permissions that the role grants, by their ids.
    texts scopes "organizationScopeIds";
    /// Sets the permissions of API resources that the role grants, by their ids.
    texts resource_scopes "resourceScopeIds";
}

body! {
    /// What to change of an organization role. What is not set stays as it is.
    OrganizationRoleUpdate;
    /// Sets the name, which no other organization role has. At most 128 characters.
    text name "name";
    /// Sets what the role is for. At most 256 characters.
    text description |
    /// Removes the description.
    no_description "description";
    /// Sets who can have the role.
    value(RoleKind) kind "type";
}

/// Organization roles: see [`Management::organization_roles`].
#[derive(Debug, Clone, Copy)]
pub struct OrganizationRoles<'a>(&'a Management);

impl Management {
    /// Returns the operations on organization roles.
    #[must_use]
    pub fn organization_roles(&self) -> OrganizationRoles<'_> {
        OrganizationRoles(self)
    }
}

impl OrganizationRoles<'_> {
    /// Lists organization roles.
    pub fn list(&self) -> List<OrganizationRole> {
        self.0.list("/organization-roles")
    }

    /// Lists the organization roles that have this text in their id, their name or their description.
    pub fn search(&self, text: &str) -> List<OrganizationRole> {
        self.list().query("q", text)
    }

    /// Creates an organization role.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `entity.unique_integrity_violation` for a name that another one has.
    /// See also [`Management`].
    pub async fn create(&self, role: &NewOrganizationRole) -> Result<OrganizationRole> {
        self.0.post("/organization-roles", role).await
    }

    /// Returns an organization role.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<OrganizationRole> {
        self.0.get(role(id)).await
    }

    /// Changes an organization role and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &OrganizationRoleUpdate) -> Result<OrganizationRole> {
        self.0.patch(role(id), update).await
    }

    /// Deletes an organization role. Members lose what it granted with their next token.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(role(id)).await
    }
}

fn role(id: &str) -> Path {
    Path::new("/organization-roles").id(id)
}
