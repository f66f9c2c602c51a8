//! Personal access tokens of a user.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Users, user};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing, body::body},
    secret::Secret,
};

/// A personal access token, which a script exchanges for access tokens of the user. `Debug` prints the name alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PersonalAccessToken {
    /// The name, which no other token of the user has.
    pub name: String,
    /// The token.
    pub value: Secret,
    /// When the token was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// When the token expires. `None` for never.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub expires_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for PersonalAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalAccessToken").field("name", &self.name).finish_non_exhaustive()
    }
}

body! {
    /// A personal access token to be created. The name is required.
    NewPersonalAccessToken;
    /// Sets the name, which no other token of the user has.
    text name "name";
    /// Sets when the token expires.
    time expires_at |
        /// Sets that the token never expires. This is the default.
        no_expires_at "expiresAt";
}

impl Users<'_> {
    /// Lists the personal access tokens of a user.
    pub fn list_personal_access_tokens(&self, id: &str) -> List<PersonalAccessToken> {
        self.0.list(user(id).then(TOKENS)).whole()
    }

    /// Creates a personal access token for a user.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is
    /// `user.personal_access_token_name_exists` for a name that another token of the user has. See also
    /// [`Management`](crate::management::Management).
    pub async fn create_personal_access_token(
        &self,
        id: &str,
        token: &NewPersonalAccessToken,
    ) -> Result<PersonalAccessToken> {
        self.0.post(user(id).then(TOKENS), token).await
    }

    /// Gives a personal access token of a user another name.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`, as for [`create_personal_access_token`](Self::create_personal_access_token). See also
    /// [`Management`](crate::management::Management).
    pub async fn rename_personal_access_token(
        &self,
        id: &str,
        name: &str,
        new_name: &str,
    ) -> Result<PersonalAccessToken> {
        let tokens = user(id).then(TOKENS);
        match is_plain(name) {
            true => self.0.patch(tokens.id(name), &json!({ "name": new_name })).await,
            false => self.0.patch(tokens, &json!({ "currentName": name, "name": new_name })).await,
        }
    }

    /// Deletes a personal access token of a user. Access tokens that it was exchanged for live until they expire.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn delete_personal_access_token(&self, id: &str, name: &str) -> Result<()> {
        let tokens = user(id).then(TOKENS);
        match is_plain(name) {
            true => self.0.delete::<Nothing>(tokens.id(name)).await.map(drop),
            false => self.0.post::<Nothing>(tokens.then("delete"), &json!({ "name": name })).await.map(drop),
        }
    }
}

const TOKENS: &str = "personal-access-tokens";

/// Whether a name is the same in a path, whatever is between this program and Logto. Newer servers take other names in a body.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
