//! What the handle in the test and the server's tasks share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    backchannel,
    fault::{Fault, Faults},
};
use crate::testing::mock::{
    endpoints,
    messages::{endpoint::Endpoint, reply::Reply, request::RecordedRequest},
    state::State,
};

pub(crate) struct Shared {
    state: Mutex<State>,
    faults: Mutex<Faults>,
    recorded: Mutex<Vec<(Endpoint, RecordedRequest)>>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), faults: Mutex::default(), recorded: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn recorded(&self) -> MutexGuard<'_, Vec<(Endpoint, RecordedRequest)>> {
        lock(&self.recorded)
    }

    /// What goes wrong with the request, if anything.
    pub(crate) fn fault(&self, request: &RecordedRequest) -> Option<Fault> {
        self.faults().take(Endpoint::of(request.path()))
    }

    /// Counts the request.
    pub(crate) fn record(&self, request: &RecordedRequest) {
        tracing::debug!(method = request.method(), path = request.path(), "MockLogto");
        self.recorded().push((Endpoint::of(request.path()), request.clone()));
    }

    /// The reply, once the apps that it concerns have been told.
    pub(crate) async fn process(&self, request: &RecordedRequest) -> Reply {
        let reply = endpoints::handle(&mut self.state(), request);
        backchannel::send(&reply.calls).await;
        reply
    }
}

/// A test that panicked while it held the lock has other worries than ours.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
