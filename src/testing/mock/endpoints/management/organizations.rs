//! Organizations, their members, just-in-time provisioning, the organization template, and invitations.

mod invitation_messages;
pub(super) mod invitations;
pub(super) mod jit;
pub(super) mod member_roles;
pub(super) mod members;
pub(super) mod memberships;
mod refusals;
pub(super) mod role_permissions;
pub(super) mod roles;
pub(super) mod scopes;
mod search;
mod shown;

use serde_json::{Map, Value};

use self::{
    refusals::{nothing_to_change, nothing_to_update},
    search::is_found,
    shown::{featured, organization_json},
};
use super::{Call, Route, paging::page};
use crate::testing::mock::{
    directory::MockOrganization,
    endpoints::account::{
        guard::{Change, Guard},
        refusal::{Answer, not_found, not_there},
    },
    messages::reply::Reply,
    state::{State, ids::user_id},
};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "organizations", list),
    ("POST", "organizations", create),
    ("GET", "organizations/:id", get),
    ("PATCH", "organizations/:id", change),
    ("DELETE", "organizations/:id", delete),
];

/// In the order of the ids, as recorded (`90-management/organizations/06-list.json`).
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let found = |organization: &&MockOrganization| is_found(call, &[Some(&organization.id), Some(&organization.name)]);
    let mut found: Vec<_> = state.directory.organizations.iter().filter(found).collect();
    found.sort_by(|left, right| left.id.cmp(&right.id));
    let shows_featured = call.says("showFeatured");
    let items = found.into_iter().map(|organization| {
        let more = if shows_featured { featured(&state.directory, &organization.id) } else { Vec::new() };
        organization_json(organization, more)
    });
    page(state, call, items)
}

fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.text_within("name", 1, 128);
    let settings = Settings::read(&mut guard);
    guard.finish()?;
    let mut organization = MockOrganization::new(user_id()?).name(name);
    organization.created_at = Some(state.now());
    settings.apply(&mut organization);
    let reply = Reply::json_text(201, organization_json(&organization, Vec::new()));
    state.directory.organizations.push(organization);
    Ok(reply)
}

fn get(state: &mut State, call: &Call<'_>) -> Answer {
    let organization = state.directory.organization(call.param("id")).ok_or_else(|| unknown(call))?;
    Ok(Reply::json_text(200, organization_json(organization, Vec::new())))
}

fn change(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let name = guard.optional_text_within("name", 1, 128);
    let settings = Settings::read(&mut guard);
    guard.finish()?;
    if name.is_none() && settings.is_empty() {
        return Err(nothing_to_change());
    }
    let organization = state.directory.organization_mut(call.param("id"));
    let organization = organization.ok_or_else(|| nothing_to_update("organization"))?;
    if let Some(name) = name {
        organization.name = name;
    }
    settings.apply(organization);
    Ok(Reply::json_text(200, organization_json(organization, Vec::new())))
}

/// Memberships and invitations end with it.
fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    if state.directory.remove_organization(call.param("id")) { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

fn unknown(call: &Call<'_>) -> Reply {
    not_there("organizations", call.param("id"))
}

/// What an organization has beside its name. Objects replace those that were there.
struct Settings {
    description: Change,
    custom_data: Option<Map<String, Value>>,
    requires_mfa: Option<bool>,
    color: Option<Map<String, Value>>,
    branding: Option<Map<String, Value>>,
    custom_css: Change,
}

impl Settings {
    fn read(guard: &mut Guard) -> Self {
        Self {
            description: guard.nullable_text_within("description", 256),
            custom_data: guard.optional_object("customData"),
            requires_mfa: guard.optional_bool("isMfaRequired"),
            color: guard.optional_object("color"),
            branding: guard.optional_object("branding"),
            custom_css: guard.nullable_text_within("customCss", usize::MAX),
        }
    }

    fn is_empty(&self) -> bool {
        let objects = [&self.custom_data, &self.color, &self.branding];
        !self.description.is_one()
            && !self.custom_css.is_one()
            && self.requires_mfa.is_none()
            && objects.iter().all(|object| object.is_none())
    }

    fn apply(self, organization: &mut MockOrganization) {
        self.description.apply(&mut organization.description);
        self.custom_css.apply(&mut organization.custom_css);
        organization.requires_mfa = self.requires_mfa.unwrap_or(organization.requires_mfa);
        for (new, old) in [
            (self.custom_data, &mut organization.custom_data),
            (self.color, &mut organization.color),
            (self.branding, &mut organization.branding),
        ] {
            if let Some(new) = new {
                *old = new;
            }
        }
    }
}
