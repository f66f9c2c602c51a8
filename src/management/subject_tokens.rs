//! Subject tokens: what a support desk exchanges for an access token of a user.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Management, body::body};
use crate::{error::Result, logto_api::lenient, secret::Secret};

/// A subject token, which is exchanged once for an access token of the user. `Debug` prints its life alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubjectToken {
    /// The token.
    pub subject_token: Secret,
    /// For how many seconds the token can be exchanged.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub expires_in: Option<u64>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for SubjectToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

body! {
    /// A subject token to be created. The user's id is required.
    NewSubjectToken;
    /// Sets the user, by id.
    text user_id "userId";
    /// Sets what a custom JWT script reads, such as the number of a ticket.
    json context "context";
}

/// Subject tokens: see [`Management::subject_tokens`].
#[derive(Debug, Clone, Copy)]
pub struct SubjectTokens<'a>(&'a Management);

impl Management {
    /// Returns the operation on subject tokens, for impersonation.
    #[must_use]
    pub fn subject_tokens(&self) -> SubjectTokens<'_> {
        SubjectTokens(self)
    }
}

impl SubjectTokens<'_> {
    /// Creates a subject token for a user. [`MachineClient::exchange_token`](crate::machine::MachineClient::exchange_token) exchanges it.
    ///
    /// # Errors
    /// `management.not_found` for no such user. See also [`Management`].
    pub async fn create(&self, token: &NewSubjectToken) -> Result<SubjectToken> {
        self.0.post("/subject-tokens", token).await
    }
}
