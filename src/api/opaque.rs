//! Opaque access tokens: cached results of introspections, and the limit of concurrent introspections.

use std::{sync::Arc, time::Duration};

use base64_simd::URL_SAFE_NO_PAD;
use tokio::sync::Semaphore;

use super::{
    ApiAudience, AuthInfo,
    auth_info::ApiContext,
    introspection::{Expected, Introspection},
    verified::{TokenHash, TwoGenerationCache},
};
use crate::{
    clock::{date_seconds, unix_seconds, whole_seconds},
    error::{Code, Error, ErrorKind, Result},
    oidc::provider::Provider,
};

/// Concurrent introspections: invented tokens cause no more load at Logto than this.
const MAX_CONCURRENT_INTROSPECTIONS: usize = 64;
/// Seconds for which a refusal is remembered: a client that repeats itself is not asked about each time.
const REFUSAL_TTL_SECONDS: i64 = 1;
/// How many refusals are remembered. Invented tokens push each other out, and no good ones.
const MAX_REMEMBERED_REFUSALS: usize = 1000;

/// The settings for opaque tokens.
pub(super) struct OpaqueTokens {
    introspection: Introspection,
    /// Seconds for which a token that was let in is let in again.
    lifetime_seconds: i64,
    accepted: TwoGenerationCache<AuthInfo>,
    refused: TwoGenerationCache<Error>,
    permits: Semaphore,
    /// For how long a permit is waited for.
    max_wait: Duration,
}

/// Whether a token is no JWT, dots or not: a JWT begins with a JSON object in base64url (RFC 7519 section 3).
pub(super) fn is_opaque(token: &str) -> bool {
    let header = token.split_once('.').and_then(|(header, _)| URL_SAFE_NO_PAD.decode_to_vec(header).ok());
    !header.is_some_and(|header| header.trim_ascii_start().starts_with(b"{"))
}

impl OpaqueTokens {
    pub(super) fn new(introspection: Introspection, lifetime: Duration, size: usize, max_wait: Duration) -> Self {
        let lifetime_seconds = whole_seconds(lifetime);
        Self {
            introspection,
            lifetime_seconds,
            accepted: TwoGenerationCache::new(if lifetime_seconds > 0 { size } else { 0 }),
            refused: TwoGenerationCache::new(MAX_REMEMBERED_REFUSALS),
            permits: Semaphore::new(MAX_CONCURRENT_INTROSPECTIONS),
            max_wait,
        }
    }

    /// Whether a token is let in: by what is remembered, or by what Logto says.
    pub(super) async fn verify(
        &self,
        token: &str,
        provider: &Provider,
        audiences: &[ApiAudience],
        context: &Arc<ApiContext>,
    ) -> Result<AuthInfo> {
        let hash = TokenHash::of(token);
        let now = || unix_seconds(context.clock.now());
        if let Some(verdict) = self.cached_verdict(&hash, now()) {
            return verdict;
        }
        // Nothing is shared with other callers here: who leaves gives up a permit, and no answer that others wait for.
        let Ok(Ok(_permit)) = tokio::time::timeout(self.max_wait, self.permits.acquire()).await else {
            let message =
                format!("{MAX_CONCURRENT_INTROSPECTIONS} introspections have been under way for {:?}", self.max_wait);
            return Err(Error::new(Code::Timeout, message));
        };
        // Another request with this token may have asked meanwhile.
        if let Some(verdict) = self.cached_verdict(&hash, now()) {
            return verdict;
        }
        let asked = now();
        let expected = Expected { audiences, leeway: context.leeway, now: asked };
        match self.introspection.ask(provider, token, &expected).await {
            Ok(facts) => {
                let until = date_seconds(facts.claims.exp).min(asked.saturating_add(self.lifetime_seconds));
                let auth = AuthInfo::new(facts, Arc::clone(context));
                self.accepted.put(hash, auth.clone(), asked..until);
                Ok(auth)
            }
            Err(error) => {
                if matches!(error.kind(), ErrorKind::InvalidToken | ErrorKind::Forbidden) {
                    let answered = now();
                    self.refused.put(hash, error.clone(), answered..answered.saturating_add(REFUSAL_TTL_SECONDS));
                }
                Err(error)
            }
        }
    }

    fn cached_verdict(&self, hash: &TokenHash, now: i64) -> Option<Result<AuthInfo>> {
        self.accepted.get(hash, now).map(Ok).or_else(|| self.refused.get(hash, now).map(Err))
    }
}

#[cfg(test)]
mod tests;
