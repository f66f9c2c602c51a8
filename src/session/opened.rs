//! What a request's cookies gave: the session, where it came from, and what came along.

use std::fmt;

use serde_json::{Map, Value};

use super::{data::SessionHead, lazy::LazySession, refused::Refused};
use crate::store::SessionId;

/// Where a session came from.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// There was none.
    #[default]
    None,
    /// The cookies hold it.
    Cookies,
    /// A store holds it, in this revision.
    Store {
        id: SessionId,
        revision: u64,
        /// Whether the cookie that points to it has a previous name.
        is_renamed: bool,
    },
    /// It began with a sign-in that another request has ended, too, and was written by that one: a store holds it, or it was ended.
    SignIn,
}

/// What the cookies gave.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) origin: Origin,
    pub(super) data: Option<LazySession>,
    /// Older sessions that came along, from another path or domain, and those that begin in the future: they end when this one does.
    pub(super) others: Vec<KnownSession>,
    pub(super) preserved: PreservedMembers,
    /// Why there is no session, where there is none and something was sent.
    pub(super) refused: Option<Refused>,
    /// Whether the browser's cookies have to be written again, or deleted.
    pub(super) rewrite: bool,
}

/// A session that is to end, as far as it is known.
#[derive(Debug)]
pub(super) enum KnownSession {
    Whole(Box<SessionHead>),
    /// One whose store cannot be asked: its id is all that is known of it.
    Id(SessionId),
}

/// What else the cookie of Next.js holds: a sign-in that Next.js has begun (`signInSession`, with its code verifier), or what a later version adds.
#[derive(Clone, Default, PartialEq)]
pub(super) struct PreservedMembers(pub(super) Map<String, Value>);

impl PreservedMembers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PreservedMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreservedMembers({})", self.0.len())
    }
}
