//! Signs a user out.

use std::time::Duration;

use tracing::Instrument;

use super::{LogtoClient, Session};
use crate::{
    error::Result,
    oidc::{jws::Jws, logout::end_session_url, token},
    secret::Secret,
    session::EndedSessions,
    types::{Redirect, SignOutOptions},
};

/// A user who leaves does not wait for a slow server.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(2);

impl Session {
    /// Ends the session here, revokes the refresh token, and gives the redirect that ends the session at Logto.
    ///
    /// The session is over at once, also where its copy in the browser stays because the request breaks off before [`commit`](Self::commit).
    ///
    /// It works without a session, too. Where Logto is out of reach the session ends here alone, and the log says so.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` for a local sign-out that would lead to another site, and for a path that is none of the application's. Where Logto is out of reach or ends no sessions, such
    /// an address is passed over, and the user comes to `base_url`.
    pub async fn sign_out(&mut self, options: SignOutOptions) -> Result<Redirect> {
        let client = self.client.clone();
        let config = client.config();
        let target = match options.post_logout_redirect_uri {
            // Logto compares whole addresses.
            Some(path) if path.starts_with('/') => config.post_logout_address(&path)?,
            Some(uri) => uri,
            None => config.after_sign_out().to_owned(),
        };
        let local = if options.local_only { Some(config.application().return_to(&target)?) } else { None };

        let (ended, sessions) = {
            let mut loaded = self.write()?;
            (loaded.sign_out(&config.cookies), loaded.take_ended())
        };
        let refresh_token = ended.as_ref().and_then(|data| data.refresh_token.clone());
        if let Some(refresh_token) = &refresh_token {
            client.0.under_way.refreshes.sign_out(refresh_token, config.now());
        }
        if !sessions.is_empty() {
            client.end_for_good(sessions, refresh_token.filter(|_| options.revoke)).await;
        }
        tracing::info!(target: "logto::sign_out", had_session = ended.is_some(), "signed out");
        if let Some(target) = local {
            return Ok(Redirect::to(target));
        }
        // Where Logto leads a browser is Logto's to judge: it knows the registered addresses. Where we do, it is ours.
        let without_logto = || Ok(Redirect::to(config.application().return_to_or_home(&target)));
        let metadata = match client.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => {
                tracing::warn!(target: "logto::sign_out", %error, "the session at Logto goes on: it could not be asked");
                return without_logto();
            }
        };
        let Some(endpoint) = &metadata.end_session_endpoint else {
            return without_logto();
        };
        let hint = ended.filter(|_| options.id_token_hint).map(|data| data.id_token.compact());
        let hint = hint.filter(|id_token| client.is_known_to_the_server(id_token));
        let url = end_session_url(endpoint, &config.app_id, hint.as_ref(), &target, options.state.as_deref());
        config.server().open(url).map(Redirect::to).or_else(|_| without_logto())
    }
}

impl Session {
    /// Ends the session here alone, and revokes the refresh token; the session at Logto goes on. For an application that answers by itself: it
    /// is [`sign_out`](Self::sign_out) with [`local_only`](SignOutOptions::local_only), without a redirect.
    ///
    /// # Errors
    /// See [`commit`](Self::commit).
    pub async fn sign_out_locally(&mut self) -> Result<()> {
        self.sign_out(SignOutOptions::new().local_only(true)).await.map(drop)
    }
}

impl LogtoClient {
    /// Ends the sessions for good and revokes the refresh token, in a task of its own: who signs out may close the page before Logto has
    /// answered.
    async fn end_for_good(&self, sessions: EndedSessions, refresh_token: Option<Secret>) {
        let client = self.clone();
        let ending = async move {
            sessions.write(&client.config().cookies, client.config().now()).await;
            if let Some(refresh_token) = refresh_token {
                client.revoke(&refresh_token).await;
            }
        };
        if let Err(error) = tokio::spawn(ending.in_current_span()).await {
            tracing::error!(target: "logto::sign_out", %error, "the end of a session broke off");
        }
    }

    /// Whether the key that signed the ID token is one of the server's, as far as that is known without asking. One that was deleted there
    /// would have the sign-out refused on a page that leads nowhere.
    fn is_known_to_the_server(&self, id_token: &Secret) -> bool {
        let keys = self.0.provider.cached_keys();
        keys.is_some_and(|keys| Jws::parse(id_token.expose()).is_ok_and(|jws| keys.verify(&jws).is_ok()))
    }

    /// Revokes a refresh token as far as that goes: a failure is logged, and the sign-out goes on.
    pub(super) async fn revoke(&self, refresh_token: &Secret) {
        let revocation = async {
            let metadata = self.metadata().await?;
            match &metadata.revocation_endpoint {
                Some(endpoint) => token::revoke(self.transport(), endpoint, &self.credentials(), refresh_token).await,
                None => Ok(()),
            }
        };
        match tokio::time::timeout(REVOCATION_TIMEOUT, revocation).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(target: "logto::sign_out", %error, "the refresh token was not revoked"),
            Err(_) => tracing::warn!(target: "logto::sign_out", "the refresh token was not revoked in time"),
        }
    }
}
