//! Sessions that ended, and how that is remembered.
//!
//! A stored session is deleted. One in cookies cannot be deleted by the server, so its end is recorded, and checked whenever a session is read.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    data::SessionHead,
    retry,
    settings::CookieSettings,
    store_failed::{revocation_store_failed, store_failed},
};
use crate::{
    clock::{self, far_future, system_time},
    error::Result,
    events::EventKind,
    store::{SessionId, SessionSelector, revocation_keys},
};

/// Whether a session was ended after it began.
///
/// # Errors
/// `store.failed` where the revocation store cannot be asked, and the settings say that no session is read without it.
pub(super) async fn is_revoked(settings: &CookieSettings, data: &SessionHead) -> Result<bool> {
    is_revoked_by(settings, data, None).await
}

/// The same for a session in the cookie of Next.js that nothing tells apart from the user's others: see `derived_id.rs`.
pub(super) async fn is_unnamed_revoked(settings: &CookieSettings, data: &SessionHead) -> Result<bool> {
    is_revoked_by(settings, data, Some(revocation_keys::unnamed_next_sessions(&data.subject.sub))).await
}

async fn is_revoked_by(settings: &CookieSettings, data: &SessionHead, further: Option<String>) -> Result<bool> {
    // Most processes without a store end here, and make no keys.
    if settings.stores.know_of_no_ending() {
        return Ok(false);
    }
    let subject = &data.subject;
    let keys = [revocation_keys::session(&data.id), revocation_keys::user(&subject.sub)].into_iter();
    let keys = keys.chain(subject.sid.as_deref().map(revocation_keys::logto_session));
    let keys: Vec<_> = keys.chain(further).collect();
    match settings.stores.revocations().latest_cutoff(&keys).await {
        Ok(until) => Ok(ended_by(data, until)),
        Err(error) if settings.requires_revocations => Err(revocation_store_failed(
            settings,
            "the revocation store cannot be asked whether a session was ended",
        )(error)),
        // Nobody is logged out because a list cannot be read.
        Err(error) => {
            let event = EventKind::RevocationStoreFailed.event().client_id(settings.keys.app_id());
            event.session(data.id.as_bytes()).sub(&subject.sub).reason("session_taken_as_valid").cause(&error).write();
            Ok(false)
        }
    }
}

/// Whether a session was signed out of, by its id. Where that cannot be told, it was not: this is for the log alone.
pub(super) async fn is_signed_out(settings: &CookieSettings, id: &SessionId) -> bool {
    let noted = settings.stores.revocations().latest_cutoff(&[revocation_keys::session(id)]).await;
    noted.is_ok_and(|until| until.is_some())
}

/// Whether a session began by the time that all of its kind are over.
pub(super) fn ended_by(data: &SessionHead, until: Option<SystemTime>) -> bool {
    until.is_some_and(|until| data.issued_at <= clock::unix_seconds(until))
}

/// Remembers that a session ended whose id is all that is known, for as long as any could live.
pub(super) async fn record_ended_id(settings: &CookieSettings, id: &SessionId) {
    record(settings, revocation_keys::session(id), far_future(), longest_lifetime(settings)).await;
}

/// Remembers that a session ended, for as long as it could have lived: its cookie may come back in a copy, or in a slow response to an earlier
/// request, which has sealed it again.
pub(super) async fn record_ended_session(settings: &CookieSettings, data: &SessionHead, now: i64) {
    let ends_at = data.created_at.saturating_add(clock::whole_seconds(settings.lifetime.absolute));
    // By a clock that is ahead no time would be left: it is never less than what a session of this moment has.
    let ttl = seconds(ends_at.saturating_sub(now)).max(longest_lifetime(settings));
    // The id is of this sign-in alone, and whatever has it is over.
    let mut keys = vec![(revocation_keys::session(&data.id), far_future())];
    if settings.next().is_some() {
        let key = revocation_keys::unnamed_next_sessions(&data.subject.sub);
        keys.push((key, system_time(data.issued_at)));
    }
    for (key, until) in keys {
        record(settings, key, until, ttl).await;
    }
}

async fn record(settings: &CookieSettings, key: String, until: SystemTime, ttl: Duration) {
    let store = Arc::clone(settings.stores.revocations());
    retry::until_done(settings, EventKind::RevocationStoreFailed, ttl, move |left| {
        let (store, key) = (Arc::clone(&store), key.clone());
        Box::pin(async move { store.record(&key, until, left).await })
    })
    .await;
}

/// Ends the sessions of `which`: those that began at `at` or before, in unix seconds by the clock that issued them.
///
/// What is in cookies is noted before the store is told, so that a session that is just being written there is caught by the one or the
/// other. A failure of the one does not keep the other from being done.
pub(crate) async fn revoke(settings: &CookieSettings, which: &SessionSelector, at: i64) -> Result<()> {
    // A session at Logto that is over does not come back: what still carries its name is over too, even where the code was exchanged a
    // moment after the logout.
    let (key, until) = match which {
        SessionSelector::LogtoSession(sid) => (revocation_keys::logto_session(sid), far_future()),
        SessionSelector::User(sub) => (revocation_keys::user(sub), system_time(at)),
    };
    let noted = settings.stores.revocations().record(&key, until, longest_lifetime(settings)).await;
    let deleted = match &settings.stores.sessions {
        Some(store) => {
            store.revoke(which).await.map_err(store_failed(settings, "the session store could not end the sessions"))?
        }
        None => 0,
    };
    noted.map_err(revocation_store_failed(settings, "the revocation store could not note that the sessions ended"))?;
    tracing::debug!(target: "logto::session", deleted, "sessions were revoked");
    Ok(())
}

/// How long a session of this moment could live. It may be one of an instance whose clock is ahead.
fn longest_lifetime(settings: &CookieSettings) -> Duration {
    settings.lifetime.absolute.saturating_add(seconds(settings.clock_tolerance()))
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
