//! Which logout tokens were used: each ends sessions once, in all processes that share the revocation store.

use std::time::Duration;

use super::{settings::CookieSettings, store_failed::revocation_store_failed};
use crate::{
    clock::system_time,
    error::{Result, WithCauses},
    store::revocation_keys,
};

/// How long a logout token is claimed by a process that may have crashed: longer than the calls to the stores last that it causes.
const CLAIM_DURATION: Duration = Duration::from_secs(120);

/// Claims the logout token of this `jti`; of many requests at once one gets it. `false` where it was claimed or used.
///
/// It is [`record_used`] when its sessions have ended, or else [`release`]d.
pub(crate) async fn claim(settings: &CookieSettings, jti: &str) -> Result<bool> {
    let claimed = settings.stores.revocations().claim(&revocation_keys::logout_token(jti), CLAIM_DURATION).await;
    claimed.map_err(revocation_store_failed(settings, "the revocation store cannot be asked"))
}

/// Remembers that a logout token that was [`claim`]ed is used, for `ttl` seconds in all.
pub(crate) async fn record_used(settings: &CookieSettings, jti: &str, now: i64, ttl: i64) -> Result<()> {
    let (key, ttl) = (revocation_keys::logout_token(jti), u64::try_from(ttl).unwrap_or_default());
    let noted = settings.stores.revocations().record(&key, system_time(now), Duration::from_secs(ttl)).await;
    noted.map_err(revocation_store_failed(settings, "the revocation store could not note the logout token"))
}

/// Gives a logout token back whose sessions could not be ended, so that it may come again.
pub(crate) async fn release(settings: &CookieSettings, jti: &str) {
    if let Err(error) = settings.stores.revocations().release(&revocation_keys::logout_token(jti)).await {
        tracing::warn!(target: "logto::session", error = %WithCauses(&*error), "a logout token could not be given back; it may come again after {CLAIM_DURATION:?}");
    }
}
