//! An invitation to an organization.

use std::time::{SystemTime, UNIX_EPOCH};

use super::MockDirectory;

#[derive(Debug, Clone)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) inviter_id: Option<String>,
    /// The email address.
    pub(crate) invitee: String,
    pub(crate) accepted_user_id: Option<String>,
    pub(crate) organization_id: String,
    state: InvitationState,
    pub(crate) created_at: SystemTime,
    pub(crate) updated_at: SystemTime,
    /// In milliseconds since 1970.
    pub(crate) expires_at: i64,
    /// The roles that come with the membership, by name.
    pub(crate) roles: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvitationState {
    Pending,
    Accepted,
    Revoked,
    Expired,
}

impl Invitation {
    /// A pending one, without roles.
    pub(crate) fn new(id: String, organization_id: String, invitee: String, now: SystemTime, expires_at: i64) -> Self {
        Self {
            id,
            inviter_id: None,
            invitee,
            accepted_user_id: None,
            organization_id,
            state: InvitationState::Pending,
            created_at: now,
            updated_at: now,
            expires_at,
            roles: Vec::new(),
        }
    }

    /// A pending one past its end is expired, without anybody having said so.
    pub(crate) fn state(&self, now: SystemTime) -> InvitationState {
        match self.state {
            InvitationState::Pending if self.expires_at < Self::millis(now) => InvitationState::Expired,
            state => state,
        }
    }

    /// A time as `expires_at` counts it.
    pub(crate) fn millis(time: SystemTime) -> i64 {
        let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn end(&mut self, state: InvitationState, now: SystemTime) {
        (self.state, self.updated_at) = (state, now);
    }
}

impl InvitationState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Accepted => "Accepted",
            Self::Revoked => "Revoked",
            Self::Expired => "Expired",
        }
    }
}

impl MockDirectory {
    /// Those that are there, oldest first: with the user who made or accepted one, it is gone, too.
    pub(in super::super) fn invitations(&self) -> impl DoubleEndedIterator<Item = &Invitation> {
        let is_there = |id: &Option<String>| id.as_ref().is_none_or(|id| self.user(id).is_some());
        let are_there = move |made: &&Invitation| is_there(&made.inviter_id) && is_there(&made.accepted_user_id);
        self.invitations.iter().filter(are_there)
    }
}
