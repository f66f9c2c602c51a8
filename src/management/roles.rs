//! Roles of users and of machine-to-machine apps, and the permissions that they grant.

mod applications;
mod scopes;
mod users;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{List, Management, Path, body::body, search::containing};
use crate::{error::Result, logto_api::lenient};

/// A role. `Debug` prints no users who have it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Role {
    /// The role's id.
    pub id: String,
    /// The name, which is in the claim `roles` of tokens.
    pub name: String,
    /// What the role is for.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// Who can have the role: `User` or `MachineToMachine`.
    #[serde(default, rename = "type", deserialize_with = "lenient::loose")]
    pub kind: Option<String>,
    /// Whether new users get the role.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_default: bool,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Who can have a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum RoleKind {
    /// Users.
    User,
    /// Machine-to-machine apps.
    MachineToMachine,
}

body! {
    /// A role to be created. The name and the description are required.
    NewRole;
    /// Sets the name, which no other role has.
    text name "name";
    /// Sets what the role is for.
    text description "description";
    /// Sets who can have the role. Default: users.
    value(RoleKind) kind "type";
    /// Sets whether new users get the role.
    flag default_for_new_users "isDefault";
    /// Sets the ids of the permissions that the role grants.
    texts scopes "scopeIds";
}

body! {
    /// What to change of a role. What is not set stays as it is.
    RoleUpdate;
    /// Sets the name, which no other role has.
    text name "name";
    /// Sets what the role is for.
    text description "description";
    /// Sets whether new users get the role.
    flag default_for_new_users "isDefault";
}

/// Roles: see [`Management::roles`].
#[derive(Debug, Clone, Copy)]
pub struct Roles<'a>(&'a Management);

impl Management {
    /// Returns the operations on roles.
    #[must_use]
    pub fn roles(&self) -> Roles<'_> {
        Roles(self)
    }
}

impl Roles<'_> {
    /// Lists roles.
    pub fn list(&self) -> List<Role> {
        self.0.list("/roles")
    }

    /// Lists the roles that users can have, or those that machine-to-machine apps can have.
    pub fn list_of(&self, kind: RoleKind) -> List<Role> {
        let kind = match kind {
            RoleKind::User => "User",
            RoleKind::MachineToMachine => "MachineToMachine",
        };
        self.list().query("type", kind)
    }

    /// Lists the roles that have this text in their id, their name or their description. `read%` finds those that begin so.
    pub fn search(&self, text: &str) -> List<Role> {
        self.list().query("search", containing(text))
    }

    /// Creates a role.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `role.name_in_use` for a name that another role has. See also [`Management`].
    pub async fn create(&self, role: &NewRole) -> Result<Role> {
        self.0.post("/roles", role).await
    }

    /// Returns a role.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<Role> {
        self.0.get(role(id)).await
    }

    /// Changes a role and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &RoleUpdate) -> Result<Role> {
        self.0.patch(role(id), update).await
    }

    /// Deletes a role. Users and apps lose what it granted with their next token.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(role(id)).await
    }
}

fn role(id: &str) -> Path {
    Path::new("/roles").id(id)
}
