//! The permissions of an API resource.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ApiResource, ApiResources, resource};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Path, body::body, search::containing},
};

/// A permission of an API resource.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Scope {
    /// The permission's id.
    pub id: String,
    /// The name, which is in the scope of access tokens.
    pub name: String,
    /// What the permission allows.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub description: Option<String>,
    /// The id of the API resource.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub resource_id: Option<String>,
    /// The API resource. `None` but for the permissions of a role.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub resource: Option<ApiResource>,
    /// When the permission was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

body! {
    /// A permission to be created. The name is required.
    NewScope;
    /// Sets the name, without spaces, which no other permission of the resource has. At most 256 characters.
    text name "name";
    /// Sets what the permission allows.
    text description "description";
}

body! {
    /// What to change of a permission. What is not set stays as it is.
    ScopeUpdate;
    /// Sets the name, without spaces, which no other permission of the resource has. At most 256 characters.
    text name "name";
    /// Sets what the permission allows.
    text description |
    /// Removes the description.
    no_description "description";
}

impl ApiResources<'_> {
    /// Lists the permissions of an API resource.
    pub fn list_scopes(&self, resource: &str) -> List<Scope> {
        self.0.list(scopes(resource))
    }

    /// Lists the permissions of an API resource that have this text in their id, their name or their description. `read%` finds those that begin so.
    pub fn search_scopes(&self, resource: &str, text: &str) -> List<Scope> {
        self.list_scopes(resource).query("search", containing(text))
    }

    /// Creates a permission of an API resource.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `scope.name_exists` for a name that another permission of the
    /// resource has, and `scope.name_with_space` for one with a space. See also [`Management`](crate::management::Management).
    pub async fn create_scope(&self, resource: &str, scope: &NewScope) -> Result<Scope> {
        self.0.post(scopes(resource), scope).await
    }

    /// Changes a permission of an API resource and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn update_scope(&self, resource: &str, id: &str, update: &ScopeUpdate) -> Result<Scope> {
        self.0.patch(scopes(resource).id(id), update).await
    }

    /// Deletes a permission of an API resource. Roles lose it.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn delete_scope(&self, resource: &str, id: &str) -> Result<()> {
        self.0.remove(scopes(resource).id(id)).await
    }
}

fn scopes(id: &str) -> Path {
    resource(id).then("scopes")
}
