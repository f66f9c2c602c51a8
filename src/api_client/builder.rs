//! The settings of an [`ApiClient`], and the one place that checks them.

use std::{fmt, sync::Arc, time::Duration};

use super::{Api, ApiClient, replaced::Replacements};
use crate::{
    clock::{Clock, SystemClock},
    config::problems::{DEFAULT_TIMEOUT, Problems, is_loopback},
    error::Result,
    http::{self, HttpClient, Transport},
    types::TokenOptions,
};

/// Settings on their way to an [`ApiClient`].
#[derive(Clone, Default)]
#[must_use]
pub struct ApiClientBuilder {
    base_url: Option<String>,
    token: Option<TokenOptions>,
    of_logto: bool,
    timeout: Option<Duration>,
    max_retry_wait: Option<Duration>,
    any_method: bool,
    max_body_bytes: Option<usize>,
    http_client: Option<Arc<dyn HttpClient>>,
    clock: Option<Arc<dyn Clock>>,
}

/// For how long requests are repeated, and of which methods.
pub(super) struct RetryBudget {
    pub(super) max_retry_wait: Duration,
    pub(super) any_method: bool,
    /// Whether the API is Logto's own. An answer without `Retry-After` is waited for, too: 1, 2 and 4 seconds. `DELETE` is not repeated if it may have
    /// been carried out: what was deleted is not found the second time, which would pass for a failure.
    pub(super) of_logto: bool,
}

impl ApiClientBuilder {
    /// The address of the API; may have a path. Requests and their tokens go nowhere else. Required.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// For what to ask tokens: the API's resource, its scopes, perhaps an organization. Required, but for [`logto_api`](Self::logto_api).
    pub fn token_options(mut self, options: TokenOptions) -> Self {
        self.token = Some(options);
        self
    }

    /// `base_url` is Logto itself: its user info, or the Account API. Their token is the user's opaque one, for no resource. It opens the user's
    /// account, so give it to no other API.
    pub fn logto_api(mut self) -> Self {
        self.of_logto = true;
        self
    }

    /// How long the API may take to answer one request, in whole seconds. Default: 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// For how long at most one call waits in all because the API asks for it (429 and 503 with `Retry-After`). Default: 30 seconds. A longer
    /// `Retry-After` is not waited for: the response comes back at once. With zero nothing is sent again.
    pub fn max_retry_wait(mut self, time: Duration) -> Self {
        self.max_retry_wait = Some(time);
        self
    }

    /// Whether POST and PATCH, too, are sent again after 503 with `Retry-After` and where the connection broke. Default: no, since the API may
    /// have carried them out. Turn it on for an API that recognizes what it has seen (by an `Idempotency-Key`, say).
    pub fn retry_non_idempotent(mut self, retry: bool) -> Self {
        self.any_method = retry;
        self
    }

    /// How many bytes of a response's body are read; a larger one is the error `network.body_too_large`. Default: 10 MB (10,000,000).
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = Some(bytes);
        self
    }

    /// The client that reaches the API: a configured `reqwest::Client` (own certificates, a proxy), or any [`HttpClient`]. It must not follow
    /// redirects.
    pub fn http_client(mut self, client: impl HttpClient) -> Self {
        self.http_client = Some(Arc::new(client));
        self
    }

    /// The clock by which a date in `Retry-After` is judged. Default: the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `config.http_client` if no HTTP client
    /// can be made.
    pub fn build(self) -> Result<ApiClient> {
        let mut problems = Problems::default();
        let missing = "give the address of the API, such as https://api.example.com";
        let base_url = problems.url("base_url", self.base_url.as_deref(), missing);
        if let Some(url) = &base_url {
            problems.unless("base_url", url.scheme() == "https" || is_loopback(url), || {
                "base_url is http on another machine (use https; tokens travel over it)".into()
            });
        }
        let token = self.token.unwrap_or_default();
        problems.unless("token", self.of_logto || token.resource.is_some() || token.organization.is_some(), || {
            "token names no resource and no organization (say whose tokens the API takes with `token(TokenOptions::new().resource(…))`; \
             for user info and the Account API of Logto call `logto_api()`)"
                .into()
        });
        if let Some(resource) = &token.resource {
            problems.resource("token", resource);
        }
        let timeout = self.timeout.unwrap_or(DEFAULT_TIMEOUT);
        problems.timeout(timeout);
        let max_body_bytes = self.max_body_bytes.unwrap_or(10_000_000);
        let (Some(base_url), true) = (base_url, problems.0.is_empty()) else {
            return Err(problems.into_error());
        };
        let client = http::given_or_default(self.http_client)?;
        let api = Api {
            base_url,
            transport: Transport::to_api(client, timeout, max_body_bytes),
            retry_budget: RetryBudget {
                max_retry_wait: self.max_retry_wait.unwrap_or(Duration::from_secs(30)),
                any_method: self.any_method,
                of_logto: false,
            },
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            replacements: Replacements::default(),
        };
        Ok(ApiClient { api: Arc::new(api), token })
    }
}

impl fmt::Debug for ApiClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing was checked, so anything may hold a secret.
        f.debug_struct("ApiClientBuilder").finish_non_exhaustive()
    }
}
