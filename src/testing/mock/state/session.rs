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
    /// What it is called, other than by the browser.
    pub(crate) uid: String,
    /// How the user signed in.
    pub(crate) sign_in: SignIn,
    pub(crate) user_id: String,
    pub(crate) signed_in_at: SystemTime,
    pub(crate) context: Context,
    pub(crate) expires_at: SystemTime,
    /// By client id.
    pub(crate) apps: BTreeMap<String, AppSession>,
}

/// By which app the user was asked to sign in, and with which browser.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) client_id: String,
    pub(crate) user_agent: Option<String>,
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

    /// The session of this name, whose browser need not be here.
    pub(crate) fn session_called(&self, uid: &str) -> Option<(&String, &Session)> {
        self.sessions.iter().find(|(_, session)| session.uid == uid)
    }

    /// Ends the sessions and the tokens of a user. No application is told.
    pub(crate) fn sign_out(&mut self, user_id: &str) {
        self.sessions.retain(|_, session| session.user_id != user_id);
        self.store.refresh_tokens.retain(|_, token| token.what.user_id != user_id);
        self.store.access_tokens.retain(|_, token| token.what.user_id != user_id);
    }

    /// Signs the user in: into the session that the browser has if it is the user's, else into a new one.
    pub(crate) fn begin_session(
        &mut self,
        presented: Option<&str>,
        user_id: &str,
        context: Context,
        sign_in: SignIn,
    ) -> OidcResult<String> {
        let own = presented.filter(|id| self.session(id).is_some_and(|session| session.user_id == user_id));
        let id = match own {
            Some(id) => id.to_owned(),
            None => random_token()?,
        };
        let (uid, apps) = match self.sessions.remove(&id) {
            Some(session) => (session.uid, session.apps),
            None => (random_token()?, BTreeMap::new()),
        };
        let session = Session {
            uid,
            sign_in,
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
