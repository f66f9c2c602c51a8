//! Who and what there is: apps, users, organizations, resources, roles.

mod access_control;
mod account_center;
mod app;
mod claim_names;
pub(super) mod claims;
mod connector;
mod defaults;
pub(super) mod iso;
pub(super) mod mfa;
mod organization;
mod profile;
mod provider_token;
mod resource;
mod user;
pub(super) mod webhook;

use std::collections::BTreeSet;

pub(crate) use self::app::AppKind;
pub use self::{
    access_control::MockAccessControl, account_center::MockAccountCenter, app::MockApp, connector::MockConnector,
    organization::MockOrganization, provider_token::MockProviderToken, resource::MockResource, user::MockUser,
    webhook::MockWebhook,
};

/// Every signed-in user may ask for this resource; it carries the scopes of organizations.
pub(super) const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

#[derive(Debug, Clone, Default)]
pub(super) struct MockDirectory {
    pub(super) apps: Vec<MockApp>,
    pub(super) users: Vec<MockUser>,
    pub(super) organizations: Vec<MockOrganization>,
    pub(super) resources: Vec<MockResource>,
    pub(super) roles: Vec<Role>,
    pub(super) webhooks: Vec<MockWebhook>,
    /// The extended claims that are in ID tokens; `None` for those of a new Logto.
    pub(super) id_token_claims: Option<Vec<String>>,
    pub(super) account_center: MockAccountCenter,
    /// The second factors that are on; `None` for all.
    pub(super) mfa_factors: Option<Vec<String>>,
    pub(super) connectors: Vec<MockConnector>,
}

/// A role outside organizations, with the scopes of one resource that it grants.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
}

/// Whose scopes are asked for: a user's or a machine's roles, and its memberships.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) roles: &'a [String],
    pub(super) memberships: &'a [Membership],
    /// Whether its own roles count in an organization, too: a user's do, a machine's do not.
    pub(super) is_user: bool,
}

/// The roles that a user or a machine has in an organization.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub(super) organization: String,
    pub(super) roles: Vec<String>,
}

impl MockDirectory {
    pub(super) fn app(&self, id: &str) -> Option<&MockApp> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(super) fn user(&self, id: &str) -> Option<&MockUser> {
        self.users.iter().find(|user| user.id == id)
    }

    /// By what tests call the user, by username, or by id.
    pub(super) fn user_called(&mut self, name: &str) -> Option<&mut MockUser> {
        self.users.iter_mut().find(|user| user.is_called(name))
    }

    pub(super) fn user_with_username(&self, username: &str) -> Option<&MockUser> {
        self.users.iter().find(|user| user.username.as_deref() == Some(username))
    }

    pub(super) fn user_mut(&mut self, id: &str) -> Option<&mut MockUser> {
        self.users.iter_mut().find(|user| user.id == id)
    }

    pub(super) fn connector(&self, id: &str) -> Option<&MockConnector> {
        self.connectors.iter().find(|connector| connector.id == id)
    }

    /// Turns on these factors, and no others.
    pub(super) fn set_mfa_factors(&mut self, names: &[&str]) {
        for name in names {
            assert!(mfa::FACTORS.contains(name), "Logto adds no factor {name:?}; it adds: {}", mfa::FACTORS.join(", "));
        }
        self.mfa_factors = Some(names.iter().map(|&name| name.to_owned()).collect());
    }

    pub(super) fn has_factor(&self, name: &str) -> bool {
        self.mfa_factors.as_ref().is_none_or(|factors| factors.iter().any(|factor| factor == name))
    }

    pub(super) fn resource(&self, indicator: &str) -> Option<&MockResource> {
        self.resources.iter().find(|resource| resource.indicator == indicator)
    }

    pub(super) fn knows_resource(&self, indicator: &str) -> bool {
        indicator == ORGANIZATIONS_RESOURCE || self.resource(indicator).is_some()
    }

    pub(super) fn organization(&self, id: &str) -> Option<&MockOrganization> {
        self.organizations.iter().find(|organization| organization.id == id)
    }

    pub(super) fn requires_mfa(&self, organization: Option<&str>) -> bool {
        organization.and_then(|id| self.organization(id)).is_some_and(|organization| organization.requires_mfa)
    }

    /// The scopes of a resource that roles grant now, in the resource's order: Logto does not keep the requested order.
    pub(super) fn resource_scopes(&self, holder: Holder<'_>, indicator: &str) -> Vec<String> {
        let granted: BTreeSet<&String> = self
            .roles
            .iter()
            .filter(|role| role.resource == indicator && holder.roles.contains(&role.name))
            .flat_map(|role| &role.scopes)
            .collect();
        let defined = self.resource(indicator).map(|resource| resource.scopes.as_slice()).unwrap_or_default();
        defined.iter().filter(|scope| granted.contains(scope)).cloned().collect()
    }

    /// The scopes that roles in an organization grant, on the organization itself or on a resource; of a resource also those that a user's
    /// own roles grant. `None`: no member.
    pub(super) fn organization_scopes(
        &self,
        holder: Holder<'_>,
        id: &str,
        indicator: Option<&str>,
    ) -> Option<Vec<String>> {
        let membership = holder.memberships.iter().find(|membership| membership.organization == id)?;
        let mut scopes = self.organization(id)?.scopes(&membership.roles, indicator);
        let own = indicator.filter(|_| holder.is_user).map(|indicator| self.resource_scopes(holder, indicator));
        for scope in own.unwrap_or_default() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Some(scopes)
    }
}
