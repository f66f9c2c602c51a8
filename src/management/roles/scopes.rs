//! The permissions that a role grants.

use super::{Roles, role};
use crate::{
    error::Result,
    management::{List, Path, resources::Scope},
};

impl Roles<'_> {
    /// Lists the permissions that a role grants, each with its [`resource`](Scope::resource).
    pub fn list_scopes(&self, id: &str) -> List<Scope> {
        self.0.list(scopes(id))
    }

    /// Adds permissions of API resources to a role, by their ids.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_scopes<S: AsRef<str>>(&self, id: &str, scope_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.post_ids(scopes(id), "scopeIds", scope_ids).await
    }

    /// Takes a permission from a role.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_scope(&self, id: &str, scope: &str) -> Result<()> {
        self.0.remove(scopes(id).id(scope)).await
    }
}

fn scopes(id: &str) -> Path {
    role(id).then("scopes")
}
