//! The user of a device (RFC 8628), without a browser.

use url::Url;

use super::{
    MockLogto,
    endpoints::interaction,
    state::{
        State,
        devices::{DeviceRequest, Outcome},
    },
};

/// What the user of a device does, without a browser.
impl MockLogto {
    /// Opens the `verification_uri_complete` of a device, signs in and agrees.
    ///
    /// # Panics
    ///
    /// If no device waits with this code, or there is no such user.
    #[allow(clippy::expect_used, clippy::panic, reason = "a test cannot go on without the device that it names")]
    pub fn approve_device(&self, verification_uri_complete: &str, user: &str) {
        let mut state = self.shared.state();
        let user_id = state.directory.user_called(user).map(|user| user.id.clone()).expect("there is such a user");
        let asked = waiting(&mut state, verification_uri_complete).asked.clone();
        let id = state.begin_interaction(asked).expect("the system gives random bytes");
        let steps = interaction::sign_in(&mut state, &id, None, &user_id, &[])
            .and_then(|_| interaction::consent(&mut state, &id, 303))
            .and_then(|_| interaction::resume(&mut state, &id, None));
        if let Err(error) = steps {
            panic!("MockLogto refused the device: {error:?}");
        }
    }

    /// Opens the `verification_uri_complete` of a device and refuses.
    ///
    /// # Panics
    ///
    /// If no device waits with this code.
    pub fn deny_device(&self, verification_uri_complete: &str) {
        waiting(&mut self.shared.state(), verification_uri_complete).outcome = Outcome::Denied;
    }
}

#[allow(clippy::expect_used, reason = "a test cannot go on without the device that it names")]
fn waiting<'a>(state: &'a mut State, verification_uri_complete: &str) -> &'a mut DeviceRequest {
    let url = Url::parse(verification_uri_complete).expect("it is a URL");
    let code = url.query_pairs().find(|(name, _)| name == "user_code").map(|(_, code)| code.into_owned());
    state.devices.of_user(&code.unwrap_or_default()).expect("a device waits with this user code")
}
