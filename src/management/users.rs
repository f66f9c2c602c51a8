//! Users.

mod access_tokens;
mod bodies;
mod data;
mod find;
mod grants;
mod identities;
mod mfa;
mod model;
mod organizations;
mod password;
mod profile;
mod roles;
mod sessions;

use serde_json::json;

pub use self::{
    access_tokens::{NewPersonalAccessToken, PersonalAccessToken},
    bodies::{NewUser, PasswordAlgorithm, UserUpdate},
    grants::{GrantsOf, UserGrant},
    identities::{NewIdentity, SsoIdentity, UserIdentities},
    mfa::{MfaFactor, NewTotp},
    model::User,
    organizations::{OrganizationOfUser, RoleInOrganization},
    profile::{ProfileUpdate, UserAddress, UserProfile},
    sessions::{RevokeGrants, UserSession},
};
use super::{List, Management, Nothing, Path, search::containing};
use crate::error::Result;

/// Users: see [`Management::users`].
#[derive(Debug, Clone, Copy)]
pub struct Users<'a>(&'a Management);

impl Management {
    /// Returns the operations on users.
    #[must_use]
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl Users<'_> {
    /// Lists users.
    ///
    /// [`List::query`] takes Logto's parameters for a search on single fields, such as `search.name` and `mode.name`.
    pub fn list(&self) -> List<User> {
        self.0.list("/users")
    }

    /// Lists the users that have this text in their id, name, username, email address or phone number. `ada%` finds those that begin so.
    pub fn search(&self, text: &str) -> List<User> {
        self.list().query("search", containing(text))
    }

    /// Creates a user and returns it.
    ///
    /// Logto does not apply the password policy of the sign-in experience here.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](super::Refusal::code) is `user.username_already_in_use`, `user.email_already_in_use` or
    /// `user.phone_already_in_use` for what another user has. See also [`Management`].
    pub async fn create(&self, user: &NewUser) -> Result<User> {
        self.0.post("/users", user).await
    }

    /// Returns a user, without the identities at enterprise SSO connectors.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<User> {
        self.0.get(user(id)).await
    }

    /// Returns a user with the identities at enterprise SSO connectors.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get_with_sso_identities(&self, id: &str) -> Result<User> {
        self.0.get(user(id).query("includeSsoIdentities", true)).await
    }

    /// Changes a user and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`, as for [`create`](Self::create). See also [`Management`].
    pub async fn update(&self, id: &str, update: &UserUpdate) -> Result<User> {
        self.0.patch(user(id), update).await
    }

    /// Deletes a user, with the roles, identities and memberships of the user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.delete::<Nothing>(user(id)).await.map(drop)
    }

    /// Suspends a user and returns the user, who can no longer sign in and gets no new tokens. Access tokens live until they expire.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn suspend(&self, id: &str) -> Result<User> {
        self.set_suspended(id, true).await
    }

    /// Lets a suspended user sign in again, and returns the user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn reactivate(&self, id: &str) -> Result<User> {
        self.set_suspended(id, false).await
    }

    async fn set_suspended(&self, id: &str, suspended: bool) -> Result<User> {
        self.0.patch(user(id).then("is-suspended"), &json!({ "isSuspended": suspended })).await
    }
}

fn user(id: &str) -> Path {
    Path::new("/users").id(id)
}
