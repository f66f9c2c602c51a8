//! One request at a time for what many want.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, timeout},
};

use crate::clock::moment;

/// What an answer may take beyond the timeout: a busy machine.
const MARGIN: Duration = Duration::from_secs(1);

/// Lets one at a time ask a server, and the others wait for what it brings.
///
/// Who asks does so in a task, on the runtime of its caller. That runtime may never run again, and it may live for ever: so nobody waits for longer
/// than an answer may take. Then the next one asks.
pub(crate) struct SingleFlight {
    limit: Duration,
    current: Mutex<Current>,
}

/// Replaced by another when the one who asks is given up.
#[derive(Default)]
struct Current {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// When who has entered is given up.
    until: Option<Instant>,
}

/// Held by the one who asks.
pub(crate) struct Permit(OwnedMutexGuard<()>);

impl SingleFlight {
    /// For requests that are answered, or fail, within `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { limit: longest.saturating_add(MARGIN), current: Mutex::default() }
    }

    /// Enters, if nobody is asking. Takes no timer, and no runtime.
    pub(crate) fn try_begin(&self) -> Option<Permit> {
        let mut current = self.current();
        if current.until.is_some_and(|until| until <= moment()) && current.lock.try_lock().is_err() {
            *current = Current::default();
        }
        let guard = Arc::clone(&current.lock).try_lock_owned().ok()?;
        Some(current.admit(guard, self.limit))
    }

    /// Enters, when whoever is asking has done so or is given up.
    pub(crate) async fn begin(&self) -> Permit {
        loop {
            if let Some(permit) = self.try_begin() {
                return permit;
            }
            let (lock, until) = {
                let current = self.current();
                (Arc::clone(&current.lock), current.until)
            };
            let wait = until.map_or(self.limit, |until| until.saturating_duration_since(moment()));
            if let Ok(guard) = timeout(wait, lock.lock_owned()).await {
                let mut current = self.current();
                if current.is_locked_by(&guard) {
                    return current.admit(guard, self.limit);
                }
            }
        }
    }

    /// Whether the one with this permit has not been given up.
    pub(crate) fn is_held_by(&self, permit: &Permit) -> bool {
        self.current().is_locked_by(&permit.0)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn admit(&mut self, guard: OwnedMutexGuard<()>, limit: Duration) -> Permit {
        self.until = moment().checked_add(limit);
        Permit(guard)
    }

    fn is_locked_by(&self, guard: &OwnedMutexGuard<()>) -> bool {
        Arc::ptr_eq(&self.lock, OwnedMutexGuard::mutex(guard))
    }
}
