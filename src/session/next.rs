//! The session cookie of `@logto/next` 4 and `@logto/node` 3, read and written so that both sides share it.
//!
//! The cookie belongs to the Next.js app as well: what cannot be opened here, or holds no session, is left alone. It may be sealed with a
//! newer secret, or hold a sign-in that Next.js has begun.

mod members;
pub(crate) mod next_cookie;
mod seal;
mod tokens;

use cookie::Cookie;

use self::members::Members;
use self::next_cookie::NextCookie;
use super::{
    candidates,
    data::SessionData,
    largest,
    lazy::LazySession,
    limits::MAX_COOKIE_BYTES,
    opened::{KnownSession, Opened, Origin, PreservedMembers},
    refused::Refused,
    revocation,
    settings::CookieSettings,
};
use crate::{
    clock,
    error::{Error, Result},
};

/// Reads the cookie: always where it is shared, else where it holds a session and the browser has none of our own.
///
/// # Errors
/// `store.failed` where the revocation store is required and cannot be asked.
pub(super) async fn open(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Result<Option<Opened>> {
    let Some(next) = settings.next() else {
        return Ok(None);
    };
    let shared = next.is_shared();
    if next.is_ignored(cookies, now) {
        return Ok(None);
    }
    if !shared && cookies.iter().any(|(name, _)| name != next.name()) {
        return Ok(None);
    }
    let Found { data, early, named, expired, preserved } = next.open(settings, cookies, now);
    let is_expired = expired.is_some();
    if let Some(early) = early {
        let others = vec![KnownSession::Whole(Box::new(early.head))];
        let origin = Origin::Cookies;
        return Ok(Some(Opened { origin, data: None, others, preserved, refused: None, rewrite: false }));
    }
    if !shared && data.is_none() {
        // It stays as it is, and the log alone tells of it.
        if let Some(expired) = expired {
            expired.write(settings);
        }
        return Ok(None);
    }
    let revoked = match &data {
        Some(data) if named => revocation::is_revoked(settings, data).await?,
        Some(data) => revocation::is_unnamed_revoked(settings, data).await?,
        None => false,
    };
    let refused = match &data {
        Some(data) if revoked => Some(Refused::ended(settings, data).await),
        _ => expired,
    };
    let rewrite = is_expired || revoked || !shared;
    let data = data.filter(|_| !revoked).map(LazySession::from);
    Ok(Some(Opened { origin: Origin::Cookies, data, others: Vec::new(), preserved, refused, rewrite }))
}

/// Writes what is left in a shared cookie without a session. `None` where that is nothing.
pub(super) fn write_preserved(
    settings: &CookieSettings,
    preserved: &PreservedMembers,
) -> Result<Option<Vec<Cookie<'static>>>> {
    let Some(next) = settings.shared_next().filter(|_| !preserved.is_empty()) else {
        return Ok(None);
    };
    let max_age = clock::whole_seconds(settings.lifetime.idle);
    next.sealed(settings, None, preserved, max_age).map(|cookie| Some(vec![cookie]))
}

impl NextCookie {
    /// Reads the cookie, given among others as (name, value).
    fn open(&self, settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Found {
        let read = |value: &str| members::read(&self.keys.open(value)?, &self.app_id);
        let mut opened: Vec<_> =
            candidates::values(cookies, self.name(), |_| true).into_iter().filter_map(read).collect();
        // Of two that open, either may be planted: nobody is signed in, and both are left alone.
        let only = opened.pop().filter(|_| opened.is_empty());
        let Members { data, stamped, named, preserved } = only.unwrap_or_default();
        let Some(mut data) = data else {
            return Found { preserved, ..Found::default() };
        };
        if data.begins_later(settings, now) {
            return Found { early: Some(data), preserved, ..Found::default() };
        }
        let touched_at = data.touched_at;
        // Who was only ever on pages of Next.js was not idle; the browser forgets the cookie in time.
        if !stamped {
            data.touched_at = now;
        }
        match data.unless_expired(settings, now) {
            Ok(mut data) => {
                if !stamped {
                    data.touched_at = touched_at;
                }
                Found { data: Some(data), named, preserved, ..Found::default() }
            }
            Err(expired) => Found { expired: Some(expired), named, preserved, ..Found::default() },
        }
    }

    /// The cookie that holds a session.
    pub(super) fn write(
        &self,
        settings: &CookieSettings,
        mut data: SessionData,
        preserved: &PreservedMembers,
        now: i64,
    ) -> Result<Cookie<'static>> {
        data.touched_at = now;
        data.access_tokens.retain(|token| token.expires_at > now);
        let max_age = settings.lifetime.ends_at(data.created_at, now).saturating_sub(now);
        let mut preserved = preserved.clone();
        loop {
            let cookie = self.sealed(settings, Some(&data), &preserved, max_age)?;
            let size = cookie.to_string().len();
            let droppable = data.refresh_token.is_some() && !data.access_tokens.is_empty();
            // With room to spare for the escapes, so that Next.js can write the session back.
            if size + seal::escapes(cookie.value()) <= MAX_COOKIE_BYTES {
                return Ok(cookie);
            }
            // An access token can be requested again, and a sign-in started again; the user's session cannot.
            if droppable {
                data.access_tokens.remove(0);
            } else if size <= MAX_COOKIE_BYTES {
                return Ok(cookie);
            } else if !preserved.is_empty() {
                preserved = PreservedMembers::default();
            } else {
                return Err(too_large(&data));
            }
        }
    }

    fn sealed(
        &self,
        settings: &CookieSettings,
        data: Option<&SessionData>,
        preserved: &PreservedMembers,
        max_age: i64,
    ) -> Result<Cookie<'static>> {
        let value = self.keys.seal(&members::write(data, preserved)?)?;
        Ok(settings.own.cookie(self.name().to_owned(), value, max_age))
    }
}

/// What the cookie gave.
#[derive(Debug, Default)]
struct Found {
    data: Option<SessionData>,
    /// A session that begins in the future.
    early: Option<SessionData>,
    /// Whether its id is that of a sign-in.
    named: bool,
    /// There was a session, and its time is over.
    expired: Option<Refused>,
    preserved: PreservedMembers,
}

fn too_large(data: &SessionData) -> Error {
    largest::too_large(data, &format!("one cookie of {MAX_COOKIE_BYTES} bytes")).with_hint(
        "The format of @logto/next has room for one cookie. Ask for fewer scopes that put claims into the ID token, or end the sharing: \
         session_format `from-next` has room for four cookies, and takes a session store.",
    )
}

#[cfg(test)]
mod tests;
