//! What organization roles grant: organization permissions, and permissions of API resources.

use super::{OrganizationRoles, role};
use crate::{
    error::Result,
    management::{List, Path, organization_scopes::OrganizationScope, resources::Scope},
};

impl OrganizationRoles<'_> {
    /// Lists the organization permissions that a role grants.
    pub fn list_scopes(&self, id: &str) -> List<OrganizationScope> {
        self.0.list(scopes(id))
    }

    /// Adds organization permissions to a role, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_scopes<S: AsRef<str>>(&self, id: &str, scope_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.post_ids(scopes(id), "organizationScopeIds", scope_ids).await
    }

    /// Makes these the only organization permissions of a role, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_scopes<S: AsRef<str>>(&self, id: &str, scope_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.put_ids(scopes(id), "organizationScopeIds", scope_ids).await
    }

    /// Takes an organization permission from a role.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn remove_scope(&self, id: &str, scope: &str) -> Result<()> {
        self.0.remove(scopes(id).id(scope)).await
    }

    /// Lists the permissions of API resources that a role grants.
    pub fn list_resource_scopes(&self, id: &str) -> List<Scope> {
        self.0.list(resource_scopes(id))
    }

    /// Adds permissions of API resources to a role, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_resource_scopes<S: AsRef<str>>(
        &self,
        id: &str,
        scope_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(resource_scopes(id), "scopeIds", scope_ids).await
    }

    /// Makes these the only permissions of API resources that a role grants, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_resource_scopes<S: AsRef<str>>(
        &self,
        id: &str,
        scope_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(resource_scopes(id), "scopeIds", scope_ids).await
    }

    /// Takes a permission of an API resource from a role.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn remove_resource_scope(&self, id: &str, scope: &str) -> Result<()> {
        self.0.remove(resource_scopes(id).id(scope)).await
    }
}

fn scopes(id: &str) -> Path {
    role(id).then("scopes")
}

fn resource_scopes(id: &str) -> Path {
    role(id).then("resource-scopes")
}
