//! Where the server runs: on a thread of its own, or on the runtime of the test.

use std::{io, sync::Arc, thread};

use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

use super::{accept, deliveries, shared::Shared};
use crate::testing::held_port::HeldPort;

/// A running server. Dropped, it stops; one with a thread has let its port go by then.
#[derive(Debug)]
pub(crate) struct Running {
    /// Dropped, it ends the server.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// It needs nothing of the test: not its runtime, and not that its thread has time.
    pub(crate) fn on_a_thread(port: &HeldPort, shared: Arc<Shared>) -> io::Result<Self> {
        let runtime = OwnRuntime::new()?;
        // Who connects from here on is answered, however late the thread begins.
        let listener = runtime.enter(|| port.listen())?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || runtime.block_on(until(stopped, listener, shared));
        let thread = thread::Builder::new().name("MockLogto".to_owned()).spawn(serve)?;
        Ok(Self { stop: Some(stop), thread: Some(thread), task: None })
    }

    /// It lives as long as the runtime.
    pub(crate) fn on_this_runtime(port: &HeldPort, shared: Arc<Shared>) -> io::Result<Self> {
        let listener = port.listen()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(until(stopped, listener, shared));
        Ok(Self { stop: Some(stop), thread: None, task: Some(task) })
    }

    /// Ends the server and waits until nobody listens.
    pub(crate) async fn stop(mut self) {
        self.stop = None;
        if let Some(task) = self.task.take() {
            // It fails if the task panicked, which was printed.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing left to do but to let go of what it holds. A panic was printed.
            let _ = thread.join();
        }
    }
}

/// A runtime that may be dropped anywhere, and then waits for nothing, such as a name that is being looked up.
struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    fn new() -> io::Result<Self> {
        runtime::Builder::new_current_thread().enable_all().build().map(|runtime| Self(Some(runtime)))
    }

    fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.0.as_ref().map(Runtime::enter);
        work()
    }

    fn block_on(&self, task: impl Future<Output = ()>) {
        if let Some(runtime) = &self.0 {
            runtime.block_on(task);
        }
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn until(stopped: oneshot::Receiver<()>, listener: TcpListener, shared: Arc<Shared>) {
    tokio::select! {
        () = accept(listener, Arc::clone(&shared)) => {}
        () = deliveries::send_all(shared) => {}
        _ = stopped => {}
    }
}
