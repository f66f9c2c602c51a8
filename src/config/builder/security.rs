//! The settings that say how much an application trusts, and what it gives away.

use std::time::Duration;

use super::LogtoConfigBuilder;
use crate::config::max_age::MaxAge;

impl LogtoConfigBuilder {
    /// Puts every setting that has a safer end there, unless it is set itself. See `docs/strict.md`. Default: no.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// How old the claims of a session may be before a guard, an extractor or `get_context` asks Logto anew: from 60 seconds to 400 days, or `None`
    /// for never. Each session has an age of its own, up to a tenth less or more. Default: 24 hours; with [`strict`](Self::strict) 1 hour.
    ///
    /// So a user who was suspended or deleted at Logto is signed out with the next page after that. Logto out of reach ends nothing. A session without a
    /// refresh token cannot ask. [`ContextOptions::claims_max_age`](crate::ContextOptions::claims_max_age) goes before it.
    pub fn claims_max_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.claims_max_age = Some(MaxAge(age.into()));
        self
    }

    /// Whether Logto has to ask the user in the sign-in after a session that timed out: by `prompt=login`, and the callback checks by `auth_time` that it
    /// did. Default: no; the session at Logto signs the user in silently.
    ///
    /// A further cookie says that there was a session. A sign-out deletes it. Silent sign-ins are off until the user has signed in.
    pub fn reauthenticate_after_timeout(mut self, reauthenticate: bool) -> Self {
        self.reauthenticate_after_timeout = Some(reauthenticate);
        self
    }

    /// Whether what a sign-in asks for goes to Logto from here, before the browser does (pushed authorization requests, RFC 9126). The browser is then sent
    /// with the app id and a reference alone: nothing of the request is in its address, and nobody between can read or change it. Default: no.
    ///
    /// It costs one request to Logto for each sign-in; while Logto does not answer no sign-in begins (503). The reference lives about a minute, so send
    /// the browser at once. A server without the endpoint is `sign_in.no_pushed_requests`, so [`strict`](Self::strict) does not turn it on.
    pub fn pushed_authorization_requests(mut self, push: bool) -> Self {
        self.pushed_authorization_requests = Some(push);
        self
    }

    /// Whether a session is read only where the revocation store says that it was not ended: while the store fails, the answer is 503. Default: no;
    /// a session that was ended may then be read again while the store fails.
    pub fn require_revocation_store(mut self, require: bool) -> Self {
        self.require_revocation_store = Some(require);
        self
    }

    /// How many sessions a user may have at once, with a [`session_store`](Self::session_store) that lists them
    /// ([`SessionStore::list`](crate::store::SessionStore::list)): a sign-in beyond it ends the oldest, which is told by Logto's clock. Of sign-ins in the
    /// same second any may be the one that ends. While the store cannot list, the sign-in is let in and the log says so. Default: any number.
    pub fn max_sessions_per_user(mut self, sessions: u32) -> Self {
        self.max_sessions_per_user = Some(sessions);
        self
    }

    /// Whether a sign-out sends the ID token to the server (`id_token_hint`), in an address that histories and access logs keep. Default: no with
    /// [`endpoint`](Self::endpoint), since Logto takes the app id alone; yes with [`issuer`](Self::issuer), unless [`strict`](Self::strict) is set.
    /// [`SignOutOptions::id_token_hint`](crate::SignOutOptions::id_token_hint) goes before it.
    pub fn id_token_hint(mut self, send: bool) -> Self {
        self.id_token_hint = Some(send);
        self
    }

    /// What a browser is told to forget of this origin when a user signs out (`Clear-Site-Data`): `cache`, `cookies`, `storage`. Default: nothing;
    /// `cache` and `storage` with [`strict`](Self::strict). It is sent over https and on this machine, where browsers heed it. `cookies` takes all
    /// cookies of the registrable domain, and `cache` takes Chromium seconds: `docs/sign-out.md`.
    pub fn clear_site_data<S: Into<String>>(mut self, kinds: impl IntoIterator<Item = S>) -> Self {
        self.clear_site_data = Some(kinds.into_iter().map(Into::into).collect());
        self
    }

    /// Whether a sign-in that another site leads to, through a guarded page or at once, is asked about before it begins (`Sec-Fetch-Site`, or
    /// `Referer`). Default: no; the browser goes to Logto at once. The question is the error `sign_in.unconfirmed`, which
    /// [`error_pages`](Self::error_pages) may answer. [`Routes::initiate_login`](crate::Routes::initiate_login) is not asked about.
    pub fn confirm_cross_site_sign_in(mut self, confirm: bool) -> Self {
        self.confirm_cross_site_sign_in = Some(confirm);
        self
    }

    /// Which claims of the ID token the route [`user`](crate::Routes::user) gives, by name; one that is not there is left out. An empty list is for
    /// none: the answer then is `isAuthenticated` alone. Default: all; none with [`strict`](Self::strict).
    pub fn user_route_claims<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.user_route_claims = Some(names.into_iter().map(Into::into).collect());
        self
    }
}
