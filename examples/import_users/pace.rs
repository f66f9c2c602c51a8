//! When the next request may be sent: after a 429 no request is, until the time that Logto named is over.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::stop::Stop;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Pace(Mutex<Pause>);

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// The last one that Logto did not name. The next is twice as long.
    unnamed: Option<Duration>,
}

impl Pace {
    /// Waits until requests may be sent. False if the import is to stop.
    pub(crate) async fn may_go_on(&self, stop: &Stop) -> bool {
        loop {
            if stop.is_asked_for() {
                return false;
            }
            let until = self.pause(|pause| pause.until);
            let Some(until) = until.filter(|until| *until > Instant::now()) else { return true };
            tokio::select! {
                () = sleep_until(until) => {}
                () = stop.asked_for() => {}
            }
        }
    }

    /// Logto has no time, for as long as it says.
    pub(crate) fn slow_down(&self, named: Option<Duration>) {
        self.pause(|pause| {
            let now = Instant::now();
            // Requests that were under way together are answered together.
            if named.is_none() && pause.until.is_some_and(|until| until > now) {
                return;
            }
            let wait = named.unwrap_or_else(|| pause.unnamed.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE)));
            pause.unnamed = if named.is_none() { Some(wait) } else { pause.unnamed };
            pause.until = pause.until.max(Some(now + wait));
        });
    }

    pub(crate) fn answered(&self) {
        self.pause(|pause| pause.unnamed = None);
    }

    fn pause<T>(&self, with: impl FnOnce(&mut Pause) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
