//! The browser's session at the server, which signs the user in without asking again.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use super::{State, context::Context};
use crate::{clock::random_token, testing::mock::messages::error::OidcResult};

pub(crate) const LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user_id: String,
    pub(crate) signed_in_at: SystemTime,
    pub(crate) context: Context,
    expires_at: SystemTime,
    /// By client id.
    pub(crate) apps: BTreeMap<String, AppSession>,
}

/// What the session is to one app.
#[derive(Debug, Clone)]
pub(crate) struct AppSession {
    pub(crate) sid: String,
    pub(crate) grant: String,
}

impl State {
    /// The session, unless it is over or its user may no longer sign in.
    pub(crate) fn session(&self, id: &str) -> Option<&Session> {
        let session = self.sessions.get(id).filter(|session| session.expires_at > self.now())?;
        let user = self.directory.user(&session.user_id)?;
        (!user.suspended).then_some(session)
    }

    /// Signs the user in: into the session that the browser has if it is the user's, else into a new one.
    pub(crate) fn begin_session(
        &mut self,
        presented: Option<&str>,
        user_id: &str,
        context: Context,
    ) -> OidcResult<String> {
        let own = presented.filter(|id| self.session(id).is_some_and(|session| session.user_id == user_id));
        let id = match own {
            Some(id) => id.to_owned(),
            None => random_token()?,
        };
        let apps = self.sessions.remove(&id).map(|session| session.apps).unwrap_or_default();
        let session = Session {
            user_id: user_id.to_owned(),
            signed_in_at: self.now(),
            context,
            expires_at: self.after(LIFETIME),
            apps,
        };
        self.sessions.insert(id.clone(), session);
        Ok(id)
    }
}
