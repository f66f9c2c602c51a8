//! Members of an organization: users, and machine-to-machine applications.

use super::{
    refusals::{unknown_reference, wrong_kind},
    search::is_found,
    shown::with_roles,
};
use crate::testing::mock::{
    directory::{AppKind, MockApp, MockDirectory, MockUser, organization_members::MemberKind},
    endpoints::{
        account::{
            guard::Guard,
            refusal::{Answer, not_found},
        },
        management::{Call, Route, applications::app_json, paging::page},
    },
    messages::{
        ordered::{list as json_list, object, text},
        reply::Reply,
    },
    state::{State, webhook_events::Members, webhook_json::user_json},
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organizations/:id/users", users),
    ("POST", "organizations/:id/users", add),
    ("PUT", "organizations/:id/users", replace),
    ("DELETE", "organizations/:id/users/:userId", remove),
    ("GET", "organizations/:id/applications", applications),
    ("POST", "organizations/:id/applications", add),
    ("PUT", "organizations/:id/applications", replace),
    ("DELETE", "organizations/:id/applications/:applicationId", remove),
];

/// The most ids that a webhook is told of.
const TOLD: usize = 5000;

/// Which kind of member the path is about.
pub(super) fn kind(call: &Call<'_>) -> MemberKind {
    match call.request.path().split('/').nth(4) {
        Some("applications") => MemberKind::Application,
        _ => MemberKind::User,
    }
}

/// The member's id in the path.
pub(super) fn member<'a>(call: &'a Call<'_>) -> &'a str {
    match kind(call) {
        MemberKind::User => call.param("userId"),
        MemberKind::Application => call.param("applicationId"),
    }
}

/// The name of the list of members in a body.
pub(super) fn ids_name(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::User => "userIds",
        MemberKind::Application => "applicationIds",
    }
}

fn users(state: &mut State, call: &Call<'_>) -> Answer {
    let (directory, organization) = (&state.directory, call.param("id"));
    let wanted = call.request.query_value("organizationRoleId").filter(|id| !id.is_empty());
    let role = wanted.map(|id| directory.organization_template.role(id).map(|role| role.name.clone()));
    let members = directory.members(MemberKind::User, organization);
    let items = members.iter().filter_map(|id| {
        let user = directory.user(id).filter(|user| is_user_found(call, user))?;
        let roles = &directory.membership(MemberKind::User, id, organization)?.roles;
        let has_role = role.as_ref().is_none_or(|role| role.as_ref().is_some_and(|role| roles.contains(role)));
        has_role.then(|| with_roles(&user_json(user, false), directory, roles))
    });
    page(state, call, items)
}

fn is_user_found(call: &Call<'_>, user: &MockUser) -> bool {
    let texts = [&user.username, &user.email, &user.phone, &user.name].map(|text| text.as_deref());
    is_found(call, &texts) || is_found(call, &[Some(&user.id)])
}

fn applications(state: &mut State, call: &Call<'_>) -> Answer {
    let (directory, organization) = (&state.directory, call.param("id"));
    let members = directory.members(MemberKind::Application, organization);
    let items = members.iter().filter_map(|id| {
        let app = directory.app(id).filter(|app| is_app_found(call, app))?;
        let roles = &directory.membership(MemberKind::Application, id, organization)?.roles;
        Some(with_roles(&app_json(app), directory, roles))
    });
    page(state, call, items)
}

fn is_app_found(call: &Call<'_>, app: &MockApp) -> bool {
    is_found(call, &[Some(&app.id), Some(&app.name), app.description.as_deref()])
}

fn add(state: &mut State, call: &Call<'_>) -> Answer {
    let (kind, organization) = (kind(call), call.param("id"));
    let mut guard = Guard::read(call.request)?;
    let ids = guard.some_ids(ids_name(kind));
    guard.finish()?;
    check(&state.directory, kind, organization, &ids)?;
    let mut added = ids.clone();
    added.retain(|id| state.directory.add_member(kind, id, organization));
    tell(state, call, 201, added, Vec::new());
    Ok(match kind {
        MemberKind::User => Reply::json_text(201, object([("userIds", json_list(ids.iter().map(|id| text(id))))])),
        MemberKind::Application => Reply::text(201, "Created"),
    })
}

fn replace(state: &mut State, call: &Call<'_>) -> Answer {
    let (kind, organization) = (kind(call), call.param("id"));
    let mut guard = Guard::read(call.request)?;
    let ids = guard.ids(ids_name(kind));
    guard.finish()?;
    if !ids.is_empty() {
        check(&state.directory, kind, organization, &ids)?;
    }
    let mut removed = state.directory.members(kind, organization);
    removed.retain(|id| !ids.contains(id) && state.directory.remove_member(kind, id, organization));
    let mut added = ids;
    added.retain(|id| state.directory.add_member(kind, id, organization));
    tell(state, call, 204, added, removed);
    Ok(Reply::empty(204))
}

fn remove(state: &mut State, call: &Call<'_>) -> Answer {
    let id = member(call);
    if !state.directory.remove_member(kind(call), id, call.param("id")) {
        return Err(not_found());
    }
    tell(state, call, 204, Vec::new(), vec![id.to_owned()]);
    Ok(Reply::empty(204))
}

/// The database looks at the kind of an application first, and then whether everything is there.
fn check(directory: &MockDirectory, kind: MemberKind, organization: &str, ids: &[String]) -> Answer<()> {
    let is_known = |id: &String| match kind {
        MemberKind::User => directory.user(id).is_some(),
        MemberKind::Application => directory.app(id).is_some(),
    };
    let is_machine = |id: &String| directory.app(id).is_none_or(|app| app.kind == AppKind::Machine);
    if kind == MemberKind::Application && !ids.iter().all(is_machine) {
        return Err(wrong_kind());
    }
    if directory.organization(organization).is_none() || !ids.iter().all(is_known) {
        return Err(unknown_reference());
    }
    Ok(())
}

/// Webhooks are told also where nobody came or left.
fn tell(state: &mut State, call: &Call<'_>, status: u16, added: Vec<String>, removed: Vec<String>) {
    let (added_name, removed_name) = match kind(call) {
        MemberKind::User => ("addedUserIds", "removedUserIds"),
        MemberKind::Application => ("addedApplicationIds", "removedApplicationIds"),
    };
    let members = changed(call.param("id"), [(added_name, added), (removed_name, removed)]);
    call.tell(state, "Organization.Membership.Updated", status, members);
}

/// What a delivery says of members who came and left.
pub(super) fn changed<const N: usize>(organization: &str, lists: [(&'static str, Vec<String>); N]) -> Members<'static> {
    let there = lists.into_iter().filter(|(_, ids)| !ids.is_empty());
    let lists = there.map(|(name, ids)| (name, json_list(ids.iter().take(TOLD).map(|id| text(id)))));
    [("organizationId", text(organization))].into_iter().chain(lists).collect()
}
