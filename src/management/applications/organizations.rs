//! The organizations of a machine-to-machine app.

use super::{Applications, application};
use crate::management::{List, organizations::Organization};

impl Applications<'_> {
    /// Lists the organizations of a machine-to-machine app, each with the app's [`organization_roles`](Organization::organization_roles).
    pub fn list_organizations(&self, id: &str) -> List<Organization> {
        self.0.list(application(id).then("organizations"))
    }
}
