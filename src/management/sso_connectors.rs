//! Enterprise SSO connectors.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{List, Management};
use crate::logto_api::lenient;

/// An enterprise SSO connector. `Debug` leaves out the configuration, which has secrets.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SsoConnector {
    /// The connector's id.
    pub id: String,
    /// The kind of provider: `OIDC`, `SAML`, `AzureAD`, `AzureAdOidc`, `GoogleWorkspace` or `Okta`.
    pub provider_name: String,
    /// The connector's name.
    pub connector_name: String,
    /// The email domains whose users sign in with the connector.
    #[serde(default, deserialize_with = "lenient::list")]
    pub domains: Vec<String>,
    /// When the connector was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// Every other member, as it came. `config` may have the secret that the provider gave.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for SsoConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoConnector")
            .field("id", &self.id)
            .field("provider_name", &self.provider_name)
            .field("connector_name", &self.connector_name)
            .field("domains", &self.domains)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// Enterprise SSO connectors: see [`Management::sso_connectors`].
#[derive(Debug, Clone, Copy)]
pub struct SsoConnectors<'a>(&'a Management);

impl Management {
    /// Returns the operations on enterprise SSO connectors.
    #[must_use]
    pub fn sso_connectors(&self) -> SsoConnectors<'_> {
        SsoConnectors(self)
    }
}

impl SsoConnectors<'_> {
    /// Lists enterprise SSO connectors.
    pub fn list(&self) -> List<SsoConnector> {
        self.0.list("/sso-connectors")
    }
}
