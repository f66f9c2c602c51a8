//! Who is a member of which organization. A membership is kept with the user, or with the machine.

use super::{Membership, MockDirectory};

/// What can be a member, and what a role in organizations is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    User,
    /// A machine-to-machine application.
    Application,
}

impl MockDirectory {
    pub(in super::super) fn membership(&self, kind: MemberKind, id: &str, organization: &str) -> Option<&Membership> {
        self.memberships(kind, id)?.iter().find(|membership| membership.organization == organization)
    }

    pub(in super::super) fn membership_mut(
        &mut self,
        kind: MemberKind,
        id: &str,
        organization: &str,
    ) -> Option<&mut Membership> {
        self.memberships_mut(kind, id)?.iter_mut().find(|membership| membership.organization == organization)
    }

    /// The ids of the members of an organization, in the order of the ids.
    pub(in super::super) fn members(&self, kind: MemberKind, organization: &str) -> Vec<String> {
        let ids: Vec<&String> = match kind {
            MemberKind::User => self.users.iter().map(|user| &user.id).collect(),
            MemberKind::Application => self.apps.iter().map(|app| &app.id).collect(),
        };
        let is_member = |id: &&String| self.membership(kind, id, organization).is_some();
        let mut members: Vec<_> = ids.into_iter().filter(is_member).cloned().collect();
        members.sort();
        members
    }

    /// Makes a member of what is none yet. Says whether it was none.
    pub(in super::super) fn add_member(&mut self, kind: MemberKind, id: &str, organization: &str) -> bool {
        if self.membership(kind, id, organization).is_some() {
            return false;
        }
        let Some(memberships) = self.memberships_mut(kind, id) else { return false };
        memberships.push(Membership::new(organization, &[]));
        true
    }

    /// Ends a membership, with its roles. Says whether there was one.
    pub(in super::super) fn remove_member(&mut self, kind: MemberKind, id: &str, organization: &str) -> bool {
        let Some(memberships) = self.memberships_mut(kind, id) else { return false };
        let before = memberships.len();
        memberships.retain(|membership| membership.organization != organization);
        memberships.len() < before
    }

    /// Takes an organization away, with its memberships and invitations. Says whether there was one.
    pub(in super::super) fn remove_organization(&mut self, id: &str) -> bool {
        let before = self.organizations.len();
        self.organizations.retain(|organization| organization.id != id);
        self.invitations.retain(|invitation| invitation.organization_id != id);
        for memberships in self.all_memberships() {
            memberships.retain(|membership| membership.organization != id);
        }
        self.organizations.len() < before
    }

    /// Puts a role's new name where the old one stands, or takes it away everywhere.
    pub(in super::super) fn rename_organization_role(&mut self, old: &str, new: Option<&str>) {
        let change = |roles: &mut Vec<String>| match new {
            Some(new) => roles.iter_mut().filter(|role| *role == old).for_each(|role| new.clone_into(role)),
            None => roles.retain(|role| role != old),
        };
        self.all_memberships().flat_map(|memberships| memberships.iter_mut()).map(|m| &mut m.roles).for_each(change);
        self.organizations.iter_mut().map(|organization| &mut organization.jit.roles).for_each(change);
        self.invitations.iter_mut().map(|invitation| &mut invitation.roles).for_each(change);
    }

    fn all_memberships(&mut self) -> impl Iterator<Item = &mut Vec<Membership>> {
        let of_users = self.users.iter_mut().map(|user| &mut user.memberships);
        of_users.chain(self.apps.iter_mut().map(|app| &mut app.memberships))
    }

    fn memberships(&self, kind: MemberKind, id: &str) -> Option<&[Membership]> {
        match kind {
            MemberKind::User => self.user(id).map(|user| user.memberships.as_slice()),
            MemberKind::Application => self.app(id).map(|app| app.memberships.as_slice()),
        }
    }

    fn memberships_mut(&mut self, kind: MemberKind, id: &str) -> Option<&mut Vec<Membership>> {
        match kind {
            MemberKind::User => self.user_mut(id).map(|user| &mut user.memberships),
            MemberKind::Application => self.apps.iter_mut().find(|app| app.id == id).map(|app| &mut app.memberships),
        }
    }
}
