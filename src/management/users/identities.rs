//! Accounts of a user at social connectors and at enterprise SSO connectors.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Users, user};
use crate::{
    claims::SocialIdentity,
    error::Result,
    logto_api::lenient,
    management::{Nothing, body::body},
};

/// An account of a user at an enterprise SSO connector. `Debug` prints no member that names the user.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SsoIdentity {
    /// The connector's id.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub sso_connector_id: String,
    /// The issuer of the identity provider.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub issuer: String,
    /// The user's id there.
    pub identity_id: String,
    /// What the identity provider said of the user.
    #[serde(default, deserialize_with = "lenient::loose")]
    pub detail: Map<String, Value>,
    /// When the account was linked.
    #[serde(default, deserialize_with = "lenient::milliseconds")]
    pub created_at: Option<SystemTime>,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl fmt::Debug for SsoIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connector = &self.sso_connector_id;
        f.debug_struct("SsoIdentity").field("sso_connector_id", connector).finish_non_exhaustive()
    }
}

/// All accounts of a user elsewhere. `Debug` prints the connectors alone.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct UserIdentities {
    /// Accounts at social connectors, by the connector's target.
    pub social: BTreeMap<String, SocialIdentity>,
    /// Accounts at enterprise SSO connectors.
    pub sso: Vec<SsoIdentity>,
    /// Every other member, as it came.
    pub extra: Map<String, Value>,
}

impl fmt::Debug for UserIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<_> = self.social.keys().collect();
        f.debug_struct("UserIdentities").field("social", &targets).field("sso", &self.sso).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default, deserialize_with = "lenient::list")]
    social_identities: Vec<Social>,
    #[serde(default, deserialize_with = "lenient::list")]
    sso_identities: Vec<Sso>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct Social {
    target: String,
    identity: SocialIdentity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sso {
    sso_identity: SsoIdentity,
}

impl From<Wire> for UserIdentities {
    fn from(wire: Wire) -> Self {
        Self {
            social: wire.social_identities.into_iter().map(|social| (social.target, social.identity)).collect(),
            sso: wire.sso_identities.into_iter().map(|sso| sso.sso_identity).collect(),
            extra: wire.extra,
        }
    }
}

body! {
    /// An account at a social connector. The user's id there is required.
    NewIdentity;
    /// Sets the user's id at the identity provider.
    text user_id "userId";
    /// Sets what the identity provider says of the user.
    json details "details";
}

impl Users<'_> {
    /// Returns all accounts of a user at social connectors and at enterprise SSO connectors.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn all_identities(&self, id: &str) -> Result<UserIdentities> {
        self.0.get(user(id).then("all-identities")).await
    }

    /// Returns the account of a user at a social connector, by the connector's target, such as `github`.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn get_identity(&self, id: &str, target: &str) -> Result<SocialIdentity> {
        let path = user(id).then("identities").id(target);
        self.0.call(http::Method::GET, path, None).await?.read_member("identity")
    }

    /// Returns the account of a user at an enterprise SSO connector, by the connector's id.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn get_sso_identity(&self, id: &str, connector: &str) -> Result<SsoIdentity> {
        let path = user(id).then("sso-identities").id(connector);
        self.0.call(http::Method::GET, path, None).await?.read_member("ssoIdentity")
    }

    /// Links an account that the user has shown by an authorization at a social connector, and returns all of them. `data` is what the identity provider
    /// added to the redirect URI: `code`, `state`, and the `redirectUri` itself. Connectors that keep a session at Logto (Apple, SAML, OAuth,
    /// OIDC) cannot be linked so.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn link_identity(
        &self,
        id: &str,
        connector: &str,
        data: &Map<String, Value>,
    ) -> Result<BTreeMap<String, SocialIdentity>> {
        let body = json!({ "connectorId": connector, "connectorData": data });
        self.0.post(user(id).then("identities"), &body).await
    }

    /// Sets the account of a user at a social connector without asking the identity provider, and returns all of them. The user can sign in with it.
    /// Logto takes a target of which there is no connector.
    ///
    /// # Errors
    /// `management.not_found`; `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn set_identity(
        &self,
        id: &str,
        target: &str,
        identity: &NewIdentity,
    ) -> Result<BTreeMap<String, SocialIdentity>> {
        self.0.put(user(id).then("identities").id(target), identity).await
    }

    /// Removes the account of a user at a social connector.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn unlink_identity(&self, id: &str, target: &str) -> Result<()> {
        self.0.delete::<Nothing>(user(id).then("identities").id(target)).await.map(drop)
    }
}
