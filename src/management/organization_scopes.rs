//! Organization permissions: those of the organization template, which all organizations have in common.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{List, Management, Path, body::body};
use crate::{error::Result, logto_api::lenient};

/// An organization permission.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OrganizationScope {
    /// The permission's id.
    pub id: String,
    /// The name, which is in the scope of organization tokens.
    pub name: String,
    /// What the permission allows.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

body! {
    /// An organization permission to be created. The name is required.
    NewOrganizationScope;
    /// Sets the name, which no other organization permission has. At most 128 characters.
    text name "name";
    /// Sets what the permission allows. At most 256 characters.
    text description "description";
}

body! {
    /// What to change of an organization permission. What is not set stays as it is.
    OrganizationScopeUpdate;
    /// Sets the name, which no other organization permission has. At most 128 characters.
    text name "name";
    /// Sets what the permission allows. At most 256 characters.
    text description |
    /// Removes the description.
    no_description "description";
}

/// Organization permissions: see [`Management::organization_scopes`].
#[derive(Debug, Clone, Copy)]
pub struct OrganizationScopes<'a>(&'a Management);

impl Management {
    /// Returns the operations on organization permissions.
    #[must_use]
    pub fn organization_scopes(&self) -> OrganizationScopes<'_> {
        OrganizationScopes(self)
    }
}

impl OrganizationScopes<'_> {
    /// Lists organization permissions.
    pub fn list(&self) -> List<OrganizationScope> {
        self.0.list("/organization-scopes")
    }

    /// Lists the organization permissions that have this text in their id, their name or their description.
    pub fn search(&self, text: &str) -> List<OrganizationScope> {
        self.list().query("q", text)
    }

    /// Creates an organization permission.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `entity.unique_integrity_violation` for a name that another one has.
    /// See also [`Management`].
    pub async fn create(&self, scope: &NewOrganizationScope) -> Result<OrganizationScope> {
        self.0.post("/organization-scopes", scope).await
    }

    /// Returns an organization permission.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<OrganizationScope> {
        self.0.get(scope(id)).await
    }

    /// Changes an organization permission and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &OrganizationScopeUpdate) -> Result<OrganizationScope> {
        self.0.patch(scope(id), update).await
    }

    /// Deletes an organization permission. Organization roles lose it.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(scope(id)).await
    }
}

fn scope(id: &str) -> Path {
    Path::new("/organization-scopes").id(id)
}
