//! What all instances together do once at a time, and how they share what came of it: the refresh of a refresh token, and the exchange of an
//! authorization code.
//!
//! The names are hashes and the values are sealed, so the operator of the coordinator learns no token. When it cannot be asked, each instance goes on
//! for itself, and the log says so: that is how it is without a coordinator, and nobody is logged out.

use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::LogtoClient;
use crate::{
    error::{BoxError, WithCauses},
    store::RefreshCoordinator,
};

/// What verifying and sharing may take on top of the token request itself.
const LOCK_MARGIN: Duration = Duration::from_secs(5);

/// A coordinator at work for one client.
#[derive(Clone, Copy)]
pub(super) struct Coordination<'a> {
    client: &'a LogtoClient,
    coordinator: &'a dyn RefreshCoordinator,
}

/// What one instance does while the others wait for its result.
pub(super) trait Exclusive: Send {
    /// The name of the lock to take, by what the other instances have shared so far. `None` where they have left nothing to do.
    fn lock_name(
        &mut self,
        coordination: &Coordination<'_>,
    ) -> impl Future<Output = Result<Option<String>, BoxError>> + Send;
}

/// A lock that is held, or (where the coordinator is down, or nothing is left to do) is not.
pub(super) struct SharedLock(Option<(String, String)>);

impl SharedLock {
    pub(super) fn is_held(&self) -> bool {
        self.0.is_some()
    }
}

impl LogtoClient {
    pub(super) fn coordination(&self) -> Option<Coordination<'_>> {
        let coordinator = self.0.coordinator.as_deref()?;
        Some(Coordination { client: self, coordinator })
    }
}

impl Coordination<'_> {
    /// Takes the lock. Waits as long as a holder may take; if that crashed, its lock has expired by then.
    pub(super) async fn lock(&self, work: &mut impl Exclusive) -> SharedLock {
        self.lock_for(work, self.client.config().server.timeout).await
    }

    /// The same for work that takes so long at most.
    pub(super) async fn lock_for(&self, work: &mut impl Exclusive, longest: Duration) -> SharedLock {
        let ttl = longest.saturating_add(LOCK_MARGIN);
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
                        return Ok(SharedLock(Some((name, holder))));
                    }
                    self.coordinator.unlock(&name, &holder).await?;
                }
            }
            Ok(SharedLock(None))
        };
        match tokio::time::timeout(ttl.saturating_add(LOCK_MARGIN), wait).await {
            Ok(Ok(held)) => return held,
            Ok(Err(error)) => log_coordinator_failure(&error),
            Err(_) => log_coordinator_failure(&"the lock was not to be had".into()),
        }
        SharedLock(None)
    }

    pub(super) async fn unlock(&self, SharedLock(held): SharedLock) {
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
            && let Err(error) = self.coordinator.store_result(name, &sealed, ttl).await
        {
            log_coordinator_failure(&error);
        }
    }

    /// A value that was shared. What cannot be opened is none.
    pub(super) async fn open<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, BoxError> {
        let sealed = self.coordinator.load_result(name).await?;
        let bytes = sealed.and_then(|sealed| self.client.config().cookies.keys.open(name, &sealed));
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }

    /// The same, or none where the coordinator cannot be asked.
    pub(super) async fn read<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        self.open(name).await.inspect_err(log_coordinator_failure).ok()?
    }
}

/// The name of a lock or a value, by the hash of what it is for.
pub(super) fn name(kind: &str, hash: &[u8]) -> String {
    format!("{kind}/{}", URL_SAFE_NO_PAD.encode_to_string(hash))
}

fn log_coordinator_failure(error: &BoxError) {
    tracing::warn!(target: "logto::refresh", error = %WithCauses(&**error), "the refresh coordinator cannot be asked; this instance goes on for itself");
}
