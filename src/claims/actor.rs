//! Who acts for a user.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who acts for the user of an access token: the claim `act` (RFC 8693 section 4.1).
///
/// It is for logs and for rules such as "nobody changes a password for somebody else". What the token allows is the user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// The id of the user who acts.
    pub sub: String,
    /// For whom that one acts in turn. Only the outermost actor counts for access; the others are history.
    #[serde(default, deserialize_with = "super::lenient::object", skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
