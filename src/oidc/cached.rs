//! A value that the server is asked for once, and not more often than it can bear.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::{Clock, Error, Result};

/// After an attempt, successful or not, nobody asks again for this long while there is a value to serve.
const COOLDOWN: Duration = Duration::from_secs(10);

/// For how long after its time to live an old value is served while the server cannot give a new one.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a failure answers for the server while there is no value: long enough that a crowd of requests at a dead server waits
/// for one timeout together instead of one each, one after the other; short enough that nobody notices when it is back.
const FAILURE: Duration = Duration::from_secs(1);

/// A value fetched from the server when it is first needed, and kept.
///
/// - However many ask at once, one of them fetches (single flight); the others get what it got, also its error.
/// - A value younger than its time to live is served without waiting for anyone.
/// - An older one is fetched anew by one caller. Meanwhile, and when that fails, the others are served the old one, for up to a day.
///
/// The clock may jump. Forwards, values age early. Backwards, what lies in the future counts as due: one fetch more, and the times are
/// right again.
pub(crate) struct Cached<T> {
    what: &'static str,
    ttl: Duration,
    /// Held across the network by the one who fetches, and by nobody else. When that caller is cancelled, the next in line fetches.
    gate: tokio::sync::Mutex<()>,
    /// Never held across an `await`.
    state: Mutex<State<T>>,
}

struct State<T> {
    current: Option<Entry<T>>,
    /// When the last attempt began. Written before the fetch, so that its outcome, or its never ending, cannot invite the next one.
    attempted: Option<SystemTime>,
    /// When somebody last asked for a newer value. Apart from the above: keys may be rotated right after they were first fetched.
    refetched: Option<SystemTime>,
    /// The last attempt's error, if it failed, and when.
    failed: Option<(SystemTime, Error)>,
    /// How many attempts have come to an end. It tells those who waited whether it was for one.
    ended: u64,
}

struct Entry<T> {
    value: Arc<T>,
    fetched: SystemTime,
}

impl<T> Cached<T> {
    pub(crate) fn new(what: &'static str, ttl: Duration) -> Self {
        let state = State { current: None, attempted: None, refetched: None, failed: None, ended: 0 };
        Self { what, ttl, gate: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// The value; fetched if there is none, or if it is older than its time to live.
    pub(crate) async fn get<F, R>(&self, clock: &dyn Clock, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T>>,
    {
        let (ended_before, old) = {
            let state = self.state();
            let now = clock.now();
            if let Some(outcome) = state.settled(now, self.ttl) {
                return outcome;
            }
            (state.ended, state.stale(now, self.ttl))
        };
        let _gate = match (self.gate.try_lock(), old) {
            (Ok(gate), _) => gate,
            (Err(_), Some(old)) => return Ok(old),
            (Err(_), None) => self.gate.lock().await,
        };
        {
            let mut state = self.state();
            let now = clock.now();
            if let Some(outcome) =
                state.settled(now, self.ttl).or_else(|| state.failure_since(ended_before, now, self.ttl))
            {
                return outcome;
            }
            state.attempted = Some(now);
        }
        let outcome = fetch().await;
        self.settle(clock, outcome).or_else(|error| self.state().stale(clock.now(), self.ttl).ok_or(error))
    }

    /// The value, if [`get`](Self::get) would give it without asking anyone.
    pub(crate) fn at_hand(&self, clock: &dyn Clock) -> Option<Arc<T>> {
        self.state().settled(clock.now(), self.ttl)?.ok()
    }

    /// A newer value than `known`, which turned out not to do.
    ///
    /// Within the cooldown of the last attempt it is the current value, or that attempt's error: the server is not asked again.
    pub(crate) async fn refetch<F, R>(&self, clock: &dyn Clock, known: &Arc<T>, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<T>>,
    {
        // Whoever holds the gate is fetching what this caller needs.
        let _gate = self.gate.lock().await;
        {
            let mut state = self.state();
            if let Some(entry) = state.current.as_ref().filter(|entry| !Arc::ptr_eq(&entry.value, known)) {
                return Ok(Arc::clone(&entry.value));
            }
            let now = clock.now();
            if state.refetched.is_some_and(|refetched| is_within(COOLDOWN, refetched, now)) {
                return state.failed.as_ref().map_or_else(|| Ok(Arc::clone(known)), |(_, error)| Err(error.clone()));
            }
            state.attempted = Some(now);
            state.refetched = Some(now);
        }
        let outcome = fetch().await;
        self.settle(clock, outcome)
    }

    /// Writes down how an attempt ended.
    fn settle(&self, clock: &dyn Clock, outcome: Result<T>) -> Result<Arc<T>> {
        let mut state = self.state();
        let now = clock.now();
        state.ended = state.ended.wrapping_add(1);
        match outcome {
            Ok(value) => {
                let value = Arc::new(value);
                state.current = Some(Entry { value: Arc::clone(&value), fetched: now });
                state.failed = None;
                Ok(value)
            }
            Err(error) => {
                tracing::warn!(target: "logto::cache", what = self.what, %error, kept = state.current.is_some(), "Logto was not reached");
                state.failed = Some((now, error.clone()));
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// What is answered without a fetch, if anything is.
    fn settled(&self, now: SystemTime, ttl: Duration) -> Option<Result<Arc<T>>> {
        if let Some(entry) = self.current.as_ref().filter(|entry| is_within(ttl, entry.fetched, now)) {
            return Some(Ok(Arc::clone(&entry.value)));
        }
        if let Some(value) = self.stale(now, ttl) {
            return self.attempted.is_some_and(|attempted| is_within(COOLDOWN, attempted, now)).then_some(Ok(value));
        }
        self.failed.as_ref().filter(|(failed, _)| is_within(FAILURE, *failed, now)).map(|(_, error)| Err(error.clone()))
    }

    /// What an attempt left behind that failed while the caller waited for it.
    fn failure_since(&self, ended_before: u64, now: SystemTime, ttl: Duration) -> Option<Result<Arc<T>>> {
        let (_, error) = self.failed.as_ref().filter(|_| self.ended != ended_before)?;
        Some(self.stale(now, ttl).ok_or_else(|| error.clone()))
    }

    /// The value, if it is not too old to be served for want of a better one.
    fn stale(&self, now: SystemTime, ttl: Duration) -> Option<Arc<T>> {
        let too_old =
            |entry: &Entry<T>| now.duration_since(entry.fetched).is_ok_and(|age| age >= ttl.saturating_add(STALE));
        self.current.as_ref().filter(|entry| !too_old(entry)).map(|entry| Arc::clone(&entry.value))
    }
}

/// Whether `now` is less than `span` after `since`. Time before `since` is not: the clock was set back.
fn is_within(span: Duration, since: SystemTime, now: SystemTime) -> bool {
    now.duration_since(since).is_ok_and(|age| age < span)
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("what", &self.what).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
