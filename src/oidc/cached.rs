//! A value that the server is asked for once, and not more often than it can bear.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::{
    clock::Clock,
    error::{Error, Result},
    http::{Fetched, Pause, Permit, SingleFlight, request_aborted, run_in_task},
};

/// After an answer no untrusted caller has the server asked again for this long while there is a value to serve; nor after failures in a row.
const MIN_REFETCH_INTERVAL: Duration = Duration::from_secs(10);

/// Where the server says how long its answer is fresh, it is kept for at least so long: each instance asks at most so often.
const MIN_LIFETIME: Duration = Duration::from_secs(60);
/// And for at most so long: by then a key that the server has removed is not trusted any more.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long after its time to live an old value is served while the server cannot give a new one.
const STALE_IF_ERROR: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a failure answers for the server while there is no value: long enough that a crowd of requests at a dead server waits
/// for one timeout together instead of one each, one after the other; short enough that nobody notices when it is back.
const FAILURE_TTL: Duration = Duration::from_secs(1);

/// A value fetched from the server when it is first needed, and kept.
///
/// - However many ask at once, one fetch is made (single flight); the others get what it got, also its error.
/// - A fetch runs in a separate task: its caller may be cancelled, and the others still get the result. One that has not ended in its time is
///   given up: its runtime is never driven again, say.
/// - A value younger than its time to live is served without waiting for anyone. That is what the answer says (`Cache-Control`, `Expires`), within
///   bounds, or else the time that is given here.
/// - An older one is fetched again by one caller. Meanwhile, and when that fails, the others are served the old one, for up to a day.
///   Where the answer said less than the time that is given here, nobody waits after a failure until that time has passed: a server that is
///   down is felt no earlier than one that says nothing.
/// - A server that asks to be left alone (`Retry-After`) is not asked, by nobody, until then.
///
/// The clock may jump. Forwards, values age early. Backwards, what lies in the future counts as due: one fetch more, and the times are
/// right again.
pub(crate) struct Cached<T>(Arc<Shared<T>>);

struct Shared<T> {
    what: &'static str,
    /// The time to live of a value whose answer says nothing of it.
    ttl: Duration,
    clock: Arc<dyn Clock>,
    /// Its permit is held across the network by the task that fetches. When the runtime of that task ends, the next caller fetches.
    flight: SingleFlight,
    /// Never held across an `await`.
    state: Mutex<State<T>>,
}

struct State<T> {
    current: Option<Entry<T>>,
    /// When the last attempt began.
    attempted: Option<SystemTime>,
    /// When the last attempt began that somebody asked for who needed a newer value, and that brought one. Apart from the above: keys may be
    /// rotated right after they were first fetched.
    refetched: Option<SystemTime>,
    /// The last attempt, if it failed.
    failed: Option<Failure>,
    turn: Turn,
}

/// How many attempts have begun and how many have come to an end. It tells those who waited whether it was for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    begun: u64,
    ended: u64,
}

/// Whether the caller can make the server answer at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anybody. The value of a moment ago has to do, so that nobody makes the server answer at will.
    Untrusted,
    /// A caller that holds a token which the server itself has just issued. Only an attempt that began after the call answers it.
    Trusted,
}

struct Entry<T> {
    value: Arc<T>,
    fetched: SystemTime,
    /// Its time to live.
    ttl: Duration,
    attempt: u64,
}

struct Failure {
    pause: Pause,
    attempt: u64,
    /// How many attempts have failed, one after the other.
    in_a_row: u32,
}

impl<T: Send + Sync + 'static> Cached<T> {
    /// A fetch takes `timeout` at most.
    pub(crate) fn new(what: &'static str, ttl: Duration, timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        let turn = Turn { begun: 0, ended: 0 };
        let state = State { current: None, attempted: None, refetched: None, failed: None, turn };
        Self(Arc::new(Shared { what, ttl, clock, flight: SingleFlight::new(timeout), state: Mutex::new(state) }))
    }

    /// The value; fetched if there is none, or if it is older than its time to live.
    pub(crate) async fn get<F, R, V>(&self, caller: Caller, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<V>> + Send + 'static,
        V: Into<Fetched<T>>,
    {
        let Shared { flight, clock, ttl, .. } = &*self.0;
        let (came, old) = {
            let state = self.0.state();
            let now = clock.now();
            if let Some(outcome) = state.resolve_without_fetch(caller, now, *ttl) {
                return outcome.inspect_err(|error| not_asked(self.0.what, error));
            }
            (state.turn, state.stale(now, *ttl))
        };
        let permit = match (flight.try_begin(), old) {
            (Some(permit), _) => permit,
            (None, Some(old)) => return Ok(old),
            (None, None) => flight.begin().await,
        };
        let (attempt, for_later) = {
            let mut state = self.0.state();
            let now = clock.now();
            let failed = |state: &State<T>| {
                let error = state.failure_since(caller, came)?;
                Some(state.stale(now, *ttl).ok_or(error))
            };
            if let Some(outcome) = state.resolve_without_fetch(caller, now, *ttl).or_else(|| failed(&state)) {
                return outcome;
            }
            let for_later = state.value_without_wait(now, *ttl);
            (self.begin(&mut state, permit, now, false), for_later)
        };
        let outcome = attempt.run(fetch());
        if let Some(value) = for_later {
            return Ok(value);
        }
        let outcome = outcome.await;
        outcome.or_else(|error| self.0.state().stale(clock.now(), *ttl).ok_or(error))
    }

    /// The value, if [`get`](Self::get) would give it without asking anyone.
    pub(crate) fn cached_value(&self) -> Option<Arc<T>> {
        self.0.state().resolve_without_fetch(Caller::Untrusted, self.0.clock.now(), self.0.ttl)?.ok()
    }

    /// The value, if it came within the time to live that was given here, whatever the server said of it, or if [`get`](Self::get) would give it
    /// without asking anyone.
    pub(crate) fn recent_value(&self) -> Option<Arc<T>> {
        let recent = {
            let state = self.0.state();
            let recent = |entry: &&Entry<T>| is_within(self.0.ttl, entry.fetched, self.0.clock.now());
            state.current.as_ref().filter(recent).map(|entry| Arc::clone(&entry.value))
        };
        recent.or_else(|| self.cached_value())
    }

    /// What has been done so far, for [`refetch`](Self::refetch).
    pub(crate) fn turn(&self) -> Turn {
        self.0.state().turn
    }

    /// A newer value than `known`, which turned out not to do. `came` is the [`turn`](Self::turn) at which the need arose.
    ///
    /// An untrusted caller gets the current value within the cooldown of the last attempt, or that attempt's error, for as long as the server is
    /// left alone after it.
    pub(crate) async fn refetch<F, R, V>(&self, caller: Caller, came: Turn, known: &Arc<T>, fetch: F) -> Result<Arc<T>>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<V>> + Send + 'static,
        V: Into<Fetched<T>>,
    {
        // The running request fetches what this caller needs.
        let permit = self.0.flight.begin().await;
        let attempt = {
            let mut state = self.0.state();
            let now = self.0.clock.now();
            if let Some(outcome) = state.resolve_refetch(caller, came, known, now) {
                return outcome;
            }
            self.begin(&mut state, permit, now, true)
        };
        attempt.run(fetch()).await
    }

    fn begin(&self, state: &mut State<T>, permit: Permit, now: SystemTime, is_refetch: bool) -> Attempt<T> {
        state.attempted = Some(now);
        state.turn.begun = state.turn.begun.wrapping_add(1);
        let (shared, number) = (Arc::clone(&self.0), state.turn.begun);
        Attempt { shared, number, began: now, is_refetch, is_open: true, permit }
    }
}

/// A running fetch.
struct Attempt<T> {
    shared: Arc<Shared<T>>,
    number: u64,
    began: SystemTime,
    is_refetch: bool,
    is_open: bool,
    permit: Permit,
}

impl<T: Send + Sync + 'static> Attempt<T> {
    /// Fetches in a task of its own, which begins at once.
    fn run<V: Into<Fetched<T>>>(
        self,
        fetch: impl Future<Output = Result<V>> + Send + 'static,
    ) -> impl Future<Output = Result<Arc<T>>> {
        let task = run_in_task(async move { self.complete(fetch.await.map(Into::into)) });
        async { task.await? }
    }
}

impl<T> Attempt<T> {
    /// Writes down how it ended, unless it was given up: then another has taken its place.
    fn complete(mut self, outcome: Result<Fetched<T>>) -> Result<Arc<T>> {
        self.is_open = false;
        match outcome {
            outcome if !self.shared.flight.is_held_by(&self.permit) => outcome.map(|fetched| Arc::new(fetched.value)),
            Ok(fetched) => Ok(self.succeed(fetched)),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn succeed(&self, Fetched { value, lifetime }: Fetched<T>) -> Arc<T> {
        let (mut state, now) = (self.shared.state(), self.shared.clock.now());
        state.turn.ended = state.turn.ended.wrapping_add(1);
        let value = Arc::new(value);
        let ttl = lifetime.map_or(self.shared.ttl, |lifetime| lifetime.clamp(MIN_LIFETIME, MAX_LIFETIME));
        state.current = Some(Entry { value: Arc::clone(&value), fetched: now, ttl, attempt: self.number });
        state.failed = None;
        if self.is_refetch {
            state.refetched = Some(self.began);
        }
        value
    }

    fn fail(&self, error: Error) -> Error {
        let Shared { what, ttl, clock, .. } = &*self.shared;
        let (mut state, now) = (self.shared.state(), clock.now());
        state.turn.ended = state.turn.ended.wrapping_add(1);
        tracing::warn!(target: "logto::cache", what, %error, kept = state.current.is_some(), "Logto was not reached");
        let in_a_row = state.failed.as_ref().map_or(1, |failed| failed.in_a_row.saturating_add(1));
        state.failed = Some(Failure { pause: Pause::new(error.clone(), now), attempt: self.number, in_a_row });
        // A clock that was ahead when the value came must not make it last.
        if let Some(entry) = state.current.as_mut().filter(|entry| entry.fetched > now) {
            entry.fetched = now.checked_sub(entry.ttl.max(*ttl)).unwrap_or(now);
        }
        error
    }
}

impl<T> Drop for Attempt<T> {
    fn drop(&mut self) {
        // The HTTP client panicked. Where the runtime ended instead, nothing is known of the server, and the next in line asks.
        if self.is_open && std::thread::panicking() {
            self.fail(request_aborted());
        }
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// What is answered without a fetch, if anything is.
    fn resolve_without_fetch(&self, caller: Caller, now: SystemTime, ttl: Duration) -> Option<Result<Arc<T>>> {
        if let Some(entry) = self.current.as_ref().filter(|entry| is_within(entry.ttl, entry.fetched, now)) {
            return Some(Ok(Arc::clone(&entry.value)));
        }
        if let Some(value) = self.stale(now, ttl) {
            let was_asked = self.attempted.is_some_and(|attempted| is_within(MIN_REFETCH_INTERVAL, attempted, now));
            return (was_asked || self.error_as_asked(now).is_some()).then_some(Ok(value));
        }
        let least = if caller == Caller::Untrusted { FAILURE_TTL } else { Duration::ZERO };
        self.failed.as_ref()?.pause.error_within(least, now).map(Err)
    }

    /// The failure, while the server itself asks to be left alone.
    fn error_as_asked(&self, now: SystemTime) -> Option<Error> {
        self.failed.as_ref()?.pause.error_as_asked(now)
    }

    /// The value that is handed out while another is fetched: a server that failed keeps nobody waiting before `ttl` has passed.
    fn value_without_wait(&self, now: SystemTime, ttl: Duration) -> Option<Arc<T>> {
        self.failed.as_ref()?;
        let entry = self.current.as_ref().filter(|entry| is_within(ttl, entry.fetched, now))?;
        Some(Arc::clone(&entry.value))
    }

    /// Why a newer value than `known` need not, or may not, be fetched: what is said instead.
    fn resolve_refetch(&self, caller: Caller, came: Turn, known: &Arc<T>, now: SystemTime) -> Option<Result<Arc<T>>> {
        if let Some(entry) = self.current.as_ref().filter(|entry| !Arc::ptr_eq(&entry.value, known)) {
            return Some(Ok(Arc::clone(&entry.value)));
        }
        if let Some(error) = self.failure_since(caller, came) {
            return Some(Err(error));
        }
        if let Some(error) = self.error_as_asked(now) {
            return Some(Err(error));
        }
        let settled = match (caller, &self.failed) {
            (Caller::Trusted, _) => self.current.as_ref().is_some_and(|entry| entry.attempt > came.begun),
            (Caller::Untrusted, Some(failed)) => {
                return failed.pause.error_within(failed.least_pause(), now).map(Err);
            }
            (Caller::Untrusted, None) => {
                self.refetched.is_some_and(|refetched| is_within(MIN_REFETCH_INTERVAL, refetched, now))
            }
        };
        settled.then(|| Ok(Arc::clone(known)))
    }

    /// The error of an attempt that speaks for who came at this turn: it failed while an untrusted caller waited, or began after a trusted one came.
    fn failure_since(&self, caller: Caller, came: Turn) -> Option<Error> {
        let failed = self.failed.as_ref()?;
        let speaks = match caller {
            Caller::Untrusted => self.turn.ended != came.ended,
            Caller::Trusted => failed.attempt > came.begun,
        };
        speaks.then(|| failed.pause.error().clone())
    }

    /// The value, if it is not too old to be served for want of a better one.
    fn stale(&self, now: SystemTime, ttl: Duration) -> Option<Arc<T>> {
        let is_expired = |entry: &Entry<T>| {
            let longest = ttl.max(entry.ttl).saturating_add(STALE_IF_ERROR);
            now.duration_since(entry.fetched).is_ok_and(|age| age >= longest)
        };
        self.current.as_ref().filter(|entry| !is_expired(entry)).map(|entry| Arc::clone(&entry.value))
    }
}

impl Failure {
    /// For how long nobody asks for a newer value after it: one broken connection is soon forgotten, a server that is down is left alone.
    fn least_pause(&self) -> Duration {
        let doublings = self.in_a_row.saturating_sub(1).min(8);
        FAILURE_TTL.saturating_mul(1 << doublings).min(MIN_REFETCH_INTERVAL)
    }
}

/// The error itself tells of a request, which was another one.
fn not_asked(what: &str, error: &Error) {
    match error.retry_after() {
        Some(left) if !left.is_zero() => {
            tracing::info!(target: "logto::cache", what, %error, "Logto was not asked: it wants to be left alone for {} more seconds", left.as_secs());
        }
        _ => {
            tracing::info!(target: "logto::cache", what, %error, "Logto was not asked: this is the failure of less than a second ago");
        }
    }
}

/// Whether `now` is less than `span` after `since`. Time before `since` is not: the clock was set back.
fn is_within(span: Duration, since: SystemTime, now: SystemTime) -> bool {
    now.duration_since(since).is_ok_and(|age| age < span)
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("what", &self.0.what).field("ttl", &self.0.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
