//! A copy of a stored session, so that a task can save it apart from the request.

use std::sync::Arc;

use super::{
    data::SessionData,
    lazy::LazySession,
    loaded::LoadedSession,
    opened::Origin,
    persist::{self, Saved},
    settings::CookieSettings,
};
use crate::{
    error::Result,
    store::{SessionId, SessionStore},
};

/// A session that a store holds, as this request has it.
pub(crate) struct StoredCopy {
    store: Arc<dyn SessionStore>,
    id: SessionId,
    revision: u64,
    pub(crate) data: SessionData,
}

impl LoadedSession {
    /// A copy of the session, if it is in a store.
    pub(crate) fn stored_copy(&self, settings: &CookieSettings) -> Option<StoredCopy> {
        let (Origin::Store { id, revision, .. }, Some(store)) = (self.origin, &settings.stores.sessions) else {
            return None;
        };
        Some(StoredCopy { store: Arc::clone(store), id, revision, data: self.data()?.clone() })
    }

    /// Takes over what a task has saved of this session, so that the response need not write the same again. Passed over if the request
    /// has another session by now, or none.
    pub(crate) fn take_saved(&mut self, saved: StoredCopy) {
        if let Origin::Store { id, revision, .. } = &mut self.origin
            && *id == saved.id
            && let Some(data) = self.data.as_mut().and_then(LazySession::get_mut)
        {
            *revision = saved.revision.max(*revision);
            data.merge(saved.data);
        }
    }
}

impl StoredCopy {
    /// Saves the copy, merged with what other requests wrote. `None` if the session was ended meanwhile.
    pub(crate) async fn save(self, settings: &CookieSettings, now: i64) -> Result<Option<Self>> {
        let saved = persist::save(settings, &*self.store, self.id, self.revision, self.data, now).await?;
        Ok(saved.map(|Saved { revision, data }| Self { revision, data, ..self }))
    }
}
