//! The settings of a [`ResourceServer`], and the one place that checks them.

use std::{sync::Arc, time::Duration};

use super::{
    ApiAudience, Inner, ResourceServer, auth_info::ApiContext, challenge::Realm, introspection::Introspection,
    metadata::Metadata, opaque::OpaqueTokens, verified::TwoGenerationCache,
};
use crate::{
    config::{
        LogtoConfig, LogtoConfigBuilder,
        problems::Problems,
        server::{ServerSettings, server_setters},
    },
    error::Result,
    secret::Secret,
    types::word_list,
};

/// Builder for [`ResourceServer`].
#[derive(Clone, Default)]
#[must_use]
pub struct ResourceServerBuilder {
    server: ServerSettings,
    audiences: Vec<ApiAudience>,
    token_cache_capacity: Option<usize>,
    introspection: Option<Introspection>,
    introspection_cache: Duration,
    other_clients: Vec<String>,
    scopes_supported: Vec<String>,
    advertise_metadata: Option<bool>,
    keep_caller_tokens: bool,
}

impl ResourceServerBuilder {
    /// Reads `LOGTO_ENDPOINT` or `LOGTO_ISSUER`, `LOGTO_INTERNAL_ENDPOINT`, `LOGTO_ACCEPTED_ISSUERS`, `LOGTO_LEEWAY` and `LOGTO_TIMEOUT` from the
    /// environment. The audience is part of the program: set it with [`audience`](Self::audience).
    pub fn from_env() -> Self {
        Self { server: LogtoConfigBuilder::from_env().server, ..Self::default() }
    }

    /// Takes the server, the leeway, the timeout, the HTTP client and the clock from the configuration of an application that also signs users in,
    /// and shares the cached data of the server with it.
    ///
    /// A setting of this builder takes precedence over the configuration, in either order; then nothing is shared, except for a
    /// [`leeway`](Self::leeway). With an [`endpoint`](Self::endpoint) or [`issuer`](Self::issuer) of its own the API takes neither the internal
    /// endpoint nor the accepted issuers of the configuration: they belong to the other server.
    pub fn config(mut self, config: &LogtoConfig) -> Self {
        self.server.fallback = Some(config.server.clone());
        self
    }

    server_setters!(leeway);

    /// Adds an audience that tokens may have. Required. If it is called several times, a token must have one of them.
    pub fn audience(mut self, audience: ApiAudience) -> Self {
        self.audiences.push(audience);
        self
    }

    /// Sets how many verified tokens are remembered, so that their next request costs no signature check. Default: 1,000; 0 remembers none.
    pub fn token_cache_capacity(mut self, tokens: usize) -> Self {
        self.token_cache_capacity = Some(tokens);
        self
    }

    /// Accepts opaque access tokens, too, and introspects each at Logto (RFC 7662), on every request. Default: they are rejected.
    ///
    /// A token that was refused is refused for up to a second without asking again. At most 64 introspections run at once; further requests wait for
    /// as long as [`timeout`](Self::timeout) says.
    ///
    /// Logto's opaque tokens are issued for no API: they name no audience. So only those are taken that were issued to the app that asks,
    /// which `client_id` and `client_secret` name, or to one of [`introspected_client_ids`](Self::introspected_client_ids).
    pub fn introspection(mut self, client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        let (client_id, client_secret) = (client_id.into(), client_secret.into());
        self.introspection = Some(Introspection { client_id, client_secret, other_clients: Vec::new() });
        self
    }

    /// Sets how long the result of an [introspection](Self::introspection) is cached, in whole seconds. A revoked token is accepted for this time,
    /// but never after its `exp`. Default: not cached. As many results are cached as [`token_cache_capacity`](Self::token_cache_capacity) says.
    pub fn introspection_cache(mut self, time: Duration) -> Self {
        self.introspection_cache = time;
        self
    }

    /// Sets other apps whose opaque tokens are accepted, by their App IDs, in place of those that were set before. Needs
    /// [`introspection`](Self::introspection).
    pub fn introspected_client_ids<S: Into<String>>(mut self, client_ids: impl IntoIterator<Item = S>) -> Self {
        self.other_clients = client_ids.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the scopes that [`ResourceServer::protected_resource_metadata`] lists for each resource, in place of those that were set before. For
    /// resources with different scopes create one server each, and combine them with [`ResourceServer::one_of`].
    pub fn scopes_supported<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes_supported = word_list(scopes);
        self
    }

    /// Sets whether refusals name the address of the [metadata](ResourceServer::protected_resource_metadata), so that clients (of the Model Context
    /// Protocol, say) find out by themselves where to get a token (RFC 9728 section 5.1). Default: yes, where a resource's identifier is a web
    /// address, with `https` (but on this machine).
    ///
    /// Turn it off for an API whose identifier is only a name, without a server at its address.
    pub fn advertise_metadata(mut self, advertise: bool) -> Self {
        self.advertise_metadata = Some(advertise);
        self
    }

    /// Sets whether the verified data of the caller includes the access token of the request
    /// ([`AuthInfo::caller_token`](super::AuthInfo::caller_token)), so that this API can call others [on behalf
    /// of](crate::machine::MachineClient::on_behalf_of) the user. Default: no; the token is dropped after its verification. With it, each request has
    /// a copy of its token. The cache between requests has none.
    pub fn keep_caller_tokens(mut self, keep: bool) -> Self {
        self.keep_caller_tokens = keep;
        self
    }

    /// Checks all settings. Nothing is fetched yet: the API starts even if Logto is unavailable.
    ///
    /// # Errors
    /// `config.invalid`, which names every setting that is missing or wrong, each with what to do; `config.http_client` if no HTTP client
    /// can be made.
    pub fn build(self) -> Result<ResourceServer> {
        let mut problems = Problems::default();
        let server = self.server.check(&mut problems);
        problems.unless("audience", !self.audiences.is_empty(), || {
            "audience is missing (name the API: `ApiAudience::resource(…)` with the identifier of Logto Console › API resources)".into()
        });
        self.audiences.iter().for_each(|audience| audience.check(&mut problems));
        let introspection =
            self.introspection.map(|asking| Introspection { other_clients: self.other_clients.clone(), ..asking });
        problems.unless("introspected_client_ids", introspection.is_some() || self.other_clients.is_empty(), || {
            "introspected_client_ids needs introspection (name a client to ask Logto with)".into()
        });
        if let Some(asking) = &introspection {
            let empty = asking.client_id.trim().is_empty() || asking.client_secret.expose().trim().is_empty();
            problems.unless("introspection", !empty, || {
                "introspection has an empty client id or secret (copy them from Logto Console › Applications)".into()
            });
        }
        let metadata = documents(&self.audiences, &self.scopes_supported);
        let is_advertised = self.advertise_metadata.unwrap_or(true);
        problems.unless("advertise_metadata", !metadata.is_empty() || self.advertise_metadata != Some(true), || {
            "advertise_metadata needs a resource whose identifier is a web address (with https, but on this machine: clients find the document from it)".into()
        });

        let (Some(server), Some(first), true) = (server, self.audiences.first(), problems.0.is_empty()) else {
            return Err(problems.into_error());
        };
        let realm = Realm {
            name: first.to_string(),
            resource_metadata: metadata.first().filter(|_| is_advertised).map(|found| found.url.clone()),
        };
        let size = self.token_cache_capacity.unwrap_or(1000);
        let server = Arc::new(Inner {
            provider: server.provider()?,
            algorithms: server.algorithms,
            context: Arc::new(ApiContext {
                realm,
                clock: server.clock,
                leeway: server.leeway,
                keep_caller_tokens: self.keep_caller_tokens,
            }),
            audiences: self.audiences,
            verified: TwoGenerationCache::new(size),
            opaque: introspection
                .map(|asking| OpaqueTokens::new(asking, self.introspection_cache, size, server.timeout)),
            metadata,
            is_advertised,
        });
        Ok(ResourceServer { server, list: None, addressed: None })
    }
}

/// One for each resource that has an address, in whichever organization it is taken.
fn documents(audiences: &[ApiAudience], scopes: &[String]) -> Vec<Arc<Metadata>> {
    let mut documents: Vec<Arc<Metadata>> = Vec::new();
    for resource in audiences.iter().filter_map(ApiAudience::identifier) {
        if documents.iter().all(|known| known.resource != resource) {
            documents.extend(Metadata::of(resource, scopes.to_vec()).map(Arc::new));
        }
    }
    documents
}

impl std::fmt::Debug for ResourceServerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing was checked, so anything may hold a secret.
        f.debug_struct("ResourceServerBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
