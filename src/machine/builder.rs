//! The settings of a [`MachineClient`], and the one place that checks them.

use std::{fmt, sync::Arc, time::Duration};

use super::{Inner, MachineClient, cache::Tokens};
use crate::{
    clock::{Clock, SystemClock},
    config::{
        LogtoConfig, LogtoConfigBuilder,
        problems::{Problems, Server, TIMEOUT, logto_issuer},
    },
    error::Result,
    http::{self, HttpClient, Transport},
    oidc::{discovery::Addresses, provider::Provider},
    secret::Secret,
};

/// Settings on their way to a [`MachineClient`].
#[derive(Clone, Default)]
#[must_use]
pub struct MachineClientBuilder {
    endpoint: Option<String>,
    internal_endpoint: Option<String>,
    issuer: Option<String>,
    accepted_issuers: Vec<String>,
    app_id: Option<String>,
    app_secret: Option<Secret>,
    timeout: Option<Duration>,
    token_cache_capacity: Option<usize>,
    http_client: Option<Arc<dyn HttpClient>>,
    clock: Option<Arc<dyn Clock>>,
    unreadable: Vec<String>,
}

impl MachineClientBuilder {
    /// Takes what [`MachineClient::from_env`] reads; the rest can be set by the builder's methods.
    pub fn from_env() -> Self {
        let LogtoConfigBuilder {
            endpoint,
            issuer,
            internal_endpoint,
            accepted_issuers,
            app_id,
            app_secret,
            timeout,
            unreadable,
            ..
        } = LogtoConfigBuilder::from_env();
        Self {
            endpoint,
            internal_endpoint,
            issuer,
            accepted_issuers,
            app_id,
            app_secret,
            timeout,
            unreadable,
            ..Self::default()
        }
    }

    /// Takes the server, the HTTP client and the clock from the configuration of an application that signs users in. The app is another one:
    /// set [`app_id`](Self::app_id) and [`app_secret`](Self::app_secret).
    pub fn config(self, config: &LogtoConfig) -> Self {
        let is_logto = config.issuer == logto_issuer(&config.endpoint);
        Self {
            endpoint: is_logto.then(|| config.endpoint.to_string()),
            issuer: (!is_logto).then(|| config.issuer.clone()),
            internal_endpoint: config.internal_endpoint.as_ref().map(ToString::to_string),
            accepted_issuers: config.accepted_issuers.clone(),
            timeout: Some(config.timeout),
            http_client: config.http_client.clone(),
            clock: Some(Arc::clone(&config.clock)),
            ..self
        }
    }

    /// The address of Logto, without `/oidc`: `https://my-tenant.logto.app`, or your own domain. Required.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// The issuer of a server that is not Logto, to the letter, in place of [`endpoint`](Self::endpoint).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Where this program reaches Logto, if that differs from `endpoint` (inside a container network).
    pub fn internal_endpoint(mut self, url: impl Into<String>) -> Self {
        self.internal_endpoint = Some(url.into());
        self
    }

    /// Issuers to accept beside `endpoint` with `/oidc`, while a domain moves.
    pub fn accepted_issuers<S: Into<String>>(mut self, issuers: impl IntoIterator<Item = S>) -> Self {
        self.accepted_issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

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

    /// How long Logto may take to answer: 100 milliseconds to 120 seconds. Default: 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// For how many combinations of resource, organization and scopes a token is kept, at least one. Default: 1,000. Beyond that the token
    /// that was not used for longest is forgotten, and asked for anew.
    pub fn token_cache_capacity(mut self, tokens: usize) -> Self {
        self.token_cache_capacity = Some(tokens);
        self
    }

    /// The client that reaches Logto: a configured `reqwest::Client` (own certificates, a proxy), or any [`HttpClient`].
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.http_client = Some(Arc::new(client));
        self
    }

    /// The clock to go by. Default: the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks everything. Nothing is fetched yet: a Logto that is down does not keep the program from starting.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `config.http_client` if no HTTP client
    /// can be made.
    pub fn build(self) -> Result<MachineClient> {
        let mut problems = Problems(self.unreadable);
        let server =
            problems.server(self.endpoint.as_deref(), self.issuer.as_deref(), self.internal_endpoint.as_deref());
        problems.issuers(&self.accepted_issuers);
        let app_id = problems.app_id(self.app_id.as_deref());
        let app_secret = self.app_secret.filter(|secret| !secret.expose().trim().is_empty());
        problems.unless(app_secret.is_some(), || {
            "app_secret is missing (set LOGTO_APP_SECRET to the secret of the machine-to-machine app in Logto Console › Applications)".into()
        });
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        problems.timeout(timeout);
        let (Some(Server { issuer, endpoint, internal_endpoint }), Some(app_secret), true) =
            (server, app_secret, problems.0.is_empty())
        else {
            return Err(problems.into_error());
        };
        let client = http::given_or_default(self.http_client)?;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let addresses = Addresses { issuer, accepted_issuers: self.accepted_issuers, endpoint, internal_endpoint };
        let transport = Transport::new(client, timeout);
        Ok(MachineClient(Arc::new(Inner {
            provider: Provider::new(transport, addresses, Arc::clone(&clock)),
            app_id,
            app_secret,
            clock,
            // Discovery, and the token.
            tokens: Tokens::new(self.token_cache_capacity.unwrap_or(1000), timeout.saturating_mul(2)),
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
