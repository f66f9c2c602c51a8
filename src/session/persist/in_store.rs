//! A session in a store, and the cookie that points to it.

use std::{array::TryFromSliceError, sync::Arc};

use cookie::Cookie;

use crate::{
    clock::system_time,
    error::{Code, Error, Result},
    events::EventKind,
    session::{
        compress::CompressionLevel,
        data::{SessionData, SessionHead},
        lazy::LazySession,
        opened::Origin,
        refused, retry, revocation, seal,
        settings::CookieSettings,
        store_failed::store_failed,
        wire,
    },
    store::{SaveOutcome, SessionId, SessionStore, StoredSession},
};

/// What begins a cookie that points into a store, where a session in the cookie has the number of its layout.
const STORE_REFERENCE_TAG: u8 = 0;
/// Two requests that write one session at once agree in the second round; more rounds mean a store that does not tell the truth.
const MAX_MERGE_ATTEMPTS: usize = 8;

/// The id that a cookie's plaintext points to, if it is one that points.
pub(super) fn reference_in(bytes: &[u8]) -> Option<std::result::Result<[u8; 16], TryFromSliceError>> {
    bytes.split_first().filter(|(tag, _)| **tag == STORE_REFERENCE_TAG).map(|(_, id)| id.try_into())
}

/// The cookie that points to a stored session.
fn reference(settings: &CookieSettings, data: &SessionData) -> Result<Cookie<'static>> {
    let plaintext = [[STORE_REFERENCE_TAG].as_slice(), data.id.as_bytes()].concat();
    let sealed = settings.keys.seal(settings.own.session_name(), &plaintext)?;
    let max_age = settings.lifetime.ends_at(data.created_at, data.touched_at).saturating_sub(data.touched_at);
    Ok(settings.own.session_cookie(settings.own.chunk_name(0), sealed, max_age))
}

/// What a store has under an id.
pub(super) enum Loaded {
    Session(Origin, LazySession),
    /// One that was ended.
    Revoked(Box<SessionHead>),
    Missing,
}

pub(in crate::session) async fn load(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    id: SessionId,
) -> Result<(Origin, Option<SessionData>)> {
    Ok(match load_judged(settings, store, id).await? {
        Loaded::Session(origin, data) => (origin, data.into_whole()),
        Loaded::Revoked(_) | Loaded::Missing => (Origin::None, None),
    })
}

/// The same, and why there is none.
pub(super) async fn load_judged(settings: &CookieSettings, store: &dyn SessionStore, id: SessionId) -> Result<Loaded> {
    let loaded = store.load(&id).await;
    let Some(stored) = loaded.map_err(store_failed(settings, "the session store failed to read a session"))? else {
        return Ok(Loaded::Missing);
    };
    let Some(data) = unseal(settings, &id, &stored) else {
        return Ok(Loaded::Missing);
    };
    if revocation::ended_by(data.head(), stored.revoked_until) {
        // What should have deleted it did not find it, or did not reach the store.
        delete(settings, &id).await;
        return Ok(Loaded::Revoked(Box::new(data.head().clone())));
    }
    Ok(Loaded::Session(Origin::Store { id, revision: stored.revision, is_renamed: false }, data))
}

/// The sessions of a user, as they would be read now. Those that do not open serve nobody.
pub(in crate::session) async fn list(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    sub: &str,
    now: i64,
) -> Result<Vec<SessionData>> {
    let listed = store.list(sub).ok_or_else(|| {
        Error::new(Code::StoreCannotList, "the session store has no index by user, so it cannot list sessions")
    })?;
    let listed =
        listed.await.map_err(store_failed(settings, "the session store failed to list the sessions of a user"))?;
    let open = |(id, stored): (SessionId, StoredSession)| {
        let data = unseal(settings, &id, &stored).filter(|data| data.head().subject.sub == sub)?.into_whole()?;
        (!revocation::ended_by(&data, stored.revoked_until)).then_some(data)?.unless_expired(settings, now).ok()
    };
    Ok(listed.into_iter().filter_map(open).collect())
}

/// Writes a session; gives the cookies to set, which are none where the browser's says the same. `None` where the store says that the
/// session was ended meanwhile.
pub(super) async fn write(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    origin: Origin,
    mut data: SessionData,
    now: i64,
) -> Result<Option<Vec<Cookie<'static>>>> {
    let touched = now.saturating_sub(data.touched_at) >= settings.lifetime.touch_interval();
    if touched {
        data.touched_at = now;
    }
    let (id, revision) = match origin {
        Origin::Store { id, revision, .. } => (id, revision),
        Origin::None | Origin::Cookies if create(settings, store, &mut data, now).await? => {
            // Looked up after the write, as a revocation is noted before the store is told: whichever comes first, one sees the other.
            let revoked = revocation::is_revoked(settings, &data).await;
            if !matches!(revoked, Ok(false)) {
                delete(settings, &data.id).await;
                revoked?;
                refused::write_ended_meanwhile(settings, &data);
                return Ok(None);
            }
            return reference(settings, &data).map(|cookie| Some(vec![cookie]));
        }
        // Another request has moved it from the cookies, or written it for the same sign-in. No revision of a stored session: the first save
        // is a conflict.
        Origin::None | Origin::Cookies | Origin::SignIn => (data.id, 0),
    };
    let is_new_here = !matches!(origin, Origin::Store { is_renamed: false, .. });
    match save(settings, store, id, revision, data, now).await? {
        // The cookie of a session that was read says the same as before; it is sent again only to live longer.
        Some(saved) => {
            Ok(Some(if touched || is_new_here { vec![reference(settings, &saved.data)?] } else { Vec::new() }))
        }
        None if origin == Origin::None => {
            Err(Error::new(Code::StoreFailed, "the session store says that a new random id is taken"))
        }
        None => Ok(None),
    }
}

/// Puts a session into the store, under the id that it has: one that moves from cookies is ended by the same name before and after.
async fn create(settings: &CookieSettings, store: &dyn SessionStore, data: &mut SessionData, now: i64) -> Result<bool> {
    let stored = seal_record(settings, data, 1, now)?;
    store.create(&data.id, &stored).await.map_err(store_failed(settings, NOT_KEPT))
}

/// A session as the store holds it now, merged with what other requests wrote.
pub(in crate::session) struct Saved {
    pub(in crate::session) revision: u64,
    pub(in crate::session) data: SessionData,
}

/// Saves a session in the place of the state of it that was read as `revision`. `None` if it was ended meanwhile.
pub(in crate::session) async fn save(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    id: SessionId,
    mut revision: u64,
    mut data: SessionData,
    now: i64,
) -> Result<Option<Saved>> {
    for _ in 0..MAX_MERGE_ATTEMPTS {
        let next = revision.saturating_add(1);
        let stored = seal_record(settings, &mut data, next, now)?;
        match store.save(&id, &stored, revision).await.map_err(store_failed(settings, NOT_KEPT))? {
            SaveOutcome::Saved => return Ok(Some(Saved { revision: next, data })),
            SaveOutcome::Gone => return Ok(None),
            SaveOutcome::Conflict => match load(settings, store, id).await? {
                (Origin::Store { revision: newer, .. }, Some(other)) => {
                    // Many requests write the same tokens at once: the second one has nothing to add.
                    let known = other.clone();
                    data.merge(other);
                    if data.adds_nothing_to(&known) {
                        return Ok(Some(Saved { revision: newer, data }));
                    }
                    revision = newer;
                }
                _ => return Ok(None),
            },
        }
    }
    Err(Error::new(Code::StoreFailed, format!("the session store reported {MAX_MERGE_ATTEMPTS} conflicts in a row")))
}

const NOT_KEPT: &str = "the session store failed to keep a session";

/// Deletes a stored session. If the store is down, a task tries again.
pub(in crate::session) async fn delete(settings: &CookieSettings, id: &SessionId) {
    let Some(store) = settings.stores.sessions.clone() else {
        return;
    };
    let id = *id;
    retry::until_done(settings, EventKind::StoreFailed, settings.lifetime.absolute, move |_| {
        let store = Arc::clone(&store);
        Box::pin(async move { store.delete(&id).await })
    })
    .await;
}

fn seal_record(settings: &CookieSettings, data: &mut SessionData, revision: u64, now: i64) -> Result<StoredSession> {
    data.revision = revision;
    data.access_tokens.retain(|token| token.expires_at > now);
    let subject = data.subject.clone();
    let expires_at = system_time(settings.lifetime.ends_at(data.created_at, data.touched_at));
    let sealed = loop {
        let bytes = wire::write(data, CompressionLevel::Fast)?;
        match settings.keys.seal(&label(&data.id), &bytes) {
            // As in cookies: an access token can be requested again. As many at once as have to go at least: none takes more room than its length.
            Err(error) if error.is(Code::SessionTooLarge) && !data.access_tokens.is_empty() => {
                let mut surplus = bytes.len().saturating_sub(seal::MAX_PLAINTEXT_BYTES).max(1);
                while surplus > 0 && !data.access_tokens.is_empty() {
                    surplus = surplus.saturating_sub(data.access_tokens.remove(0).token.expose().len());
                }
            }
            sealed => break sealed?,
        }
    };
    Ok(StoredSession::new(subject.sub, sealed).sid(subject.sid).revision(revision).expires_at(expires_at))
}

fn unseal(settings: &CookieSettings, id: &SessionId, stored: &StoredSession) -> Option<LazySession> {
    let data = LazySession::open(settings.keys.open(&label(id), &stored.sealed)?)?;
    // A session that a store returns under the name of another is rejected.
    (data.head().id == *id).then_some(data)
}

/// What a stored session is sealed for, so that none opens under the id of another.
fn label(id: &SessionId) -> String {
    format!("store/{}", id.to_key())
}

#[cfg(test)]
mod tests;
