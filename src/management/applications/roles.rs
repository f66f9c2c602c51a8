//! The roles of a machine-to-machine app.

use super::{Applications, application};
use crate::{
    error::Result,
    management::{List, Path, roles::Role},
};

impl Applications<'_> {
    /// Lists the roles of a machine-to-machine app.
    pub fn list_roles(&self, id: &str) -> List<Role> {
        self.0.list(roles(id))
    }

    /// Gives a machine-to-machine app further roles, by their ids.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_roles<S: AsRef<str>>(&self, id: &str, role_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.post_ids(roles(id), "roleIds", role_ids).await
    }

    /// Makes these the only roles of a machine-to-machine app, by their ids.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_roles<S: AsRef<str>>(&self, id: &str, role_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.put_ids(roles(id), "roleIds", role_ids).await
    }

    /// Takes a role from a machine-to-machine app.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_role(&self, id: &str, role: &str) -> Result<()> {
        self.0.remove(roles(id).id(role)).await
    }
}

fn roles(id: &str) -> Path {
    application(id).then("roles")
}
