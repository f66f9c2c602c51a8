//! What an answer names another item with.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::logto_api::lenient;

/// An item by its id and its name: a role or a permission in the answer about something else.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Reference {
    /// The id.
    pub id: String,
    /// The name.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub name: Option<String>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
