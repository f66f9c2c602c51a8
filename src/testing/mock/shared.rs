//! What the handle in the test and the server's tasks share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    backchannel,
    fault::{Fault, Faults},
    reply::Reply,
    request::RecordedRequest,
    route::{self, Endpoint},
    state::State,
};

pub(super) struct Shared {
    state: Mutex<State>,
    faults: Mutex<Faults>,
    recorded: Mutex<Vec<(Endpoint, RecordedRequest)>>,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), faults: Mutex::default(), recorded: Mutex::default() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Vec<(Endpoint, RecordedRequest)>> {
        lock(&self.recorded)
    }

    /// What goes wrong with the request, if anything.
    pub(super) fn fault(&self, request: &RecordedRequest) -> Option<Fault> {
        self.faults().take(Endpoint::of(request.path()))
    }

    /// Counts the request.
    pub(super) fn record(&self, request: &RecordedRequest) {
        tracing::debug!(method = request.method(), path = request.path(), "MockLogto");
        self.recorded().push((Endpoint::of(request.path()), request.clone()));
    }

    /// The reply, once the apps that it concerns have been told.
    pub(super) async fn process(&self, request: &RecordedRequest) -> Reply {
        let reply = route::handle(&mut self.state(), request);
        backchannel::send(&reply.calls).await;
        reply
    }
}

/// A test that panicked while it held the lock has other worries than ours.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
