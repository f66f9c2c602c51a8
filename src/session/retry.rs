//! What a store has to be told, and is told again where it fails.

use std::{sync::Arc, time::Duration};

use super::settings::CookieSettings;
use crate::{error::BoxError, events::EventKind, types::BoxFuture};

/// The pause before the second attempt; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Does to a store what ends a session. If the store is down, a task tries again until it is done or the session would be over anyway; `end`
/// is told how long that is. The log is told by an event of `kind`.
pub(super) async fn until_done(
    settings: &CookieSettings,
    kind: EventKind,
    ttl: Duration,
    end: impl Fn(Duration) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync + 'static,
) {
    let Err(error) = end(ttl).await else {
        return;
    };
    // The cookie of a session whose end is not noted may sign in again.
    let tell = |reason| kind.event().client_id(settings.keys.app_id()).reason(reason).cause(&error).write();
    let Ok(place) = Arc::clone(&settings.retry_tasks).try_acquire_owned() else {
        tell("end_not_noted");
        return;
    };
    tell("end_not_noted_yet");
    tokio::spawn(async move {
        let _place = place;
        let (mut left, mut pause) = (ttl, FIRST_PAUSE);
        loop {
            tokio::time::sleep(pause).await;
            left = left.saturating_sub(pause);
            if left.is_zero() {
                return;
            }
            if end(left).await.is_ok() {
                tracing::info!(target: "logto::session", "the store was told that a session ended");
                return;
            }
            pause = pause.saturating_mul(2).min(MAX_PAUSE);
        }
    });
}
