//! Which sessions were ended, and which logout tokens were taken, in records of their own beside the sessions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::MutexGuard;
use tower_sessions_core::{SessionStore as Backend, session::Id};

use super::{
    TowerSessionStore,
    record::{from_record, insert, named_id, to_record},
};
use crate::{
    clock::{self, Clock, SystemClock},
    error::BoxError,
    store::RevocationStore,
    types::BoxFuture,
};

/// Unix milliseconds, since a session of the same moment is ended, too.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Revoked {
    until: u64,
    expires_at: u64,
}

/// By a lock for each key, in this process. Of several processes that write one key at the same moment the last one's time stays; and where the
/// backend's `create` writes over what is there, two of them may both be given a claim.
impl<S: Backend> RevocationStore for TowerSessionStore<S> {
    fn record<'a>(&'a self, key: &'a str, cutoff: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let (id, _guard) = self.lock_key(key).await;
            let now = SystemClock.now();
            let mut revoked = Revoked { until: millis(cutoff), expires_at: millis(clock::after(now, ttl)) };
            let known = self.known(id).await?;
            if let Some(known) = known {
                revoked.until = revoked.until.max(known.until);
                revoked.expires_at = revoked.expires_at.max(known.expires_at);
            }
            let record = to_record(id, &revoked, revoked.expires_at.div_ceil(1000))?;
            match known {
                Some(_) => Ok(self.backend.save(&record).await?),
                None if insert(&*self.backend, record.clone()).await? => Ok(()),
                // Another process was faster.
                None => Ok(self.backend.save(&record).await?),
            }
        })
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        Box::pin(async move {
            let (now, mut latest) = (millis(SystemClock.now()), None);
            for key in keys {
                let known = self.known(id_of(key)).await?;
                latest = latest.max(known.filter(|known| known.expires_at > now).map(|known| known.until));
            }
            Ok(latest.map(|until| clock::after(UNIX_EPOCH, Duration::from_millis(until))))
        })
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let (id, _guard) = self.lock_key(key).await;
            let now = SystemClock.now();
            let claimed = Revoked { until: 0, expires_at: millis(clock::after(now, ttl)) };
            let record = to_record(id, &claimed, claimed.expires_at.div_ceil(1000))?;
            if self.known(id).await?.is_none() && insert(&*self.backend, record.clone()).await? {
                return Ok(true);
            }
            if self.known(id).await?.is_some_and(|known| known.expires_at > millis(now)) {
                return Ok(false);
            }
            // What has expired is still in the way, though some backends do not show it.
            self.backend.delete(&id).await?;
            insert(&*self.backend, record).await
        })
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let (id, _guard) = self.lock_key(key).await;
            Ok(self.backend.delete(&id).await?)
        })
    }
}

impl<S: Backend> TowerSessionStore<S> {
    /// One request at a time for a key, in this process.
    async fn lock_key(&self, key: &str) -> (Id, Option<MutexGuard<'_, ()>>) {
        let id = id_of(key);
        (id, self.lock(id).await)
    }

    /// What is known of a key, also where it has expired and the backend has not noticed.
    async fn known(&self, id: Id) -> Result<Option<Revoked>, BoxError> {
        self.backend.load(&id).await?.map(from_record).transpose()
    }
}

fn id_of(key: &str) -> Id {
    named_id("revocation", key)
}

fn millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
