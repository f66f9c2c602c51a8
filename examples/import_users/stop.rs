//! Ctrl-C and SIGTERM: what is under way is finished, and nothing new is begun. The second one ends the program at once.

use std::{io, process, sync::Arc};

use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    pub(crate) fn on_signals() -> io::Result<Self> {
        let stop = Self(Arc::new(watch::Sender::new(false)));
        let (mut signals, asked) = (Signals::new()?, stop.clone());
        tokio::spawn(async move {
            signals.next().await;
            asked.ask();
            signals.next().await;
            process::exit(130);
        });
        Ok(stop)
    }

    pub(crate) fn ask(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_asked_for(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it is asked for.
    pub(crate) async fn asked_for(&self) {
        _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        _ = tokio::signal::ctrl_c().await;
    }
}
