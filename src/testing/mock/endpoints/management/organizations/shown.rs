//! Organizations, roles and permissions as the API shows them.

use std::time::SystemTime;

use serde_json::Value;

use crate::testing::mock::{
    directory::{
        MockDirectory, MockOrganization,
        claims::millis,
        organization_invitation::Invitation,
        organization_members::MemberKind,
        organization_template::{OrganizationRole, OrganizationScope},
    },
    messages::ordered::{list, object, optional, stored, text},
    state::webhook_events::Members,
};

const TENANT: &str = "default";

pub(crate) fn organization_json(organization: &MockOrganization, more: Members<'_>) -> String {
    let members = [
        ("tenantId", text(TENANT)),
        ("id", text(&organization.id)),
        ("name", text(&organization.name)),
        ("description", optional(organization.description.as_deref())),
        ("customData", stored(&Value::Object(organization.custom_data.clone()))),
        ("isMfaRequired", organization.requires_mfa.to_string()),
        ("color", stored(&Value::Object(organization.color.clone()))),
        ("branding", stored(&Value::Object(organization.branding.clone()))),
        ("customCss", optional(organization.custom_css.as_deref())),
        ("createdAt", millis(organization.created_at).to_string()),
    ];
    object(members.into_iter().chain(more))
}

/// How many users are members, and three of them.
pub(super) fn featured(directory: &MockDirectory, organization: &str) -> Members<'static> {
    let ids = directory.members(MemberKind::User, organization);
    let users = ids.iter().take(3).filter_map(|id| directory.user(id)).map(|user| {
        object([
            ("id", text(&user.id)),
            ("avatar", optional(user.picture.as_deref())),
            ("name", optional(user.name.as_deref())),
        ])
    });
    vec![("usersCount", ids.len().to_string()), ("featuredUsers", list(users))]
}

pub(super) fn role_json(role: &OrganizationRole, more: Members<'_>) -> String {
    let members = [
        ("tenantId", text(TENANT)),
        ("id", text(&role.id)),
        ("name", text(&role.name)),
        ("description", optional(role.description.as_deref())),
        ("type", text(kind_name(role.kind))),
    ];
    object(members.into_iter().chain(more))
}

pub(super) fn kind_name(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::User => "User",
        MemberKind::Application => "MachineToMachine",
    }
}

pub(super) fn scope_json(scope: &OrganizationScope) -> String {
    object([
        ("tenantId", text(TENANT)),
        ("id", text(&scope.id)),
        ("name", text(&scope.name)),
        ("description", optional(scope.description.as_deref())),
    ])
}

/// The roles that a member has, or that an invitation brings, in the order of the names.
pub(super) fn role_names_json(directory: &MockDirectory, names: &[String]) -> String {
    let named = names.iter().filter_map(|name| directory.organization_template.role_named(name));
    let mut roles: Vec<_> = named.collect();
    roles.sort_by(|left, right| left.name.cmp(&right.name));
    list(roles.into_iter().map(|role| entity(&role.id, &role.name)))
}

/// What is shown of a member, with its roles.
pub(crate) fn with_roles(shown: &str, directory: &MockDirectory, names: &[String]) -> String {
    let members = shown.strip_suffix('}').unwrap_or(shown);
    format!("{members},\"organizationRoles\":{}}}", role_names_json(directory, names))
}

/// Id and name alone.
pub(super) fn entity(id: &str, name: &str) -> String {
    object([("id", text(id)), ("name", text(name))])
}

pub(super) fn email_domain_json(organization: &str, domain: &str) -> String {
    object([("tenantId", text(TENANT)), ("organizationId", text(organization)), ("emailDomain", text(domain))])
}

/// An enterprise connector of which no more is known than that a user has a token of its provider.
pub(super) fn sso_connector_json(id: &str) -> String {
    object([
        ("tenantId", text(TENANT)),
        ("id", text(id)),
        ("providerName", text("OIDC")),
        ("connectorName", text(id)),
        ("config", object([])),
        ("domains", list([])),
        ("branding", object([])),
        ("syncProfile", false.to_string()),
        ("enableTokenStorage", true.to_string()),
        ("createdAt", 0.to_string()),
    ])
}

pub(super) fn invitation_json(directory: &MockDirectory, invitation: &Invitation, now: SystemTime) -> String {
    object([
        ("tenantId", text(TENANT)),
        ("id", text(&invitation.id)),
        ("inviterId", optional(invitation.inviter_id.as_deref())),
        ("invitee", text(&invitation.invitee)),
        ("acceptedUserId", optional(invitation.accepted_user_id.as_deref())),
        ("organizationId", text(&invitation.organization_id)),
        ("status", text(invitation.state(now).name())),
        ("createdAt", millis(Some(invitation.created_at)).to_string()),
        ("updatedAt", millis(Some(invitation.updated_at)).to_string()),
        ("expiresAt", invitation.expires_at.to_string()),
        ("organizationRoles", role_names_json(directory, &invitation.roles)),
    ])
}
