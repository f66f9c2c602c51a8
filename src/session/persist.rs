//! Where a session is read from and written to: the cookies themselves, or a store that the cookie points to.

mod in_cookies;
mod in_store;

use cookie::Cookie;
use zeroize::Zeroizing;

use self::in_store::Loaded;
pub(super) use self::in_store::{Saved, delete, list, load, save};
use super::{
    chunks,
    data::SessionData,
    lazy::LazySession,
    next,
    opened::{KnownSession, Opened, Origin, PreservedMembers},
    own_cookies::OwnCookies,
    refused::{self, Refused},
    revocation,
    settings::CookieSettings,
};
use crate::{
    error::{Code, Error, Result},
    store::SessionId,
};

/// Reads the session that the cookies, given as (name, value), hold or point to.
pub(super) async fn open(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Result<Opened> {
    match next::open(settings, cookies, now).await? {
        Some(opened) => Ok(opened),
        None => open_own(settings, cookies, now).await,
    }
}

/// Of all that open, the newest counts.
async fn open_own(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Result<Opened> {
    let mut newest: Option<(Origin, LazySession)> = None;
    let (mut others, mut is_early, mut refused) = (Vec::new(), false, None);
    for plaintext in plaintexts(settings, cookies) {
        let found = match read(settings, plaintext, now).await? {
            Ok(found) => found,
            Err(why) => {
                refused.get_or_insert(why);
                continue;
            }
        };
        if found.1.head().begins_later(settings, now) {
            // A clock was or is wrong. It signs nobody in, and it is not deleted, for then a wrong clock would sign users out.
            tracing::warn!(target: "logto::session", "a session begins in the future and is not used: set the clock of this machine (NTP)");
            is_early = true;
            others.push(known(found));
            continue;
        }
        match newest.take() {
            Some(newer) if age(&newer) > age(&found) => {
                newest = Some(newer);
                others.push(known(found));
            }
            older => {
                newest = Some(found);
                others.extend(older.map(known));
            }
        }
    }
    let (mut origin, data) = newest.map_or((Origin::None, None), |(origin, data)| (origin, Some(data)));
    // It moves to the present name at once, so that the previous name can be removed after one idle lifetime.
    let renames = data.is_some() && cookies.iter().all(|(name, _)| !settings.own.is_session_name(name));
    if let Origin::Store { is_renamed, .. } = &mut origin {
        *is_renamed = renames;
    }
    let rewrite = renames || data.is_none() && !is_early;
    let refused =
        if rewrite && data.is_none() { refused.or_else(|| Refused::unopened(settings, cookies)) } else { None };
    Ok(Opened { origin, data, others, preserved: PreservedMembers::default(), refused, rewrite })
}

/// The ids of the stored sessions that the cookies point to.
pub(super) fn stored_ids(settings: &CookieSettings, cookies: &[(String, String)]) -> Vec<SessionId> {
    let plaintexts = plaintexts(settings, cookies);
    plaintexts.iter().filter_map(|bytes| in_store::reference_in(bytes)?.ok()).map(SessionId::from_bytes).collect()
}

fn plaintexts(settings: &CookieSettings, cookies: &[(String, String)]) -> Vec<Zeroizing<Vec<u8>>> {
    let keys = &settings.keys;
    // As most requests have it: there is nothing to choose from, and nothing to put together.
    if let [(name, value)] = cookies {
        let is_ours = settings.all_own().any(|own| own.session_name() == name);
        return is_ours.then(|| keys.open(name, value)).flatten().into_iter().collect();
    }
    let each = |own: &OwnCookies| {
        chunks::open_each(own, cookies, |text| keys.may_open(text), |text| keys.open(own.session_name(), text))
    };
    settings.all_own().flat_map(each).collect()
}

fn known((_, data): (Origin, LazySession)) -> KnownSession {
    KnownSession::Whole(Box::new(data.head().clone()))
}

/// What tells the newer of two sessions: the later sign-in, and of one sign-in the state that was written later. One that has moved into a
/// store is there to stay.
fn age((origin, data): &(Origin, LazySession)) -> impl Ord + use<> {
    let (stored, data) = (matches!(origin, Origin::Store { .. }), data.head());
    (data.created_at, stored, data.refreshes, data.revision, data.touched_at)
}

/// The session that this plaintext of a cookie is or points to.
async fn read(
    settings: &CookieSettings,
    plaintext: Zeroizing<Vec<u8>>,
    now: i64,
) -> Result<std::result::Result<(Origin, LazySession), Refused>> {
    let (origin, data) = match (in_store::reference_in(&plaintext), &settings.stores.sessions) {
        (Some(Ok(id)), Some(store)) => {
            let id = SessionId::from_bytes(id);
            match in_store::load_judged(settings, &**store, id).await? {
                Loaded::Session(origin, data) => (origin, Some(data)),
                Loaded::Revoked(data) => return Ok(Err(Refused::ended(settings, &data).await)),
                Loaded::Missing => return Ok(Err(Refused::not_stored(settings, id).await)),
            }
        }
        (Some(_), _) => (Origin::None, None),
        // Also where there is a store by now: those who are signed in stay so, and move into it with the next write.
        (None, _) => (Origin::Cookies, LazySession::open(plaintext)),
    };
    let Some(data) = data else {
        return Ok(Err(Refused::unreadable()));
    };
    let data = match data.unless_expired(settings, now) {
        Ok(data) => data,
        Err(expired) => return Ok(Err(expired)),
    };
    // What is noted of a stored session's end came with it.
    if origin == Origin::Cookies && revocation::is_revoked(settings, data.head()).await? {
        return Ok(Err(Refused::ended(settings, data.head()).await));
    }
    Ok(Ok((origin, data)))
}

/// Writes a session; gives the cookies to set. `None` where the store says that the session was ended meanwhile.
pub(super) async fn write(
    settings: &CookieSettings,
    origin: Origin,
    data: LazySession,
    preserved: &PreservedMembers,
    now: i64,
) -> Result<Option<Vec<Cookie<'static>>>> {
    if let (Some(store), None) = (&settings.stores.sessions, settings.shared_next()) {
        return in_store::write(settings, &**store, origin, whole(data)?, now).await;
    }
    // It was loaded a while ago, and what is sealed now is good from now on.
    if revocation::is_revoked(settings, data.head()).await? {
        refused::write_ended_meanwhile(settings, data.head());
        return next::write_preserved(settings, preserved);
    }
    match settings.shared_next() {
        Some(next) => next.write(settings, whole(data)?, preserved, now).map(|cookie| Some(vec![cookie])),
        None => in_cookies::write(settings, data, now).map(Some),
    }
}

fn whole(data: LazySession) -> Result<SessionData> {
    let unreadable = || Error::new(Code::SessionTooLarge, "the session cannot be written");
    data.into_whole().ok_or_else(unreadable)
}
