//! The entry point, and the verbs over any cookie jar.

mod access_token;
mod back_channel_logout;
mod code_exchange;
mod context;
mod coordinate;
mod freshness;
mod handle_sign_in;
mod pending_sign_in;
mod refresh;
mod request_session;
mod result_age;
mod session;
mod session_headers;
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
    pending_sign_in::PendingSignIn,
    request_session::{RequestSession, SignedIn},
    session::Session,
    session_headers::SessionHeaders,
};
pub(crate) use self::{access_token::stored_access_token, session::not_authenticated};
use self::{code_exchange::CodeExchanges, refresh::Refreshes};
use crate::{
    claims::{AccessTokenClaims, IdTokenClaims, UserInfo},
    clock::Clock,
    config::LogtoConfig,
    error::{Code, Error, Result},
    http::{self, Transport},
    oidc::{
        discovery::{Addresses, ProviderMetadata},
        id_token::{self, Expected},
        jwks::Keys,
        provider::Provider,
        token,
    },
    secret::Secret,
    session::{Cookies, Jwt},
    store::RefreshCoordinator,
    types::{ContextOptions, Redirect, SignInOptions, TokenOptions},
};

/// Signs users in with Logto. Cheap to clone, holds nothing of any one request; make one and share it.
///
/// Every verb takes the request's cookies, loads the session, works, and writes the session back if it changed. For several verbs in one
/// request take a [`Session`] with [`load`](Self::load): it is loaded once and committed once.
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
    pub(crate) transport: Transport,
    pub(crate) provider: Provider,
    refreshes: Refreshes,
    code_exchanges: CodeExchanges,
    coordinator: Option<Arc<dyn RefreshCoordinator>>,
}

/// What an ID token is checked for besides itself.
#[derive(Default)]
struct IdTokenExpectations<'a> {
    nonce: Option<&'a str>,
    max_age: Option<Duration>,
    acr_values: Option<&'a str>,
    refreshed: Option<&'a IdTokenClaims>,
}

impl LogtoClient {
    /// Makes a client. Nothing is fetched yet: a Logto that is down does not keep the application from starting. On a machine without CA
    /// certificates requests to http work, and the first one to https fails with `config.http_client`. Settings that are valid and bite all the
    /// same are warned of in the log.
    ///
    /// # Errors
    /// `config.http_client` if no HTTP client can be made.
    pub fn new(config: LogtoConfig) -> Result<Self> {
        for warning in config.warnings() {
            tracing::warn!(target: "logto::config", "{warning}");
        }
        let client = http::given_or_default(config.http_client.clone())?;
        let transport = Transport::new(client, config.timeout);
        let addresses = Addresses {
            issuer: config.issuer.clone(),
            accepted_issuers: config.accepted_issuers.clone(),
            endpoint: config.endpoint.clone(),
            internal_endpoint: config.internal_endpoint.clone(),
        };
        Ok(Self(Arc::new(Inner {
            provider: Provider::new(transport.clone(), addresses, Arc::clone(&config.clock)),
            transport,
            refreshes: Refreshes::default(),
            code_exchanges: CodeExchanges::default(),
            coordinator: config.refresh_coordinator(),
            config,
        })))
    }

    /// A client with the settings of the environment: see [`LogtoConfig::from_env`].
    ///
    /// # Errors
    /// Those of [`LogtoConfig::from_env`] and [`new`](Self::new).
    pub fn from_env() -> Result<Self> {
        Self::new(LogtoConfig::from_env()?)
    }

    /// The configuration.
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

    /// Whether `other` keeps the sessions of the same application, so that both would write the same cookies.
    fn is_same(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.config(), other.config());
        Arc::ptr_eq(&self.0, &other.0)
            || (mine.cookies.own.session_name() == theirs.cookies.own.session_name() && mine.issuer == theirs.issuer)
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
            alg: config.id_token_alg.as_deref(),
            issuers: &issuers,
            nonce: expectations.nonce,
            access_token: Some(access_token.expose()),
            max_age: expectations.max_age,
            acr_values: expectations.acr_values,
            refreshed: expectations.refreshed,
            leeway: config.leeway,
        };
        let keys = self.keys(&metadata).for_issued_token();
        let claims = id_token::verify(id_token.expose(), &keys, &expected, self.clock().now()).await?;
        let jwt = Jwt::parse(id_token.expose())
            .ok_or_else(|| Error::new(Code::IdTokenMalformed, "the ID token cannot be read"))?;
        Ok((jwt, claims))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.config.clock
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

/// Each verb of [`Session`] in two more forms: over cookies, and on the handle that a request's middleware and handlers share.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl LogtoClient {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                #[doc = concat!("See [`Session::", stringify!($verb), "`] and [`Session::commit`].")]
                pub async fn $verb(&self, cookies: &mut dyn Cookies, $($argument: $type),*) -> Result<$result> {
                    let mut session = self.load(cookies).await?;
                    let result = session.$verb($($argument),*).await;
                    // After a failure, too: it may have used up a sign-in, or the session may have ended.
                    let committed = session.commit(cookies).await;
                    result.and_then(|result| committed.map(|()| result))
                }
            )*
        }

        impl RequestSession {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                #[doc = concat!("See [`Session::", stringify!($verb), "`]; `session.already_committed` once the response has begun.")]
                pub async fn $verb(&self, $($argument: $type),*) -> Result<$result> {
                    self.open().await?.$verb($($argument),*).await
                }
            )*
        }
    };
}

verbs! {
    /// Begins a sign-in: the redirect leads to Logto.
    sign_in(options: SignInOptions) -> Redirect;
    /// Ends a sign-in, on the callback route: the redirect leads to the page the user wanted.
    handle_sign_in(query_or_url: &str) -> Redirect;
    /// Verifies a sign-in, on the callback route, for the application to accept or to refuse.
    verify_sign_in(query_or_url: &str) -> PendingSignIn;
    /// Signs the user of a verified sign-in in: the redirect leads to the page the user wanted.
    accept_sign_in(pending: PendingSignIn) -> Redirect;
    /// Who is signed in, and whatever else `options` ask for.
    get_context(options: ContextOptions) -> LogtoContext;
    /// An access token, from the session or freshly from Logto.
    get_access_token(options: TokenOptions) -> AccessToken;
    /// An organization token, for use with Logto's organization permissions.
    get_organization_token(organization_id: &str) -> AccessToken;
    /// The claims of an access token for an API resource.
    get_access_token_claims(options: TokenOptions) -> AccessTokenClaims;
    /// The claims of an organization token.
    get_organization_token_claims(organization_id: &str) -> AccessTokenClaims;
    /// Asks Logto anew for the ID token and every access and organization token that the session holds.
    refresh_session() -> LogtoContext;
    /// What Logto's userinfo endpoint says of the user.
    fetch_user_info() -> UserInfo;
}

impl LogtoClient {
    /// Whether somebody is signed in. Asks nobody.
    ///
    /// # Errors
    /// See [`load`](Self::load).
    pub async fn is_authenticated(&self, cookies: &dyn Cookies) -> Result<bool> {
        Ok(self.load(cookies).await?.is_authenticated())
    }

    /// The ID token, as Logto signed it.
    ///
    /// # Errors
    /// See [`load`](Self::load).
    pub async fn get_id_token(&self, cookies: &dyn Cookies) -> Result<Option<Secret>> {
        Ok(self.load(cookies).await?.id_token())
    }

    /// The claims of the ID token.
    ///
    /// # Errors
    /// See [`load`](Self::load).
    pub async fn get_id_token_claims(&self, cookies: &dyn Cookies) -> Result<Option<IdTokenClaims>> {
        Ok(self.load(cookies).await?.id_token_claims())
    }

    /// The refresh token.
    ///
    /// # Errors
    /// See [`load`](Self::load).
    pub async fn get_refresh_token(&self, cookies: &dyn Cookies) -> Result<Option<Secret>> {
        Ok(self.load(cookies).await?.refresh_token())
    }

    /// Forgets the access tokens: the next one comes from Logto. See [`refresh_session`](Session::refresh_session) for what that brings.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn clear_access_token(&self, cookies: &mut dyn Cookies) -> Result<()> {
        let mut session = self.load(cookies).await?;
        session.clear_access_token();
        session.commit(cookies).await
    }

    /// Forgets the whole session, here alone. See [`sign_out`](Self::sign_out) for the rest.
    ///
    /// # Errors
    /// See [`Session::commit`].
    pub async fn clear_all_tokens(&self, cookies: &mut dyn Cookies) -> Result<()> {
        let mut session = self.load_to_end(cookies).await?;
        session.clear_all_tokens();
        session.commit(cookies).await
    }
}
