//! The configuration: every check happens here, once.

mod base_urls;
mod build;
mod builder;
mod cookies;
mod date;
mod env;
mod getters;
mod max_age;
mod pages;
mod printed;
pub(crate) mod problems;
mod read;
mod routes;
mod seconds;
pub(crate) mod security;
pub(crate) mod server;
mod strict;
mod unknown;
mod warnings;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use url::Url;

pub(crate) use self::base_urls::{BaseUrl, BaseUrls, RequestHost};
pub use self::{builder::LogtoConfigBuilder, routes::Routes};
use self::{pages::Pages, security::Security, server::Server};
use crate::{
    error::Result,
    hook::SignInHook,
    oidc::{algorithms::Algorithms, discovery::Addresses},
    secret::Secret,
    session::{CookieSettings, SessionFormat},
    store::RefreshCoordinator,
    types::{self, Application, Prompt, ResponseMode},
};

/// A validated configuration. Created by [`builder`](Self::builder), by [`from_env`](Self::from_env) or by serde.
///
/// ```
/// use logto::LogtoConfig;
///
/// let config = LogtoConfig::builder()
///     .endpoint("https://my-tenant.logto.app")
///     .app_id("h8rc2xdlth5ihimk3tfuc")
///     .app_secret("PBw1T5q84pQL5ysG52ZbDzMzMyvgdDpZ")
///     .base_url("http://localhost:3000")
///     .cookie_secret("at least 32 bytes, from `openssl rand -base64 32`")
///     .build()?;
/// # Ok::<(), logto::Error>(())
/// ```
#[derive(Clone, serde::Deserialize)]
#[serde(try_from = "LogtoConfigBuilder")]
pub struct LogtoConfig {
    pub(crate) server: Server,
    pub(crate) app_id: String,
    pub(crate) app_secret: Option<Secret>,
    pub(crate) base_url: Url,
    pub(crate) base_urls: BaseUrls,
    pub(crate) cookies: CookieSettings,
    pub(crate) scopes: Vec<String>,
    pub(crate) include_reserved_scopes: bool,
    pub(crate) resources: Vec<String>,
    pub(crate) prompt: Vec<Prompt>,
    pub(crate) response_mode: ResponseMode,
    pub(crate) allowed_return_origins: Vec<url::Origin>,
    pub(crate) id_token_alg: Option<String>,
    pub(crate) trusted_audiences: Vec<String>,
    pub(crate) store_timeout: Duration,
    pub(crate) session_format: SessionFormat,
    pub(crate) from_next_until: Option<SystemTime>,
    pub(crate) routes: Routes,
    pub(crate) pages: Pages,
    pub(crate) refresh_coordinator: Option<Arc<dyn RefreshCoordinator>>,
    pub(crate) on_sign_in: Option<SignInHook>,
    pub(crate) security: Security,
    /// Which stores are known to be reached without encryption.
    pub(crate) clear_text_stores: Vec<&'static str>,
}

impl LogtoConfig {
    /// Starts a configuration.
    pub fn builder() -> LogtoConfigBuilder {
        LogtoConfigBuilder::default()
    }

    /// Reads the configuration from the environment: `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET`, `LOGTO_BASE_URL`, `LOGTO_COOKIE_SECRET`,
    /// and the optional ones of the guide [configuration](crate::guide::configuration).
    ///
    /// # Errors
    /// `config.invalid`, which names every variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        LogtoConfigBuilder::from_env().build()
    }

    /// The same, remembering what `before` remembers in memory of sessions that ended, where nothing was set to remember it.
    pub(crate) fn remembering_endings_of(mut self, before: &Self) -> Self {
        self.cookies.stores = self.cookies.stores.remembering_endings_of(&before.cookies.stores);
        self
    }

    /// Returns the redirect URI to register in the Logto Console: `base_url` and the callback path.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.public_url(&self.routes.callback)
    }

    /// The public address of a path of this application.
    pub(crate) fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url())
    }

    /// Where this application may send a browser to.
    pub(crate) fn application(&self) -> Application<'_> {
        Application { base_url: &self.base_url, allowed: &self.allowed_return_origins }
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.server.addresses
    }

    /// Where the server may have a browser sent to.
    pub(crate) fn server(&self) -> types::Server<'_> {
        types::Server(&self.addresses().endpoint)
    }

    /// The path of the base URL, without a trailing slash: empty, or `/app` where the application lives under a prefix.
    pub(crate) fn path_prefix(&self) -> &str {
        self.application().prefix()
    }

    /// Whether this is a developer's own machine, where an error page may tell more.
    pub(crate) fn is_local(&self) -> bool {
        problems::is_loopback(&self.base_url)
    }

    /// The algorithms that ID tokens and logout tokens may be signed with.
    pub(crate) fn id_token_algorithms(&self) -> Algorithms {
        self.server.algorithms.agreed(self.id_token_alg.as_deref())
    }

    /// Whether Logto is on this machine, where only its own browsers reach it.
    pub(crate) fn is_logto_local(&self) -> bool {
        problems::is_loopback(&self.addresses().endpoint)
    }

    pub(crate) fn now(&self) -> i64 {
        self.server.now()
    }
}

impl fmt::Debug for LogtoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogtoConfig")
            .field("endpoint", &self.addresses().endpoint.as_str())
            .field("app_id", &self.app_id)
            .field("app_secret", &self.app_secret)
            .field("base_url", &self.base_url.as_str())
            .field("scopes", &self.scopes)
            .field("resources", &self.resources)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
