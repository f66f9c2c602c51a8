//! Who is locked out after many wrong attempts.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

/// Logto's defaults (`91-account-api/a8-locked-out.json`).
const MAX_ATTEMPTS: usize = 100;
const COUNTED_FOR: Duration = Duration::from_secs(3600);
const LOCKED_FOR: Duration = Duration::from_secs(3600);

/// By whom or what was guessed at: a user's id, or an address.
#[derive(Debug, Default)]
pub(crate) struct Lockouts(HashMap<String, Attempts>);

#[derive(Debug, Default)]
struct Attempts {
    failed_at: Vec<SystemTime>,
    locked_until: Option<SystemTime>,
}

impl Lockouts {
    /// Counts an attempt. Says for how many minutes it is refused, right or wrong.
    pub(crate) fn report(&mut self, target: &str, failed: bool, now: SystemTime) -> Option<u64> {
        let attempts = self.0.entry(target.to_owned()).or_default();
        let left = attempts.locked_until.and_then(|until| until.duration_since(now).ok());
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Some(minutes(left));
        }
        attempts.failed_at.retain(|time| now.duration_since(*time).is_ok_and(|age| age < COUNTED_FOR));
        let count = attempts.failed_at.len().saturating_add(usize::from(failed));
        if count >= MAX_ATTEMPTS {
            attempts.locked_until = now.checked_add(LOCKED_FOR);
            return Some(minutes(LOCKED_FOR));
        }
        if failed {
            attempts.failed_at.push(now);
        }
        None
    }
}

/// Rounded.
fn minutes(time: Duration) -> u64 {
    time.as_secs().saturating_add(30) / 60
}
