//! Single flight: one request at a time for a value that several callers need.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, timeout},
};
use tracing::{Instrument, Span, span};

use crate::{
    clock::moment,
    error::{Code, Error, Result},
    telemetry::follow,
};

/// What a response may take beyond the timeout on a busy machine.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);

/// Gives out one permit at a time. Its holder sends the request, and the other callers wait for the result.
///
/// The request runs in a task, on the runtime of its caller. That runtime may never be driven again, and the task may never end: so nobody waits for
/// longer than the request may take. Then the permit has expired, and the next caller gets one.
pub(crate) struct SingleFlight {
    /// The longest time that a permit is valid.
    limit: Duration,
    in_flight: Mutex<InFlight>,
}

/// The running request. Replaced by another when its permit has expired.
#[derive(Default)]
struct InFlight {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// When the permit expires.
    deadline: Option<Instant>,
    /// The span of who began it: those of the callers that wait follow from it.
    span: Option<span::Id>,
}

/// Held while the request is running.
pub(crate) struct Permit(OwnedMutexGuard<()>);

impl SingleFlight {
    /// For requests that are answered, or fail, within `request_timeout`.
    pub(crate) fn new(request_timeout: Duration) -> Self {
        Self { limit: request_timeout.saturating_add(TIMEOUT_MARGIN), in_flight: Mutex::default() }
    }

    /// A permit, if no request is running. Needs no timer, and no runtime.
    pub(crate) fn try_begin(&self) -> Option<Permit> {
        let mut in_flight = self.in_flight();
        if in_flight.deadline.is_some_and(|deadline| deadline <= moment()) && in_flight.lock.try_lock().is_err() {
            *in_flight = InFlight::default();
        }
        let guard = Arc::clone(&in_flight.lock).try_lock_owned().ok()?;
        Some(in_flight.permit(guard, self.limit))
    }

    /// A permit, when the running request has ended or its permit has expired.
    pub(crate) async fn begin(&self) -> Permit {
        loop {
            if let Some(permit) = self.try_begin() {
                return permit;
            }
            let (lock, deadline, span) = {
                let in_flight = self.in_flight();
                (Arc::clone(&in_flight.lock), in_flight.deadline, in_flight.span.clone())
            };
            follow(span.as_ref());
            let wait = deadline.map_or(self.limit, |deadline| deadline.saturating_duration_since(moment()));
            if let Ok(guard) = timeout(wait, lock.lock_owned()).await {
                let mut in_flight = self.in_flight();
                if in_flight.is_locked_by(&guard) {
                    return in_flight.permit(guard, self.limit);
                }
            }
        }
    }

    /// Whether the permit has not been replaced by another after its deadline.
    pub(crate) fn is_held_by(&self, permit: &Permit) -> bool {
        self.in_flight().is_locked_by(&permit.0)
    }

    fn in_flight(&self) -> MutexGuard<'_, InFlight> {
        // Nothing that holds the lock can panic; if it did, every state is a valid one.
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    fn permit(&mut self, guard: OwnedMutexGuard<()>, limit: Duration) -> Permit {
        self.deadline = moment().checked_add(limit);
        self.span = Span::current().id();
        Permit(guard)
    }

    fn is_locked_by(&self, guard: &OwnedMutexGuard<()>) -> bool {
        Arc::ptr_eq(&self.lock, OwnedMutexGuard::mutex(guard))
    }
}

/// Makes the request in a separate task, within the span of the caller: that caller may be cancelled, and the others still get the result.
///
/// # Errors
/// [`request_aborted`] where the task panicked or its runtime ended.
// Begins at once, so that the callers' futures carry no space for the request.
pub(crate) fn run_in_task<T: Send + 'static>(
    request: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Result<T>> {
    let task = tokio::spawn(request.in_current_span());
    async { task.await.map_err(|source| request_aborted().with_source(source)) }
}

/// Nobody knows what the server would have answered.
pub(crate) fn request_aborted() -> Error {
    Error::new(Code::Unreachable, "the request broke off")
}
