//! The entry point: a client, and what its operations share.

mod access_token;
mod app_data;
mod back_channel_logout;
mod claims_age;
mod code_exchange;
mod context;
mod coordinate;
mod current;
mod freshness;
mod granted;
mod handle_sign_in;
mod hosts;
mod mounting;
mod operations;
mod pending_sign_in;
mod refresh;
mod request_session;
mod result_age;
mod session;
mod session_headers;
mod sessions;
mod sign_in;
mod sign_out;
mod silent_sign_in;
mod token_batch;
mod tokens;
mod user_info;

use std::{fmt, sync::Arc, time::Duration};

pub use self::{
    access_token::AccessToken,
    context::LogtoContext,
    current::CurrentClient,
    pending_sign_in::PendingSignIn,
    request_session::{RequestSession, SignedIn},
    session::Session,
    session_headers::SessionHeaders,
    sessions::ListedSession,
};
pub(crate) use self::{
    access_token::stored_access_token, hosts::some_client_compares_hosts, request_session::cross_site_refused,
    session::not_authenticated,
};
use self::{
    claims_age::Unanswered, code_exchange::CodeExchanges, hosts::Hosts, mounting::Mounting, refresh::Refreshes,
};
use crate::{
    claims::IdTokenClaims,
    clock::Clock,
    config::{LogtoConfig, server::warn_of_clear_text},
    error::{Code, Error, Result},
    http::{Pauses, Transport},
    oidc::{
        discovery::ProviderMetadata,
        id_token::{self, Expected, Original},
        jwks::Keys,
        provider::Provider,
        token,
    },
    secret::Secret,
    session::Jwt,
    store::RefreshCoordinator,
    token_cache::ExchangedTokens,
};

/// The Logto client. It is cheap to clone and holds no per-request state: create one and share it.
///
/// Every operation takes the request's cookies, loads the session, works, and writes the session back if it changed. For several operations
/// in one request take a [`Session`] with [`load_session`](Self::load_session): it is loaded once and committed once.
///
/// The operations have the same names on three types:
///
/// | | `LogtoClient` | [`Session`] | [`RequestSession`] |
/// |---|---|---|---|
/// | the cookies come with | each call, as its first argument | [`load_session`](Self::load_session) and [`commit`](Session::commit) | the request |
/// | the session is loaded | by each call | once, before | once, by the first call |
/// | to change it takes | `&mut dyn Cookies` | `&mut self` | `&self`, until the response begins |
/// | to read it takes | `&dyn Cookies` | `&self`; needs no `await` | `&self` |
///
/// ```
/// # async fn example(logto: logto::LogtoClient, cookie_header: &str) -> logto::Result<Vec<String>> {
/// use logto::{HeaderCookies, SignInOptions};
///
/// let mut cookies = HeaderCookies::parse(cookie_header);
/// let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await?;
/// println!("302 to {}", redirect.location());
/// # Ok(
/// cookies.set_cookie_headers() // append each to the response
/// # )
/// # }
/// ```
#[derive(Clone)]
pub struct LogtoClient(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    config: LogtoConfig,
    pub(crate) provider: Arc<Provider>,
    under_way: Arc<UnderWay>,
    coordinator: Option<Arc<dyn RefreshCoordinator>>,
    mounting: Arc<Mounting>,
    /// Of these settings alone: with others the app may be another.
    exchanged: Arc<ExchangedTokens>,
    /// Where the application has several base URLs: which client serves which host. Those clients themselves have none.
    hosts: Option<Hosts>,
    /// The host that this is for, where it is none of the application's.
    elsewhere: Option<String>,
}

/// Shared requests to Logto: the same for all hosts of an application, and for the settings that replace these.
#[derive(Default)]
struct UnderWay {
    refreshes: Refreshes,
    code_exchanges: CodeExchanges,
    /// Grants and access tokens for which Logto sent a `Retry-After`.
    pauses: Pauses,
    /// Sessions of whose users Logto did not say whether they may still sign in.
    unanswered: Unanswered,
}

/// What an ID token is checked for besides itself.
#[derive(Default)]
struct IdTokenExpectations<'a> {
    nonce: Option<&'a str>,
    max_age: Option<Duration>,
    acr_values: Option<&'a str>,
    refreshed: Option<&'a Original>,
}

impl LogtoClient {
    /// Creates a client. Nothing is fetched yet: the application starts even if Logto is unavailable. On a machine without CA certificates requests
    /// to http work, and the first one to https fails with `config.http_client`. The log warns of settings that are valid, but cause problems.
    ///
    /// All clients of one configuration or its clones share one HTTP client, the discovery document and the keys: this type, and each
    /// [`MachineClient`](crate::machine::MachineClient) and [`ResourceServer`](crate::api::ResourceServer) that takes the configuration.
    ///
    /// # Errors
    /// `config.http_client` if no HTTP client can be made.
    pub fn new(config: LogtoConfig) -> Result<Self> {
        Self::with(config, Arc::default(), Arc::default())
    }

    fn with(config: LogtoConfig, under_way: Arc<UnderWay>, mounting: Arc<Mounting>) -> Result<Self> {
        for warning in config.warnings() {
            tracing::warn!(target: "logto::config", "{warning}");
        }
        warn_of_clear_text(&config.clear_text());
        let (provider, coordinator) = (config.server.provider_unwarned()?, config.refresh_coordinator());
        let exchanged = Arc::new(ExchangedTokens::new(provider.transport().timeout()));
        let alone =
            Inner { config, provider, under_way, coordinator, mounting, exchanged, hosts: None, elsewhere: None };
        let hosts = Hosts::of(&alone);
        Ok(Self(Arc::new(Inner { hosts, ..alone })))
    }

    /// Creates a client with the settings of the environment: see [`LogtoConfig::from_env`].
    ///
    /// # Errors
    /// Those of [`LogtoConfig::from_env`] and [`new`](Self::new).
    pub fn from_env() -> Result<Self> {
        Self::new(LogtoConfig::from_env()?)
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &LogtoConfig {
        &self.0.config
    }

    /// Fetches discovery and the key set ahead of the first sign-in, for a health check or a warm start.
    ///
    /// # Errors
    /// What keeps the first sign-in from working: `network.…`, `discovery.…` or `jwks.failed`.
    pub async fn warm_up(&self) -> Result<()> {
        self.0.provider.warm_up().await
    }

    /// Whether `other` keeps the sessions of the same application, so that both would write the same cookies. Of one request it is: all its
    /// clients of an application serve the host that the request came to.
    fn is_same(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.config(), other.config());
        Arc::ptr_eq(&self.0.under_way, &other.0.under_way)
            || (mine.cookies.own.are_the_same(&theirs.cookies.own) && mine.issuer() == theirs.issuer())
    }

    pub(crate) fn transport(&self) -> &Transport {
        self.0.provider.transport()
    }

    async fn metadata(&self) -> Result<Arc<ProviderMetadata>> {
        self.0.provider.metadata().await
    }

    fn keys<'a>(&'a self, metadata: &'a ProviderMetadata) -> Keys<'a> {
        self.0.provider.keys(metadata)
    }

    /// The issuer, and those that are accepted beside it.
    fn issuers<'a>(&'a self, metadata: &'a ProviderMetadata) -> Vec<&'a str> {
        self.0.provider.issuers(metadata)
    }

    /// Checks an ID token that came with an access token.
    async fn verify_id_token(
        &self,
        id_token: &Secret,
        access_token: &Secret,
        expectations: IdTokenExpectations<'_>,
    ) -> Result<(Jwt, IdTokenClaims)> {
        let metadata = self.metadata().await?;
        let config = self.config();
        let issuers = self.issuers(&metadata);
        let expected = Expected {
            client_id: &config.app_id,
            algorithms: config.id_token_algorithms(),
            issuers: &issuers,
            trusted_audiences: &config.trusted_audiences,
            nonce: expectations.nonce,
            access_token: Some(access_token.expose()),
            max_age: expectations.max_age,
            acr_values: expectations.acr_values,
            refreshed: expectations.refreshed,
            leeway: config.server.leeway,
        };
        let keys = self.keys(&metadata).for_issued_token();
        let claims = id_token::verify(id_token.expose(), &keys, &expected, self.clock().now()).await?;
        let jwt = Jwt::parse(id_token.expose())
            .ok_or_else(|| Error::new(Code::IdTokenMalformed, "the ID token cannot be read"))?;
        Ok((jwt, claims))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.config.server.clock
    }

    pub(crate) fn exchanged_tokens(&self) -> &ExchangedTokens {
        &self.0.exchanged
    }

    pub(crate) fn credentials(&self) -> token::Client<'_> {
        token::Client { id: &self.0.config.app_id, secret: self.0.config.app_secret.as_ref() }
    }
}

impl fmt::Debug for LogtoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogtoClient").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// A task that was to ask Logto has panicked, or its runtime has ended.
fn task_failed(source: tokio::task::JoinError) -> Error {
    Error::new(Code::Unreachable, "the exchange broke off").with_source(source)
}
