//! An organization, and what is predefined about its roles.

use std::time::SystemTime;

use serde_json::{Map, Value};

use super::Membership;

/// An organization with its roles.
#[derive(Debug, Clone)]
pub struct MockOrganization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) custom_data: Map<String, Value>,
    pub(crate) requires_mfa: bool,
    pub(crate) color: Map<String, Value>,
    pub(crate) branding: Map<String, Value>,
    pub(crate) custom_css: Option<String>,
    /// `None` until the server has started.
    pub(crate) created_at: Option<SystemTime>,
    pub(crate) jit: Jit,
    /// What the organization template does not know yet.
    pub(super) grants: Vec<Grant>,
}

/// Just-in-time provisioning: who becomes a member without an invitation, and with which roles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jit {
    pub(crate) email_domains: Vec<String>,
    /// By name, as in memberships.
    pub(crate) roles: Vec<String>,
    /// Ids of enterprise connectors.
    pub(crate) sso_connectors: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) role: String,
    /// `None`: the organization itself.
    pub(super) resource: Option<String>,
    pub(super) scopes: Vec<String>,
}

impl MockOrganization {
    /// An organization without roles, named like its id.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            description: None,
            custom_data: Map::new(),
            requires_mfa: false,
            color: Map::new(),
            branding: Map::new(),
            custom_css: None,
            created_at: None,
            jit: Jit::default(),
            grants: Vec::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Its description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Its custom data.
    ///
    /// # Panics
    ///
    /// If it is no JSON object.
    #[must_use]
    pub fn custom_data(mut self, data: impl Into<Value>) -> Self {
        let data = data.into();
        assert!(data.is_object(), "custom data is a JSON object, and not {data}");
        if let Value::Object(members) = data {
            self.custom_data = members;
        }
        self
    }

    /// Lets nobody in without a second factor ([`MockUser::mfa`](super::MockUser::mfa)).
    #[must_use]
    pub fn require_mfa(mut self) -> Self {
        self.requires_mfa = true;
        self
    }

    /// A role with the organization's permissions that it grants (`organization_id` alone at the token endpoint).
    ///
    /// Roles belong to the organization template, as at Logto: a role of one name grants the same in every organization.
    #[must_use]
    pub fn role(self, role: impl Into<String>, scopes: &[&str]) -> Self {
        self.grant(role, None, scopes)
    }

    /// The scopes of an API resource that a role grants inside organizations (`organization_id` with `resource`).
    #[must_use]
    pub fn role_for_resource(self, role: impl Into<String>, resource: impl Into<String>, scopes: &[&str]) -> Self {
        self.grant(role, Some(resource.into()), scopes)
    }

    /// Makes users who register with an email address of this domain members (just-in-time provisioning).
    #[must_use]
    pub fn jit_email_domain(mut self, domain: impl Into<String>) -> Self {
        self.jit.email_domains.push(domain.into());
        self
    }

    /// Gives a role to members who come by just-in-time provisioning.
    #[must_use]
    pub fn jit_role(mut self, role: impl Into<String>) -> Self {
        self.jit.roles.push(role.into());
        self
    }

    fn grant(mut self, role: impl Into<String>, resource: Option<String>, scopes: &[&str]) -> Self {
        self.grants.push(Grant { role: role.into(), resource, scopes: owned(scopes) });
        self
    }
}

impl Membership {
    pub(super) fn new(organization: impl Into<String>, roles: &[&str]) -> Self {
        Self { organization: organization.into(), roles: owned(roles) }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
