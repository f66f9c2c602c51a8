//! The users in an organization.

use serde::Deserialize;

use super::{Organizations, organization};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Path, reference::Reference, users::User},
};

/// A user as a member of an organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationMember {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The user's roles in the organization.
    #[serde(default, deserialize_with = "lenient::list")]
    pub organization_roles: Vec<Reference>,
}

impl Organizations<'_> {
    /// Lists the members of an organization.
    pub fn list_members(&self, organization: &str) -> List<OrganizationMember> {
        self.0.list(users(organization))
    }

    /// Lists the members that have this text in their id, name, user name, email address or phone number.
    pub fn search_members(&self, organization: &str, text: &str) -> List<OrganizationMember> {
        self.list_members(organization).query("q", text)
    }

    /// Lists the members that have an organization role, by the role's id.
    pub fn list_members_with_role(&self, organization: &str, role: &str) -> List<OrganizationMember> {
        self.list_members(organization).query("organizationRoleId", role)
    }

    /// Adds users, by their ids. A member stays a member.
    ///
    /// # Errors
    /// `management.value_refused` for a user or an organization that does not exist. See also [`Management`](crate::management::Management).
    pub async fn add_members<S: AsRef<str>>(
        &self,
        organization: &str,
        user_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(users(organization), "userIds", user_ids).await
    }

    /// Makes these users the only members, by their ids.
    ///
    /// # Errors
    /// `management.value_refused` for a user or an organization that does not exist. See also [`Management`](crate::management::Management).
    pub async fn replace_members<S: AsRef<str>>(
        &self,
        organization: &str,
        user_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(users(organization), "userIds", user_ids).await
    }

    /// Removes a user from an organization, with the user's roles in it.
    ///
    /// # Errors
    /// `management.not_found` for a user who is no member. See also [`Management`](crate::management::Management).
    pub async fn remove_member(&self, organization: &str, user: &str) -> Result<()> {
        self.0.remove(users(organization).id(user)).await
    }
}

fn users(id: &str) -> Path {
    organization(id).then("users")
}
