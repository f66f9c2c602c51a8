//! Just-in-time provisioning: who becomes a member of an organization by signing in, and with which roles.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Organizations, organization};
use crate::{
    error::Result,
    management::{List, Path, organization_roles::OrganizationRole, sso_connectors::SsoConnector},
};

/// An email domain whose users become members of an organization.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JitEmailDomain {
    /// The domain, such as `example.com`.
    pub email_domain: String,
    /// Every other member, as it came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Organizations<'_> {
    /// Lists the email domains whose users become members when they register with a verified email address.
    pub fn list_jit_email_domains(&self, organization: &str) -> List<JitEmailDomain> {
        self.0.list(domains(organization))
    }

    /// Adds an email domain.
    ///
    /// # Errors
    /// `management.value_refused`: [`Refusal::code`](crate::management::Refusal::code) is `entity.unique_integrity_violation` for a domain that the
    /// organization has. See also [`Management`](crate::management::Management).
    pub async fn add_jit_email_domain(&self, organization: &str, domain: &str) -> Result<JitEmailDomain> {
        self.0.post(domains(organization), &json!({ "emailDomain": domain })).await
    }

    /// Makes these the only email domains.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_jit_email_domains<S: AsRef<str>>(
        &self,
        organization: &str,
        email_domains: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(domains(organization), "emailDomains", email_domains).await
    }

    /// Removes an email domain. Members stay members.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_jit_email_domain(&self, organization: &str, domain: &str) -> Result<()> {
        self.0.remove(domains(organization).id(domain)).await
    }

    /// Lists the enterprise SSO connectors whose users become members when they sign in with them.
    pub fn list_jit_sso_connectors(&self, organization: &str) -> List<SsoConnector> {
        self.0.list(connectors(organization))
    }

    /// Adds enterprise SSO connectors, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn add_jit_sso_connectors<S: AsRef<str>>(
        &self,
        organization: &str,
        connector_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(connectors(organization), "ssoConnectorIds", connector_ids).await
    }

    /// Makes these the only enterprise SSO connectors, by their ids.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_jit_sso_connectors<S: AsRef<str>>(
        &self,
        organization: &str,
        connector_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(connectors(organization), "ssoConnectorIds", connector_ids).await
    }

    /// Removes an enterprise SSO connector. Members stay members.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_jit_sso_connector(&self, organization: &str, connector: &str) -> Result<()> {
        self.0.remove(connectors(organization).id(connector)).await
    }

    /// Lists the organization roles that a provisioned member gets.
    pub fn list_jit_roles(&self, organization: &str) -> List<OrganizationRole> {
        self.0.list(roles(organization))
    }

    /// Adds roles that a provisioned member gets, by the ids of organization roles.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn add_jit_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.post_ids(roles(organization), "organizationRoleIds", role_ids).await
    }

    /// Makes these the only roles that a provisioned member gets, by the ids of organization roles.
    ///
    /// # Errors
    /// `management.value_refused`. See also [`Management`](crate::management::Management).
    pub async fn replace_jit_roles<S: AsRef<str>>(
        &self,
        organization: &str,
        role_ids: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.0.put_ids(roles(organization), "organizationRoleIds", role_ids).await
    }

    /// Removes a role from those that a provisioned member gets. Members keep it.
    ///
    /// # Errors
    /// `management.not_found`. See also [`Management`](crate::management::Management).
    pub async fn remove_jit_role(&self, organization: &str, role: &str) -> Result<()> {
        self.0.remove(roles(organization).id(role)).await
    }
}

fn domains(id: &str) -> Path {
    organization(id).then("jit/email-domains")
}

fn connectors(id: &str) -> Path {
    organization(id).then("jit/sso-connectors")
}

fn roles(id: &str) -> Path {
    organization(id).then("jit/roles")
}
