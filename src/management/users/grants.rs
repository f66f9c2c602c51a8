//! Which applications a user has let in.

use std::{fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Users, user};
use crate::{
    error::Result,
    logto_api::lenient,
    management::{List, Nothing},
};

/// What a user has let an application do. `Debug` prints the ids alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Map<String, Value>")]
#[non_exhaustive]
pub struct UserGrant {
    /// The grant's id, for [`Users::revoke_grant`].
    pub id: String,
    /// The application's id.
    pub application_id: Option<String>,
    /// The application's name.
    pub application_name: Option<String>,
    /// The scopes of OpenID Connect that the application has.
    pub scopes: Vec<String>,
    /// When the user let the application in.
    pub granted_at: Option<SystemTime>,
    /// When the grant ends by itself.
    pub expires_at: Option<SystemTime>,
    /// All members, as they came: permissions of APIs are in `payload.resources`.
    pub raw: Map<String, Value>,
}

impl fmt::Debug for UserGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserGrant")
            .field("id", &self.id)
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

impl From<Map<String, Value>> for UserGrant {
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

/// Whose applications to list.
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

impl Users<'_> {
    /// Lists the grants of a user: which applications the user has let in.
    pub fn list_grants(&self, id: &str, of: GrantsOf) -> List<UserGrant> {
        let list = self.0.list(user(id).then("grants")).member("grants");
        match of {
            GrantsOf::All => list,
            GrantsOf::FirstParty => list.query("appType", "firstParty"),
            GrantsOf::ThirdParty => list.query("appType", "thirdParty"),
        }
    }

    /// Revokes a grant of a user: the application's refresh tokens and opaque access tokens no longer serve.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn revoke_grant(&self, id: &str, grant: &str) -> Result<()> {
        self.0.delete::<Nothing>(user(id).then("grants").id(grant)).await.map(drop)
    }
}
