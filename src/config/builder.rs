//! The settings as they are given.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    LogtoConfig, Routes,
    server::{ServerSettings, server_setters},
};
use crate::{
    error::{Error, Result},
    secret::Secret,
    session::{SessionFormat, SessionLifetime},
    store::{RefreshCoordinator, RevocationStore, SessionStore},
    types::{Prompt, ResponseMode, word_list},
};
use serde::Deserialize;

/// Settings on their way to a [`LogtoConfig`]. Also what serde reads: each setter's name is a member.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, remote = "Self")] // `read` has the trait.
#[must_use]
pub struct LogtoConfigBuilder {
    #[serde(skip)] // `read` takes its members out of the map.
    pub(crate) server: ServerSettings,
    pub(crate) app_id: Option<String>,
    pub(crate) app_secret: Option<Secret>,
    pub(super) base_url: Option<String>,
    pub(super) cookie_secret: Option<Secret>,
    pub(super) previous_cookie_secrets: Vec<Secret>,
    pub(super) cookie_secure: Option<bool>,
    pub(super) cookie_domain: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) include_reserved_scopes: Option<bool>,
    pub(super) resources: Vec<String>,
    pub(super) prompt: Option<Vec<Prompt>>,
    pub(super) response_mode: ResponseMode,
    pub(super) allowed_return_origins: Vec<String>,
    pub(super) session_lifetime: Option<SessionLifetime>,
    pub(super) session_format: SessionFormat,
    #[serde(deserialize_with = "super::date::deserialize")]
    pub(super) from_next_until: Option<SystemTime>,
    pub(super) sign_in_timeout: Option<u64>,
    pub(super) id_token_signed_response_alg: Option<String>,
    #[serde(deserialize_with = "super::seconds::deserialize")]
    pub(super) store_timeout: Option<Duration>,
    pub(super) routes: Routes,
    #[serde(skip)]
    pub(super) session_store: Option<Arc<dyn SessionStore>>,
    #[serde(skip)]
    pub(super) revocation_store: Option<Arc<dyn RevocationStore>>,
    #[serde(skip)]
    pub(super) refresh_coordinator: Option<Arc<dyn RefreshCoordinator>>,
}

impl LogtoConfigBuilder {
    server_setters!(leeway);

    /// The app id from the Logto Console. Required.
    pub fn app_id(mut self, id: impl Into<String>) -> Self {
        self.app_id = Some(id.into());
        self
    }

    /// The app secret from the Logto Console. Leave it out for a public client (SPA, native).
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// The public address of this application; may have a path. The only source of redirect URIs: the Host header is never read. Required.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// At least 32 bytes, random, the same on every instance. Required. One that everybody knows (printed in documentation, or one repeated
    /// character) is for a `base_url` on this machine alone.
    pub fn cookie_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.cookie_secret = Some(secret.into());
        self
    }

    /// Secrets used before: sessions sealed with them are still read, and sealed anew when written.
    pub fn previous_cookie_secrets<S: Into<Secret>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        self.previous_cookie_secrets = secrets.into_iter().map(Into::into).collect();
        self
    }

    /// Whether cookies are `Secure`. Default: whether `base_url` is https.
    pub fn cookie_secure(mut self, secure: bool) -> Self {
        self.cookie_secure = Some(secure);
        self
    }

    /// Shares the session with subdomains. Default: this host alone, which is safer: then the cookies have the prefix `__Host-` (over https),
    /// and no other host can set them. With a domain every subdomain can: one that is not yours could sign your users in to a session of its
    /// own (session fixation). Share it only where all subdomains are trusted. Browsers drop the cookie where the domain is a public suffix, like
    /// `co.uk` or `github.io`, which is not checked here.
    pub fn cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.cookie_domain = Some(domain.into());
        self
    }

    /// Scopes to ask for besides `openid`, `offline_access` and `profile`; those of your API resources, too. See [`scopes`]. They take the place
    /// of those that were set before.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = word_list(scopes);
        self
    }

    /// Whether `openid`, `offline_access` and `profile` are asked for. Default: yes.
    pub fn include_reserved_scopes(mut self, include: bool) -> Self {
        self.include_reserved_scopes = Some(include);
        self
    }

    /// The identifiers of the API resources to get access tokens for (RFC 8707).
    pub fn resources<S: Into<String>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        self.resources = resources.into_iter().map(Into::into).collect();
        self
    }

    /// What Logto asks the user. Default: consent, without which there is no refresh token.
    pub fn prompt(mut self, prompt: impl IntoIterator<Item = Prompt>) -> Self {
        self.prompt = Some(prompt.into_iter().collect());
        self
    }

    /// How Logto's answer comes to the callback: in its query, or by POST, which keeps the code out of addresses and logs. Default: query.
    pub fn response_mode(mut self, mode: ResponseMode) -> Self {
        self.response_mode = mode;
        self
    }

    /// Other origins that a user may be sent to after signing in, such as `https://admin.example.com`.
    pub fn allowed_return_origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.allowed_return_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// How long a session lives: from 1 second to 400 days.
    pub fn session_lifetime(mut self, lifetime: SessionLifetime) -> Self {
        self.session_lifetime = Some(lifetime);
        self
    }

    /// In which form a session is in its cookie: the crate's own, or that of `@logto/next`, to share sessions with a Next.js app.
    pub fn session_format(mut self, format: SessionFormat) -> Self {
        self.session_format = format;
        self
    }

    /// The one algorithm that ID tokens and logout tokens must be signed with, like `ES384` (OpenID Connect Registration 1.0 section 2).
    /// Default: any that is accepted and that the server has a key for, so that its keys can be rotated from EC to RSA.
    pub fn id_token_signed_response_alg(mut self, alg: impl Into<String>) -> Self {
        self.id_token_signed_response_alg = Some(alg.into());
        self
    }

    /// The date on which [`SessionFormat::FromNext`] ends: from then on a cookie of `@logto/next` is ignored, and nothing has to be deployed for
    /// that. Required with it; two weeks after the last route has moved do. For serde and in the environment `YYYY-MM-DD`, in UTC.
    pub fn from_next_until(mut self, until: SystemTime) -> Self {
        self.from_next_until = Some(until);
        self
    }

    /// How long a sign-in may take, from the redirect to Logto to the callback, in whole seconds. Default: an hour, as long as Logto's sign-in
    /// pages work.
    pub fn sign_in_timeout(mut self, timeout: Duration) -> Self {
        self.sign_in_timeout = Some(timeout.as_secs());
        self
    }

    /// How long a store may take to answer: the session store, the revocation store, the refresh coordinator; 100 milliseconds to 30
    /// seconds. What takes longer has failed, as if the store were down. Default: 3 seconds.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = Some(timeout);
        self
    }

    /// The paths of the authentication routes.
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// Keeps sessions in a store, and nothing but an id in the cookie. Default: the whole session in cookies.
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.session_store = Some(Arc::new(store));
        self
    }

    /// Remembers which sessions in cookies were ended. Default: what the session store brings, or else the memory of this process; instances
    /// that share sessions share this.
    pub fn revocation_store(mut self, store: impl RevocationStore) -> Self {
        self.revocation_store = Some(Arc::new(store));
        self
    }

    /// Makes refreshes exclusive over several instances that share sessions in cookies. A session store that can brings its own.
    pub fn refresh_coordinator(mut self, coordinator: impl RefreshCoordinator) -> Self {
        self.refresh_coordinator = Some(Arc::new(coordinator));
        self
    }
}

impl TryFrom<LogtoConfigBuilder> for LogtoConfig {
    type Error = Error;

    fn try_from(builder: LogtoConfigBuilder) -> Result<Self> {
        builder.build()
    }
}

impl std::fmt::Debug for LogtoConfigBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing was checked, so anything may hold a secret: a password in an address, a value in the wrong place.
        f.debug_struct("LogtoConfigBuilder").finish_non_exhaustive()
    }
}
