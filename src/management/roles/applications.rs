//! The machine-to-machine apps that have a role.

use super::{Roles, role};
use crate::{
    error::Result,
    management::{List, Path, applications::Application},
};

impl Roles<'_> {
    /// Lists the machine-to-machine apps that have a role.
    pub fn list_applications(&self, id: &str) -> List<Application> {
        self.0.list(applications(id))
    }

    /// Gives a role to machine-to-machine apps, by their ids.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_to_applications<S: AsRef<str>>(
        &self,
        id: &str,
        application_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(applications(id), "applicationIds", application_ids).await
    }

    /// Takes a role from a machine-to-machine app.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_from_application(&self, id: &str, application: &str) -> Result<()> {
        self.0.remove(applications(id).id(application)).await
    }
}

fn applications(id: &str) -> Path {
    role(id).then("applications")
}
