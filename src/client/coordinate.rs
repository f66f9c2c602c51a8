//! One exchange at a time over all instances, and its result shared among them.
//!
//! The keys are hashes and the values are sealed, so whoever runs the coordinator learns no token. When it cannot be asked, each instance
//! goes on for itself, and the log says so: that is how it is without a coordinator, and nobody is logged out.

use std::{mem, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{
    LogtoClient,
    refresh::{GRACE, MEMORY},
};
use crate::{
    BoxError, RefreshCoordinator, Secret,
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

/// What verifying and sharing may take on top of the exchange itself.
const MARGIN: Duration = Duration::from_secs(5);

/// A coordinator at work for one client.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    client: &'a LogtoClient,
    coordinator: &'a dyn RefreshCoordinator,
}

/// What an exchange gave, for the other instances.
#[expect(clippy::struct_field_names)] // They are tokens.
pub(super) struct SharedResult {
    pub(super) refresh_token: Secret,
    pub(super) id_token: Option<Jwt>,
    pub(super) access_token: StoredAccessToken,
}

/// A lock that is held, or (where the coordinator is down) is not.
pub(super) struct Held(Option<(String, String)>);

#[derive(Serialize, Deserialize)]
struct Wire {
    refresh_token: String,
    id_token: Option<Jwt>,
    access_token: String,
    scope: String,
    /// Seconds the access token has to live. Instances' clocks differ, so no point in time is shared.
    lives: i64,
    /// Unix seconds when it was shared, by the clock of who did: a result that a clock says is old is not used, however long it was kept.
    at: i64,
}

impl Drop for Wire {
    fn drop(&mut self) {
        [&mut self.refresh_token, &mut self.access_token].into_iter().for_each(Zeroize::zeroize);
    }
}

/// Seconds by which the clocks of two instances may differ.
const SKEW: i64 = 300;

impl LogtoClient {
    pub(super) fn shared(&self) -> Option<Shared<'_>> {
        let coordinator = self.0.coordinator.as_deref()?;
        Some(Shared { client: self, coordinator })
    }
}

impl Shared<'_> {
    /// Takes the lock of a refresh token, after moving on to its newest successor. Waits as long as a holder may take; if that crashed,
    /// its lock has expired by then.
    pub(super) async fn lock(&self, refresh_token: &mut Secret) -> Held {
        let ttl = self.client.config().timeout.saturating_add(MARGIN);
        let wait = async {
            let mut pause = Duration::from_millis(10);
            loop {
                while let Some(successor) = self.open::<String>(&name("next", refresh_token)).await? {
                    *refresh_token = Secret::new(successor);
                }
                let key = name("lock", refresh_token);
                match self.coordinator.lock(&key, ttl).await? {
                    None => {
                        tokio::time::sleep(pause).await;
                        pause = pause.saturating_mul(2).min(Duration::from_millis(100));
                    }
                    Some(holder) => match self.open::<String>(&name("next", refresh_token)).await? {
                        // Its last holder rotated it a moment before.
                        Some(_) => self.coordinator.unlock(&key, &holder).await?,
                        None => return Ok(Held(Some((key, holder)))),
                    },
                }
            }
        };
        match tokio::time::timeout(ttl.saturating_add(MARGIN), wait).await {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => down(&error),
            Err(_) => down(&"the lock was not to be had".into()),
        }
    }

    pub(super) async fn unlock(&self, Held(held): Held) {
        if let Some((key, holder)) = held
            && let Err(error) = self.coordinator.unlock(&key, &holder).await
        {
            tracing::warn!(target: "logto::refresh", %error, "a refresh lock could not be given back; it expires by itself");
        }
    }

    /// The result of another instance's exchange.
    pub(super) async fn result(&self, refresh_token: &Secret, key: &TokenKey, now: i64) -> Option<SharedResult> {
        let mut wire: Wire =
            self.open(&result_name(refresh_token, key)).await.inspect_err(|error| _ = down(error)).ok()??;
        if now.saturating_sub(wire.at).saturating_abs() > GRACE.saturating_add(SKEW) {
            return None;
        }
        // It may have been shared as long ago as it is kept.
        let lives = wire.lives.saturating_sub(shared_for(wire.lives));
        let [refresh_token, access_token] =
            [&mut wire.refresh_token, &mut wire.access_token].map(|token| Secret::new(mem::take(token)));
        let scope = mem::take(&mut wire.scope);
        Some(SharedResult {
            refresh_token,
            id_token: wire.id_token.take(),
            access_token: StoredAccessToken::new(key.clone(), access_token, scope, now, lives),
        })
    }

    /// Tells the other instances of the successor of `spent`.
    pub(super) async fn publish_successor(&self, spent: &Secret, successor: &Secret) {
        self.publish(&name("next", spent), &successor.expose(), MEMORY).await;
    }

    /// Tells the other instances what the exchange of `spent` gave.
    pub(super) async fn publish_result(&self, spent: &Secret, result: &SharedResult, now: i64) {
        let wire = Wire {
            refresh_token: result.refresh_token.expose().to_owned(),
            id_token: result.id_token.clone(),
            access_token: result.access_token.token.expose().to_owned(),
            scope: result.access_token.scope.clone(),
            lives: result.access_token.expires_at.saturating_sub(now),
            at: now,
        };
        let key = &result.access_token.key;
        self.publish(&result_name(spent, key), &wire, shared_for(wire.lives)).await;
        if result.refresh_token != *spent {
            self.publish(&result_name(&result.refresh_token, key), &wire, shared_for(wire.lives)).await;
        }
    }

    async fn publish(&self, name: &str, value: &impl Serialize, seconds: i64) {
        let ttl = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let keys = &self.client.config().cookies.keys;
        let sealed = postcard::to_allocvec(value).ok().and_then(|bytes| keys.seal(name, &Zeroizing::new(bytes)).ok());
        if let Some(sealed) = sealed
            && let Err(error) = self.coordinator.put(name, &sealed, ttl).await
        {
            down(&error);
        }
    }

    async fn open<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, BoxError> {
        let sealed = self.coordinator.get(name).await?;
        let bytes = sealed.and_then(|sealed| self.client.config().cookies.keys.open(name, &sealed));
        Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
    }
}

/// Seconds a result is shared that lives `lives`: as long as in the process, and no longer than half its life.
fn shared_for(lives: i64) -> i64 {
    GRACE.min(lives / 2).max(1)
}

fn down(error: &BoxError) -> Held {
    tracing::warn!(target: "logto::refresh", %error, "the refresh coordinator cannot be asked; this instance refreshes for itself");
    Held(None)
}

fn name(kind: &str, refresh_token: &Secret) -> String {
    format!("{kind}/{}", URL_SAFE_NO_PAD.encode(Sha256::digest(refresh_token.expose())))
}

fn result_name(refresh_token: &Secret, key: &TokenKey) -> String {
    let key = postcard::to_allocvec(key).unwrap_or_default();
    format!("{}/{}", name("result", refresh_token), URL_SAFE_NO_PAD.encode(Sha256::digest(key)))
}

#[cfg(test)]
mod tests {
    use super::shared_for;

    #[test]
    fn a_result_is_shared_for_half_its_life_at_most() {
        for (lives, shared) in [(3600, 30), (60, 30), (59, 29), (10, 5), (2, 1), (1, 1), (0, 1), (-5, 1)] {
            assert_eq!(shared_for(lives), shared, "{lives}");
        }
    }
}
