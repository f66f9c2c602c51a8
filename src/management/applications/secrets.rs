//! The secrets of an application.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Application, Applications, application};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing, Path, body::body},
    secret::Secret,
};

/// A secret of an application. `Debug` prints the name and the end alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppSecret {
    /// The name, which no other secret of the app has.
    pub name: String,
    /// The secret itself.
    pub value: Secret,
    /// The app's id.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub application_id: Option<String>,
    /// When the secret was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// Until when Logto takes the secret. `None` for one that does not expire.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub expires_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSecret")
            .field("name", &self.name)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

body! {
    /// A secret to be created. The name is required.
    NewAppSecret;
    /// Sets the name, which no other secret of the app has. At most 256 characters.
    text name "name";
    /// Sets until when Logto takes the secret. Default: it does not expire.
    time expires_at |
    /// Sets that the secret does not expire.
    no_expires_at "expiresAt";
}

impl Applications<'_> {
    /// Lists the secrets of an app.
    pub fn list_secrets(&self, id: &str) -> List<AppSecret> {
        self.0.list(secrets(id)).whole()
    }

    /// Creates a further secret of an app.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `application.secret_name_exists` for a name that another
    /// secret of the app has. See also [`Management`](crate::management::Management).
    pub async fn create_secret(&self, id: &str, secret: &NewAppSecret) -> Result<AppSecret> {
        self.0.post(secrets(id), secret).await
    }

    /// Renames a secret of an app.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn rename_secret(&self, id: &str, name: &str, new_name: &str) -> Result<()> {
        self.0.patch::<Nothing>(secrets(id).id(name), &json!({ "name": new_name })).await.map(drop)
    }

    /// Deletes a secret of an app, by its name.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn delete_secret(&self, id: &str, name: &str) -> Result<()> {
        self.0.remove(secrets(id).id(name)).await
    }

    /// Deletes the app's [`secret`](Application::secret) of before there were several, and returns the app.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn delete_legacy_secret(&self, id: &str) -> Result<Application> {
        self.0.delete(application(id).then("legacy-secret")).await
    }
}

fn secrets(id: &str) -> Path {
    application(id).then("secrets")
}
