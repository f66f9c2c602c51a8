//! The roles of users in an organization, and the permissions that they grant.

use super::{Organizations, organization};
use crate::{
    error::Result,
    management::{
        List, Nothing, Path, ids, organization_roles::OrganizationRole, organization_scopes::OrganizationScope,
    },
};

const IDS: &str = "organizationRoleIds";
const NAMES: &str = "organizationRoleNames";

impl Organizations<'_> {
    /// Lists a member's roles.
    pub fn list_member_roles(&self, organization: &str, user: &str) -> List<OrganizationRole> {
        self.0.list(roles(organization, user))
    }

    /// Gives a member further roles, by the ids of organization roles.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `organization.require_membership` for a user who is no member.
    /// See also [`Management`](crate::management::Management).
    pub async fn assign_member_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        user: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(roles(organization, user), IDS, role_ids).await
    }

    /// Gives a member further roles, by the names of organization roles.
    ///
    /// # Errors
    /// As [`assign_member_roles`](Self::assign_member_roles).
    pub async fn assign_member_roles_by_name<S: AsRef<str>>(
        &self,
        organization: &str,
        user: &str,
        role_names: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(roles(organization, user), NAMES, role_names).await
    }

    /// Makes these the only roles of a member, by the ids of organization roles.
    ///
    /// # Errors
    /// As [`assign_member_roles`](Self::assign_member_roles).
    pub async fn replace_member_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        user: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(roles(organization, user), IDS, role_ids).await
    }

    /// Makes these the only roles of a member, by the names of organization roles.
    ///
    /// # Errors
    /// As [`assign_member_roles`](Self::assign_member_roles).
    pub async fn replace_member_roles_by_name<S: AsRef<str>>(
        &self,
        organization: &str,
        user: &str,
        role_names: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(roles(organization, user), NAMES, role_names).await
    }

    /// Takes a role from a member, by the role's id.
    ///
    /// # Errors
    /// `management.not_found` for a role that the member does not have; `management.value_refused` for a user who is no member.
    /// See also [`Management`](crate::management::Management).
    pub async fn remove_member_role(&self, organization: &str, user: &str, role: &str) -> Result<()> {
        self.0.remove(roles(organization, user).id(role)).await
    }

    /// Gives each of these members each of these roles, by the ids of users and of organization roles.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_roles_to_members<U: AsRef<str>, R: AsRef<str>>(
        &self,
        organization: &str,
        user_ids: impl IntoIterator<Item = U>,
        role_ids: impl IntoIterator<Item = R>,
    ) -> Result<()> {
        let mut body = ids::list("userIds", user_ids);
        body.append(&mut ids::list(IDS, role_ids));
        self.0.post::<Nothing>(super::organization(organization).then("users/roles"), &body).await.map(drop)
    }

    /// Lists the organization permissions that a member has by the member's roles.
    pub fn list_member_scopes(&self, organization: &str, user: &str) -> List<OrganizationScope> {
        self.0.list(member(organization, user).then("scopes")).whole()
    }
}

fn roles(organization: &str, user: &str) -> Path {
    member(organization, user).then("roles")
}

fn member(id: &str, user: &str) -> Path {
    organization(id).then("users").id(user)
}
