//! The end of a session: noted, and deleted from its store.

use super::{
    data::SessionHead,
    opened::KnownSession,
    persist::{self, load},
    revocation,
    settings::CookieSettings,
};
use crate::{error::Result, store::SessionId};

/// Sessions that a request ended, to be deleted from the store, and remembered to be over.
#[derive(Debug)]
pub(crate) struct EndedSessions(pub(super) Vec<KnownSession>);

impl EndedSessions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of one of them.
    pub(crate) fn first_id(&self) -> Option<SessionId> {
        self.0.first().map(|session| match session {
            KnownSession::Whole(data) => data.id,
            KnownSession::Id(id) => *id,
        })
    }

    /// Where a store is down, a task tells it when it is back.
    pub(crate) async fn write(&self, settings: &CookieSettings, now: i64) {
        for session in &self.0 {
            match session {
                KnownSession::Whole(data) => end_session(settings, data, now).await,
                KnownSession::Id(id) => {
                    revocation::record_ended_id(settings, id).await;
                    persist::delete(settings, id).await;
                }
            }
        }
    }
}

/// Ends a session. It may be in cookies and in the store: another request may have moved it there, and the browser have a copy of the cookies it came
/// from. Noted before the store is told: a request that moves the session there at this moment looks after it has written.
pub(crate) async fn end_session(settings: &CookieSettings, data: &SessionHead, now: i64) {
    revocation::record_ended_session(settings, data, now).await;
    persist::delete(settings, &data.id).await;
}

/// Whether the session of a sign-in has ended: it was revoked, or it is gone from the store that it was `written` to.
pub(crate) async fn is_over(settings: &CookieSettings, data: &SessionHead, written: bool) -> Result<bool> {
    if revocation::is_revoked(settings, data).await? {
        return Ok(true);
    }
    match &settings.stores.sessions {
        Some(store) if written => Ok(load(settings, &**store, data.id).await?.1.is_none()),
        _ => Ok(false),
    }
}
