//! What a test looks at and changes while the server runs.

use serde_json::Value;

use super::{
    MockLogto,
    directory::{MockAccountCenter, MockApp, MockUser},
    messages::{endpoint::Endpoint, request::RecordedRequest},
    server::fault::Fault,
    state::{keys::SigningAlg, tampering::Tampering},
    tokens::logout_token,
};

/// What was asked of the server.
impl MockLogto {
    /// How many requests an endpoint has received, faults included.
    #[must_use]
    pub fn request_count(&self, endpoint: Endpoint) -> usize {
        self.shared.recorded().iter().filter(|(place, _)| *place == endpoint).count()
    }

    /// How many requests the server has received.
    #[must_use]
    pub fn requests_total(&self) -> usize {
        self.shared.recorded().len()
    }

    /// Forgets the requests received so far.
    pub fn reset_counts(&self) {
        self.shared.recorded().clear();
    }

    /// The last request to an endpoint.
    #[must_use]
    pub fn last_request(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.requests(endpoint).pop()
    }

    /// The requests to an endpoint, oldest first.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let recorded = self.shared.recorded();
        recorded.iter().filter(|(place, _)| *place == endpoint).map(|(_, request)| request.clone()).collect()
    }
}

/// What goes wrong.
impl MockLogto {
    /// Lets requests to an endpoint fail. With several faults there, the oldest that is not used up applies.
    pub fn inject_fault(&self, endpoint: Endpoint, fault: Fault) {
        self.shared.faults().set(endpoint, fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Changes the header and the claims of every ID token from now on, before it is signed.
    pub fn tamper_id_token(&self, change: impl FnMut(&mut Value, &mut Value) + Send + 'static) {
        self.shared.state().tampering.id_token = Some(Box::new(change));
    }

    /// Whether ID tokens get a wrong signature.
    pub fn break_signatures(&self, wrong: bool) {
        self.shared.state().tampering.break_signature = wrong;
    }

    /// Changes the discovery document.
    pub fn tamper_discovery(&self, change: impl FnMut(&mut Value) + Send + 'static) {
        self.shared.state().tampering.discovery = Some(Box::new(change));
    }

    /// Changes the key set.
    pub fn tamper_jwks(&self, change: impl FnMut(&mut Value) + Send + 'static) {
        self.shared.state().tampering.jwks = Some(Box::new(change));
    }

    /// Changes the answers of the userinfo endpoint.
    pub fn tamper_user_info(&self, change: impl FnMut(&mut Value) + Send + 'static) {
        self.shared.state().tampering.user_info = Some(Box::new(change));
    }

    /// Changes the token endpoint's answers with tokens.
    pub fn tamper_token_response(&self, change: impl FnMut(&mut Value) + Send + 'static) {
        self.shared.state().tampering.token_response = Some(Box::new(change));
    }

    /// Whether authorization responses lack `iss` (RFC 9207), as those of older servers do.
    pub fn omit_iss(&self, omit: bool) {
        self.shared.state().tampering.omit_iss = omit;
    }

    /// Ends all tampering.
    pub fn clear_tampering(&self) {
        self.shared.state().tampering = Tampering::default();
    }
}

/// Keys and tokens.
impl MockLogto {
    /// Signs with a new key from now on. It comes first in the key set; the old ones stay in it.
    ///
    /// # Panics
    ///
    /// If the system gives no random bytes.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the key it asks for")]
    pub fn rotate_keys(&self, alg: SigningAlg) {
        self.shared.state().keys.rotate(alg).expect("the system gives random bytes");
    }

    /// Takes all keys but the current one out of the key set.
    pub fn remove_old_keys(&self) {
        self.shared.state().keys.remove_previous();
    }

    /// A JWT with any claims, signed with the server's current key. `alg` and `kid` are added to the header unless it has them.
    ///
    /// # Panics
    ///
    /// If the key does not sign, which keys of a running server do.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn sign_jwt(&self, mut header: Value, claims: &Value) -> String {
        let state = self.shared.state();
        let key = state.keys.current();
        if let Some(members) = header.as_object_mut() {
            members.entry("alg").or_insert_with(|| key.alg().as_str().into());
            members.entry("kid").or_insert_with(|| key.kid().into());
        }
        key.sign(&header, claims).expect("the key signs")
    }

    /// A logout token for the first app, as the server sends it (OpenID Connect Back-Channel Logout section 2.4).
    ///
    /// # Panics
    ///
    /// If the system gives no random bytes.
    #[allow(clippy::expect_used, reason = "a test cannot go on without the token it asks for")]
    #[must_use]
    pub fn logout_token(&self, sub: Option<&str>, sid: Option<&str>) -> String {
        let state = self.shared.state();
        logout_token::issue(&state, &self.address.app_id, sub, sid).expect("the system gives random bytes")
    }
}

/// Users and what they allowed.
impl MockLogto {
    /// Adds a user.
    pub fn add_user(&self, user: MockUser) {
        let mut state = self.shared.state();
        let id = state.add_user(user);
        state.directory.complete_organization_template();
        state.tell_created(&id);
    }

    /// Changes a user, named by username or id. Says whether there is such a user.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let mock = logto::testing::MockLogto::start().await;
    /// assert!(mock.update_user("ada", |ada| ada.without_roles().name("Countess Lovelace")));
    /// # }
    /// ```
    pub fn update_user(&self, name: &str, change: impl FnOnce(MockUser) -> MockUser) -> bool {
        let mut state = self.shared.state();
        let now = state.now();
        let Some(user) = state.directory.user_called(name) else { return false };
        let before = user.clone();
        *user = change(before.clone());
        user.begin(now);
        user.updated_at = Some(now);
        let id = user.id.clone();
        state.directory.define_roles();
        state.directory.complete_organization_template();
        state.tell_changed(&before, &id);
        true
    }

    /// Changes an application, named by its id. Says whether there is such an application.
    pub fn update_app(&self, id: &str, change: impl FnOnce(MockApp) -> MockApp) -> bool {
        let mut state = self.shared.state();
        let now = state.now();
        let Some(app) = state.directory.apps.iter_mut().find(|app| app.id == id) else { return false };
        *app = change(app.clone());
        app.begin(now);
        state.directory.define_roles();
        state.directory.complete_organization_template();
        true
    }

    /// Changes what users may see and change of their accounts.
    pub fn set_account_center(&self, center: MockAccountCenter) {
        self.shared.state().directory.account_center = center;
    }

    /// Changes which second factors users may add: of `Totp`, `WebAuthn` and `BackupCode`.
    ///
    /// # Panics
    ///
    /// If there is no such factor.
    pub fn set_mfa_factors(&self, names: &[&str]) {
        self.shared.state().directory.set_mfa_factors(names);
    }

    /// Suspends a user: refresh tokens, userinfo and sign-in are refused. Says whether there is such a user.
    pub fn suspend_user(&self, name: &str) -> bool {
        self.set_suspended(name, true)
    }

    /// Lets a suspended user in again. Says whether there is such a user.
    pub fn unsuspend_user(&self, name: &str) -> bool {
        self.set_suspended(name, false)
    }

    fn set_suspended(&self, name: &str, suspended: bool) -> bool {
        let mut state = self.shared.state();
        let now = state.now();
        let Some(user) = state.directory.user_called(name) else { return false };
        (user.suspended, user.updated_at) = (suspended, Some(now));
        let id = user.id.clone();
        state.tell_suspension(&id);
        true
    }

    /// Deletes a user: what a suspended one is refused, this one is, too. Says whether there was such a user.
    pub fn delete_user(&self, name: &str) -> bool {
        let mut state = self.shared.state();
        let Some(place) = state.directory.users.iter().position(|user| user.is_called(name)) else { return false };
        let user = state.directory.users.remove(place);
        state.tell_deleted(&user);
        true
    }

    /// Revokes everything that users allowed apps: every code, refresh token and opaque access token is dead.
    pub fn revoke_all_grants(&self) {
        self.shared.state().store.grants.clear();
    }
}
