//! Sessions that end otherwise than by their own browser, and how that is remembered.
//!
//! A stored session is deleted. One in cookies is out of reach, so it is remembered what ended, and looked up whenever a session is read.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::{SessionData, settings::CookieSettings};
use crate::{
    clock::{self, far_future, system_time},
    error::{BoxError, Code, Error, Result, WithCauses},
    store::{SessionId, SessionSelector},
    types::BoxFuture,
};

/// The keys under which it is remembered that sessions ended.
pub(super) mod key {
    use super::{Digest, SessionId, Sha256};
    use base64_simd::URL_SAFE_NO_PAD;

    pub(in crate::session) fn id(id: &SessionId) -> String {
        format!("id/{}", id.to_key())
    }

    pub(in crate::session) fn sid(sid: &str) -> String {
        format!("sid/{sid}")
    }

    pub(in crate::session) fn sub(sub: &str) -> String {
        format!("sub/{sub}")
    }

    /// Of a user's sessions in the cookie of Next.js that have no name of their own.
    pub(super) fn unnamed(sub: &str) -> String {
        format!("next/{sub}")
    }

    /// Of one length, whatever the token says.
    pub(super) fn jti(jti: &str) -> String {
        format!("jti/{}", URL_SAFE_NO_PAD.encode_to_string(Sha256::digest(jti.as_bytes())))
    }
}

/// Whether a session was ended after it began.
pub(super) async fn is_revoked(settings: &CookieSettings, data: &SessionData) -> bool {
    is_revoked_by(settings, data, None).await
}

/// The same for a session in the cookie of Next.js that nothing tells apart from the user's others: see `next/members.rs`.
pub(super) async fn is_unnamed_revoked(settings: &CookieSettings, data: &SessionData) -> bool {
    is_revoked_by(settings, data, Some(key::unnamed(&data.subject.sub))).await
}

async fn is_revoked_by(settings: &CookieSettings, data: &SessionData, further: Option<String>) -> bool {
    let subject = &data.subject;
    let keys = [key::id(&data.id), key::sub(&subject.sub)].into_iter().chain(subject.sid.as_deref().map(key::sid));
    let keys: Vec<_> = keys.chain(further).collect();
    match settings.stores.revocations.revoked_until(&keys).await {
        Ok(until) => ended_by(data, until),
        // Nobody is logged out because a list cannot be read.
        Err(error) => {
            tracing::error!(target: "logto::session", error = %WithCauses(&*error), "the revocation store cannot be asked; the session is taken as valid");
            false
        }
    }
}

/// Whether a session began by the time that all of its kind are over.
pub(super) fn ended_by(data: &SessionData, until: Option<SystemTime>) -> bool {
    until.is_some_and(|until| data.issued_at <= clock::unix_seconds(until))
}

/// Remembers that a session ended whose id is all that is known, for as long as any could live.
pub(super) async fn bury_unread(settings: &CookieSettings, id: &SessionId) {
    note(settings, key::id(id), far_future(), longest_life(settings)).await;
}

/// Remembers that a session ended, for as long as it could have lived: its cookie may come back in a copy, or in a slow response to an
/// earlier request, which has sealed it anew.
pub(super) async fn bury(settings: &CookieSettings, data: &SessionData, now: i64) {
    let ends_at = data.created_at.saturating_add(clock::whole_seconds(settings.lifetime.absolute));
    // By a clock that is ahead no time would be left: it is never less than what a session of this moment has.
    let ttl = seconds(ends_at.saturating_sub(now)).max(longest_life(settings));
    // The id is of this sign-in alone, and whatever has it is over.
    let mut keys = vec![(key::id(&data.id), far_future())];
    if settings.next().is_some() {
        keys.push((key::unnamed(&data.subject.sub), system_time(data.issued_at)));
    }
    for (key, until) in keys {
        note(settings, key, until, ttl).await;
    }
}

/// The first pause before an end is noted once more; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// Notes an end.
async fn note(settings: &CookieSettings, key: String, until: SystemTime, ttl: Duration) {
    let store = Arc::clone(&settings.stores.revocations);
    insist(settings, ttl, move |left| {
        let (store, key) = (Arc::clone(&store), key.clone());
        Box::pin(async move { store.revoke(&key, until, left).await })
    })
    .await;
}

/// Does to a store what ends a session. If the store is down, a task tries again until it is done or the session would be over anyway; `end`
/// is told how long that is.
pub(super) async fn insist(
    settings: &CookieSettings,
    ttl: Duration,
    end: impl Fn(Duration) -> BoxFuture<'static, std::result::Result<(), BoxError>> + Send + Sync + 'static,
) {
    let Err(error) = end(ttl).await else {
        return;
    };
    let Ok(place) = Arc::clone(&settings.retries).try_acquire_owned() else {
        tracing::error!(target: "logto::session", error = %WithCauses(&*error), "a store could not be told that a session ended: its cookie may sign in again");
        return;
    };
    tracing::error!(target: "logto::session", error = %WithCauses(&*error), "a store could not be told that a session ended; trying again");
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

/// Ends the sessions of `which`: those that began at `at` or before, in unix seconds by the clock that issued them.
///
/// What is in cookies is noted before the store is told, so that a session that is just being written there is caught by the one or the
/// other. A failure of the one does not keep the other from being done.
pub(crate) async fn revoke(settings: &CookieSettings, which: &SessionSelector, at: i64) -> Result<()> {
    // A session at Logto that is over does not come back: what still carries its name is over too, even where the code was exchanged a
    // moment after the logout.
    let (key, until) = match which {
        SessionSelector::LogtoSession(sid) => (key::sid(sid), far_future()),
        SessionSelector::User(sub) => (key::sub(sub), system_time(at)),
    };
    let noted = settings.stores.revocations.revoke(&key, until, longest_life(settings)).await;
    let deleted = match &settings.stores.sessions {
        Some(store) => store.revoke(which).await.map_err(failed("the session store could not end the sessions"))?,
        None => 0,
    };
    noted.map_err(failed("the revocation store could not note that the sessions ended"))?;
    tracing::debug!(target: "logto::session", deleted, "sessions were revoked");
    Ok(())
}

/// How long a message is taken by who may have crashed: longer than the calls to the stores last that its taking makes.
const CLAIM: Duration = Duration::from_secs(120);

/// Takes a message of this name; of many at once, in all processes that share the revocation store, one gets it. `false` where it was taken.
///
/// It is [`remember`]ed when it is done with, or else [`release`]d.
pub(crate) async fn claim(settings: &CookieSettings, jti: &str) -> Result<bool> {
    let claimed = settings.stores.revocations.claim(&key::jti(jti), CLAIM).await;
    claimed.map_err(failed("the revocation store cannot be asked"))
}

/// Remembers a message that was [`claim`]ed for `ttl` seconds in all.
pub(crate) async fn remember(settings: &CookieSettings, jti: &str, now: i64, ttl: i64) -> Result<()> {
    let noted = settings.stores.revocations.revoke(&key::jti(jti), system_time(now), seconds(ttl)).await;
    noted.map_err(failed("the revocation store could not note the logout token"))
}

/// Gives a message back that could not be done with, so that it may come again.
pub(crate) async fn release(settings: &CookieSettings, jti: &str) {
    if let Err(error) = settings.stores.revocations.release(&key::jti(jti)).await {
        tracing::warn!(target: "logto::session", error = %WithCauses(&*error), "a logout token could not be given back; it may come again after {CLAIM:?}");
    }
}

/// How long a session of this moment could live. It may be one of an instance whose clock is ahead.
fn longest_life(settings: &CookieSettings) -> Duration {
    settings.lifetime.absolute.saturating_add(seconds(settings.clock_tolerance()))
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn failed(message: &'static str) -> impl FnOnce(BoxError) -> Error {
    move |source| Error::new(Code::StoreFailed, message).with_source(source)
}
