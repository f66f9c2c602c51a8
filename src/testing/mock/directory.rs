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
pub(super) mod organization_invitation;
pub(super) mod organization_members;
pub(super) mod organization_template;
pub(super) mod password;
pub(super) mod profile;
mod provider_token;
pub(super) mod resource;
pub(super) mod role;
mod user;
pub(super) mod webhook;

use std::{collections::BTreeSet, time::SystemTime};

pub use self::{
    access_control::MockAccessControl, account_center::MockAccountCenter, app::MockApp, connector::MockConnector,
    organization::MockOrganization, provider_token::MockProviderToken, resource::MockResource, user::MockUser,
    webhook::MockWebhook,
};
pub(crate) use self::{
    app::{AppKind, AppSecret},
    resource::MANAGEMENT_RESOURCE,
};
use self::{
    organization_invitation::Invitation, organization_members::MemberKind, organization_template::OrganizationTemplate,
    role::Role,
};

/// Every signed-in user may ask for this resource; it carries the scopes of organizations.
pub(super) const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

#[derive(Debug, Clone, Default)]
pub(super) struct MockDirectory {
    pub(super) apps: Vec<MockApp>,
    pub(super) users: Vec<MockUser>,
    pub(super) organizations: Vec<MockOrganization>,
    pub(super) organization_template: OrganizationTemplate,
    pub(super) invitations: Vec<Invitation>,
    /// Email addresses and payloads. `None`: there is no email connector.
    pub(super) invitation_messages: Option<Vec<(String, serde_json::Value)>>,
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
    /// The server gets to know everything but its users now.
    pub(super) fn begin(&mut self, now: SystemTime) {
        for webhook in &mut self.webhooks {
            webhook.created_at = Some(now);
        }
        for app in &mut self.apps {
            app.begin(now);
        }
        for organization in &mut self.organizations {
            organization.created_at = Some(now);
        }
        for scope in self.resources.iter_mut().flat_map(|resource| &mut resource.scopes) {
            scope.created_at.get_or_insert(now);
        }
    }

    pub(super) fn app(&self, id: &str) -> Option<&MockApp> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(super) fn app_mut(&mut self, id: &str) -> Option<&mut MockApp> {
        self.apps.iter_mut().find(|app| app.id == id)
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

    pub(super) fn user_with_email(&self, email: &str) -> Option<&MockUser> {
        let is_it = |known: &String| known.eq_ignore_ascii_case(email);
        self.users.iter().find(|user| user.email.as_ref().is_some_and(is_it))
    }

    /// By username, e-mail address or phone number.
    pub(super) fn user_identified_by(&self, name: &str) -> Option<&MockUser> {
        let with_phone = || self.users.iter().find(|user| user.phone.as_deref() == Some(name));
        self.user_with_username(name).or_else(|| self.user_with_email(name)).or_else(with_phone)
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

    pub(super) fn organization_mut(&mut self, id: &str) -> Option<&mut MockOrganization> {
        self.organizations.iter_mut().find(|organization| organization.id == id)
    }

    pub(super) fn requires_mfa(&self, organization: Option<&str>) -> bool {
        organization.and_then(|id| self.organization(id)).is_some_and(|organization| organization.requires_mfa)
    }

    /// The scopes of a resource that roles grant now, in the resource's order: Logto does not keep the requested order.
    pub(super) fn resource_scopes(&self, holder: Holder<'_>, indicator: &str) -> Vec<String> {
        let granted: BTreeSet<&String> = self
            .roles
            .iter()
            .filter(|role| holder.roles.contains(&role.name))
            .flat_map(|role| &role.grants)
            .filter(|permission| permission.resource == indicator)
            .map(|permission| &permission.scope)
            .collect();
        let defined = self.resource(indicator).into_iter().flat_map(|resource| &resource.scopes);
        defined.map(|scope| &scope.name).filter(|name| granted.contains(name)).cloned().collect()
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
        self.organization(id)?;
        let mut scopes = self.organization_template.scope_names(&membership.roles, indicator);
        let own = indicator.filter(|_| holder.is_user).map(|indicator| self.resource_scopes(holder, indicator));
        for scope in own.unwrap_or_default() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Some(scopes)
    }
}
