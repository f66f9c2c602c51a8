//! An organization and what its roles grant.

use super::Membership;

/// An organization with its roles.
#[derive(Debug, Clone)]
pub struct MockOrganization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) requires_mfa: bool,
    grants: Vec<Grant>,
}

#[derive(Debug, Clone)]
struct Grant {
    role: String,
    /// `None`: the organization itself.
    resource: Option<String>,
    scopes: Vec<String>,
}

impl MockOrganization {
    /// An organization without roles, named like its id.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { name: id.clone(), id, description: None, requires_mfa: false, grants: Vec::new() }
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

    /// Lets nobody in without a second factor ([`MockUser::mfa`](super::MockUser::mfa)).
    #[must_use]
    pub fn require_mfa(mut self) -> Self {
        self.requires_mfa = true;
        self
    }

    /// A role with the organization's permissions that it grants (`organization_id` alone at the token endpoint).
    #[must_use]
    pub fn role(self, role: impl Into<String>, scopes: &[&str]) -> Self {
        self.grant(role, None, scopes)
    }

    /// The scopes of an API resource that a role grants inside this organization (`organization_id` with `resource`).
    #[must_use]
    pub fn role_for_resource(self, role: impl Into<String>, resource: impl Into<String>, scopes: &[&str]) -> Self {
        self.grant(role, Some(resource.into()), scopes)
    }

    fn grant(mut self, role: impl Into<String>, resource: Option<String>, scopes: &[&str]) -> Self {
        self.grants.push(Grant { role: role.into(), resource, scopes: owned(scopes) });
        self
    }

    /// What these roles grant, each scope once.
    pub(crate) fn scopes(&self, roles: &[String], resource: Option<&str>) -> Vec<String> {
        let mut scopes = Vec::new();
        let grants = self.grants.iter().filter(|grant| grant.resource.as_deref() == resource);
        for scope in grants.filter(|grant| roles.contains(&grant.role)).flat_map(|grant| &grant.scopes) {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        scopes
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
