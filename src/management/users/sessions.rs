//! Where a user is signed in at Logto.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Users, user};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing},
};

/// A session of a user at Logto: a browser that is signed in there. `Debug` prints the id alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Map<String, Value>")]
#[non_exhaustive]
pub struct UserSession {
    /// The session's id, for [`Users::end_session`].
    pub id: String,
    /// When the user signed in.
    pub signed_in_at: Option<SystemTime>,
    /// When the session ends by itself.
    pub expires_at: Option<SystemTime>,
    /// The address that the user signed in from, as Logto saw it.
    pub ip: Option<String>,
    /// The browser that the user signed in with, as it called itself.
    pub user_agent: Option<String>,
    /// Ids of the applications that were signed in to.
    pub applications: Vec<String>,
    /// All members, as they came: how the user signed in is in `lastSubmission`.
    pub raw: Map<String, Value>,
}

impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<Map<String, Value>> for UserSession {
    fn from(raw: Map<String, Value>) -> Self {
        let payload = |name: &str| raw.get("payload")?.get(name);
        let context = |name: &str| raw.get("lastSubmission")?.get("signInContext")?.get(name)?.as_str();
        let authorizations = payload("authorizations").and_then(Value::as_object);
        Self {
            id: payload("uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            signed_in_at: payload("loginTs").and_then(lenient::seconds),
            expires_at: payload("exp").and_then(lenient::seconds),
            ip: context("ip").map(str::to_owned),
            user_agent: context("userAgent").map(str::to_owned),
            applications: authorizations.into_iter().flat_map(Map::keys).cloned().collect(),
            raw,
        }
    }
}

/// Which applications lose their refresh tokens with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RevokeGrants {
    /// Those that were not granted `offline_access`.
    #[default]
    Online,
    /// All that were signed in to by the session.
    All,
    /// All of these but third-party ones.
    FirstParty,
}

impl Users<'_> {
    /// Lists the sessions of a user at Logto.
    pub fn list_sessions(&self, id: &str) -> List<UserSession> {
        self.0.list(user(id).then("sessions")).member("sessions")
    }

    /// Returns a session of a user.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn get_session(&self, id: &str, session: &str) -> Result<UserSession> {
        self.0.get(user(id).then("sessions").id(session)).await
    }

    /// Ends a session of a user at Logto. Applications go on with the refresh tokens that `revoke` leaves them.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn end_session(&self, id: &str, session: &str, revoke: RevokeGrants) -> Result<()> {
        let path = user(id).then("sessions").id(session);
        let path = match revoke {
            RevokeGrants::Online => path,
            RevokeGrants::All => path.query("revokeGrantsTarget", "all"),
            RevokeGrants::FirstParty => path.query("revokeGrantsTarget", "firstParty"),
        };
        self.0.delete::<Nothing>(path).await.map(drop)
    }
}
