//! The machine-to-machine apps in an organization.

use serde::Deserialize;

use super::{Organizations, organization};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Path, applications::Application, reference::Reference},
};

/// A machine-to-machine app in an organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrganizationApplication {
    /// The app.
    #[serde(flatten)]
    pub application: Application,
    /// The app's roles in the organization.
    #[serde(default, deserialize_with = "lenient::list")]
    pub organization_roles: Vec<Reference>,
}

impl Organizations<'_> {
    /// Lists the machine-to-machine apps of an organization.
    pub fn list_applications(&self, organization: &str) -> List<OrganizationApplication> {
        self.0.list(applications(organization))
    }

    /// Lists the apps of an organization that have this text in their id, their name or their description.
    pub fn search_applications(&self, organization: &str, text: &str) -> List<OrganizationApplication> {
        self.list_applications(organization).query("q", text)
    }

    /// Adds machine-to-machine apps, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `entity.db_constraint_violated` for an app of another type.
    /// See also [`Management`](crate::management::Management).
    pub async fn add_applications<S: AsRef<str>>(
        &self,
        organization: &str,
        application_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(applications(organization), "applicationIds", application_ids).await
    }

    /// Makes these the only apps of an organization, by their ids.
    ///
    /// # Errors
    /// As [`add_applications`](Self::add_applications).
    pub async fn replace_applications<S: AsRef<str>>(
        &self,
        organization: &str,
        application_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(applications(organization), "applicationIds", application_ids).await
    }

    /// Removes an app from an organization, with the app's roles in it.
    ///
    /// # Errors
    /// `management.not_found` for an app that is not in it. See also [`Management`](crate::management::Management).
    pub async fn remove_application(&self, organization: &str, application: &str) -> Result<()> {
        self.0.remove(applications(organization).id(application)).await
    }
}

fn applications(id: &str) -> Path {
    organization(id).then("applications")
}
