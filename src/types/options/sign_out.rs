//! What a sign-out may ask for.

/// Options of [`sign_out`](crate::LogtoClient::sign_out).
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct SignOutOptions {
    pub(crate) post_logout_redirect_uri: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) id_token_hint: Option<bool>,
    pub(crate) local_only: bool,
    pub(crate) revoke: bool,
}

impl Default for SignOutOptions {
    fn default() -> Self {
        Self { post_logout_redirect_uri: None, state: None, id_token_hint: None, local_only: false, revoke: true }
    }
}

impl SignOutOptions {
    /// Creates the default options: the session ends here and at Logto, and the refresh token is revoked.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the address to which the user is redirected after the sign-out: a path below `base_url`, or a URL. Default: the setting
    /// [`after_sign_out`](crate::LogtoConfigBuilder::after_sign_out). Its address must be registered in the Logto Console as a post sign-out redirect
    /// URI, unless [`local_only`](Self::local_only): for another address Logto shows its own error page. Where Logto has no part in the sign-out it
    /// must be of this site, or on an allowed origin. A URL is an absolute `http` or `https` one without fragment, username and password; `sign_out`
    /// refuses any other with `options.invalid`, and ends nothing.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uri = Some(uri.into());
        self
    }

    /// Sets the state, which is returned unchanged at the post-logout redirect (OpenID Connect RP-Initiated Logout 1.0 section 2).
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Sets whether to send the ID token as a hint, in place of the setting [`id_token_hint`](crate::LogtoConfigBuilder::id_token_hint). Its claims
    /// are then in an address. It is sent while it is at most 2 kB and its key is in the key set that was fetched within the last hour: Logto refuses
    /// a token whose key was deleted, and accepts the App ID alone.
    pub fn id_token_hint(mut self, send: bool) -> Self {
        self.id_token_hint = Some(send);
        self
    }

    /// Ends only the local session and keeps the session at Logto: the next sign-in is silent.
    pub fn local_only(mut self, local_only: bool) -> Self {
        self.local_only = local_only;
        self
    }

    /// Sets whether to revoke the refresh token, which otherwise outlives the session at Logto. Default: yes.
    pub fn revoke_refresh_token(mut self, revoke: bool) -> Self {
        self.revoke = revoke;
        self
    }
}
