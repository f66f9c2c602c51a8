//! What all instances together do once at a time, and how they share what came of it: the refresh of a refresh token, and the exchange of an
//! authorization code.
//!
//! The names are hashes and the values are sealed, so whoever runs the coordinator learns no token. When it cannot be asked, each instance
//! goes on for itself, and the log says so: that is how it is without a coordinator, and nobody is logged out.

use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::LogtoClient;
use crate::{
    error::{BoxError, WithCauses},
    store::RefreshCoordinator,
};

/// Seconds a result is kept. Longer than Logto's own 3 seconds of grace, and than a request spends on its way.
pub(super) const GRACE: i64 = 30;
/// What verifying and sharing may take on top of the exchange itself.
const MARGIN: Duration = Duration::from_secs(5);
/// Seconds by which the clocks of two instances may differ.
const SKEW: i64 = 300;

/// A coordinator at work for one client.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    client: &'a LogtoClient,
    coordinator: &'a dyn RefreshCoordinator,
}

/// What one instance does while the others wait for its result.
pub(super) trait Exclusive: Send {
    /// The name of the lock to take, by what the other instances have shared so far. `None` where they have left nothing to do.
    fn lock_name(&mut self, shared: &Shared<'_>) -> impl Future<Output = Result<Option<String>, BoxError>> + Send;
}

/// A lock that is held, or (where the coordinator is down, or nothing is left to do) is not.
pub(super) struct Held(Option<(String, String)>);

impl Held {
    pub(super) fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

impl LogtoClient {
    pub(super) fn shared(&self) -> Option<Shared<'_>> {
        let coordinator = self.0.coordinator.as_deref()?;
        Some(Shared { client: self, coordinator })
    }
}

impl Shared<'_> {
    /// Takes the lock. Waits as long as a holder may take; if that crashed, its lock has expired by then.
    pub(super) async fn lock(&self, work: &mut impl Exclusive) -> Held {
        let ttl = self.client.config().server.timeout.saturating_add(MARGIN);
        let wait = async {
            let mut pause = Duration::from_millis(10);
            let mut wanted = work.lock_name(self).await?;
            while let Some(name) = wanted {
                let holder = self.coordinator.lock(&name, ttl).await?;
                if holder.is_none() {
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(Duration::from_millis(100));
                }
                // Its last holder may have been done a moment before.
                wanted = work.lock_name(self).await?;
                if let Some(holder) = holder {
                    if wanted.as_deref() == Some(&name) {
                        return Ok(Held(Some((name, holder))));
                    }
                    self.coordinator.unlock(&name, &holder).await?;
                }
            }
            Ok(Held(None))
        };
        match tokio::time::timeout(ttl.saturating_add(MARGIN), wait).await {
            Ok(Ok(held)) => return held,
            Ok(Err(error)) => log_failure(&error),
            Err(_) => log_failure(&"the lock was not to be had".into()),
        }
        Held(None)
    }

    pub(super) async fn unlock(&self, Held(held): Held) {
        if let Some((name, holder)) = held
            && let Err(error) = self.coordinator.unlock(&name, &holder).await
        {
            tracing::warn!(target: "logto::refresh", error = %WithCauses(&*error), "a lock could not be given back; it expires by itself");
        }
    }

    /// Shares a value for so many seconds.
    pub(super) async fn publish(&self, name: &str, value: &impl Serialize, seconds: i64) {
        let ttl = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let keys = &self.client.config().cookies.keys;
        let sealed = postcard::to_allocvec(value).ok().and_then(|bytes| keys.seal(name, &Zeroizing::new(bytes)).ok());
        if let Some(sealed) = sealed
            && let Err(error) = self.coordinator.put(name, &sealed, ttl).await
        {
            log_failure(&error);
        }
    }

    /// A value that was shared. What cannot be opened is none.
    pub(super) async fn open<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, BoxError> {
        let sealed = self.coordinator.get(name).await?;
        let bytes = sealed.and_then(|sealed| self.client.config().cookies.keys.open(name, &sealed));
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// The same, or none where the coordinator cannot be asked.
    pub(super) async fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        self.open(name).await.inspect_err(log_failure).ok()?
    }
}

/// Whether a result that was shared at `at`, by the clock of who did, may be used: one that the clock says is old is not, however long the
/// coordinator kept it.
pub(super) fn is_recent(at: i64, now: i64) -> bool {
    now.saturating_sub(at).saturating_abs() <= GRACE.saturating_add(SKEW)
}

pub(super) fn name(kind: &str, hash: &[u8]) -> String {
    format!("{kind}/{}", URL_SAFE_NO_PAD.encode_to_string(hash))
}

fn log_failure(error: &BoxError) {
    tracing::warn!(target: "logto::refresh", error = %WithCauses(&**error), "the refresh coordinator cannot be asked; this instance goes on for itself");
}
