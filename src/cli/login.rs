//! A sign-in: by which way, and what is done with its tokens.

use std::{io, sync::Arc, time::Duration};

use super::{CliClient, CliUser, LoginPrompt, display, storage::SignedInUser};
use crate::{
    claims::IdTokenClaims,
    client::stored_access_token,
    clock::date_seconds,
    error::{Code, Error, Result},
    oidc::{
        discovery::ProviderMetadata,
        id_token::{self, Expected, Original},
        token::TokenResponse,
    },
    scopes,
    secret::Secret,
    types::TokenKey,
};

/// How a user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LoginMethod {
    /// In the browser of this machine; by the device flow where there is none.
    #[default]
    Auto,
    /// In the browser of this machine (RFC 8252).
    Browser,
    /// On any device, with a code that the user enters there (RFC 8628).
    Device,
}

/// What shows the user what to do.
pub(super) type OnPrompt = dyn Fn(&LoginPrompt) + Send + Sync;
/// What opens the browser.
pub(super) type OpenBrowser = dyn Fn(&str) -> io::Result<()> + Send + Sync;

pub(super) struct Settings {
    /// How long the browser may take.
    pub(super) timeout: Duration,
    /// The port of the redirect URI, where it is not the system's choice.
    pub(super) redirect_port: Option<u16>,
    pub(super) on_prompt: Arc<OnPrompt>,
    pub(super) open_browser: Arc<OpenBrowser>,
    /// Whether the way to open a browser is the application's own.
    pub(super) opens_itself: bool,
}

impl CliClient {
    pub(super) async fn sign_in(&self, method: LoginMethod) -> Result<CliUser> {
        if self.0.headless.is_some() {
            return self.who().await;
        }
        // Before the user does anything: can the tokens be kept?
        let lock = self.lock().await?;
        drop(self.0.storage.reserve(&lock)?);
        drop(lock);
        match method {
            LoginMethod::Browser => self.sign_in_by_browser().await,
            LoginMethod::Device => self.sign_in_by_device().await,
            LoginMethod::Auto => self.sign_in_either_way().await,
        }
    }

    async fn sign_in_either_way(&self) -> Result<CliUser> {
        let has_browser = self.0.login.opens_itself || display::has_browser();
        match (&self.0.app_id, &self.0.device_app_id) {
            (Some(_), None) if !has_browser => {
                Err(Error::new(Code::CliNoBrowser, "this machine has no browser to sign in with"))
            }
            (None, Some(_)) => self.sign_in_by_device().await,
            (_, Some(_)) if !has_browser => self.sign_in_by_device().await,
            (_, device) => match self.sign_in_by_browser().await {
                Err(error) if error.is(Code::CliNoBrowser) && device.is_some() => self.sign_in_by_device().await,
                outcome => outcome,
            },
        }
    }

    /// Judges what a sign-in gave, and keeps it. It is called in a task that no caller can cancel, and that Ctrl-C waits for.
    pub(super) async fn accept(
        &self,
        client_id: &str,
        mut tokens: TokenResponse,
        nonce: Option<&str>,
        asked_at: i64,
    ) -> Result<CliUser> {
        let metadata = self.provider()?.metadata().await?;
        let id_token = tokens
            .id_token
            .take()
            .ok_or_else(|| Error::new(Code::IdTokenMalformed, "the token endpoint gave no ID token"))?;
        let claims = self.judge(&metadata, client_id, &id_token, &tokens.access_token, nonce, None).await?;
        let refresh_token = tokens.refresh_token.take();
        if refresh_token.is_none() && self.0.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS) {
            tracing::warn!(target: "logto::cli", "Logto gave no refresh token: the sign-in ends with its access token; {}", Code::NoRefreshToken.hint());
        }
        let mut user = SignedInUser::new(client_id, claims.clone(), date_seconds(claims.iat), refresh_token);
        user.put(stored_access_token(TokenKey::default(), tokens, &self.0.scopes, asked_at), asked_at);
        let lock = self.lock().await?;
        self.0.storage.write(self.0.storage.reserve(&lock)?, &user)?;
        drop(lock);
        tracing::info!(target: "logto::cli", "a user signed in");
        Ok(CliUser::of_id_token(claims))
    }

    /// Judges an ID token.
    pub(super) async fn judge(
        &self,
        metadata: &ProviderMetadata,
        client_id: &str,
        id_token: &Secret,
        access_token: &Secret,
        nonce: Option<&str>,
        refreshed: Option<&Original>,
    ) -> Result<IdTokenClaims> {
        let provider = self.provider()?;
        let issuers = provider.issuers(metadata);
        let expected = Expected {
            client_id,
            algorithms: self.0.server.algorithms,
            issuers: &issuers,
            trusted_audiences: &[],
            nonce,
            access_token: Some(access_token.expose()),
            max_age: None,
            acr_values: None,
            refreshed,
            leeway: self.0.server.leeway,
        };
        let keys = provider.keys(metadata).for_issued_token();
        id_token::verify(id_token.expose(), &keys, &expected, self.clock().now()).await
    }

    pub(super) fn show(&self, prompt: &LoginPrompt) {
        (self.0.login.on_prompt)(prompt);
    }
}
