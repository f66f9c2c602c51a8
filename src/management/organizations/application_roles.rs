//! The roles of machine-to-machine apps in an organization.

use super::{Organizations, organization};
use crate::{
    error::Result,
    management::{List, Nothing, Path, ids, organization_roles::OrganizationRole},
};

const IDS: &str = "organizationRoleIds";

impl Organizations<'_> {
    /// Lists an app's roles in an organization.
    pub fn list_application_roles(&self, organization: &str, application: &str) -> List<OrganizationRole> {
        self.0.list(roles(organization, application))
    }

    /// Gives an app further roles, by the ids of organization roles for machine-to-machine apps.
    ///
    /// # Errors
    /// `management.value_refused` for an app that is not in the organization and for a role that no app can have.
    /// See also [`Management`](crate::management::Management).
    pub async fn assign_application_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        application: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(roles(organization, application), IDS, role_ids).await
    }

    /// Makes these the only roles of an app in an organization, by the ids of organization roles.
    ///
    /// # Errors
    /// As [`assign_application_roles`](Self::assign_application_roles).
    pub async fn replace_application_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        application: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(roles(organization, application), IDS, role_ids).await
    }

    /// Takes a role in an organization from an app, by the role's id.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn remove_application_role(&self, organization: &str, application: &str, role: &str) -> Result<()> {
        self.0.remove(roles(organization, application).id(role)).await
    }

    /// Gives each of these apps each of these roles, by the ids of apps and of organization roles.
    ///
    /// # Errors
    /// As [`assign_application_roles`](Self::assign_application_roles).
    pub async fn assign_roles_to_applications<A: AsRef<str>, R: AsRef<str>>(
        &self,
        organization: &str,
        application_ids: impl IntoIterator<Item = A>,
        role_ids: impl IntoIterator<Item = R>,
    ) -> Result<()> {
        let mut body = ids::list("applicationIds", application_ids);
        body.append(&mut ids::list(IDS, role_ids));
        self.0.post::<Nothing>(super::organization(organization).then("applications/roles"), &body).await.map(drop)
    }
}

fn roles(id: &str, application: &str) -> Path {
    organization(id).then("applications").id(application).then("roles")
}
