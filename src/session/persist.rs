//! Where a session is read from and written to: the cookies themselves, or a store that the cookie points to.

use std::{array::TryFromSliceError, mem, sync::Arc};

use cookie::Cookie;

use super::{
    Ending, Others, SessionData, chunks, compress::Effort, largest, next, revocation, seal, settings::CookieSettings,
    wire,
};
use crate::{
    clock::system_time,
    error::{BoxError, Code, Error, Result},
    store::{SaveOutcome, SessionId, SessionStore, StoredSession},
};

/// What begins a cookie that points into a store, where a session in the cookie has the number of its layout.
const REFERENCE: u8 = 0;
/// Two requests that write one session at once agree in the second round; more rounds mean a store that does not tell the truth.
const MAX_ROUNDS: usize = 8;
/// Bytes of a cookie's value up to which a few more are worth less than the time to save them. Every request carries them.
const FAST: usize = 2048;

/// Where a session came from.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// There was none.
    #[default]
    None,
    /// The cookies hold it.
    Cookies,
    /// A store holds it, in this revision.
    Store { id: SessionId, revision: u64 },
    /// It began with a sign-in that another request has ended, too, and was written by that one: a store holds it, or it was ended.
    SignIn,
}

/// What the cookies gave.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) origin: Origin,
    pub(super) data: Option<SessionData>,
    /// Older sessions that came along and end with it, and those that begin in the future.
    pub(super) beside: Vec<Ending>,
    pub(super) others: Others,
    /// Whether what the browser holds has to be written anew, or deleted.
    pub(super) rewrite: bool,
}

/// Reads the session that the cookies, given as (name, value), hold or point to.
pub(super) async fn open(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Result<Opened> {
    match next::open(settings, cookies, now).await {
        Some(opened) => Ok(opened),
        None => open_own(settings, cookies, now).await,
    }
}

/// Of all that open, the newest counts.
async fn open_own(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Result<Opened> {
    let (keys, name) = (&settings.keys, settings.session_name());
    let texts = chunks::open_each(settings, cookies, |text| keys.may_open(text), |text| keys.open(name, text));
    let mut newest: Option<(Origin, SessionData)> = None;
    let (mut beside, mut is_early) = (Vec::new(), false);
    for bytes in texts {
        let Some(found) = read(settings, &bytes, now).await? else {
            continue;
        };
        if found.1.begins_later(settings, now) {
            // A clock was or is wrong. It signs nobody in, and it is not deleted, for then a wrong clock would sign users out.
            tracing::warn!(target: "logto::session", "a session begins in the future and is not used: set the clock of this machine (NTP)");
            is_early = true;
            beside.push(ending(found));
            continue;
        }
        match newest.take() {
            Some(known) if age(&known) > age(&found) => {
                newest = Some(known);
                beside.push(ending(found));
            }
            known => {
                newest = Some(found);
                beside.extend(known.map(ending));
            }
        }
    }
    let (origin, data) = newest.map_or((Origin::None, None), |(origin, data)| (origin, Some(data)));
    Ok(Opened { origin, rewrite: data.is_none() && !is_early, data, beside, others: Others::default() })
}

/// The ids of the stored sessions that the cookies point to.
pub(super) fn ids(settings: &CookieSettings, cookies: &[(String, String)]) -> Vec<SessionId> {
    let (keys, name) = (&settings.keys, settings.session_name());
    let texts = chunks::open_each(settings, cookies, |text| keys.may_open(text), |text| keys.open(name, text));
    texts.iter().filter_map(|bytes| reference_in(bytes)?.ok()).map(SessionId::from_bytes).collect()
}

/// The id that a cookie's plaintext points to, if it is one that points.
fn reference_in(bytes: &[u8]) -> Option<std::result::Result<[u8; 16], TryFromSliceError>> {
    bytes.split_first().filter(|(kind, _)| **kind == REFERENCE).map(|(_, id)| id.try_into())
}

fn ending((_, data): (Origin, SessionData)) -> Ending {
    Ending::Read(Box::new(data))
}

/// What tells the newer of two sessions: the later sign-in, and of one sign-in the state that was written later. One that has moved into a
/// store is there to stay.
fn age((origin, data): &(Origin, SessionData)) -> impl Ord + use<> {
    let stored = matches!(origin, Origin::Store { .. });
    (data.created_at, stored, data.refreshes, data.revision, data.touched_at)
}

/// The session that this plaintext of a cookie is or points to.
async fn read(settings: &CookieSettings, bytes: &[u8], now: i64) -> Result<Option<(Origin, SessionData)>> {
    let (origin, data) = match (reference_in(bytes), &settings.stores.sessions) {
        (Some(Ok(id)), Some(store)) => load(settings, &**store, SessionId::from_bytes(id)).await?,
        (Some(_), _) => (Origin::None, None),
        // Also where there is a store by now: those who are signed in stay so, and move into it with the next write.
        (None, _) => (Origin::Cookies, wire::read(bytes)),
    };
    let Some(data) = data.and_then(|data| data.alive(settings, now)) else {
        return Ok(None);
    };
    // What is noted of a stored session's end came with it.
    let revoked = origin == Origin::Cookies && revocation::is_revoked(settings, &data).await;
    Ok((!revoked).then_some((origin, data)))
}

async fn load(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    id: SessionId,
) -> Result<(Origin, Option<SessionData>)> {
    let Some(stored) = store.load(&id).await.map_err(failed("read"))? else {
        return Ok((Origin::None, None));
    };
    let data = unseal(settings, &id, &stored);
    if data.as_ref().is_some_and(|data| revocation::ended_by(data, stored.revoked_until)) {
        // What should have deleted it did not find it, or did not reach the store.
        delete(settings, &id).await;
        return Ok((Origin::None, None));
    }
    Ok((Origin::Store { id, revision: stored.revision }, data))
}

fn unseal(settings: &CookieSettings, id: &SessionId, stored: &StoredSession) -> Option<SessionData> {
    let data = wire::read(&settings.keys.open(&label(id), &stored.sealed)?)?;
    // A store that hands out one session under the name of another is not believed.
    (data.id == *id).then_some(data)
}

/// What a stored session is sealed for, so that none opens under the id of another.
fn label(id: &SessionId) -> String {
    format!("store/{}", id.to_key())
}

/// Writes a session; gives the cookies to set. `None` where the store says that the session was ended meanwhile.
pub(super) async fn write(
    settings: &CookieSettings,
    origin: Origin,
    data: SessionData,
    others: &Others,
    now: i64,
) -> Result<Option<Vec<Cookie<'static>>>> {
    if let (Some(store), None) = (&settings.stores.sessions, settings.shared()) {
        return write_to_store(settings, &**store, origin, data, now).await;
    }
    // It was loaded a while ago, and what is sealed now is good from now on.
    if revocation::is_revoked(settings, &data).await {
        tracing::info!(target: "logto::session", "a session was ended while a request was under way");
        return next::write_others(settings, others);
    }
    match settings.shared() {
        Some(next) => next.write(settings, data, others, now).map(|cookie| Some(vec![cookie])),
        None => write_to_cookies(settings, data, now).map(Some),
    }
}

async fn write_to_store(
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
        Origin::Store { id, revision } => (id, revision),
        Origin::None | Origin::Cookies if create(settings, store, &mut data, now).await? => {
            // Looked up after the write, as a revocation is noted before the store is told: whichever comes first, one sees the other.
            if revocation::is_revoked(settings, &data).await {
                tracing::info!(target: "logto::session", "a session was ended while it began");
                delete(settings, &data.id).await;
                return Ok(None);
            }
            return reference(settings, &data).map(|cookie| Some(vec![cookie]));
        }
        // Another request has moved it from the cookies, or written it for the same sign-in. No revision of a stored session: the first save
        // is a conflict.
        Origin::None | Origin::Cookies | Origin::SignIn => (data.id, 0),
    };
    let is_new_here = !matches!(origin, Origin::Store { .. });
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

/// A session as the store holds it now, merged with what other requests wrote.
pub(super) struct Saved {
    pub(super) revision: u64,
    pub(super) data: SessionData,
}

/// Saves a session in the place of the state of it that was read as `revision`. `None` if it was ended meanwhile.
pub(super) async fn save(
    settings: &CookieSettings,
    store: &dyn SessionStore,
    id: SessionId,
    mut revision: u64,
    mut data: SessionData,
    now: i64,
) -> Result<Option<Saved>> {
    for _ in 0..MAX_ROUNDS {
        let next = revision.saturating_add(1);
        let stored = record(settings, &mut data, next, now)?;
        match store.save(&id, &stored, revision).await.map_err(failed("keep"))? {
            SaveOutcome::Saved => return Ok(Some(Saved { revision: next, data })),
            SaveOutcome::Gone => return Ok(None),
            SaveOutcome::Conflict => match load(settings, store, id).await? {
                (Origin::Store { revision: newer, .. }, Some(other)) => {
                    // Many requests write the same tokens at once: the second one has nothing to add.
                    let known = other.clone();
                    data.merge(other);
                    if data.has_nothing_but(&known) {
                        return Ok(Some(Saved { revision: newer, data }));
                    }
                    revision = newer;
                }
                _ => return Ok(None),
            },
        }
    }
    Err(Error::new(Code::StoreFailed, format!("the session store reported {MAX_ROUNDS} conflicts in a row")))
}

/// Whether the session of a sign-in has ended: it was revoked, or it is gone from the store that it was `written` to.
pub(crate) async fn is_over(settings: &CookieSettings, data: &SessionData, written: bool) -> Result<bool> {
    if revocation::is_revoked(settings, data).await {
        return Ok(true);
    }
    match &settings.stores.sessions {
        Some(store) if written => Ok(load(settings, &**store, data.id).await?.1.is_none()),
        _ => Ok(false),
    }
}

/// Puts a session into the store, under the id that it has: one that moves from cookies is ended by the same name before and after.
async fn create(settings: &CookieSettings, store: &dyn SessionStore, data: &mut SessionData, now: i64) -> Result<bool> {
    let stored = record(settings, data, 1, now)?;
    store.create(&data.id, &stored).await.map_err(failed("keep"))
}

fn record(settings: &CookieSettings, data: &mut SessionData, revision: u64, now: i64) -> Result<StoredSession> {
    data.revision = revision;
    data.access_tokens.retain(|token| token.expires_at > now);
    let subject = data.subject.clone();
    let expires_at = system_time(settings.lifetime.ends_at(data.created_at, data.touched_at));
    let sealed = loop {
        let bytes = wire::write(data, Effort::Fast)?;
        match settings.keys.seal(&label(&data.id), &bytes) {
            // As in cookies: an access token can be had again. As many at once as have to go at least: none takes more room than its length.
            Err(error) if error.is(Code::SessionTooLarge) && !data.access_tokens.is_empty() => {
                let mut surplus = bytes.len().saturating_sub(seal::MAX_PLAINTEXT).max(1);
                while surplus > 0 && !data.access_tokens.is_empty() {
                    surplus = surplus.saturating_sub(data.access_tokens.remove(0).token.expose().len());
                }
            }
            sealed => break sealed?,
        }
    };
    Ok(StoredSession::new(subject.sub, sealed).sid(subject.sid).revision(revision).expires_at(expires_at))
}

/// The cookie that points to a stored session.
fn reference(settings: &CookieSettings, data: &SessionData) -> Result<Cookie<'static>> {
    let sealed = settings.keys.seal(settings.session_name(), &[[REFERENCE].as_slice(), data.id.as_bytes()].concat())?;
    let max_age = settings.lifetime.ends_at(data.created_at, data.touched_at).saturating_sub(data.touched_at);
    Ok(settings.cookie(settings.chunk_name(0), sealed, max_age))
}

fn write_to_cookies(settings: &CookieSettings, mut data: SessionData, now: i64) -> Result<Vec<Cookie<'static>>> {
    data.revision = data.revision.saturating_add(1);
    data.touched_at = now;
    data.access_tokens.retain(|token| token.expires_at > now);
    let max_age = settings.lifetime.ends_at(data.created_at, now).saturating_sub(now);
    let seal = |data: &SessionData, effort| -> Result<Option<Vec<Cookie<'static>>>> {
        let sealed = settings.keys.seal(settings.session_name(), &wire::write(data, effort)?)?;
        Ok(chunks::split(settings, &sealed, max_age))
    };
    let fast = seal(&data, Effort::Fast)?.unwrap_or_default();
    if let [cookie] = fast.as_slice()
        && cookie.value().len() <= FAST
    {
        return Ok(fast);
    }
    if let Some(cookies) = seal(&data, Effort::Small)? {
        return Ok(cookies);
    }
    if data.refresh_token.is_none() {
        return Err(too_large(&data));
    }
    // An access token can be had again with the refresh token; the user's session cannot. As many of the newest as fit are kept: found by
    // halves, for each attempt packs them all.
    let tokens = mem::take(&mut data.access_tokens);
    let (mut least, mut most, mut fitting) = (1, tokens.len(), None);
    while least <= most {
        let dropped = usize::midpoint(least, most);
        data.access_tokens = tokens.iter().skip(dropped).cloned().collect();
        match seal(&data, Effort::Small)? {
            Some(cookies) => (fitting, most) = (Some(cookies), dropped - 1),
            None => least = dropped + 1,
        }
    }
    fitting.ok_or_else(|| too_large(&data))
}

fn too_large(data: &SessionData) -> Error {
    largest::too_large(data, &format!("{} cookies of {} bytes", chunks::MAX_CHUNKS, chunks::MAX_COOKIE))
}

/// Forgets a stored session. If the store is down, a task tries again.
pub(super) async fn delete(settings: &CookieSettings, id: &SessionId) {
    let Some(store) = settings.stores.sessions.clone() else {
        return;
    };
    let id = *id;
    revocation::insist(settings, settings.lifetime.absolute, move |_| {
        let store = Arc::clone(&store);
        Box::pin(async move { store.delete(&id).await })
    })
    .await;
}

fn failed(what: &str) -> impl FnOnce(BoxError) -> Error {
    let message = format!("the session store failed to {what} a session");
    move |source| Error::new(Code::StoreFailed, message).with_source(source)
}

#[cfg(test)]
mod tests;
