//! Protects an API: verifies the access tokens that others send, and says so when they do not suffice.

mod addressed;
mod api_auth;
mod audience;
mod auth_info;
mod bearer;
mod builder;
mod challenge;
mod facts;
mod introspection;
mod list;
mod metadata;
mod opaque;
mod request;
mod requirements;
mod verified;
mod verify;

use std::{fmt, sync::Arc};

use tracing::Level;

pub use self::{
    api_auth::{ApiAuth, ApiPolicy},
    audience::ApiAudience,
    auth_info::AuthInfo,
    builder::ResourceServerBuilder,
    request::ApiRequest,
    requirements::TokenRequirements,
};
use self::{
    auth_info::ApiContext,
    list::List,
    metadata::Metadata,
    opaque::OpaqueTokens,
    verified::{TokenHash, TwoGenerationCache, Verdict},
};
use crate::{
    clock::{date_seconds, unix_seconds},
    error::{Code, Error, Result},
    oidc::{algorithms::Algorithms, provider::Provider},
    telemetry::{in_operation, token_verified},
};

/// Validates access tokens for an API (an OAuth 2.0 resource server). It is cheap to clone: create one and share it.
///
/// It needs no [`LogtoConfig`](crate::LogtoConfig): an API signs nobody in.
///
/// ```
/// # async fn example(authorization: Option<&str>) -> logto::Result<()> {
/// use logto::api::{ApiAudience, ResourceServer, TokenRequirements};
///
/// let api = ResourceServer::builder()
///     .endpoint("https://my-tenant.logto.app")
///     .audience(ApiAudience::resource("https://api.example.com"))
///     .build()?;
///
/// // The values of the request's Authorization headers, and what the route asks for.
/// let auth = api.authorize(authorization, &TokenRequirements::new().scopes(["read:books"])).await?;
/// println!("{} reads books", auth.sub());
/// # Ok(()) }
/// ```
///
/// A token is a JWT of type `at+jwt`, signed with one of Logto's keys by ES256, ES384, ES512, RS256 or PS256 (see
/// [`accepted_algorithms`](ResourceServerBuilder::accepted_algorithms)), for this issuer and audience, neither expired nor from the future (RFC 9068
/// section 4). A verified token is cached until it expires or the keys change: see
/// [`token_cache_capacity`](ResourceServerBuilder::token_cache_capacity).
///
/// An API that takes tokens of several Logto tenants is [`one_of`](Self::one_of) several resource servers.
///
/// Every rejection is an [`Error`] that carries its HTTP response: [`http_status`](Error::http_status) and
/// [`www_authenticate`](Error::www_authenticate) are those of RFC 6750, and `AuthResponse::from(&error)` is the response.
#[derive(Clone)]
pub struct ResourceServer {
    /// The server that validates tokens; of a list the first, which responds if there is no token with an issuer.
    server: Arc<Inner>,
    list: Option<Arc<List>>,
    /// The resource of several that the request is for, where that is known.
    addressed: Option<Arc<Metadata>>,
}

struct Inner {
    provider: Arc<Provider>,
    audiences: Vec<ApiAudience>,
    context: Arc<ApiContext>,
    verified: TwoGenerationCache<Verdict>,
    opaque: Option<OpaqueTokens>,
    /// A document for each resource that has an address, and whether challenges name it.
    metadata: Vec<Arc<Metadata>>,
    is_advertised: bool,
    algorithms: Algorithms,
}

impl ResourceServer {
    /// Starts the configuration.
    pub fn builder() -> ResourceServerBuilder {
        ResourceServerBuilder::default()
    }

    /// Fetches discovery and the key set ahead of the first request, for a health check or a warm start.
    ///
    /// # Errors
    /// The errors that the first request would have: `network.…`, `discovery.…` or `jwks.failed`.
    pub async fn warm_up(&self) -> Result<()> {
        match &self.list {
            Some(list) => list.warm_up().await,
            None => self.server.provider.warm_up().await,
        }
    }

    /// Verifies the access token of a request and the requirements of its route. `authorization` are all values of the request's `Authorization`
    /// headers.
    ///
    /// # Errors
    /// `bearer_token.…`: 400, 401 or 403, with a challenge. If Logto's keys are not available: `network.…`, `discovery.…` or `jwks.failed`.
    pub async fn authorize<V: AsRef<[u8]>>(
        &self,
        authorization: impl IntoIterator<Item = V>,
        requirements: &TokenRequirements,
    ) -> Result<AuthInfo> {
        let missing = || {
            let error = Error::new(Code::BearerMissing, "the request has no bearer token");
            self.challenge(&self.server, error, requirements)
        };
        self.authorize_optional(authorization, requirements).await?.ok_or_else(missing)
    }

    /// Verifies a request like [`authorize`](Self::authorize), for a public route: `None` without credentials. Invalid credentials are rejected.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize), except `bearer_token.missing`.
    pub async fn authorize_optional<V: AsRef<[u8]>>(
        &self,
        authorization: impl IntoIterator<Item = V>,
        requirements: &TokenRequirements,
    ) -> Result<Option<AuthInfo>> {
        let verdict = in_operation!(Level::DEBUG, "verify_token", self.judge(authorization, requirements).await);
        let verdict = verdict.map_err(|error| self.server.context.tell_refused(error));
        token_verified(verdict.as_ref().map(Option::as_ref));
        verdict
    }

    async fn judge<V: AsRef<[u8]>>(
        &self,
        authorization: impl IntoIterator<Item = V>,
        requirements: &TokenRequirements,
    ) -> Result<Option<AuthInfo>> {
        let challenge = |error| self.challenge(&self.server, error, requirements);
        let Some(header) = bearer::header(authorization).map_err(challenge)? else {
            return Ok(None);
        };
        let Some(token) = bearer::token(header.as_ref()).map_err(challenge)? else {
            return Ok(None);
        };
        let auth = self.verify_checked(token, requirements).await?;
        auth.require(requirements)?;
        Ok(Some(auth))
    }

    /// Verifies an access token from any source.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize), except those about the header and about requirements.
    pub async fn verify(&self, token: &str) -> Result<AuthInfo> {
        let none = TokenRequirements::new();
        let verdict = in_operation!(
            Level::DEBUG,
            "verify_token",
            match bearer::check(token.as_bytes()) {
                Ok(()) => self.verify_checked(token, &none).await,
                Err(error) => Err(self.challenge(&self.server, error, &none)),
            }
        );
        let verdict = verdict.map_err(|error| self.server.context.tell_refused(error));
        token_verified(verdict.as_ref().map(Some));
        verdict
    }

    /// Verifies a token that [`bearer::check`] has let through. The challenge of a rejection is that of the server that validated it.
    async fn verify_checked(&self, token: &str, requirements: &TokenRequirements) -> Result<AuthInfo> {
        let server = match &self.list {
            Some(list) => list.server_for(token).map_err(|error| self.challenge(&self.server, error, requirements))?,
            None => &self.server,
        };
        let auth = server.verify(token).await.map_err(|error| self.challenge(server, error, requirements))?;
        Ok(auth.called_with(token).addressed_to(self.addressed.clone()))
    }

    /// The error with the challenge of a server of this API.
    fn challenge(&self, server: &Inner, error: Error, requirements: &TokenRequirements) -> Error {
        server.context.realm.challenge(error, requirements, self.addressed.as_deref())
    }
}

/// The settings that validate one server's tokens. A list shares nothing between two of them.
impl Inner {
    async fn verify(&self, token: &str) -> Result<AuthInfo> {
        // In boxes, since these may have to ask Logto: their futures are large, and most requests would carry them along for nothing.
        if !token.contains('.') {
            return Box::pin(self.introspect(token)).await;
        }
        let now = unix_seconds(self.context.clock.now());
        let hash = TokenHash::of(token);
        match self.cached_verdict(&hash, now) {
            Some(auth) => Ok(auth),
            None if self.opaque.is_some() && opaque::is_opaque(token) => Box::pin(self.introspect(token)).await,
            None => Box::pin(self.verify_uncached(token, hash, now)).await,
        }
    }

    /// The cached result, if it is still valid. There is none when the keys have to be fetched again, so a key that Logto removed is not trusted
    /// without limit.
    fn cached_verdict(&self, hash: &TokenHash, now: i64) -> Option<AuthInfo> {
        let keys = self.provider.cached_keys()?;
        let verdict = self.verified.get(hash, now)?;
        if keys.fingerprint() == &verdict.keys {
            return Some(verdict.auth);
        }
        self.verified.forget(hash);
        None
    }

    async fn verify_uncached(&self, token: &str, hash: TokenHash, now: i64) -> Result<AuthInfo> {
        let Inner { provider, audiences, context, verified, algorithms, .. } = self;
        let jws = verify::parse(token, *algorithms)?;
        let metadata = provider.metadata().await?;
        let issuers = provider.issuers(&metadata);
        let expected = verify::Expected { issuers: &issuers, audiences, leeway: context.leeway };
        let (facts, keys) = verify::verify(jws, &provider.keys(&metadata), &expected, now).await?;
        // The leeway is for a token that is validated for the first time; a result is not kept beyond the token's expiry. Both ends are Logto's.
        let lives = i64::MIN..date_seconds(facts.claims.exp);
        let auth = AuthInfo::new(facts, Arc::clone(context));
        if lives.contains(&now) {
            verified.put(hash, Verdict { auth: auth.clone(), keys: *keys.fingerprint() }, lives);
        }
        Ok(auth)
    }

    async fn introspect(&self, token: &str) -> Result<AuthInfo> {
        let Inner { provider, audiences, context, opaque, .. } = self;
        match opaque {
            Some(opaque) => opaque.verify(token, provider, audiences, context).await,
            None => Err(Error::new(Code::BearerOpaque, "the access token is opaque, expected a JWT")),
        }
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer").field("audiences", &self.server.audiences).finish_non_exhaustive()
    }
}
