//! The server and how it is reached: what a web application, a machine and an API have in common.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use url::Url;

use super::problems::{DEFAULT_TIMEOUT, Problems, is_loopback};
use crate::{
    clock::{Clock, SystemClock},
    error::{ConfigProblem, Result},
    http::{self, HttpClient, Transport},
    oidc::{algorithms::Algorithms, discovery::Addresses, provider::Provider},
};

/// The settings as they are given, part of the builders of a [`LogtoConfig`](crate::LogtoConfig), a
/// [`MachineClient`](crate::machine::MachineClient) and a [`ResourceServer`](crate::api::ResourceServer).
#[derive(Clone, Default)]
pub(crate) struct ServerSettings {
    pub(crate) endpoint: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) internal_endpoint: Option<String>,
    pub(crate) accepted_issuers: Option<Vec<String>>,
    pub(crate) allow_insecure_endpoint: Option<bool>,
    /// In seconds.
    pub(crate) leeway: Option<u64>,
    pub(crate) accepted_algorithms: Option<Vec<String>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) http_client: Option<Arc<dyn HttpClient>>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// What the environment holds and nobody can read.
    pub(super) unreadable: Vec<ConfigProblem>,
    /// The server of a configuration, for what is not set here.
    pub(crate) fallback: Option<Server>,
}

/// A server whose settings are right.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) leeway: Duration,
    pub(crate) timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    /// The algorithms that tokens may be signed with.
    pub(crate) algorithms: Algorithms,
    settings: Arc<ServerSettings>,
    /// Made when it is first needed; one for all clones.
    provider: Arc<Mutex<Option<Arc<Provider>>>>,
}

impl ServerSettings {
    /// Checks everything. What is wrong is added to `problems`.
    pub(crate) fn check(mut self, problems: &mut Problems) -> Option<Server> {
        problems.0.append(&mut self.unreadable);
        let (settings, provider) = match self.fallback.take() {
            Some(fallback) => {
                let provider = self.asks_as_set_elsewhere().then_some(fallback.provider);
                (self.or(&fallback.settings), provider)
            }
            None => (self, None),
        };
        let addresses = settings.addresses(problems);
        let (leeway, timeout) = (settings.leeway.unwrap_or(60), settings.timeout.unwrap_or(DEFAULT_TIMEOUT));
        problems.times(leeway, timeout);
        let algorithms = problems.accepted_algorithms(settings.accepted_algorithms.as_deref());
        Some(Server {
            addresses: Arc::new(addresses?),
            leeway: Duration::from_secs(leeway),
            algorithms,
            timeout,
            clock: settings.clock.clone().unwrap_or_else(|| Arc::new(SystemClock)),
            settings: Arc::new(settings),
            provider: provider.unwrap_or_default(),
        })
    }

    /// Where the server is: by the address of Logto, or by the issuer of another server.
    fn addresses(&self, problems: &mut Problems) -> Option<Addresses> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (endpoint, issuer) = (given(&self.endpoint), given(&self.issuer));
        problems.unless("issuer", issuer.is_none() || endpoint.is_none(), || {
            "endpoint and issuer are both given (endpoint is for Logto, issuer for a server whose issuer is not endpoint and /oidc)".into()
        });
        let missing = "set LOGTO_ENDPOINT to the address of Logto, such as https://my-tenant.logto.app";
        let (name, url) = match &issuer {
            Some(issuer) => ("issuer", problems.url("issuer", Some(issuer), "")),
            None => ("endpoint", problems.url("endpoint", endpoint.as_deref(), missing)),
        };
        if let Some(url) = &url {
            let insecure = url.scheme() != "https" && !is_loopback(url);
            problems.unless(name, !insecure || self.allows_insecure_endpoint(), || {
                format!("{name} is http on another machine (use https; passwords and tokens travel over it)")
            });
            problems.unless(
                "endpoint",
                issuer.is_some() || !url.path().trim_end_matches('/').ends_with("/oidc"),
                || "endpoint ends with /oidc (leave it out; it is added)".into(),
            );
        }
        let internal_endpoint =
            given(&self.internal_endpoint).and_then(|url| problems.url("internal_endpoint", Some(&url), ""));
        let accepted_issuers = self.accepted_issuers.clone().unwrap_or_default();
        problems.unless("accepted_issuers", accepted_issuers.iter().all(|issuer| Url::parse(issuer).is_ok()), || {
            "accepted_issuers holds something that is not a URL (an issuer looks like https://my-tenant.logto.app/oidc)"
                .into()
        });
        url.map(|endpoint| Addresses {
            // An issuer is compared as a string, so it stays unchanged.
            issuer: issuer.map_or_else(|| logto_issuer(&endpoint), |issuer| issuer.trim().to_owned()),
            accepted_issuers,
            endpoint,
            internal_endpoint,
        })
    }

    pub(crate) fn allows_insecure_endpoint(&self) -> bool {
        self.allow_insecure_endpoint.unwrap_or_default()
    }

    /// Whether the server is given by its issuer, and so need not be Logto.
    pub(super) fn names_an_issuer(&self) -> bool {
        self.issuer.as_deref().is_some_and(|issuer| !issuer.trim().is_empty())
    }

    /// Whether nothing is set that requests and what is kept of their answers depend on. The leeway is for tokens alone.
    fn asks_as_set_elsewhere(&self) -> bool {
        let Self { endpoint, issuer, internal_endpoint, accepted_issuers, timeout, http_client, clock, .. } = self;
        [endpoint, issuer, internal_endpoint].iter().all(|address| address.is_none())
            && accepted_issuers.is_none()
            && timeout.is_none()
            && http_client.is_none()
            && clock.is_none()
    }

    /// What is not set is as `other` has it. The internal endpoint and the accepted issuers belong to the server that `other` names.
    fn or(self, other: &Self) -> Self {
        let names_a_server = self.endpoint.is_some() || self.issuer.is_some();
        let Self { endpoint, issuer, internal_endpoint, accepted_issuers, allow_insecure_endpoint, .. } =
            if names_a_server { Self::default() } else { other.clone() };
        Self {
            endpoint: self.endpoint.or(endpoint),
            issuer: self.issuer.or(issuer),
            internal_endpoint: self.internal_endpoint.or(internal_endpoint),
            accepted_issuers: self.accepted_issuers.or(accepted_issuers),
            allow_insecure_endpoint: self.allow_insecure_endpoint.or(allow_insecure_endpoint),
            leeway: self.leeway.or(other.leeway),
            accepted_algorithms: self.accepted_algorithms.or_else(|| other.accepted_algorithms.clone()),
            timeout: self.timeout.or(other.timeout),
            http_client: self.http_client.or_else(|| other.http_client.clone()),
            clock: self.clock.or_else(|| other.clock.clone()),
            unreadable: self.unreadable,
            fallback: None,
        }
    }
}

impl Server {
    /// The client that reaches the server, if it was set.
    pub(crate) fn http_client(&self) -> Option<&Arc<dyn HttpClient>> {
        self.settings.http_client.as_ref()
    }

    /// Whether it is a Logto, known by `endpoint`, and not just any server of OpenID Connect.
    pub(crate) fn is_logto(&self) -> bool {
        self.settings.issuer.as_ref().is_none_or(|issuer| issuer.trim().is_empty())
    }

    /// Whether the address may be http on another machine.
    pub(crate) fn allows_insecure_endpoint(&self) -> bool {
        self.settings.allows_insecure_endpoint()
    }

    /// The algorithms that tokens may be signed with, if they were set.
    pub(crate) fn accepted_algorithms(&self) -> Option<&[String]> {
        self.settings.accepted_algorithms.as_deref()
    }

    /// What the server says of itself, its keys, and the HTTP client that reaches it: one for whatever is made from one configuration.
    ///
    /// # Errors
    /// `config.http_client` if no HTTP client can be made.
    pub(crate) fn provider(&self) -> Result<Arc<Provider>> {
        let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(provider) = &*provider {
            return Ok(Arc::clone(provider));
        }
        warn_of_clear_text(&self.clear_text());
        self.make_provider(&mut provider)
    }

    /// The same without a warning: the owner of the settings has already warned.
    ///
    /// # Errors
    /// See [`provider`](Self::provider).
    pub(crate) fn provider_unwarned(&self) -> Result<Arc<Provider>> {
        let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
        match &*provider {
            Some(provider) => Ok(Arc::clone(provider)),
            None => self.make_provider(&mut provider),
        }
    }

    fn make_provider(&self, provider: &mut Option<Arc<Provider>>) -> Result<Arc<Provider>> {
        let client = http::given_or_default(self.settings.http_client.clone())?;
        let transport = Transport::new(client, self.timeout);
        let made = Provider::new(transport, Arc::clone(&self.addresses), Arc::clone(&self.clock));
        Ok(Arc::clone(provider.insert(Arc::new(made))))
    }

    /// The settings with addresses that this program reaches in clear text over a network.
    pub(super) fn clear_text(&self) -> Vec<&'static str> {
        let name = if self.settings.names_an_issuer() { "issuer" } else { "endpoint" };
        let Addresses { endpoint, internal_endpoint, .. } = &*self.addresses;
        let mut found = Vec::new();
        found.extend(is_clear_text(endpoint).then_some(name));
        found.extend(internal_endpoint.as_ref().is_some_and(is_clear_text).then_some("internal_endpoint"));
        found
    }

    /// The same server, of which nothing is known yet.
    #[cfg(feature = "testing")]
    pub(crate) fn without_provider(&self) -> Self {
        Self { provider: Arc::default(), ..self.clone() }
    }

    pub(crate) fn now(&self) -> i64 {
        crate::clock::unix_seconds(self.clock.now())
    }
}

/// At each start: once for whatever is made from one configuration.
pub(crate) fn warn_of_clear_text(settings: &[&str]) {
    if !settings.is_empty() {
        let settings = settings.join(", ");
        tracing::warn!(target: "logto::config", settings, "these settings lead to other machines without encryption: passwords, codes, cookies and tokens travel in the clear, and whoever is on the way can sign in as anyone");
    }
}

/// Whether it is http and not of this machine.
pub(super) fn is_clear_text(url: &Url) -> bool {
    url.scheme() != "https" && !is_loopback(url)
}

/// What a Logto at this address calls itself.
fn logto_issuer(endpoint: &Url) -> String {
    format!("{}/oidc", endpoint.as_str().trim_end_matches('/'))
}

/// The setters of a builder that has [`ServerSettings`] in its field `server`; with `leeway` if tokens are validated.
macro_rules! server_setters {
    () => {
        /// Sets the address of Logto, without `/oidc`: `https://my-tenant.logto.app`, or your own domain; may have a path. Required.
        pub fn endpoint(mut self, url: impl Into<String>) -> Self {
            self.server.endpoint = Some(url.into());
            self
        }

        /// Sets the exact issuer of an OpenID Connect server that is not Logto, in place of [`endpoint`](Self::endpoint). Its discovery document is
        /// at the issuer and `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 section 4).
        pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
            self.server.issuer = Some(issuer.into());
            self
        }

        /// Sets the address under which this program reaches Logto, where it differs from the browser's (containers). The issuer stays `endpoint`'s.
        pub fn internal_endpoint(mut self, url: impl Into<String>) -> Self {
            self.server.internal_endpoint = Some(url.into());
            self
        }

        /// Sets the issuers to accept in addition to `endpoint` with `/oidc`, while a domain moves.
        pub fn accepted_issuers<S: Into<String>>(mut self, issuers: impl IntoIterator<Item = S>) -> Self {
            self.server.accepted_issuers = Some(issuers.into_iter().map(Into::into).collect());
            self
        }

        /// Sets whether `endpoint` or `issuer` may be http on another machine. Default: no. With it passwords, codes and tokens travel in the clear,
        /// and a network attacker can read them, or sign in as any user, so the log warns at each start: for a closed network without certificates,
        /// and never for the internet. If the users' browsers reach Logto by https and this program by http, set
        /// [`internal_endpoint`](Self::internal_endpoint) instead, which needs no permission.
        pub fn allow_insecure_endpoint(mut self, allow: bool) -> Self {
            self.server.allow_insecure_endpoint = Some(allow);
            self
        }

        /// Calls a setter if there is a value: `builder.optional(secret, LogtoConfigBuilder::app_secret)`. For `None` the builder stays unchanged.
        pub fn optional<T>(self, value: Option<T>, setter: impl FnOnce(Self, T) -> Self) -> Self {
            match value {
                Some(value) => setter(self, value),
                None => self,
            }
        }

        /// Sets how long Logto may take to answer: 100 milliseconds to 120 seconds. Default: 10 seconds.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.server.timeout = Some(timeout);
            self
        }

        /// Sets the HTTP client for requests to Logto: a configured `reqwest::Client` (own certificates, a proxy), or any
        /// [`HttpClient`](crate::integrate::HttpClient).
        pub fn http_client(mut self, client: impl crate::http::HttpClient) -> Self {
            self.server.http_client = Some(std::sync::Arc::new(client));
            self
        }

        /// Sets the clock. Default: the system's.
        pub fn clock(mut self, clock: impl crate::clock::Clock) -> Self {
            self.server.clock = Some(std::sync::Arc::new(clock));
            self
        }
    };
    (leeway) => {
        crate::config::server::server_setters!();

        /// Sets how far Logto's clock and this one may differ, in whole seconds. Default: 60 seconds.
        pub fn leeway(mut self, leeway: std::time::Duration) -> Self {
            self.server.leeway = Some(leeway.as_secs());
            self
        }

        /// Sets the algorithms that tokens may be signed with: of `ES256`, `ES384`, `ES512`, `RS256` and `PS256`. Default: all of them.
        ///
        /// A token by another one is refused, whatever key of the server signed it. An RSA key that names no algorithm is for `RS256`; it is for
        /// `PS256` where this holds `PS256` and no `RS256`.
        pub fn accepted_algorithms<S: Into<String>>(mut self, algorithms: impl IntoIterator<Item = S>) -> Self {
            self.server.accepted_algorithms = Some(algorithms.into_iter().map(Into::into).collect());
            self
        }
    };
}

pub(crate) use server_setters;

#[cfg(test)]
pub(crate) mod tests;
