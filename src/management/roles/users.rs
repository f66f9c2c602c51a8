//! The users who have a role.

use super::{Roles, role};
use crate::{
    error::Result,
    management::{List, Path, users::User},
};

impl Roles<'_> {
    /// Lists the users who have a role.
    pub fn list_users(&self, id: &str) -> List<User> {
        self.0.list(users(id))
    }

    /// Gives a role to users, by their ids.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn assign_to_users<S: AsRef<str>>(&self, id: &str, user_ids: impl IntoIterator<Item = S>) -> Result<()> {
        self.0.post_ids(users(id), "userIds", user_ids).await
    }

    /// Takes a role from a user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_from_user(&self, id: &str, user: &str) -> Result<()> {
        self.0.remove(users(id).id(user)).await
    }
}

fn users(id: &str) -> Path {
    role(id).then("users")
}
