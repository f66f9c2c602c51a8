//! Opaque access tokens: what was said of them a moment ago, and how many questions may be under way.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    ApiAudience, AuthInfo,
    auth_info::House,
    introspection::{Expected, Introspection},
    verified::{Remembered, TokenHash},
};
use crate::{
    clock::{date_seconds, unix_seconds, whole_seconds},
    error::{Code, Error, ErrorKind, Result},
    oidc::provider::Provider,
};

/// Questions that are under way at once: who sends invented tokens keeps Logto no busier than this.
const AT_ONCE: usize = 64;
/// Seconds for which a refusal is remembered: a client that repeats itself is not asked about each time.
const REFUSAL: i64 = 1;
/// How many refusals are remembered. Invented tokens push each other out, and no good ones.
const REFUSALS: usize = 1000;

/// What opaque tokens are judged by, beside the token.
pub(super) struct OpaqueTokens {
    introspection: Introspection,
    /// Seconds for which a token that was let in is let in again.
    lifetime: i64,
    accepted: Remembered<AuthInfo>,
    refused: Remembered<Error>,
    places: Semaphore,
    /// For how long a place is waited for.
    patience: Duration,
}

impl OpaqueTokens {
    pub(super) fn new(introspection: Introspection, lifetime: Duration, size: usize, patience: Duration) -> Self {
        let lifetime = whole_seconds(lifetime);
        Self {
            introspection,
            lifetime,
            accepted: Remembered::new(if lifetime > 0 { size } else { 0 }),
            refused: Remembered::new(REFUSALS),
            places: Semaphore::new(AT_ONCE),
            patience,
        }
    }

    /// Whether a token is let in: by what is remembered, or by what Logto says.
    pub(super) async fn judge(
        &self,
        token: &str,
        provider: &Provider,
        audiences: &[ApiAudience],
        house: &Arc<House>,
    ) -> Result<AuthInfo> {
        let hash = TokenHash::of(token);
        let now = || unix_seconds(house.clock.now());
        if let Some(verdict) = self.remembered(&hash, now()) {
            return verdict;
        }
        // Nothing is shared with other callers here: who leaves gives up a place, and no answer that others wait for.
        let Ok(Ok(_place)) = tokio::time::timeout(self.patience, self.places.acquire()).await else {
            let message = format!("{AT_ONCE} introspections have been under way for {:?}", self.patience);
            return Err(Error::new(Code::Timeout, message));
        };
        // Another request with this token may have asked meanwhile.
        if let Some(verdict) = self.remembered(&hash, now()) {
            return verdict;
        }
        let asked = now();
        let expected = Expected { audiences, leeway: house.leeway, now: asked };
        match self.introspection.ask(provider, token, &expected).await {
            Ok(facts) => {
                let until = date_seconds(facts.claims.exp).min(asked.saturating_add(self.lifetime));
                let auth = AuthInfo::new(facts, Arc::clone(house));
                self.accepted.put(hash, auth.clone(), asked..until);
                Ok(auth)
            }
            Err(error) => {
                if matches!(error.kind(), ErrorKind::InvalidToken | ErrorKind::Forbidden) {
                    let answered = now();
                    self.refused.put(hash, error.clone(), answered..answered.saturating_add(REFUSAL));
                }
                Err(error)
            }
        }
    }

    fn remembered(&self, hash: &TokenHash, now: i64) -> Option<Result<AuthInfo>> {
        self.accepted.get(hash, now).map(Ok).or_else(|| self.refused.get(hash, now).map(Err))
    }
}
