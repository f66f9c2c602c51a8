//! A refresh and its result over all instances.

use std::mem;

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::SUCCESSOR_TTL_SECONDS;
use crate::{
    client::{
        coordinate::{self, Coordination, Exclusive},
        result_age::{RESULT_TTL_SECONDS, is_recent_elsewhere},
    },
    error::BoxError,
    secret::Secret,
    session::{Jwt, StoredAccessToken},
    types::TokenKey,
};

/// What a refresh gave, for the other instances.
pub(super) struct SharedResult {
    pub(super) refresh_token: Secret,
    pub(super) id_token: Option<Jwt>,
    pub(super) access_token: StoredAccessToken,
    /// Unix seconds when Logto was asked for it, and never later than now.
    pub(super) at: i64,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    refresh_token: String,
    id_token: Option<Jwt>,
    access_token: String,
    scope: String,
    /// Seconds the access token has to live. Instances' clocks differ, so no point in time is shared.
    lives: i64,
    /// Unix seconds when it was shared.
    at: i64,
}

impl Drop for Wire {
    fn drop(&mut self) {
        [&mut self.refresh_token, &mut self.access_token].into_iter().for_each(Zeroize::zeroize);
    }
}

/// A refresh token moves on to its newest successor, and is then refreshed by one instance at a time.
impl Exclusive for Secret {
    async fn lock_name(&mut self, coordination: &Coordination<'_>) -> Result<Option<String>, BoxError> {
        while let Some(successor) = coordination.open::<String>(&name("next", self)).await? {
            *self = Self::new(successor);
        }
        Ok(Some(name("lock", self)))
    }
}

impl Coordination<'_> {
    /// The result of another instance's refresh.
    pub(super) async fn refresh_result(
        &self,
        refresh_token: &Secret,
        key: &TokenKey,
        now: i64,
    ) -> Option<SharedResult> {
        let mut wire: Wire = self.read(&result_name(refresh_token, key)).await?;
        if !is_recent_elsewhere(wire.at, now) {
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
            at: wire.at.min(now),
        })
    }

    /// Tells the other instances of the successor of `spent`.
    pub(super) async fn publish_successor(&self, spent: &Secret, successor: &Secret) {
        self.publish(&name("next", spent), &successor.expose(), SUCCESSOR_TTL_SECONDS).await;
    }

    /// Tells the other instances what the refresh with `spent` gave.
    pub(super) async fn publish_refresh_result(&self, spent: &Secret, result: &SharedResult, now: i64) {
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

    /// Takes back what an exchange gave before, for Logto refuses it now.
    pub(super) async fn withdraw_result(&self, refresh_token: &Secret, key: &TokenKey) {
        self.publish(&result_name(refresh_token, key), &(), RESULT_TTL_SECONDS).await;
    }
}

/// Seconds a result is shared that lives `lives`: as long as in the process, and no longer than half its life.
fn shared_for(lives: i64) -> i64 {
    RESULT_TTL_SECONDS.min(lives / 2).max(1)
}

fn name(kind: &str, refresh_token: &Secret) -> String {
    coordinate::name(kind, &Sha256::digest(refresh_token.expose()))
}

fn result_name(refresh_token: &Secret, key: &TokenKey) -> String {
    let key = postcard::to_allocvec(key).unwrap_or_default();
    format!("{}/{}", name("result", refresh_token), URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(key)))
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
