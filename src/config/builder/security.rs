//! The settings that say how much an application trusts, and what it gives away.

use std::time::Duration;

use super::LogtoConfigBuilder;
use crate::config::max_age::MaxAge;

impl LogtoConfigBuilder {
    /// Sets every setting of the [strict profile](crate::guide::strict) to its safer value, unless it is set itself. Default: no.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// Sets how old the claims of a session may be before a guard, an extractor or `get_context` verifies the user at Logto again: from 60 seconds to
    /// 400 days, or `None` for never. The limit differs for each session by up to a tenth. Default: 24 hours; with [`strict`](Self::strict) 1 hour.
    ///
    /// So a user who was suspended or deleted at Logto is signed out with the next page after that. An unreachable Logto ends no session. A session
    /// without a refresh token cannot be verified. [`ContextOptions::claims_max_age`](crate::ContextOptions::claims_max_age) takes precedence.
    pub fn claims_max_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.claims_max_age = Some(MaxAge(age.into()));
        self
    }

    /// Sets whether Logto has to ask the user in the sign-in after a session that timed out: by `prompt=login`, and the callback checks by
    /// `auth_time` that it did. Default: no; the session at Logto signs the user in silently.
    ///
    /// A further cookie says that there was a session. A sign-out deletes it. Silent sign-ins are off until the user has signed in.
    pub fn reauthenticate_after_timeout(mut self, reauthenticate: bool) -> Self {
        self.reauthenticate_after_timeout = Some(reauthenticate);
        self
    }

    /// Sets whether the server sends the parameters of a sign-in to Logto before it redirects the browser (pushed authorization requests, RFC 9126).
    /// The address of the redirect then has only the App ID and a reference, so nobody can read or change the parameters. Default: no.
    ///
    /// It costs one request to Logto for each sign-in; while Logto does not answer no sign-in begins (503). The reference lives about a minute, so send
    /// the browser at once. A server without the endpoint is `sign_in.no_pushed_requests`, so [`strict`](Self::strict) does not turn it on.
    pub fn pushed_authorization_requests(mut self, push: bool) -> Self {
        self.pushed_authorization_requests = Some(push);
        self
    }

    /// Sets whether a session is read only where the revocation store says that it was not ended: while the store fails, the answer is 503. Default:
    /// no; a session that was ended may then be read again while the store fails.
    pub fn require_revocation_store(mut self, require: bool) -> Self {
        self.require_revocation_store = Some(require);
        self
    }

    /// Sets how many sessions a user may have at once, with a [`session_store`](Self::session_store) that lists them
    /// ([`SessionStore::list`](crate::store::SessionStore::list)): a sign-in beyond it ends the oldest, which is told by Logto's clock. Of sign-ins
    /// in the same second any may be the one that ends. While the store cannot list, the sign-in is accepted, and the log has an error. Default: any
    /// number.
    pub fn max_sessions_per_user(mut self, sessions: u32) -> Self {
        self.max_sessions_per_user = Some(sessions);
        self
    }

    /// Sets whether a sign-out sends the ID token to the server (`id_token_hint`), in an address that histories and access logs keep. Default: no
    /// with [`endpoint`](Self::endpoint), since the App ID is sufficient for Logto; yes with [`issuer`](Self::issuer), unless
    /// [`strict`](Self::strict) is set. [`SignOutOptions::id_token_hint`](crate::SignOutOptions::id_token_hint) takes precedence.
    pub fn id_token_hint(mut self, send: bool) -> Self {
        self.id_token_hint = Some(send);
        self
    }

    /// Sets which data of this origin a browser deletes when a user signs out (`Clear-Site-Data`): `cache`, `cookies`, `storage`. Default: nothing;
    /// `cache` and `storage` with [`strict`](Self::strict). It is sent over https and on this machine, where browsers support it. `cookies` takes all
    /// cookies of the registrable domain, and `cache` takes Chromium seconds: see [sign-out](crate::guide::sign_out#what-a-browser-forgets).
    pub fn clear_site_data<S: Into<String>>(mut self, kinds: impl IntoIterator<Item = S>) -> Self {
        self.clear_site_data = Some(kinds.into_iter().map(Into::into).collect());
        self
    }

    /// Sets whether a sign-in that another site leads to, through a guarded page or at once, needs the user's confirmation before it starts
    /// (`Sec-Fetch-Site`, or `Referer`). Default: no; the browser is redirected to Logto at once. The question is the error `sign_in.unconfirmed`,
    /// which [`error_pages`](Self::error_pages) may answer. [`Routes::initiate_login`](crate::Routes::initiate_login) needs no confirmation.
    pub fn confirm_cross_site_sign_in(mut self, confirm: bool) -> Self {
        self.confirm_cross_site_sign_in = Some(confirm);
        self
    }

    /// Sets which claims of the ID token the route [`user`](crate::Routes::user) gives, by name; one that is not there is left out. An empty list is
    /// for none: the answer then is `isAuthenticated` alone. Default: all; none with [`strict`](Self::strict).
    pub fn user_route_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.user_route_claims = Some(names.into_iter().map(Into::into).collect());
        self
    }
}
