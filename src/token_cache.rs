//! The cache of access tokens, with one request at a time for each new one.

mod exchanged;

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use self::exchanged::ExchangedTokens;
use crate::{
    clock::{Clock, system_time, unix_seconds, whole_seconds},
    error::{Error, Result},
    http::{Pause, SingleFlight, run_in_task},
    secret::Secret,
    session::StoredAccessToken,
    types::TokenOptions,
};

/// For how long a failure is the result of further calls where there is no unexpired token, so that many callers wait for one answer together.
const FAILURE_TTL: Duration = Duration::from_secs(1);
/// For how long Logto is not asked again after a failure where there is an unexpired token.
const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// Seconds after which slots whose time is over are dropped, at the next new one. Looking at all of them costs something.
const SWEEP_INTERVAL: i64 = 60;

/// What will do.
pub(crate) enum Want<'a> {
    /// A token that lives as many seconds yet, or as its lifetime calls for.
    Valid(Option<i64>),
    /// One that Logto gives now.
    Fresh,
    /// Any but this one.
    InsteadOf(&'a str),
}

impl Want<'_> {
    /// What the caller's options ask for.
    pub(crate) fn of(options: &TokenOptions) -> Self {
        match options.force_refresh {
            true => Self::Fresh,
            false => Self::Valid(options.min_validity.map(whole_seconds)),
        }
    }
}

/// A slot for each key, which says whose token it is and for what: at most `capacity`, then the longest unused goes.
pub(crate) struct Tokens<K> {
    capacity: usize,
    /// The longest time that a request takes.
    timeout: Duration,
    slots: Mutex<Slots<K>>,
}

struct Slots<K> {
    by_key: HashMap<K, Entry>,
    /// Counts the calls.
    turn: u64,
    /// Unix seconds when slots were dropped whose time is over.
    swept: i64,
}

struct Entry {
    slot: Arc<Slot>,
    used: u64,
    /// Unix seconds until which anybody may ask for it, if there is such a time.
    until: Option<i64>,
}

/// One token, and the request for the next.
pub(crate) struct Slot {
    /// Its permit is held across the network by the task that asks.
    flight: SingleFlight,
    /// Never held across an `await`.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    failure: Option<Failure>,
    /// How many requests have come to an end. It tells those who waited whether it was for one.
    ended: u64,
}

struct Held {
    token: StoredAccessToken,
    /// Unix seconds when it was asked for. By a clock that was ahead they lie in the future: then nobody knows when the token ends.
    since: i64,
}

struct Failure {
    pause: Pause,
    /// For how long it answers for Logto where Logto does not ask for more (`Retry-After`).
    least: Duration,
}

impl<K: Clone + Eq + Hash> Tokens<K> {
    pub(crate) fn new(capacity: usize, timeout: Duration) -> Self {
        let slots = Slots { by_key: HashMap::new(), turn: 0, swept: i64::MIN };
        Self { capacity: capacity.max(1), timeout, slots: Mutex::new(slots) }
    }

    pub(crate) fn slot(&self, key: &K) -> Arc<Slot> {
        self.find_or_add(key, None, 0)
    }

    /// The slot of a key that nobody may ask for any more from `until` on. It is gone within a minute of that, if new ones come.
    pub(crate) fn slot_until(&self, key: &K, until: i64, now: i64) -> Arc<Slot> {
        self.find_or_add(key, Some(until), now)
    }

    fn find_or_add(&self, key: &K, until: Option<i64>, now: i64) -> Arc<Slot> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.turn = slots.turn.wrapping_add(1);
        let turn = slots.turn;
        if let Some(entry) = slots.by_key.get_mut(key) {
            entry.used = turn;
            return Arc::clone(&entry.slot);
        }
        if until.is_some() {
            slots.sweep(now);
        }
        while slots.by_key.len() >= self.capacity {
            // Rather one that nobody is waiting at: another caller would begin a second request there.
            let busy = |entry: &Entry| Arc::strong_count(&entry.slot) > 1;
            let oldest = slots.by_key.iter().min_by_key(|(_, entry)| (busy(entry), entry.used));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            slots.by_key.remove(&oldest);
        }
        let slot = Arc::new(Slot::new(self.timeout));
        slots.by_key.insert(key.clone(), Entry { slot: Arc::clone(&slot), used: turn, until });
        slot
    }
}

impl<K: Eq + Hash> Slots<K> {
    /// Drops what nobody may ask for any more: a token is not kept in memory for nothing.
    fn sweep(&mut self, now: i64) {
        // A clock that was set back sweeps once too often.
        if (self.swept..self.swept.saturating_add(SWEEP_INTERVAL)).contains(&now) {
            return;
        }
        self.swept = now;
        self.by_key.retain(|_, entry| entry.until.is_none_or(|until| now < until));
    }
}

impl Slot {
    fn new(timeout: Duration) -> Self {
        Self { flight: SingleFlight::new(timeout), state: Mutex::default() }
    }

    /// The token; asked for if need be, by one caller for all that came in the meantime.
    pub(crate) async fn get<A, F>(
        self: &Arc<Self>,
        want: Want<'_>,
        clock: &Arc<dyn Clock>,
        ask: A,
    ) -> Result<StoredAccessToken>
    where
        A: FnOnce() -> F,
        F: Future<Output = Result<StoredAccessToken>> + Send + 'static,
    {
        let ended = {
            let state = self.state();
            if let Some(outcome) = state.resolve_without_request(&want, now(clock)) {
                return outcome;
            }
            state.ended
        };
        let permit = if let Some(permit) = self.flight.try_begin() {
            permit
        } else {
            // Somebody is asking. A token in its last minute serves those who did not insist on more.
            if let (Want::Valid(None), Some(token)) = (&want, self.state().unexpired_token(now(clock))) {
                return Ok(token);
            }
            self.flight.begin().await
        };
        let outcome = {
            let state = self.state();
            if state.ended == ended {
                state.resolve_without_request(&want, now(clock))
            } else {
                state.completed_result(&want, now(clock))
            }
        };
        if let Some(outcome) = outcome {
            return outcome;
        }
        let (slot, its_clock, asking) = (Arc::clone(self), Arc::clone(clock), ask());
        let outcome = run_in_task(async move {
            let since = now(&its_clock);
            let outcome = asking.await;
            // One that was given up has left its place to another.
            if slot.flight.is_held_by(&permit) {
                slot.complete(&outcome, since, now(&its_clock));
            }
            drop(permit);
            outcome
        })
        .await?;
        outcome.or_else(|error| self.state().fallback_token(&want, &error, now(clock)).ok_or(error))
    }

    /// Writes down how a request ended.
    fn complete(&self, outcome: &Result<StoredAccessToken>, since: i64, now: i64) {
        let mut state = self.state();
        state.ended = state.ended.wrapping_add(1);
        match outcome {
            Ok(token) => {
                state.held = Some(Held { token: token.clone(), since });
                state.failure = None;
            }
            Err(error) => {
                let least = if state.unexpired_token(now).is_some() { MIN_RETRY_INTERVAL } else { FAILURE_TTL };
                tracing::warn!(target: "logto::machine", %error, "Logto gave no token");
                state.failure = Some(Failure { pause: Pause::new(error.clone(), system_time(now)), least });
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is answered without asking, if anything is.
    fn resolve_without_request(&self, want: &Want<'_>, now: i64) -> Option<Result<StoredAccessToken>> {
        if let Some(held) = self.held.as_ref().filter(|held| want.is_satisfied_by(held, now)) {
            return Some(Ok(held.token.clone()));
        }
        let Failure { pause, least } = self.failure.as_ref()?;
        let error = pause.error_within(*least, system_time(now))?;
        Some(self.fallback_token(want, &error, now).ok_or(error))
    }

    /// The result of the request that the caller waited for.
    fn completed_result(&self, want: &Want<'_>, now: i64) -> Option<Result<StoredAccessToken>> {
        match (&self.failure, &self.held, want) {
            (Some(failure), _, _) => {
                let error = failure.pause.error();
                Some(self.fallback_token(want, error, now).ok_or_else(|| error.clone()))
            }
            (None, Some(Held { token, .. }), Want::InsteadOf(refused)) => {
                (token.token != Secret::new(*refused)).then(|| Ok(token.clone()))
            }
            // However short it lives: a second request would bring no other.
            (None, Some(Held { token, .. }), _) => Some(Ok(token.clone())),
            (None, None, _) => None,
        }
    }

    /// The unexpired token, for a caller that accepts it while Logto cannot be asked.
    fn fallback_token(&self, want: &Want<'_>, error: &Error, now: i64) -> Option<StoredAccessToken> {
        (matches!(want, Want::Valid(_)) && error.is_transient()).then(|| self.unexpired_token(now)).flatten()
    }

    fn unexpired_token(&self, now: i64) -> Option<StoredAccessToken> {
        self.held.as_ref().filter(|held| held.is_usable(now, Some(0))).map(|held| held.token.clone())
    }
}

impl Held {
    /// Whether it lives long enough yet. Where it never lived as long as `validity` asks for, no other would: then as for the default.
    fn is_usable(&self, now: i64, validity: Option<i64>) -> bool {
        let lifetime = self.token.expires_at.saturating_sub(self.since);
        self.since <= now && self.token.is_fresh_for(now, validity.filter(|validity| *validity < lifetime))
    }
}

impl Want<'_> {
    fn is_satisfied_by(&self, held: &Held, now: i64) -> bool {
        match self {
            Self::Valid(validity) => held.is_usable(now, *validity),
            Self::Fresh => false,
            Self::InsteadOf(refused) => held.token.token != Secret::new(*refused) && held.is_usable(now, Some(0)),
        }
    }
}

fn now(clock: &Arc<dyn Clock>) -> i64 {
    unix_seconds(clock.now())
}

#[cfg(test)]
mod tests;
