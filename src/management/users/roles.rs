//! The roles of a user.

use serde::Deserialize;
use serde_json::json;

use super::{Users, user};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing, Role, body::texts},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    #[serde(default, deserialize_with = "lenient::loose")]
    added_role_ids: Vec<String>,
}

impl Users<'_> {
    /// Lists the roles of a user.
    pub fn list_roles(&self, id: &str) -> List<Role> {
        self.0.list(user(id).then("roles"))
    }

    /// Gives roles to a user, by the ids of the roles. Returns the ids of the roles that the user did not have before. Tokens have them after the next
    /// refresh; what a role permits at an API, after the next sign-in.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_roles<S: AsRef<str>>(
        &self,
        id: &str,
        roles: impl IntoIterator<Item = S>,
    ) -> Result<Vec<String>> {
        let assigned: Assigned = self.0.post(user(id).then("roles"), &json!({ "roleIds": texts(roles) })).await?;
        Ok(assigned.added_role_ids)
    }

    /// Replaces the roles of a user, by the ids of the roles. With none the user has no role then.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_roles<S: AsRef<str>>(&self, id: &str, roles: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.put::<Nothing>(user(id).then("roles"), &json!({ "roleIds": texts(roles) })).await.map(drop)
    }

    /// Takes a role from a user.
    ///
    /// # Errors
    /// `management.not_found`, also if the user does not have the role. See also [`Management`](crate::management::Management).
    pub async fn remove_role(&self, id: &str, role: &str) -> Result<()> {
        self.0.delete::<Nothing>(user(id).then("roles").id(role)).await.map(drop)
    }
}
