//! The access control of an application: whom it lets in.

use crate::testing::mock::{
    messages::error::{OidcError, OidcResult},
    state::State,
};

impl State {
    pub(crate) fn lets_in(&self, client_id: &str, user_id: &str) -> bool {
        let (app, user) = (self.directory.app(client_id), self.directory.user(user_id));
        app.zip(user).is_some_and(|(app, user)| app.lets_in(user))
    }

    pub(crate) fn check_application_access(&self, client_id: &str, user_id: &str) -> OidcResult<()> {
        if self.lets_in(client_id, user_id) { Ok(()) } else { Err(access_denied()) }
    }
}

pub(crate) fn access_denied() -> OidcError {
    OidcError::new(400, "access_denied", "Access denied.")
}
