//! One-time tokens: magic links.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{List, Management, Nothing, Path, body::body};
use crate::{error::Result, logto_api::lenient, secret::Secret};

/// A one-time token, which a magic link carries. `Debug` prints neither the token nor the email address.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OneTimeToken {
    /// The token's id.
    pub id: String,
    /// The email address that the token is for.
    pub email: String,
    /// The token: the parameter `one_time_token` of an authorization request.
    pub token: Secret,
    /// The status: `active`, `consumed`, `revoked` or `expired`.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub status: String,
    /// When the token was created.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// When the token expires.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub expires_at: Option<SystemTime>,
    /// Every other member, as it came: `context`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeToken").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// The status of a one-time token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OneTimeTokenStatus {
    /// The token can be used.
    Active,
    /// The token was used.
    Consumed,
    /// The token was taken back.
    Revoked,
    /// The token was not used in time.
    Expired,
}

/// What a one-time token is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum InteractionEvent {
    /// A sign-in.
    SignIn,
    /// A registration.
    Register,
    /// A new password in place of a forgotten one.
    ForgotPassword,
}

body! {
    /// What a one-time token is good for.
    OneTimeTokenContext;
    /// Sets the ids of the organizations that the user becomes a member of.
    texts organizations "jitOrganizationIds";
    /// Sets the only use of the token.
    value(InteractionEvent) interaction_event "interactionEvent";
}

body! {
    /// A one-time token to be created. The email address is required.
    NewOneTimeToken;
    /// Sets the email address that the link is sent to.
    text email "email";
    /// Sets for how many seconds the token can be used. Default: 600.
    number expires_in "expiresIn";
    /// Sets what the token is good for.
    value(OneTimeTokenContext) context "context";
}

/// One-time tokens: see [`Management::one_time_tokens`].
#[derive(Debug, Clone, Copy)]
pub struct OneTimeTokens<'a>(&'a Management);

impl Management {
    /// Returns the operations on one-time tokens, which magic links carry.
    #[must_use]
    pub fn one_time_tokens(&self) -> OneTimeTokens<'_> {
        OneTimeTokens(self)
    }
}

impl OneTimeTokens<'_> {
    /// Lists one-time tokens. [`List::query`] takes `email` and `status`.
    pub fn list(&self) -> List<OneTimeToken> {
        self.0.list(TOKENS)
    }

    /// Creates a one-time token. Your application sends it to the email address in a link, and begins a sign-in with it:
    /// [`SignInOptions::one_time_token`](crate::SignInOptions::one_time_token), with the email address as
    /// [`login_hint`](crate::SignInOptions::login_hint).
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`].
    pub async fn create(&self, token: &NewOneTimeToken) -> Result<OneTimeToken> {
        self.0.post(TOKENS, token).await
    }

    /// Returns a one-time token.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn get(&self, id: &str) -> Result<OneTimeToken> {
        self.0.get(token(id)).await
    }

    /// Verifies a one-time token of an email address and consumes it, for a program that signs nobody in at Logto.
    ///
    /// # Errors
    /// `management.value_refused` and `management.not_found` for a token that is none, or no longer. See also [`Management`].
    pub async fn verify(&self, email: &str, token: &Secret) -> Result<OneTimeToken> {
        let body = json!({ "email": email, "token": token.expose() });
        self.0.post(Path::new(TOKENS).then("verify"), &body).await
    }

    /// Revokes a one-time token, which can no longer be used then, and returns it.
    ///
    /// # Errors
    /// As [`set_status`](Self::set_status).
    pub async fn revoke(&self, id: &str) -> Result<OneTimeToken> {
        self.set_status(id, OneTimeTokenStatus::Revoked).await
    }

    /// Sets the status of a one-time token and returns it.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`].
    pub async fn set_status(&self, id: &str, status: OneTimeTokenStatus) -> Result<OneTimeToken> {
        self.0.put(token(id).then("status"), &json!({ "status": status })).await
    }

    /// Deletes a one-time token.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`].
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.delete::<Nothing>(token(id)).await.map(drop)
    }
}

const TOKENS: &str = "/one-time-tokens";

fn token(id: &str) -> Path {
    Path::new(TOKENS).id(id)
}
