//! The proof that it is still this user, which a sensitive change takes.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize, Serializer};

use super::Account;
use crate::{
    clock,
    config::LogtoConfig,
    error::{Code, Error, Result},
    logto_api::lenient,
    secret::Secret,
};

/// The proof that it is this user who asks for a change: by the password, or by a code that was sent to their own address.
///
/// It is good for any number of changes until it is over, ten minutes after it was got, and for its user alone. It may be kept between two requests, in
/// the session for one: its JSON has about 80 bytes.
///
/// ```
/// # async fn example(session: logto::RequestSession, password: logto::Secret) -> logto::Result<()> {
/// use std::time::SystemTime;
/// use logto::account::Verification;
///
/// let verification = session.account().verify_password(&password).await?;
/// session.set_data(&verification).await?;
///
/// // In a later request of the same session:
/// let kept = session.data::<Verification>().await?.filter(|kept| !kept.is_over(SystemTime::now()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    #[serde(rename = "i", serialize_with = "exposed")]
    id: Secret,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Unix seconds.
    #[serde(rename = "e")]
    expires_at: i64,
}

/// For `serialize_with`: what is kept in a sealed session.
pub(super) fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// The answer of whatever makes a verification record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) verification_record_id: Secret,
    expires_at: String,
}

/// The answer that says that a record is verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedRecord {
    pub(super) verification_record_id: Secret,
}

impl Record {
    /// # Errors
    /// `account.failed` for a time that cannot be read.
    pub(super) fn expires_at(&self) -> Result<i64> {
        let time = lenient::time_of(&self.expires_at)
            .ok_or_else(|| Error::new(Code::AccountFailed, "Logto names a time that cannot be read"))?;
        Ok(clock::date_seconds(time))
    }

    fn verification(self, user: Option<String>) -> Result<Verification> {
        let expires_at = self.expires_at()?;
        Ok(Verification::new(self.verification_record_id, user, expires_at))
    }
}

impl Verification {
    pub(super) fn new(id: Secret, user: Option<String>, expires_at: i64) -> Self {
        Self { id, user, expires_at }
    }

    /// Its id at Logto: who has it and an access token of the user can change the account.
    #[must_use]
    pub fn id(&self) -> &Secret {
        &self.id
    }

    /// When it is over, by Logto's clock.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        clock::date(self.expires_at)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, now: SystemTime) -> bool {
        now >= self.expires_at()
    }

    /// Whose it is (`sub`), where that is known.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The same record under the id that Logto names now.
    pub(super) fn with_id(self, id: Secret) -> Self {
        Self { id, ..self }
    }

    /// # Errors
    /// One with `code` where it is known to be another user's.
    pub(super) fn must_be_of(&self, user: Option<&str>, code: Code) -> Result<()> {
        match (self.user(), user) {
            (Some(mine), Some(theirs)) if mine != theirs => Err(Error::new(code, "the verification is another user's")),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// `account.verification_required` where it is over whatever the clocks of Logto and this machine say: else Logto tells.
    pub(super) fn must_last(&self, config: &LogtoConfig) -> Result<()> {
        let latest = self.expires_at.saturating_add(clock::whole_seconds(config.server.leeway));
        match config.now() >= latest {
            true => Err(Error::new(Code::AccountVerification, "the verification is over")),
            false => Ok(()),
        }
    }
}

impl Account {
    /// The verification that a record of this user is.
    ///
    /// # Errors
    /// `not_authenticated`; `account.failed` for a time that cannot be read.
    pub(super) async fn verification_by(&self, record: Record) -> Result<Verification> {
        let user = self.access.user().await?;
        record.verification(user).map_err(|error| self.access.failed(error))
    }
}

/// Without the id.
impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").field("expires_at", &self.expires_at()).finish_non_exhaustive()
    }
}
