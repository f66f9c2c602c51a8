//! The client that is used when none is given. It keeps connections for a short while, and does without them after one has failed.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use ::http::{Request, Response};
use tokio::time::Instant;

use super::{BodyChunks, HttpClient, repeat::is_broken_connection, tls, without_trust::WithoutTrust};
use crate::{
    clock::moment,
    error::{BoxError, Result},
    types::BoxFuture,
};

/// Servers and proxies close what is idle for longer than this: Node and Envoy's upstreams after 5 s, most others later.
const IDLE_CONNECTION_TIMEOUT: Duration = Duration::from_secs(4);
/// A request that was given up later than this was not answered; before that its caller may just have gone.
const UNANSWERED_AFTER: Duration = Duration::from_millis(500);

pub(super) struct DefaultClient {
    pooled: Box<dyn HttpClient>,
    /// Each request on a connection of its own. Made when it is first needed.
    unpooled: OnceLock<Box<dyn HttpClient>>,
    /// When a kept connection failed last. Those that were idle then are gone when [`IDLE_CONNECTION_TIMEOUT`] has passed.
    failed_at: Mutex<Option<Instant>>,
}

impl DefaultClient {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { pooled: build(usize::MAX)?, unpooled: OnceLock::new(), failed_at: Mutex::new(None) })
    }

    fn unpooled(&self) -> Result<&dyn HttpClient> {
        if let Some(client) = self.unpooled.get() {
            return Ok(&**client);
        }
        let client = build(0)?;
        Ok(&**self.unpooled.get_or_init(|| client))
    }

    /// Whether a connection that is kept may be one of those that died together.
    fn is_pool_in_doubt(&self) -> bool {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at.is_some_and(|at| moment().duration_since(at) <= IDLE_CONNECTION_TIMEOUT)
    }
}

/// No redirects, a short connect timeout, at most so many idle connections for each host.
fn build(idle_connections: usize) -> Result<Box<dyn HttpClient>> {
    #[cfg(all(feature = "rustls-no-provider", not(any(feature = "native-tls", feature = "rustls"))))]
    tls::check_provider()?;
    let builder = || {
        tls::chosen(reqwest::Client::builder())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(IDLE_CONNECTION_TIMEOUT)
            .pool_max_idle_per_host(idle_connections)
    };
    match builder().build() {
        Ok(client) => Ok(Box::new(client)),
        Err(cause) => Ok(Box::new(WithoutTrust::new(builder(), cause)?)),
    }
}

/// Notes that the pool is in doubt when a request on it fails, or is given up unanswered.
struct Watch<'a> {
    client: &'a DefaultClient,
    begun: Instant,
    is_answered: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let now = moment();
        if !self.is_answered && now.duration_since(self.begun) >= UNANSWERED_AFTER {
            self.client.doubt(now);
        }
    }
}

impl DefaultClient {
    fn doubt(&self, now: Instant) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

impl HttpClient for DefaultClient {
    fn send(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        if self.is_pool_in_doubt() {
            return self.send_on_new_connection(request, max_body_bytes);
        }
        Box::pin(async move {
            let mut watch = Watch { client: self, begun: moment(), is_answered: false };
            let outcome = self.pooled.send(request, max_body_bytes).await;
            watch.is_answered = true;
            // A body that is too large, say, came over a connection that serves.
            if outcome.as_ref().is_err_and(is_broken_connection) {
                self.doubt(moment());
            }
            outcome
        })
    }

    fn send_on_new_connection(
        &self,
        request: Request<Vec<u8>>,
        max_body_bytes: usize,
    ) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async move { self.unpooled()?.send(request, max_body_bytes).await })
    }

    /// On a connection of its own: it takes long, and has none that may be closed.
    fn send_streamed(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Response<Box<dyn BodyChunks>>, BoxError>> {
        Box::pin(async move { self.unpooled()?.send_streamed(request).await })
    }
}
