//! The sessions of a user, for showing and ending them.

use super::{
    data::{SessionData, SessionHead},
    persist,
    settings::CookieSettings,
};
use crate::error::{Code, Error, Result};

/// The sessions of a user that the store lists, in any order.
///
/// # Errors
/// `store.cannot_list` where sessions are in cookies or the store has no index by user; `store.failed`.
pub(crate) async fn sessions_of(settings: &CookieSettings, sub: &str, now: i64) -> Result<Vec<SessionData>> {
    match settings.session_store() {
        Some(store) => persist::list(settings, &**store, sub, now).await,
        None => Err(Error::new(Code::StoreCannotList, "sessions are kept in cookies, so they cannot be listed")),
    }
}

impl SessionHead {
    /// What tells the older of two sessions, whichever instance asks: by Logto's clock, and within a second by this machine's.
    pub(crate) fn seniority(&self) -> impl Ord + use<> {
        (self.issued_at, self.created_at, *self.id.as_bytes())
    }
}
