//! The server, as it is known here: what it says of itself, and its keys.

use std::{sync::Arc, time::Duration};

use tracing::Level;

use super::{
    cached::{Cached, Caller},
    discovery::{self, Addresses, ProviderMetadata},
    jwks::{KeySet, KeySource, Keys},
};
use crate::{
    clock::Clock,
    error::Result,
    http::Transport,
    telemetry::{self, in_operation},
};

/// Discovery hardly ever changes; the key set has its own, shorter life. Of a server that does not say itself.
const DISCOVERY_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// A server whose metadata and keys are fetched when first needed, and kept.
pub(crate) struct Provider {
    transport: Transport,
    addresses: Arc<Addresses>,
    discovery: Cached<ProviderMetadata>,
    keys: KeySource,
}

impl Provider {
    pub(crate) fn new(transport: Transport, addresses: Arc<Addresses>, clock: Arc<dyn Clock>) -> Self {
        telemetry::describe();
        let timeout = transport.timeout();
        let discovery = Cached::new("discovery", DISCOVERY_TTL, timeout, Arc::clone(&clock));
        Self { transport, addresses, discovery, keys: KeySource::new(timeout, clock) }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Where it is, and what it may call itself.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Fetches metadata and keys ahead of the first need.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        in_operation!(Level::INFO, "warm_up", {
            let metadata = self.metadata().await?;
            self.keys(&metadata).current().await.map(drop)
        })
    }

    pub(crate) async fn metadata(&self) -> Result<Arc<ProviderMetadata>> {
        let fetch = || {
            let (transport, addresses) = (self.transport.clone(), Arc::clone(&self.addresses));
            async move { discovery::fetch(&transport, &addresses).await }
        };
        self.discovery.get(Caller::Untrusted, fetch).await
    }

    pub(crate) fn keys<'a>(&'a self, metadata: &'a ProviderMetadata) -> Keys<'a> {
        self.keys.keys(&self.transport, &metadata.jwks_uri)
    }

    /// The keys, if they are here and not due to be fetched again.
    pub(crate) fn cached_keys(&self) -> Option<Arc<KeySet>> {
        self.keys.cached_keys()
    }

    /// The keys, if they came within the hour, or are not due to be fetched again.
    pub(crate) fn recent_keys(&self) -> Option<Arc<KeySet>> {
        self.keys.recent_keys()
    }

    /// The issuer, and those that are accepted beside it.
    pub(crate) fn issuers<'a>(&'a self, metadata: &'a ProviderMetadata) -> Vec<&'a str> {
        std::iter::once(&metadata.issuer).chain(&self.addresses.accepted_issuers).map(String::as_str).collect()
    }

    /// Whether the server goes by this issuer.
    pub(crate) fn is_named(&self, issuer: &str) -> bool {
        issuer == self.addresses.issuer || self.addresses.accepted_issuers.iter().any(|accepted| accepted == issuer)
    }

    /// What the server must call itself.
    pub(crate) fn issuer(&self) -> &str {
        &self.addresses.issuer
    }
}
