//! The settings of a [`MachineClient`], and the one place that checks them.

use std::{fmt, sync::Arc};

use super::{Inner, MachineClient};
use crate::{
    config::{
        LogtoConfig, LogtoConfigBuilder,
        problems::Problems,
        server::{ServerSettings, server_setters},
    },
    error::Result,
    secret::Secret,
    token_cache::{ExchangedTokens, Tokens},
};

/// Settings on their way to a [`MachineClient`].
#[derive(Clone, Default)]
#[must_use]
pub struct MachineClientBuilder {
    server: ServerSettings,
    app_id: Option<String>,
    app_secret: Option<Secret>,
    token_cache_capacity: Option<usize>,
}

impl MachineClientBuilder {
    /// Takes what [`MachineClient::from_env`] reads; the rest can be set by the builder's methods.
    pub fn from_env() -> Self {
        let LogtoConfigBuilder { mut server, app_id, app_secret, .. } = LogtoConfigBuilder::from_env();
        // A machine judges no token.
        server.leeway = None;
        Self { server, app_id, app_secret, ..Self::default() }
    }

    /// Takes the server, the timeout, the HTTP client and the clock from the configuration of an application that signs users in, and shares
    /// with it what is known of the server. The app is another one: set [`app_id`](Self::app_id) and [`app_secret`](Self::app_secret).
    ///
    /// What is set here goes before what the configuration has, whichever comes first; then nothing is shared. With an
    /// [`endpoint`](Self::endpoint) or [`issuer`](Self::issuer) of its own the machine takes neither the internal endpoint nor the accepted
    /// issuers of the configuration: they belong to the other server.
    pub fn config(mut self, config: &LogtoConfig) -> Self {
        self.server.fallback = Some(config.server.clone());
        self
    }

    server_setters!();

    /// The id of the machine-to-machine app from the Logto Console. Required.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// The secret of the machine-to-machine app. Required.
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// For how many combinations of resource, organization and scopes a token is kept, at least one. Default: 1,000. Beyond that the token
    /// that was not used for longest is forgotten, and asked for anew.
    pub fn token_cache_capacity(mut self, tokens: usize) -> Self {
        self.token_cache_capacity = Some(tokens);
        self
    }

    /// Checks everything. Nothing is fetched yet: a Logto that is down does not keep the program from starting.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `config.http_client` if no HTTP client
    /// can be made.
    pub fn build(self) -> Result<MachineClient> {
        let mut problems = Problems::default();
        let server = self.server.check(&mut problems);
        let app_id = problems.app_id(self.app_id.as_deref());
        let app_secret = self.app_secret.filter(|secret| !secret.expose().trim().is_empty());
        problems.unless("app_secret", app_secret.is_some(), || {
            "app_secret is missing (set LOGTO_APP_SECRET to the secret of the machine-to-machine app in Logto Console › Applications)".into()
        });
        let (Some(server), Some(app_secret), true) = (server, app_secret, problems.0.is_empty()) else {
            return Err(problems.into_error());
        };
        Ok(MachineClient(Arc::new(Inner {
            provider: server.provider()?,
            app_id,
            app_secret,
            #[cfg(feature = "management")]
            is_logto: server.is_logto(),
            // Discovery, and the token.
            tokens: Tokens::new(self.token_cache_capacity.unwrap_or(1000), server.timeout.saturating_mul(2)),
            exchanged: ExchangedTokens::new(server.timeout),
            clock: server.clock,
        })))
    }
}

impl fmt::Debug for MachineClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing was checked, so anything may hold a secret.
        f.debug_struct("MachineClientBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
