//! Which tokens were asked for in place of a refused one a moment ago: an API that refuses all of them does not make Logto work.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// A replacement that is refused within this time is not replaced.
const RECENT_REPLACEMENT_AGE: Duration = Duration::from_secs(30);
const MAX_REPLACEMENTS: usize = 1000;

/// Hashes of replacements, and when they came.
#[derive(Default)]
pub(super) struct Replacements(Mutex<HashMap<[u8; 32], SystemTime>>);

impl Replacements {
    pub(super) fn remember(&self, token: &str, now: SystemTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REPLACEMENTS {
            known.retain(|_, came| is_recent(*came, now));
        }
        if known.len() < MAX_REPLACEMENTS {
            known.insert(Sha256::digest(token).into(), now);
        }
    }

    pub(super) fn has_recent(&self, token: &str, now: SystemTime) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash: [u8; 32] = Sha256::digest(token).into();
        known.get(&hash).is_some_and(|came| is_recent(*came, now))
    }
}

/// One of the future came before the clock was set back: nobody knows its age.
fn is_recent(came: SystemTime, now: SystemTime) -> bool {
    now.duration_since(came).is_ok_and(|age| age < RECENT_REPLACEMENT_AGE)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{MAX_REPLACEMENTS, Replacements};

    #[test]
    fn replaced_tokens_are_remembered_for_thirty_seconds_within_a_size_limit() {
        let (known, now) = (Replacements::default(), UNIX_EPOCH + Duration::from_secs(1000));
        known.remember("a", now);
        for (seconds, young) in [(999, false), (1000, true), (1029, true), (1030, false)] {
            assert_eq!(known.has_recent("a", UNIX_EPOCH + Duration::from_secs(seconds)), young, "{seconds}");
        }
        assert!(!known.has_recent("b", now));
        for number in 0..2 * MAX_REPLACEMENTS {
            known.remember(&number.to_string(), now);
        }
        assert_eq!(known.0.lock().unwrap().len(), MAX_REPLACEMENTS);
        known.remember("later", now + Duration::from_secs(60));
        assert_eq!(known.0.lock().unwrap().len(), 1);
    }
}
