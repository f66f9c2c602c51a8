//! A failure that answers for the server for a while: for as long as the server asked to be left alone (`Retry-After`), or as its caller finds
//! right.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// The longest `Retry-After` of the server that is respected. One that says more may be a mistake, and would keep users waiting after it was put
/// right.
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How many pauses are remembered beside each other. Beyond that the one that ends first is forgotten.
const MAX_PAUSES: usize = 10_000;

/// A failure, and when it was.
#[derive(Debug, Clone)]
pub(crate) struct Pause {
    error: Error,
    at: SystemTime,
    /// For how long the server asked to be left alone; zero where it did not ask.
    asked: Duration,
}

impl Pause {
    pub(crate) fn new(error: Error, at: SystemTime) -> Self {
        let asked = error.retry_after().unwrap_or_default().min(MAX_PAUSE);
        Self { error, at, asked }
    }

    /// The failure as it was told first.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    /// The failure, while it answers for the server: for `least` after it, or for longer where the server asked for that. What it says of
    /// `Retry-After` is the rest of it. A clock that was set back to before the failure ends it, so that it never lasts longer than it may.
    pub(crate) fn error_within(&self, least: Duration, now: SystemTime) -> Option<Error> {
        let passed = now.duration_since(self.at).ok()?;
        let is_over = passed >= self.asked.max(least);
        (!is_over).then(|| match self.error.retry_after() {
            Some(_) => self.error.clone().with_retry_after(self.asked.saturating_sub(passed)),
            None => self.error.clone(),
        })
    }

    /// The failure, while the server itself asks to be left alone.
    pub(crate) fn error_as_asked(&self, now: SystemTime) -> Option<Error> {
        self.error_within(Duration::ZERO, now)
    }

    fn left(&self, now: SystemTime) -> Option<Duration> {
        let passed = now.duration_since(self.at).ok()?;
        self.asked.checked_sub(passed).filter(|left| !left.is_zero())
    }
}

/// What the server asked to be left alone about, each by a name that gives nothing away.
#[derive(Default)]
pub(crate) struct Pauses(Mutex<HashMap<PauseName, Pause>>);

/// The hash of a token: who reads the process's memory learns none from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PauseName([u8; 32]);

impl PauseName {
    /// For requests with this token.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl Pauses {
    /// The failure that answers for the server, if it asked to be left alone about this.
    pub(crate) fn error(&self, name: PauseName, now: SystemTime) -> Option<Error> {
        self.all().get(&name)?.error_as_asked(now)
    }

    /// Takes down how a request ended: a failure for which the server asked to be left alone, or anything else, which ends the pause before it.
    pub(crate) fn note(&self, name: PauseName, failure: Option<&Error>, now: SystemTime) {
        let pause = failure.filter(|error| error.is_transient()).map(|error| Pause::new(error.clone(), now));
        let mut all = self.all();
        match pause.filter(|pause| !pause.asked.is_zero()) {
            Some(pause) => {
                if all.len() >= MAX_PAUSES && !all.contains_key(&name) {
                    make_room(&mut all, now);
                }
                all.insert(name, pause);
            }
            None => _ = all.remove(&name),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<PauseName, Pause>> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is over, or else what ends first.
fn make_room(all: &mut HashMap<PauseName, Pause>, now: SystemTime) {
    all.retain(|_, pause| pause.left(now).is_some());
    if all.len() >= MAX_PAUSES
        && let Some(first) = all.iter().min_by_key(|(_, pause)| pause.left(now)).map(|(name, _)| *name)
    {
        all.remove(&first);
    }
}

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pauses(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::system_time, error::Code};

    const START: i64 = 1_000_000;

    fn failure(seconds: u64) -> Error {
        Error::new(Code::TokenRefused, "busy").with_response(429, Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_pause_lasts_as_the_server_asks_up_to_five_minutes_and_tells_what_is_left_of_it() {
        for (asked, lasts) in [(1, 1), (120, 120), (300, 300), (301, 300), (86_400, 300)] {
            let pause = Pause::new(failure(asked), system_time(START));
            for passed in [0, lasts / 2, lasts - 1] {
                let error = pause.error_as_asked(system_time(START + passed)).unwrap();
                let left = Duration::from_secs(u64::try_from(lasts - passed).unwrap());
                assert_eq!(
                    (error.code().as_str(), error.retry_after()),
                    ("token.refused", Some(left)),
                    "{asked} {passed}"
                );
            }
            assert!(pause.error_as_asked(system_time(START + lasts)).is_none(), "{asked}");
            assert!(pause.error_as_asked(system_time(START - 1)).is_none(), "the clock was set back");
        }
    }

    #[test]
    fn a_failure_answers_for_as_long_as_its_caller_finds_right_where_the_server_asks_for_less() {
        let unasked = Pause::new(Error::new(Code::Unreachable, "down"), system_time(START));
        let asked = Pause::new(failure(0), system_time(START));
        for pause in [unasked, asked] {
            let within = |seconds| pause.error_within(Duration::from_secs(10), system_time(START + seconds));
            assert!(within(0).is_some() && within(9).is_some() && within(10).is_none() && within(-1).is_none());
            assert!(pause.error_as_asked(system_time(START)).is_none());
        }
    }

    #[test]
    fn what_is_no_pause_ends_the_one_before() {
        let (pauses, name, now) = (Pauses::default(), PauseName::of("token"), system_time(START));
        let refused = Error::new(Code::SessionEnded, "over").with_response(400, Some(Duration::from_secs(9)));
        for end in [None, Some(failure(0)), Some(Error::new(Code::Timeout, "late")), Some(refused)] {
            pauses.note(name, Some(&failure(120)), now);
            assert!(pauses.error(name, now).is_some() && pauses.error(PauseName::of("another"), now).is_none());
            pauses.note(name, end.as_ref(), now);
            assert!(pauses.error(name, now).is_none(), "{end:?}");
        }
    }

    #[test]
    fn so_many_pauses_are_remembered_and_no_more() {
        let (pauses, now) = (Pauses::default(), system_time(START));
        let name = |number: usize| PauseName::of(&number.to_string());
        for number in 0..MAX_PAUSES {
            pauses.note(name(number), Some(&failure(if number == 7 { 5 } else { 60 })), now);
        }
        pauses.note(name(0), Some(&failure(60)), now);
        assert!(pauses.error(name(7), now).is_some(), "one of the same name takes no other's place");
        pauses.note(name(MAX_PAUSES), Some(&failure(60)), now);
        assert!(pauses.error(name(7), now).is_none(), "it would have ended first");
        assert!(pauses.error(name(MAX_PAUSES), now).is_some() && pauses.all().len() == MAX_PAUSES);
        pauses.note(name(MAX_PAUSES + 1), Some(&failure(60)), system_time(START + 60));
        assert_eq!(pauses.all().len(), 1, "the others are over");
    }

    #[test]
    fn nothing_of_a_token_is_kept() {
        let pauses = Pauses::default();
        pauses.note(PauseName::of("SENTINEL"), Some(&failure(60)), system_time(START));
        assert!(!format!("{pauses:?} {:?}", pauses.all().values().collect::<Vec<_>>()).contains("SENTINEL"));
    }
}
