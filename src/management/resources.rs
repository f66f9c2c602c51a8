//! API resources and their permissions.

mod scopes;

use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use self::scopes::{NewScope, Scope, ScopeUpdate};
use super::{List, Management, Path, body::body};
use crate::{error::Result, logto_api::lenient};

/// An API resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiResource {
    /// The resource's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The indicator, which is the audience of its access tokens (RFC 8707).
    pub indicator: String,
    /// Whether an access token that names no resource is for this one.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub is_default: bool,
    /// How long its access tokens live, in seconds.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub access_token_ttl: Option<u64>,
    /// The permissions. `None` but for [`ApiResources::create`] and [`ApiResources::list_with_scopes`].
    #[serde(default, deserialize_with = "lenient::loose")]
    pub scopes: Option<Vec<Scope>>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

body! {
    /// An API resource to be created. The name and the indicator are required.
    NewApiResource;
    /// Sets the name.
    text name "name";
    /// Sets the indicator, which no other resource has and which cannot change. RFC 8707 asks for an absolute URI; Logto takes any text.
    text indicator "indicator";
    /// Sets how long its access tokens live, in seconds. Default: 3600.
    number access_token_ttl "accessTokenTtl";
}

body! {
    /// What to change of an API resource. What is not set stays as it is.
    ApiResourceUpdate;
    /// Sets the name.
    text name "name";
    /// Sets how long its access tokens live, in seconds.
    number access_token_ttl "accessTokenTtl";
}

/// API resources: see [`Management::resources`].
#[derive(Debug, Clone, Copy)]
pub struct ApiResources<'a>(&'a Management);

impl Management {
    /// Returns the operations on API resources and their permissions.
    #[must_use]
    pub fn resources(&self) -> ApiResources<'_> {
        ApiResources(self)
    }
}

impl ApiResources<'_> {
    /// Lists API resources.
    pub fn list(&self) -> List<ApiResource> {
        self.0.list("/resources")
    }

    /// Lists API resources with their permissions.
    pub fn list_with_scopes(&self) -> List<ApiResource> {
        self.list().query("includeScopes", true)
    }

    /// Creates an API resource.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `resource.resource_identifier_in_use` for an indicator that another
    /// resource has. See also [`Management`].
    pub async fn create(&self, resource: &NewApiResource) -> Result<ApiResource> {
        self.0.post("/resources", resource).await
    }

    /// Returns an API resource.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<ApiResource> {
        self.0.get(resource(id)).await
    }

    /// Changes an API resource and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn update(&self, id: &str, update: &ApiResourceUpdate) -> Result<ApiResource> {
        self.0.patch(resource(id), update).await
    }

    /// Sets whether an access token that names no resource is for this one, and returns it. A tenant has one default resource at most.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn set_default(&self, id: &str, is_default: bool) -> Result<ApiResource> {
        self.0.patch(resource(id).then("is-default"), &json!({ "isDefault": is_default })).await
    }

    /// Deletes an API resource, with its permissions.
    ///
    /// # Errors
    /// `management.not_found`. `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `resource.cannot_delete_management_api` for the
    /// Management API. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.remove(resource(id)).await
    }
}

fn resource(id: &str) -> Path {
    Path::new("/resources").id(id)
}
