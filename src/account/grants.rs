//! Which applications the user has let in.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Account, Verification, operation::Operation};
use crate::{
    error::Result,
    logto_api::{ApiPath, lenient},
    scopes,
};

const GRANTS: &str = "my-account/grants";

/// What the user has let an application do.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Map<String, Value>")]
#[non_exhaustive]
pub struct AccountGrant {
    /// Its id, for [`Account::revoke_grant`].
    pub id: String,
    /// The application's id.
    pub application_id: Option<String>,
    /// The application's name.
    pub application_name: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// Since when.
    pub granted_at: Option<SystemTime>,
    /// Until when.
    pub expires_at: Option<SystemTime>,
    /// All members, as they came.
    pub raw: Map<String, Value>,
}

/// Without the members as they came, which have more than a log should.
impl fmt::Debug for AccountGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountGrant")
            .field("id", &self.id)
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

impl From<Map<String, Value>> for AccountGrant {
    fn from(raw: Map<String, Value>) -> Self {
        let member = |name: &str, member: &str| raw.get(name)?.get(member);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let scope = member("payload", "openid").and_then(|openid| openid.get("scope")?.as_str());
        Self {
            id: text(raw.get("id")).unwrap_or_default(),
            application_id: text(member("application", "id")).or_else(|| text(member("payload", "clientId"))),
            application_name: text(member("application", "name")),
            scopes: scope.map(lenient::words).unwrap_or_default(),
            granted_at: member("payload", "iat").and_then(lenient::seconds),
            expires_at: member("payload", "exp").and_then(lenient::seconds),
            raw,
        }
    }
}

/// Which applications to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum GrantsOf {
    /// All.
    #[default]
    All,
    /// Those of the operator.
    FirstParty,
    /// Those of others.
    ThirdParty,
}

impl GrantsOf {
    fn query(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::FirstParty => Some("appType=firstParty"),
            Self::ThirdParty => Some("appType=thirdParty"),
        }
    }
}

#[derive(Deserialize)]
struct Grants {
    #[serde(deserialize_with = "lenient::list")]
    grants: Vec<AccountGrant>,
}

impl Account {
    /// Which applications the user has let in.
    ///
    /// # Errors
    /// `account.verification_required`. See also [`Account`].
    pub async fn grants(&self, of: GrantsOf, verification: &Verification) -> Result<Vec<AccountGrant>> {
        let operation = Operation::get(ApiPath::new(GRANTS).query(of.query()), "see the applications that were let in");
        let operation = operation.scope(scopes::SESSIONS).field("session").verified(verification);
        let mut grants = self.access.read::<Grants>(operation).await?.grants;
        grants.retain(|grant| !grant.id.is_empty());
        Ok(grants)
    }

    /// Takes back what an application was let do: its refresh tokens and opaque access tokens no longer serve. Where it is this application's own grant,
    /// the session ends when it next asks Logto.
    ///
    /// # Errors
    /// `account.verification_required`; `account.not_found`. See also [`Account`].
    pub async fn revoke_grant(&self, id: &str, verification: &Verification) -> Result<()> {
        let path = self.id(ApiPath::new(GRANTS), id)?;
        let operation = Operation::delete(path, "take back a grant").scope(scopes::SESSIONS).field("session");
        self.access.carry_out(operation.verified(verification)).await
    }
}
