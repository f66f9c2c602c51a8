//! Sessions that end otherwise than by their own browser, and how that is remembered.
//!
//! A stored session is deleted. One in cookies is out of reach, so it is remembered what ended, and looked up whenever a session is read.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{
    SessionData,
    persist::system_time,
    settings::CookieSettings,
    store::{RevokedSessions, SessionId},
};
use crate::{BoxError, Error, Result, clock, error::Code};

/// The keys under which it is remembered that sessions ended.
mod key {
    use super::{Digest, SessionId, Sha256};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    pub(super) fn id(id: &SessionId) -> String {
        format!("id/{}", id.to_key())
    }

    pub(super) fn sid(sid: &str) -> String {
        format!("sid/{sid}")
    }

    pub(super) fn sub(sub: &str) -> String {
        format!("sub/{sub}")
    }

    /// Of one length, whatever the token says.
    pub(super) fn jti(jti: &str) -> String {
        format!("jti/{}", URL_SAFE_NO_PAD.encode(Sha256::digest(jti.as_bytes())))
    }
}

/// Whether a session was ended after it began.
pub(super) async fn is_revoked(settings: &CookieSettings, data: &SessionData) -> bool {
    let subject = &data.subject;
    let keys = [key::id(&data.id), key::sub(&subject.sub)].into_iter().chain(subject.sid.as_deref().map(key::sid));
    let keys: Vec<_> = keys.collect();
    match settings.stores.revocations.revoked_until(&keys).await {
        Ok(until) => until.is_some_and(|until| data.issued_at <= clock::unix_seconds(until)),
        // Nobody is logged out because a list cannot be read.
        Err(error) => {
            tracing::error!(target: "logto::session", error = %error, "the revocation store cannot be asked; the session is taken as valid");
            false
        }
    }
}

/// Remembers that a session in cookies ended: a slow response to an earlier request may still bring its cookie back.
pub(super) async fn bury(settings: &CookieSettings, data: &SessionData, now: i64) {
    let ttl = seconds(settings.lifetime.ends_at(data.created_at, now).saturating_sub(now));
    let until = system_time(data.issued_at);
    if let Err(error) = settings.stores.revocations.revoke(&key::id(&data.id), until, ttl).await {
        tracing::error!(target: "logto::session", error = %error, "it could not be remembered that the session ended");
    }
}

/// Ends the sessions of `which`: those that began at `at` or before, in unix seconds by the clock that issued them.
///
/// What is in cookies is noted before the store is told, so that a session that is just being written there is caught by the one or the
/// other. A failure of the one does not keep the other from being done.
pub(crate) async fn revoke(settings: &CookieSettings, which: &RevokedSessions, at: i64) -> Result<()> {
    let lifetime = settings.lifetime.absolute;
    let (key, until) = match which {
        // A session at Logto that is over does not come back: what still carries its name is over too, even where the code was exchanged
        // a moment after the logout.
        RevokedSessions::Sid(sid) => (key::sid(sid), at.saturating_add(clock::whole_seconds(lifetime))),
        RevokedSessions::Sub(sub) => (key::sub(sub), at),
    };
    let noted = settings.stores.revocations.revoke(&key, system_time(until), lifetime).await;
    let deleted = match &settings.stores.sessions {
        Some(store) => store.revoke(which).await.map_err(failed("the session store could not end the sessions"))?,
        None => 0,
    };
    noted.map_err(failed("the revocation store could not note that the sessions ended"))?;
    tracing::debug!(target: "logto::session", deleted, "sessions were revoked");
    Ok(())
}

/// Whether a message of this name was [`remember`]ed.
pub(crate) async fn is_known(settings: &CookieSettings, jti: &str) -> Result<bool> {
    let known = settings.stores.revocations.revoked_until(&[key::jti(jti)]).await;
    known.map(|until| until.is_some()).map_err(failed("the revocation store cannot be asked"))
}

/// Remembers a message for `ttl` seconds, in every process that shares the revocation store.
pub(crate) async fn remember(settings: &CookieSettings, jti: &str, now: i64, ttl: i64) -> Result<()> {
    let noted = settings.stores.revocations.revoke(&key::jti(jti), system_time(now), seconds(ttl)).await;
    noted.map_err(failed("the revocation store could not note the logout token"))
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn failed(message: &'static str) -> impl FnOnce(BoxError) -> Error {
    move |source| Error::new(Code::StoreFailed, message).with_source(source)
}
