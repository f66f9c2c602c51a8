//! An authorization request on its way through the pages.

use std::time::{Duration, SystemTime};

use super::{State, authorization_request::AuthorizationRequest};
use crate::{clock::random_token, error::Result};

const LIFETIME: Duration = Duration::from_secs(3600);

/// One authorization request on its way through the pages.
#[derive(Debug, Clone)]
pub(crate) struct Interaction {
    pub(crate) asked: AuthorizationRequest,
    expires_at: SystemTime,
    /// The session, once the user has signed in on these pages.
    pub(crate) signed_in: Option<String>,
    pub(crate) consented: bool,
    /// The browser, once it has opened a page.
    pub(crate) user_agent: Option<String>,
}

impl State {
    /// Begins an interaction. Gives its id.
    pub(crate) fn begin_interaction(&mut self, asked: AuthorizationRequest) -> Result<String> {
        let id = random_token()?;
        let expires_at = self.after(LIFETIME);
        let interaction = Interaction { asked, expires_at, signed_in: None, consented: false, user_agent: None };
        self.interactions.insert(id.clone(), interaction);
        Ok(id)
    }

    /// The interaction, unless it is over.
    pub(crate) fn interaction(&self, id: &str) -> Option<&Interaction> {
        self.interactions.get(id).filter(|interaction| interaction.expires_at > self.now())
    }
}
