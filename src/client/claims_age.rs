//! How old the claims of a session are, and the verification at Logto when they are too old, so that a user who was suspended or deleted there is
//! signed out here.
//!
//! A page that shows who is signed in must not depend on Logto. So if Logto does not respond, the previous claims stay valid, and there is no further
//! request for a while.

mod unanswered;

use std::time::Duration;

use sha2::{Digest, Sha256};

pub(super) use self::unanswered::Unanswered;
use super::{
    Session,
    freshness::FreshnessPolicy,
    session::{id_token_claims, not_authenticated},
};
use crate::{
    clock,
    error::{Code, Result},
    session::LoadedSession,
    store::SessionId,
    types::{TokenKey, TokenOptions},
};

/// How long a page waits for Logto, which may not respond. A late response is used for the next page.
const PATIENCE: Duration = Duration::from_secs(3);

impl Session {
    /// Verifies the user at Logto again if the claims are older than the configuration allows. The session of a user whom Logto no longer knows ends;
    /// any other failure changes nothing.
    pub(crate) async fn renew_due_claims(&mut self) {
        // In a box that is made only then: most requests have nothing to ask, and carry no space for it.
        if let Some(id) = self.due_claims() {
            Box::pin(self.renew_claims(id)).await;
        }
    }

    /// The same for an age that the caller asks for. Not knowing is an error then.
    pub(super) async fn refresh_claims_older_than(&mut self, max_age: Duration) -> Result<()> {
        let now = self.client.config().now();
        let age = now.saturating_sub(last_answer(&self.read()).ok_or_else(not_authenticated)?);
        if age > clock::whole_seconds(max_age) {
            self.get_access_token(TokenOptions::new().force_refresh(true)).await?;
        }
        Ok(())
    }

    /// The session's id, if its claims are too old and can be renewed.
    fn due_claims(&self) -> Option<SessionId> {
        let config = self.client.config();
        let max_age = clock::whole_seconds(config.claims_max_age()?);
        let now = config.now();
        let loaded = self.read();
        // Once the response has begun, nothing that Logto gives could be kept.
        let head = loaded.head().filter(|_| !loaded.is_committed() && loaded.has_refresh_token())?;
        let is_older_than = |age: i64, at: i64| now.saturating_sub(at) > age;
        let newest = head.created_at.max(head.refreshed_at);
        // No session is due before nine tenths of it: most requests end here, and hash nothing.
        if !is_older_than(max_age / 10 * 9, newest) {
            return None;
        }
        let allowed = spread(max_age, &head.id);
        // The ID token is read only where that alone can tell.
        (is_older_than(allowed, newest) && is_older_than(allowed, last_answer(&loaded)?)).then_some(head.id)
    }

    async fn renew_claims(&mut self, id: SessionId) {
        let client = self.client.clone();
        let (unanswered, now) = (&client.0.under_way.unanswered, client.config().now());
        if !unanswered.may_ask(id, now) {
            return;
        }
        let renewed = FreshnessPolicy { renew: true, ..FreshnessPolicy::default() };
        match tokio::time::timeout(PATIENCE, self.tokens_for(vec![TokenKey::default()], renewed)).await {
            Ok(Ok(_)) => unanswered.answered(id),
            // The session is over, or another task of the request has changed it.
            Ok(Err(error)) if error.is(Code::SessionEnded) => unanswered.answered(id),
            Ok(Err(error)) if error.is(Code::SessionCommitted) || error.is(Code::NotAuthenticated) => {}
            Ok(Err(error)) => {
                tracing::warn!(target: "logto::refresh", %error, "Logto was asked whether the user may still sign in, and gave no answer; the claims of before stand");
                unanswered.failed(id, error.is_transient(), now);
            }
            Err(_) => {
                tracing::warn!(target: "logto::refresh", "Logto was asked whether the user may still sign in, and gave no answer in time; the claims of before stand");
                unanswered.failed(id, true, now);
            }
        }
    }
}

/// Unix seconds when Logto last said who the user is: at the sign-in, or in an answer to a refresh. Next.js refreshes sessions that are shared
/// with it, and of that the ID token tells.
fn last_answer(loaded: &LoadedSession) -> Option<i64> {
    let head = loaded.head()?;
    let issued_at = id_token_claims(loaded).map_or(0, |claims| clock::date_seconds(claims.iat));
    Some(head.created_at.max(head.refreshed_at).max(issued_at))
}

/// Up to a tenth less or more, by the session's id: those who signed in at the same time do not all ask at the same time, and one session has the
/// same at each instance.
fn spread(max_age: i64, id: &SessionId) -> i64 {
    let hash = Sha256::new_with_prefix("logto claims age v1\0").chain_update(id.as_bytes()).finalize();
    let thousandths = hash.iter().take(4).fold(0_i64, |sum, byte| sum * 256 + i64::from(*byte)) % 201 + 900;
    (max_age / 1000).saturating_mul(thousandths).saturating_add(max_age % 1000 * thousandths / 1000)
}

#[cfg(test)]
mod tests {
    use super::spread;
    use crate::store::SessionId;

    #[test]
    fn ages_are_spread_by_a_tenth_around_the_setting_and_the_same_each_time() {
        for max_age in [60, 86_400, 400 * 86_400] {
            let ages: Vec<_> = (0..=255).map(|byte| spread(max_age, &SessionId::from_bytes([byte; 16]))).collect();
            assert!(ages.iter().all(|age| (max_age * 9 / 10..=max_age * 11 / 10).contains(age)), "{ages:?}");
            let below = ages.iter().filter(|age| **age < max_age).count();
            assert!((64..192).contains(&below), "{below} of 256 sessions ask earlier");
            let of_seven = spread(max_age, &SessionId::from_bytes([7; 16]));
            assert_eq!(ages.get(7), Some(&of_seven));
        }
        assert!(spread(i64::MAX, &SessionId::from_bytes([1; 16])) > 0, "no setting overflows");
    }
}
