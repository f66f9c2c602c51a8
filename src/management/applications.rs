//! Applications, their secrets and their roles.

mod organizations;
mod roles;
mod secrets;
mod settings;

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    secrets::{AppSecret, NewAppSecret},
    settings::{AppTokenSettings, ApplicationUpdate, NewApplication, RedirectSettings},
};
use super::{List, Management, Path, search::containing};
use crate::{error::Result, logto_api::lenient, secret::Secret};

/// An application. `Debug` prints the id, the name and the type alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Application {
    /// The app's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// What the app is.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// The type of the app: `Native`, `SPA`, `Traditional`, `MachineToMachine`, `Protected` or `SAML`.
    #[serde(default, rename = "type", deserialize_with = "lenient::loose")]
    pub kind: Option<String>,
    /// The app's secret of before there were several. See [`Applications::list_secrets`].
    #[serde(default, deserialize_with = "lenient::loose")]
    pub secret: Option<Secret>,
    /// Whether the app is a third party's.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_third_party: bool,
    /// Whether the app has access to the Management API. `None` but for [`Applications::get`].
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_admin: Option<bool>,
    /// Redirect URIs and what else OpenID Connect knows of a client, as it came.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub oidc_client_metadata: Map<String, Value>,
    /// Lifetimes of tokens and what else Logto knows of a client, as it came.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub custom_client_metadata: Map<String, Value>,
    /// Data of your own.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub custom_data: Map<String, Value>,
    /// When the app was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The type of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ApplicationKind {
    /// Native app.
    Native,
    /// Single-page app.
    #[serde(rename = "SPA")]
    Spa,
    /// Traditional web app.
    Traditional,
    /// Machine-to-machine app.
    MachineToMachine,
    /// Protected App.
    Protected,
    /// SAML app.
    #[serde(rename = "SAML")]
    Saml,
}

/// Applications: see [`Management::applications`].
#[derive(Debug, Clone, Copy)]
pub struct Applications<'a>(&'a Management);

impl Management {
    /// Returns the operations on applications.
    #[must_use]
    pub fn applications(&self) -> Applications<'_> {
        Applications(self)
    }
}

impl Applications<'_> {
    /// Lists applications.
    pub fn list(&self) -> List<Application> {
        self.0.list("/applications")
    }

    /// Lists the applications of this type.
    pub fn list_of(&self, kind: ApplicationKind) -> List<Application> {
        let kind = match kind {
            ApplicationKind::Native => "Native",
            ApplicationKind::Spa => "SPA",
            ApplicationKind::Traditional => "Traditional",
            ApplicationKind::MachineToMachine => "MachineToMachine",
            ApplicationKind::Protected => "Protected",
            ApplicationKind::Saml => "SAML",
        };
        self.list().query("types", kind)
    }

    /// Lists the applications that have this text in their id, their name or their description. `read%` finds those that begin so.
    pub fn search(&self, text: &str) -> List<Application> {
        self.list().query("search", containing(text))
    }

    /// Creates an application.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`].
    pub async fn create(&self, application: &NewApplication) -> Result<Application> {
        self.0.post("/applications", application).await
    }

    /// Returns an application.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<Application> {
        self.0.get(application(id)).await
    }

    /// Changes an application and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &ApplicationUpdate) -> Result<Application> {
        self.0.patch(application(id), update).await
    }

    /// Sets members of an application's custom data, leaves the others, and returns all of it.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn update_custom_data(&self, id: &str, members: &Map<String, Value>) -> Result<Map<String, Value>> {
        self.0.patch(application(id).then("custom-data"), members).await
    }

    /// Deletes an application.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(application(id)).await
    }
}

fn application(id: &str) -> Path {
    Path::new("/applications").id(id)
}
