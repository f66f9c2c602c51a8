//! Organizations: their members, their machine-to-machine apps, the roles of both, and provisioning.

mod application_roles;
mod applications;
mod jit;
mod member_roles;
mod members;

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

pub use self::{applications::OrganizationApplication, jit::JitEmailDomain, members::OrganizationMember};
use super::{List, Management, Path, body::body, reference::Reference};
use crate::{error::Result, logto_api::lenient};

/// An organization. `Debug` prints the id and the name alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Organization {
    /// The organization's id.
    pub id: String,
    /// The name. Several organizations may have the same.
    pub name: String,
    /// What the organization is.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// Data of the application's own.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub custom_data: Map<String, Value>,
    /// Whether members need multi-factor authentication.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_mfa_required: bool,
    /// When the organization was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// How many members there are. `None` but for [`Organizations::list_featured`].
    #[serde(default, deserialize_with = "lenient::loose")]
    pub users_count: Option<u64>,
    /// The roles in the organization of the user or the app that was asked about. `None` in every other answer.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub organization_roles: Option<Vec<Reference>>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Organization").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

body! {
    /// An organization to be created. The name is required.
    NewOrganization;
    /// Sets the name, which others may have, too. At most 128 characters.
    text name "name";
    /// Sets what the organization is. At most 256 characters.
    text description "description";
    /// Sets the data of the application's own.
    json custom_data "customData";
    /// Sets whether members need multi-factor authentication.
    flag mfa_required "isMfaRequired";
    /// Sets the colors of the organization's sign-in page: `primaryColor`, `isDarkModeEnabled`, `darkPrimaryColor`.
    json color "color";
    /// Sets the addresses of the organization's logos: `logoUrl`, `darkLogoUrl`, `favicon`, `darkFavicon`.
    json branding "branding";
    /// Sets the style sheet of the organization's sign-in page.
    text custom_css "customCss";
}

body! {
    /// What to change of an organization. What is not set stays as it is.
    OrganizationUpdate;
    /// Sets the name, which others may have, too. At most 128 characters.
    text name "name";
    /// Sets what the organization is. At most 256 characters.
    text description |
    /// Removes the description.
    no_description "description";
    /// Replaces the data of the application's own, all of it.
    json custom_data "customData";
    /// Sets whether members need multi-factor authentication.
    flag mfa_required "isMfaRequired";
    /// Sets the colors of the organization's sign-in page: `primaryColor`, `isDarkModeEnabled`, `darkPrimaryColor`.
    json color "color";
    /// Sets the addresses of the organization's logos: `logoUrl`, `darkLogoUrl`, `favicon`, `darkFavicon`.
    json branding "branding";
    /// Sets the style sheet of the organization's sign-in page.
    text custom_css |
    /// Removes the style sheet.
    no_custom_css "customCss";
}

/// Organizations: see [`Management::organizations`].
///
/// ```
/// # async fn example(management: logto::management::Management, user_id: &str) -> logto::Result<()> {
/// use logto::management::NewOrganization;
///
/// let organizations = management.organizations();
/// let acme = organizations.create(&NewOrganization::new().name("Acme")).await?;
/// organizations.add_members(&acme.id, [user_id]).await?;
/// organizations.assign_member_roles_by_name(&acme.id, user_id, ["admin"]).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Organizations<'a>(&'a Management);

impl Management {
    /// Returns the operations on organizations.
    #[must_use]
    pub fn organizations(&self) -> Organizations<'_> {
        Organizations(self)
    }
}

impl Organizations<'_> {
    /// Lists organizations.
    pub fn list(&self) -> List<Organization> {
        self.0.list("/organizations")
    }

    /// Lists organizations with [`users_count`](Organization::users_count) and, in `extra`, some of their members as `featuredUsers`.
    pub fn list_featured(&self) -> List<Organization> {
        self.list().query("showFeatured", true)
    }

    /// Lists the organizations that have this text in their id, their name or their description.
    pub fn search(&self, text: &str) -> List<Organization> {
        self.list().query("q", text)
    }

    /// Creates an organization.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`].
    pub async fn create(&self, organization: &NewOrganization) -> Result<Organization> {
        self.0.post("/organizations", organization).await
    }

    /// Returns an organization.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<Organization> {
        self.0.get(organization(id)).await
    }

    /// Changes an organization and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &OrganizationUpdate) -> Result<Organization> {
        self.0.patch(organization(id), update).await
    }

    /// Deletes an organization, with its memberships and its invitations.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(organization(id)).await
    }
}

fn organization(id: &str) -> Path {
    Path::new("/organizations").id(id)
}
