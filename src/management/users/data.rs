//! What applications keep about a user, and the profile.

use serde_json::{Map, Value, json};

use super::{ProfileUpdate, UserProfile, Users, user};
use crate::error::Result;

impl Users<'_> {
    /// Returns what applications keep about a user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn custom_data(&self, id: &str) -> Result<Map<String, Value>> {
        self.0.get(user(id).then("custom-data")).await
    }

    /// Sets members of what applications keep about a user, and returns all of it. Other members stay. A member that is an object is replaced as a
    /// whole.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn update_custom_data(&self, id: &str, members: &Map<String, Value>) -> Result<Map<String, Value>> {
        self.0.patch(user(id).then("custom-data"), &json!({ "customData": members })).await
    }

    /// Sets members of a user's profile and returns the profile. Other members stay.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn update_profile(&self, id: &str, update: &ProfileUpdate) -> Result<UserProfile> {
        self.0.patch(user(id).then("profile"), &json!({ "profile": update })).await
    }
}
