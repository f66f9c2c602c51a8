//! Sign-out everywhere: by a back-channel logout of Logto, or by the application.

use tracing::Level;
use url::form_urlencoded;

use super::LogtoClient;
use crate::{
    clock::whole_seconds,
    error::{Code, Error, ErrorKind, Result},
    events::EventKind,
    oidc::logout_token::{self, Expected, LogoutToken, Named},
    session::{logout_tokens, revocation},
    store::SessionSelector,
    telemetry::in_operation,
};

impl LogtoClient {
    /// Verifies a logout token (OpenID Connect Back-Channel Logout 1.0) and ends the sessions that it names: those of one session at Logto (`sid`) if
    /// it has one, otherwise all sessions of the user (`sub`) that started before. `body` is the form that Logto posts.
    ///
    /// [`handle_auth_routes`](Self::handle_auth_routes) does this on its route. Call it yourself to do more when a session ends, like closing its web sockets.
    ///
    /// Sessions in cookies are ended through the [`RevocationStore`](crate::store::RevocationStore); several instances need one that they share.
    ///
    /// # Errors
    /// `logout_token.…` for a request that is refused: nothing was ended. `store.failed` where not everything was ended, and `network.…`,
    /// `discovery.…` or `jwks.failed` if Logto's keys are not available: the same token may be sent again. The answer to each is exactly 400, and
    /// exactly 200 without an error (section 2.8).
    pub async fn back_channel_logout(&self, body: &str) -> Result<SessionSelector> {
        let ended = in_operation!(Level::INFO, "back_channel_logout", self.end_by_logout_token(body).await);
        ended.map_err(|error| self.tell_refused_logout(error))
    }

    /// Writes the event of a logout token that was not taken. A failure on this side is none.
    pub(crate) fn tell_refused_logout(&self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::InvalidToken => {
                EventKind::LogoutTokenRefused.event().client_id(self.config().app_id()).write_error(error)
            }
            _ => error,
        }
    }

    async fn end_by_logout_token(&self, body: &str) -> Result<SessionSelector> {
        let token = self.verify_logout_token(&parse_logout_token_form(body)?).await?;
        let settings = &self.config().cookies;
        // Step 8 of the checks.
        if !logout_tokens::claim(settings, &token.jti).await? {
            return Err(Error::new(Code::LogoutTokenReplayed, "the logout token was taken before"));
        }
        let ended = match &token.names {
            Named::Session(sid) => SessionSelector::LogtoSession(sid.clone()),
            Named::User(sub) => SessionSelector::User(sub.clone()),
        };
        if let Err(error) = self.end_and_record(&ended, &token).await {
            // A logout that failed half-way may be tried again.
            logout_tokens::release(settings, &token.jti).await;
            return Err(error);
        }
        let event = EventKind::SignedOut.event().client_id(self.config().app_id()).by("logto");
        match &token.sub {
            Some(sub) => event.sub(sub).write(),
            None => event.write(),
        }
        Ok(ended)
    }

    async fn end_and_record(&self, ended: &SessionSelector, token: &LogoutToken) -> Result<()> {
        let (config, now) = (self.config(), self.config().now());
        revocation::revoke(&config.cookies, ended, token.issued_at).await?;
        logout_tokens::record_used(&config.cookies, &token.jti, now, self.replay_window_seconds(token, now)).await
    }

    /// Signs a user out of this application on all devices: ends every session of `sub` that has started by now, this one included.
    ///
    /// What it does not end is the user's session at Logto, so signing in again may need no password. The sessions' refresh tokens are gone
    /// with them; to have Logto forget them too, revoke the user's grants by its Management API.
    ///
    /// Sessions in cookies are told by Logto's clock (`iat`), and "now" by this machine's: keep it right (NTP), or sessions begun within the
    /// difference stay, or end although they began after.
    ///
    /// # Errors
    /// `store.failed`: some sessions may be left; call it again.
    pub async fn end_user_sessions(&self, sub: &str) -> Result<()> {
        let (config, user) = (self.config(), SessionSelector::User(sub.to_owned()));
        in_operation!(
            Level::INFO,
            "end_user_sessions",
            revocation::revoke(&config.cookies, &user, config.now()).await
        )?;
        EventKind::SignedOut.event().client_id(config.app_id()).by("application").sub(sub).write();
        Ok(())
    }

    async fn verify_logout_token(&self, logout_token: &str) -> Result<LogoutToken> {
        let metadata = self.metadata().await?;
        let config = self.config();
        let issuers = self.issuers(&metadata);
        let expected = Expected {
            client_id: &config.app_id,
            algorithms: config.id_token_algorithms(),
            requires_typ: config.server.is_logto(),
            issuers: &issuers,
            leeway: config.server.leeway,
        };
        logout_token::verify(logout_token, &self.keys(&metadata), &expected, self.clock().now()).await
    }

    /// Seconds until no instance takes the token any more: ours may be ahead of Logto by the leeway, another behind by as much, and that
    /// one still adds its own.
    fn replay_window_seconds(&self, token: &LogoutToken, now: i64) -> i64 {
        let leeway = whole_seconds(self.config().server.leeway);
        token.expires_at.saturating_sub(now).saturating_add(leeway.saturating_mul(3))
    }
}

/// Section 2.5: the parameter `logout_token`, once (RFC 6749 section 3.2), beside any others.
fn parse_logout_token_form(body: &str) -> Result<String> {
    let mut tokens = form_urlencoded::parse(body.as_bytes()).filter(|(name, _)| name == "logout_token");
    match (tokens.next(), tokens.next()) {
        (Some((_, token)), None) if !token.is_empty() => Ok(token.into_owned()),
        (Some(_), Some(_)) => Err(Error::new(Code::LogoutTokenMissing, "the request has several logout_token")),
        _ => Err(Error::new(Code::LogoutTokenMissing, "the request has no logout_token")),
    }
}
