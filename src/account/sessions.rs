//! Where the user is signed in at Logto.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Account, Verification, operation::Operation};
use crate::{
    error::Result,
    logto_api::{ApiPath, lenient},
    scopes,
};

const SESSIONS: &str = "my-account/sessions";

/// A session of the user's at Logto: a browser that is signed in there. It is none of the application's, which are in
/// [`RequestSession::own_sessions`](crate::RequestSession::own_sessions).
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Map<String, Value>")]
#[non_exhaustive]
pub struct AccountSession {
    /// Its id, for [`Account::end_session`].
    pub id: String,
    /// Whether it is the one that the user's token is of: this browser.
    pub is_current: bool,
    /// When the user signed in.
    pub signed_in_at: Option<SystemTime>,
    /// When it ends by itself.
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

/// Without the members as they came, which have more than a log should.
impl fmt::Debug for AccountSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSession")
            .field("id", &self.id)
            .field("is_current", &self.is_current)
            .finish_non_exhaustive()
    }
}

impl From<Map<String, Value>> for AccountSession {
    fn from(raw: Map<String, Value>) -> Self {
        let at = |path: &[&str]| {
            let mut member = raw.get(*path.first()?)?;
            for name in path.get(1..)? {
                member = member.get(name)?;
            }
            Some(member)
        };
        let text = |path: &[&str]| at(path).and_then(Value::as_str).map(str::to_owned);
        let authorizations = at(&["payload", "authorizations"]).and_then(Value::as_object);
        Self {
            id: text(&["payload", "uid"]).unwrap_or_default(),
            is_current: at(&["isCurrent"]).and_then(Value::as_bool).unwrap_or_default(),
            signed_in_at: at(&["payload", "loginTs"]).and_then(lenient::seconds),
            expires_at: at(&["payload", "exp"]).and_then(lenient::seconds),
            ip: text(&["lastSubmission", "signInContext", "ip"]),
            user_agent: text(&["lastSubmission", "signInContext", "userAgent"]),
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

impl RevokeGrants {
    fn query(self) -> Option<&'static str> {
        match self {
            Self::Online => None,
            Self::All => Some("revokeGrantsTarget=all"),
            Self::FirstParty => Some("revokeGrantsTarget=firstParty"),
        }
    }
}

#[derive(Deserialize)]
struct Sessions {
    #[serde(deserialize_with = "lenient::list")]
    sessions: Vec<AccountSession>,
}

impl Account {
    /// Where the user is signed in at Logto.
    ///
    /// # Errors
    /// `account.verification_required`. See also [`Account`].
    pub async fn sessions(&self, verification: &Verification) -> Result<Vec<AccountSession>> {
        let operation = Operation::get(ApiPath::new(SESSIONS), "see where you are signed in");
        let operation = operation.scope(scopes::SESSIONS).field("session").verified(verification);
        let mut sessions = self.access.read::<Sessions>(operation).await?.sessions;
        // One that cannot be named cannot be ended.
        sessions.retain(|session| !session.id.is_empty());
        Ok(sessions)
    }

    /// Ends a session at Logto. Applications that it signed in to are told by back-channel logout; those that keep refresh tokens go on unless `revoke`
    /// takes the tokens away. The session of this browser may be ended, too, which leaves the application's own to be ended with
    /// [`RequestSession::sign_out`](crate::RequestSession::sign_out).
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found`, also for one of another user. See also [`Account`].
    pub async fn end_session(&self, id: &str, revoke: RevokeGrants, verification: &Verification) -> Result<()> {
        let path = self.id(ApiPath::new(SESSIONS), id)?.query(revoke.query());
        let operation = Operation::delete(path, "end a session").scope(scopes::SESSIONS).field("session");
        self.access.carry_out(operation.verified(verification)).await
    }
}
