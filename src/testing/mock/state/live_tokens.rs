//! Which tokens are good.

use super::{
    State,
    store::{AccessToken, Authorized, RefreshToken},
};

impl State {
    pub(crate) fn live_access_token(&self, token: &str) -> Option<&AccessToken> {
        let alive = |token: &&AccessToken| token.expires_at > self.now() && self.is_authorized(&token.what);
        self.store.access_tokens.get(token).filter(alive)
    }

    pub(crate) fn live_refresh_token(&self, token: &str) -> Option<&RefreshToken> {
        let alive = |token: &&RefreshToken| {
            token.expires_at > self.now() && token.replaced_at.is_none() && self.is_authorized(&token.what)
        };
        self.store.refresh_tokens.get(token).filter(alive)
    }

    /// Without `offline_access` a token ends with the session it was issued in.
    fn is_authorized(&self, what: &Authorized) -> bool {
        self.store.has_grant(what) && (what.is_offline() || self.session_called(&what.session).is_some())
    }
}
