//! The settings of a [`ProtectedApp`], and the one place that checks them.

use std::{fmt, sync::Arc};

use super::{Inner, ProtectedApp};
use crate::{
    config::{
        LogtoConfig, LogtoConfigBuilder,
        problems::Problems,
        server::{ServerSettings, server_setters},
    },
    error::Result,
};

/// Builder for [`ProtectedApp`].
#[derive(Clone, Default)]
#[must_use]
pub struct ProtectedAppBuilder {
    server: ServerSettings,
    app_id: Option<String>,
}

impl ProtectedAppBuilder {
    /// Reads `LOGTO_ENDPOINT` or `LOGTO_ISSUER`, `LOGTO_APP_ID`, `LOGTO_INTERNAL_ENDPOINT`, `LOGTO_ACCEPTED_ISSUERS`, `LOGTO_LEEWAY` and
    /// `LOGTO_TIMEOUT` from the environment.
    pub fn from_env() -> Self {
        let LogtoConfigBuilder { server, app_id, .. } = LogtoConfigBuilder::from_env();
        Self { server, app_id }
    }

    /// Takes the server, the leeway, the timeout, the HTTP client and the clock from the configuration of an application that also signs users in,
    /// and shares the cached data of the server with it. The app is another one: set [`app_id`](Self::app_id).
    ///
    /// A setting of this builder takes precedence over the configuration, in either order.
    pub fn config(mut self, config: &LogtoConfig) -> Self {
        self.server.fallback = Some(config.server.clone());
        self
    }

    server_setters!(leeway);

    /// Sets the id of the Protected App: Logto Console › Applications › the app. Required. An ID token for another app is refused.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// Checks all settings. Nothing is fetched yet: the application starts even if Logto is unavailable.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `config.http_client` if no HTTP client
    /// can be made.
    pub fn build(self) -> Result<ProtectedApp> {
        let mut problems = Problems::default();
        let server = self.server.check(&mut problems);
        let app_id = problems.app_id(self.app_id.as_deref());
        let (Some(server), true) = (server, problems.0.is_empty()) else {
            return Err(problems.into_error());
        };
        Ok(ProtectedApp(Arc::new(Inner {
            provider: server.provider()?,
            app_id,
            algorithms: server.algorithms,
            leeway: server.leeway,
            clock: server.clock,
        })))
    }
}

impl fmt::Debug for ProtectedAppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedAppBuilder").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}
