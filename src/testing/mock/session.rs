//! The browser's session at the server, which signs the user in without asking again.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use super::{context::Context, error::OidcResult, reply::Reply, request::RecordedRequest, state::State};
use crate::clock::random_token;

const COOKIE: &str = "_session";
const LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) user_id: String,
    pub(super) signed_in_at: SystemTime,
    pub(super) context: Context,
    expires_at: SystemTime,
    /// By client id.
    pub(super) apps: BTreeMap<String, AppSession>,
}

/// What the session is to one app.
#[derive(Debug, Clone)]
pub(super) struct AppSession {
    pub(super) sid: String,
    pub(super) grant: String,
}

/// The id of the session that the browser presents.
pub(super) fn presented(request: &RecordedRequest) -> Option<&str> {
    request.cookie(COOKIE)
}

impl Reply {
    pub(super) fn with_session(self, id: &str) -> Self {
        self.header(
            "set-cookie",
            format!("{COOKIE}={id}; path=/; samesite=lax; httponly; max-age={}", LIFETIME.as_secs()),
        )
    }

    pub(super) fn without_session(self) -> Self {
        self.header("set-cookie", format!("{COOKIE}=; path=/; samesite=lax; httponly; max-age=0"))
    }

    /// The session that this reply sets, for the browser inside [`MockLogto`](super::MockLogto).
    pub(super) fn new_session(&self) -> Option<&str> {
        self.value("set-cookie")?.strip_prefix(COOKIE)?.strip_prefix('=')?.split(';').next()
    }

    pub(super) fn session_cookie(id: &str) -> String {
        format!("{COOKIE}={id}")
    }
}

impl State {
    /// The session, unless it is over or its user may no longer sign in.
    pub(super) fn session(&self, id: &str) -> Option<&Session> {
        let session = self.sessions.get(id).filter(|session| session.expires_at > self.now())?;
        let user = self.world.user(&session.user_id)?;
        (!user.suspended).then_some(session)
    }

    /// Signs the user in: into the session that the browser has if it is the user's, else into a new one.
    pub(super) fn begin_session(
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
