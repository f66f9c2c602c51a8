//! Logto's Account API: what users see and change of their own account.
//!
//! [`Account`] is the account of the user who is signed in: [`RequestSession::account`]. Feature `account`. Logto has it where
//! Logto Console › Sign-in & account › Account center is on, which also says which fields users may see and change.
//!
//! ```
//! # async fn example(session: logto::RequestSession, password: logto::Secret) -> logto::Result<()> {
//! use logto::account::UserUpdate;
//!
//! let account = session.account();
//! let user = account.update(&UserUpdate::new().name("Ada")).await?;
//! println!("{:?} {:?}", user.name, user.username);
//!
//! // What is sensitive wants to know that it is still this user.
//! let verification = account.verify_password(&password).await?;
//! account.set_username("lovelace", &verification).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Of two changes at once each is carried out, and for one member the last counts: Logto has no version to compare.
//!
//! After a change the claims of the session's ID token are the old ones until they are asked for anew, with
//! [`RequestSession::refresh_session`].

mod access;
mod avatar;
mod center;
mod codes;
mod factors;
mod grants;
mod identifiers;
mod mfa_settings;
mod operation;
mod passkeys;
mod password;
mod profile;
mod provider_token;
mod refused;
mod sessions;
mod social;
mod totp;
mod user;
mod verification;

use std::fmt;

use self::access::Access;
pub use self::{
    center::{AccountCenter, FieldAccess},
    codes::{CodeFor, Identifier, SentCode, VerifiedIdentifier},
    factors::{BackupCode, BackupCodes, FactorKind, MfaFactor},
    grants::{AccountGrant, GrantsOf},
    mfa_settings::{LogtoConfigs, LogtoConfigsUpdate},
    passkeys::{PasskeyRegistration, VerifiedPasskey},
    profile::{AccountAddress, AccountProfile, ProfileUpdate},
    provider_token::ProviderToken,
    sessions::{AccountSession, RevokeGrants},
    social::{LinkOptions, PendingLink, VerifiedSocial},
    totp::TotpSecret,
    user::{AccountUser, UserUpdate},
    verification::Verification,
};
pub use crate::logto_api::Refusal;
use crate::{
    client::{AccessToken, LogtoClient, RequestSession},
    error::Result,
};

/// The account of one user, at Logto. Cheap to clone; making one asks nobody.
///
/// A call uses the user's opaque access token. Where Logto no longer knows it, the session gets another one and the call is repeated, once.
/// Nothing that fails here ends the session, except that Logto no longer honours the session itself: `session.ended`, for a user who was suspended.
///
/// # Errors
/// Each operation names its own. Besides, there are for all of them: `account.disabled`; `account.field_off`; `account.scope_missing`, before any
/// request where the token says its scopes; `account.app_refused`; `account.token_refused`; `account.no_logto`; `account.failed`; `network.…`; those of
/// [`Session::get_access_token`](crate::Session::get_access_token); and `request.looks_only` for a change by a request that must change nothing. What Logto said is in
/// [`Refusal`].
#[derive(Clone)]
pub struct Account {
    access: Access,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(…)")
    }
}

impl Account {
    /// Whose account it is (`sub`), for an account by a token: see [`LogtoClient::account`]. A verification is then kept from serving for
    /// another user before anything is sent. That of a session knows it by itself.
    #[must_use]
    pub fn of_user(self, sub: impl Into<String>) -> Self {
        Self { access: self.access.of_user(sub.into()) }
    }
}

impl RequestSession {
    /// The account of the user who is signed in. Asks nobody: where nobody is signed in, each operation fails with `not_authenticated`.
    #[must_use]
    pub fn account(&self) -> Account {
        Account { access: Access::by_session(self.clone()) }
    }

    /// The token of a social provider for the user who is signed in: see [`Account::social_token`].
    ///
    /// # Errors
    /// See [`Account::social_token`].
    pub async fn social_token(&self, target: &str) -> Result<ProviderToken> {
        self.account().social_token(target).await
    }

    /// The token of an enterprise provider for the user who is signed in: see [`Account::sso_token`].
    ///
    /// # Errors
    /// See [`Account::sso_token`].
    pub async fn sso_token(&self, connector_id: &str) -> Result<ProviderToken> {
        self.account().sso_token(connector_id).await
    }
}

impl LogtoClient {
    /// The account of the user whose opaque access token this is, for a program that holds one: by
    /// [`Session::get_access_token`](crate::Session::get_access_token) with [`TokenOptions::new`](crate::TokenOptions::new). The token is not replaced.
    #[must_use]
    pub fn account(&self, token: AccessToken) -> Account {
        Account { access: Access::by_token(self.clone(), token) }
    }
}
