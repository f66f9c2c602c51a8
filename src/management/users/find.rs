//! One user, by what the user signs in with.

use super::{User, Users};
use crate::error::Result;

/// More than one user is found only if they differ in upper and lower case.
const CANDIDATES: u32 = 20;

impl Users<'_> {
    /// Finds the user with this email address. Upper and lower case are the same unless two users differ in them alone.
    ///
    /// # Errors
    /// See [`Management`](crate::management::Management).
    pub async fn find_by_email(&self, email: &str) -> Result<Option<User>> {
        let mut found = self.with("primaryEmail", email).await?;
        let of = |user: &User| user.primary_email.clone().unwrap_or_default();
        let exact = found.iter().position(|user| of(user) == email);
        let place = exact.or_else(|| found.iter().position(|user| of(user).eq_ignore_ascii_case(email)));
        Ok(place.map(|place| found.swap_remove(place)))
    }

    /// Finds the user with this username, in this upper and lower case.
    ///
    /// # Errors
    /// See [`Management`](crate::management::Management).
    pub async fn find_by_username(&self, username: &str) -> Result<Option<User>> {
        let found = self.with("username", username).await?;
        Ok(found.into_iter().find(|user| user.username.as_deref() == Some(username)))
    }

    /// Finds the user with this phone number. Characters that are no digits are left out: `+1 415-555-5394` finds `14155555394`.
    ///
    /// # Errors
    /// See [`Management`](crate::management::Management).
    pub async fn find_by_phone(&self, phone: &str) -> Result<Option<User>> {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        let found = self.with("primaryPhone", &digits).await?;
        Ok(found.into_iter().find(|user| user.primary_phone.as_deref() == Some(&digits)))
    }

    /// Returns users of which a field has exactly this text. Who asks compares once more: a server that does not know the parameters returns all users.
    async fn with(&self, field: &str, text: &str) -> Result<Vec<User>> {
        // No user has an empty one, and Logto refuses to search for it.
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let list = self.list().query(format!("search.{field}"), text).query(format!("mode.{field}"), "exact");
        Ok(list.page(1, CANDIDATES).await?.items)
    }
}
