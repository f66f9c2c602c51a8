//! What the operator lets users see and change.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Account, operation::Operation, refused};
use crate::{
    error::{Code, Result},
    logto_api::{self, ApiBody, ApiPath, ApiRequest, Refusal, lenient},
    telemetry::Endpoint,
};

/// Logto's account center: which fields of an account users see and change. It is public.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AccountCenter {
    /// Whether the Account API is on.
    #[serde(deserialize_with = "lenient::loose")]
    pub enabled: bool,
    /// What users may do with each field: `name`, `avatar`, `profile`, `email`, `phone`, `password`, `username`, `social`, `customData`, `mfa`, `session`.
    #[serde(deserialize_with = "lenient::loose")]
    pub fields: BTreeMap<String, FieldAccess>,
    /// Where users ask for their account to be deleted.
    #[serde(deserialize_with = "lenient::loose")]
    pub delete_account_url: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What users may do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FieldAccess {
    /// Nothing: it is not shown either. A word that this version does not know is this.
    #[default]
    Off,
    /// See it.
    ReadOnly,
    /// See it and change it.
    Edit,
}

impl<'de> Deserialize<'de> for FieldAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)?.as_str() {
            Some("Edit") => Self::Edit,
            Some("ReadOnly") => Self::ReadOnly,
            _ => Self::Off,
        })
    }
}

impl AccountCenter {
    /// What users may do with a field; nothing while the Account API is off.
    #[must_use]
    pub fn field(&self, name: &str) -> FieldAccess {
        match self.enabled {
            true => self.fields.get(name).copied().unwrap_or_default(),
            false => FieldAccess::Off,
        }
    }

    /// Whether users may change the field.
    #[must_use]
    pub fn may_edit(&self, name: &str) -> bool {
        self.field(name) == FieldAccess::Edit
    }

    /// Whether users may see the field.
    #[must_use]
    pub fn may_see(&self, name: &str) -> bool {
        self.field(name) != FieldAccess::Off
    }
}

impl Account {
    /// What the operator lets users see and change, so that a page shows only what works. Logto tells anybody: it takes neither token nor session.
    ///
    /// # Errors
    /// `account.no_logto`; `account.failed`; `network.…`.
    pub async fn center(&self) -> Result<AccountCenter> {
        self.ask_center().await.map_err(|error| self.access.failed(error))
    }

    async fn ask_center(&self) -> Result<AccountCenter> {
        let provider = &self.access.client()?.0.provider;
        let path = ApiPath::new(".well-known/account-center");
        let request =
            ApiRequest { method: Method::GET, path: &path, token: None, verification: None, body: &ApiBody::None };
        let response = logto_api::send(provider, Endpoint::Account, request).await?;
        if response.status() != StatusCode::OK {
            let operation = Operation::get(path, "read what users may change");
            return Err(refused::error(&operation, Refusal::by(&response)));
        }
        logto_api::read(&response, &path, provider, Code::AccountFailed)
    }
}
