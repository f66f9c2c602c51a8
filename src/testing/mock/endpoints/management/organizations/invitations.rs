//! Invitations to organizations. A pending one is accepted for a user with the invited email address, or revoked, or it expires.

use serde_json::Value;

use super::{
    invitation_messages::send,
    member_roles::{grant, role_names},
    members::changed,
    refusals::{impossible, taken, unknown_reference},
    shown::invitation_json,
};
use crate::testing::mock::{
    directory::{
        organization_invitation::{Invitation, InvitationState},
        organization_members::MemberKind,
    },
    endpoints::{
        account::{
            guard::{Change, Guard, Rule},
            refusal::{Answer, not_found, senseless},
        },
        management::{Call, Route},
    },
    messages::{ordered::list as json_list, reply::Reply},
    state::{State, ids::short_id},
};

pub(in super::super) const ROUTES: &[Route] = &[
    ("GET", "organization-invitations", list),
    ("POST", "organization-invitations", create),
    ("GET", "organization-invitations/:id", get),
    ("DELETE", "organization-invitations/:id", delete),
    ("POST", "organization-invitations/:id/message", message),
    ("PUT", "organization-invitations/:id/status", change_status),
];

/// The newest comes first.
#[allow(clippy::unnecessary_wraps, reason = "it is one of the handlers")]
fn list(state: &mut State, call: &Call<'_>) -> Answer {
    let is_asked = |name: &str, value: Option<&str>| {
        let asked = call.request.query_value(name).filter(|asked| !asked.is_empty());
        asked.is_none_or(|asked| value == Some(asked))
    };
    let invitee = call.request.query_value("invitee").unwrap_or_default().to_lowercase();
    let found = state.directory.invitations().rev().filter(|invitation| {
        is_asked("organizationId", Some(&invitation.organization_id))
            && is_asked("inviterId", invitation.inviter_id.as_deref())
            && (invitee.is_empty() || invitation.invitee.to_lowercase() == invitee)
    });
    let now = state.now();
    Ok(Reply::json_text(200, json_list(found.map(|invitation| invitation_json(&state.directory, invitation, now)))))
}

fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let inviter = guard.nullable_text("inviterId", Rule::Any);
    let invitee = guard.email_address("invitee");
    let organization = guard.text_within("organizationId", 1, usize::MAX);
    let expires_at = guard.time("expiresAt");
    let roles = guard.optional_ids("organizationRoleIds").unwrap_or_default();
    let payload = guard.object_or_false("messagePayload");
    guard.finish()?;
    let mut invitation = Invitation::new(short_id()?, organization, invitee, state.now(), expires_at);
    inviter.apply(&mut invitation.inviter_id);
    check(state, &invitation)?;
    let template = &state.directory.organization_template;
    let names = roles.iter().map(|id| template.role(id).map(|role| role.name.clone()));
    invitation.roles = names.collect::<Option<_>>().ok_or_else(unknown_reference)?;
    if let Some(payload) = payload {
        send(state, &invitation.invitee, payload)?;
    }
    let reply = Reply::json_text(201, invitation_json(&state.directory, &invitation, state.now()));
    state.directory.invitations.push(invitation);
    Ok(reply)
}

/// Whether the invitation can be made: in the server's order.
fn check(state: &State, new: &Invitation) -> Answer<()> {
    let now = state.now();
    if new.expires_at <= Invitation::millis(now) {
        return Err(senseless("The value of `expiresAt` must be in the future."));
    }
    let directory = &state.directory;
    let is_invitee = |id: &String| directory.user(id).is_some_and(|user| user.email.as_ref() == Some(&new.invitee));
    if directory.members(MemberKind::User, &new.organization_id).iter().any(is_invitee) {
        return Err(impossible("The invitee is already a member of the organization."));
    }
    let is_same = |known: &Invitation| known.invitee == new.invitee && known.organization_id == new.organization_id;
    let mut pending = directory.invitations().filter(|known| known.state(now) == InvitationState::Pending);
    if pending.any(is_same) {
        return Err(taken());
    }
    let is_user = new.inviter_id.as_ref().is_none_or(|id| directory.user(id).is_some());
    if is_user && directory.organization(&new.organization_id).is_some() { Ok(()) } else { Err(unknown_reference()) }
}

fn get(state: &mut State, call: &Call<'_>) -> Answer {
    let now = state.now();
    let shown = invitation_json(&state.directory, find(state, call)?, now);
    Ok(Reply::json_text(200, shown))
}

fn delete(state: &mut State, call: &Call<'_>) -> Answer {
    let id = find(state, call)?.id.clone();
    state.directory.invitations.retain(|invitation| invitation.id != id);
    Ok(Reply::empty(204))
}

/// Sends the message again, also for an invitation that is not pending any more.
fn message(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    for name in ["code", "link", "locale", "uiLocales"] {
        guard.optional_text(name, Rule::Any);
    }
    let payload = Value::Object(guard.members().clone());
    guard.finish()?;
    let invitee = find(state, call)?.invitee.clone();
    send(state, &invitee, payload)?;
    Ok(Reply::empty(204))
}

fn change_status(state: &mut State, call: &Call<'_>) -> Answer {
    let mut guard = Guard::read(call.request)?;
    let user = guard.nullable_text("acceptedUserId", Rule::Any);
    let status = guard.choice("status", &["Accepted", "Revoked"]);
    guard.finish()?;
    if status == "Revoked" {
        let id = changeable(state, call)?.id.clone();
        return Ok(end(state, &id, InvitationState::Revoked, None));
    }
    let Change::To(Some(user)) = user else {
        return Err(impossible("The `acceptedUserId` is required when accepting an invitation."));
    };
    let invitation = changeable(state, call)?.clone();
    let email = state.directory.user(&user).ok_or_else(not_found)?.email.clone();
    if email.map(|email| email.to_lowercase()) != Some(invitation.invitee.to_lowercase()) {
        return Err(impossible("The accepted user must have the same email as the invitee."));
    }
    let (directory, organization) = (&mut state.directory, &invitation.organization_id);
    let template = &directory.organization_template;
    let roles = invitation.roles.iter().filter_map(|name| template.role_named(name)).map(|role| role.id.clone());
    let names = role_names(directory, MemberKind::User, &roles.collect::<Vec<_>>())?;
    let is_new = directory.add_member(MemberKind::User, &user, organization);
    grant(directory, MemberKind::User, &user, organization, &names);
    let reply = end(state, &invitation.id, InvitationState::Accepted, Some(&user));
    let added = if is_new { vec![user] } else { Vec::new() };
    let told = changed(organization, [("addedUserIds", added)]);
    call.tell(state, "Organization.Membership.Updated", 200, told);
    Ok(reply)
}

fn end(state: &mut State, id: &str, new: InvitationState, user: Option<&str>) -> Reply {
    let now = state.now();
    let Some(invitation) = state.directory.invitations.iter_mut().find(|invitation| invitation.id == id) else {
        return not_found();
    };
    invitation.end(new, now);
    invitation.accepted_user_id = user.map(str::to_owned);
    let invitation = invitation.clone();
    Reply::json_text(200, invitation_json(&state.directory, &invitation, now))
}

/// The invitation of the path, if it is still pending.
fn changeable<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a Invitation> {
    let now = state.now();
    let invitation = find(state, call)?;
    if invitation.state(now) == InvitationState::Pending {
        Ok(invitation)
    } else {
        Err(impossible("The status of the invitation cannot be changed anymore."))
    }
}

fn find<'a>(state: &'a State, call: &Call<'_>) -> Answer<&'a Invitation> {
    state.directory.invitations().find(|invitation| invitation.id == call.param("id")).ok_or_else(not_found)
}
