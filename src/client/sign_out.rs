//! Signs a user out.

use std::time::Duration;

use tracing::Instrument;

use super::{LogtoClient, Session};
use crate::{
    error::{Code, Error, Result},
    events::EventKind,
    oidc::{jws::Jws, logout::end_session_url, token},
    secret::Secret,
    session::EndedSessions,
    types::{Redirect, SignOutOptions, check_redirect_uri},
};

/// A user who leaves does not wait for a slow server.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(2);
/// When Logto is asked once more after it failed, unless it names a time.
const SECOND_TRY: Duration = Duration::from_secs(5);
/// The longest time that Logto may name for it: the process may end meanwhile.
const LATEST_SECOND_TRY: Duration = Duration::from_secs(5 * 60);

impl Session {
    /// Ends the session here, revokes the refresh token, and returns the redirect that ends the session at Logto.
    ///
    /// The session is over at once, also where its copy in the browser stays because the request breaks off before [`commit`](Self::commit).
    ///
    /// It works without a session, too. If Logto is unreachable, only the session here ends, and the log has a warning.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` for a local sign-out that would lead to another site, and for a path that is none of the application's. If Logto
    /// is unreachable or ends no sessions, such an address is ignored, and the user is redirected to `base_url`. `options.invalid` for one that is
    /// neither a path nor an absolute `http` or `https` URL, or that has a fragment, a username or a password. Nothing ends then.
    pub async fn sign_out(&mut self, options: SignOutOptions) -> Result<Redirect> {
        let client = self.client.clone();
        let config = client.config();
        let target = match options.post_logout_redirect_uri {
            // Logto compares whole addresses.
            Some(path) if path.starts_with('/') => config.post_logout_address(&path)?,
            Some(uri) if options.local_only => uri,
            Some(uri) => {
                check_redirect_uri("post_logout_redirect_uri", &uri)?;
                uri
            }
            None => config.after_sign_out().to_owned(),
        };
        let local = if options.local_only { Some(config.application().return_to(&target)?) } else { None };

        let (ended, sessions) = {
            let mut loaded = self.write()?;
            loaded.signed_out = true;
            (loaded.sign_out(&config.cookies), loaded.take_ended())
        };
        let refresh_token = ended.as_ref().and_then(|data| data.refresh_token.clone());
        if let Some(refresh_token) = &refresh_token {
            client.0.under_way.refreshes.sign_out(refresh_token, config.now());
        }
        if let Some(id) = ended.as_ref().map(|data| data.id).or(sessions.first_id()) {
            let event = EventKind::SignedOut.event().client_id(config.app_id()).session(id.as_bytes()).by("user");
            match &ended {
                Some(data) => event.sub(&data.subject.sub).write(),
                None => event.write(),
            }
        }
        if !sessions.is_empty() {
            client.end_for_good(sessions, refresh_token.filter(|_| options.revoke)).await;
        }
        if let Some(target) = local {
            return Ok(Redirect::to(target));
        }
        // Logto validates an address to which it redirects, with the registered addresses. The crate validates its own redirects.
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
        let sends_hint = options.id_token_hint.unwrap_or(config.security.id_token_hint);
        let hint = ended.filter(|_| sends_hint).map(|data| data.id_token.compact());
        let hint = hint.filter(|id_token| client.is_known_to_the_server(id_token));
        let url = end_session_url(endpoint, &config.app_id, hint.as_ref(), &target, options.state.as_deref());
        config.server().open(url).map(Redirect::to).or_else(|_| without_logto())
    }
}

impl Session {
    /// What the browser is told to forget with the answer: after a sign-out, if it is set.
    pub(super) fn clear_site_data(&self) -> Option<String> {
        self.client.config().clear_site_data_header().filter(|_| self.read().signed_out)
    }

    /// Ends only the session here, and revokes the refresh token; the session at Logto stays. For an application that sends its own response: it is
    /// [`sign_out`](Self::sign_out) with [`local_only`](SignOutOptions::local_only), without a redirect.
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
        let keys = self.0.provider.recent_keys();
        keys.is_some_and(|keys| Jws::parse(id_token.expose()).is_ok_and(|jws| keys.verify(&jws).is_ok()))
    }

    /// Revokes a refresh token that no session has any more, in a task of its own: nobody waits for it.
    pub(super) fn revoke_in_background(&self, refresh_token: Secret) {
        self.0.under_way.refreshes.sign_out(&refresh_token, self.config().now());
        let client = self.clone();
        tokio::spawn(async move { client.revoke(&refresh_token).await }.in_current_span());
    }

    /// Revokes a refresh token as far as that goes: a failure is logged, and the sign-out goes on. If Logto was unreachable, busy or failing, a task
    /// tries once more, after the time that Logto states or after a short pause, if the process is still running.
    pub(super) async fn revoke(&self, refresh_token: &Secret) {
        let wait = match self.try_to_revoke(refresh_token).await {
            Ok(()) => return,
            Err(error) if error.is_transient() => {
                tracing::warn!(target: "logto::sign_out", %error, "the refresh token was not revoked; Logto is asked once more");
                error.retry_after().map_or(SECOND_TRY, |asked| asked.clamp(SECOND_TRY, LATEST_SECOND_TRY))
            }
            Err(error) => return not_revoked(&error),
        };
        let (client, refresh_token) = (self.clone(), refresh_token.clone());
        let second_try = async move {
            tokio::time::sleep(wait).await;
            match client.try_to_revoke(&refresh_token).await {
                Ok(()) => tracing::debug!(target: "logto::sign_out", "the refresh token is revoked now"),
                Err(error) => not_revoked(&error),
            }
        };
        tokio::spawn(second_try.in_current_span());
    }

    async fn try_to_revoke(&self, refresh_token: &Secret) -> Result<()> {
        let revocation = async {
            let metadata = self.metadata().await?;
            match &metadata.revocation_endpoint {
                Some(endpoint) => token::revoke(self.transport(), endpoint, &self.credentials(), refresh_token).await,
                None => Ok(()),
            }
        };
        let late = |_| Error::new(Code::Timeout, format!("Logto did not answer within {REVOCATION_TIMEOUT:?}"));
        tokio::time::timeout(REVOCATION_TIMEOUT, revocation).await.map_err(late)?
    }
}

fn not_revoked(error: &Error) {
    tracing::warn!(target: "logto::sign_out", %error, "the refresh token was not revoked: it lives on at Logto until it expires");
}
