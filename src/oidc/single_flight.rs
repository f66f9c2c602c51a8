//! One request at a time, for all who need what it brings.

use std::{future::Future, sync::Arc};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::{Code, Error, Result};

/// Lets one caller through, who then makes the request. The others wait for it to end, and look at what it brought.
#[derive(Default)]
pub(crate) struct SingleFlight(Arc<Mutex<()>>);

/// The right to make the request. It is held across the network by the task that makes it, and by nobody else. When its runtime ends, the next
/// in line has it.
pub(crate) struct Permit {
    _turn: OwnedMutexGuard<()>,
}

impl SingleFlight {
    /// The permit, unless a request is under way.
    pub(crate) fn try_begin(&self) -> Option<Permit> {
        Arc::clone(&self.0).try_lock_owned().ok().map(|turn| Permit { _turn: turn })
    }

    /// The permit, when those before have ended.
    pub(crate) async fn begin(&self) -> Permit {
        Permit { _turn: Arc::clone(&self.0).lock_owned().await }
    }
}

impl Permit {
    /// Makes the request in a task of its own: whoever asked for it may leave, and the others get what it brings. `request` also writes that
    /// down, so whoever has the next permit sees it.
    ///
    /// # Errors
    /// `network.unreachable` where the task panicked or its runtime ended.
    // Begins at once, so that the callers' futures carry no space for the request.
    pub(crate) fn run<T: Send + 'static>(
        self,
        request: impl Future<Output = Result<T>> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        let task = tokio::spawn(async move {
            let outcome = request.await;
            drop(self);
            outcome
        });
        async { task.await.unwrap_or_else(|source| Err(broke_off().with_source(source))) }
    }
}

/// The task that asked has panicked, or its runtime has ended.
pub(crate) fn broke_off() -> Error {
    Error::new(Code::Unreachable, "the request broke off")
}
