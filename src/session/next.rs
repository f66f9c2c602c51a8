//! The session cookie of `@logto/next` 4 and `@logto/node` 3, read and written so that both sides share it.
//!
//! The cookie belongs to the Next.js app as well: what cannot be opened here, or holds no session, is left alone. It may be sealed with a
//! newer secret, or hold a sign-in that Next.js has begun.

mod members;
mod seal;
mod tokens;

use std::time::SystemTime;

use cookie::Cookie;

use self::members::Members;
pub(crate) use self::members::{Others, sign_in_id};
use super::{
    CookieSettings, Ending, SessionData, SessionFormat,
    chunks::{self, MAX_COOKIE},
    largest,
    persist::{Opened, Origin},
    revocation,
};
use crate::{
    clock,
    error::{Error, Result},
    secret::Secret,
};

/// Reads the cookie: always where it is shared, else where it holds a session and the browser has none of our own.
pub(super) async fn open(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Option<Opened> {
    let next = settings.next()?;
    let shared = next.is_shared();
    if is_passed_over(settings, cookies, now) {
        return None;
    }
    if !shared && cookies.iter().any(|(name, _)| name != next.name()) {
        return None;
    }
    let Found { data, early, named, expired, others } = next.open(settings, cookies, now);
    if let Some(early) = early {
        let beside = vec![Ending::Read(Box::new(early))];
        return Some(Opened { origin: Origin::Cookies, data: None, beside, others, rewrite: false });
    }
    if !shared && data.is_none() {
        return None;
    }
    let revoked = match &data {
        Some(data) if named => revocation::is_revoked(settings, data).await,
        Some(data) => revocation::is_unnamed_revoked(settings, data).await,
        None => false,
    };
    let rewrite = expired || revoked || !shared;
    let data = data.filter(|_| !revoked);
    Some(Opened { origin: Origin::Cookies, data, beside: Vec::new(), others, rewrite })
}

/// Whether the cookie of Next.js is neither looked at nor deleted. Anyone below the domain can set it, and nothing tells whose it is.
///
/// A move that is over takes nothing more; and where the cookie came twice, one of them was set by somebody else, so neither is taken over.
pub(super) fn is_passed_over(settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> bool {
    settings.next().is_some_and(|next| {
        let times = cookies.iter().filter(|(name, _)| *name == next.name).count();
        !next.shared && (times > 1 || next.until.is_some_and(|until| now >= until))
    })
}

/// Writes what is left in a shared cookie without a session. `None` where that is nothing.
pub(super) fn write_others(settings: &CookieSettings, others: &Others) -> Result<Option<Vec<Cookie<'static>>>> {
    let Some(next) = settings.shared().filter(|_| !others.is_empty()) else {
        return Ok(None);
    };
    let max_age = clock::whole_seconds(settings.lifetime.idle);
    next.sealed(settings, None, others, max_age).map(|cookie| Some(vec![cookie]))
}

/// How the cookie is named and sealed.
#[derive(Debug, Clone)]
pub(crate) struct NextCookie {
    name: String,
    app_id: String,
    keys: seal::Keys,
    /// Whether sessions are written in this format, too, or only taken over from it.
    shared: bool,
    /// Unix seconds from which on none is taken over.
    until: Option<i64>,
}

impl NextCookie {
    /// `None` where the format has nothing to do with Next.js.
    pub(crate) fn new(format: SessionFormat, app_id: &str, secret: &Secret, previous: &[Secret]) -> Option<Self> {
        let shared = match format {
            SessionFormat::Logto => return None,
            SessionFormat::Next => true,
            SessionFormat::FromNext => false,
        };
        let keys = seal::Keys::derive(secret, previous);
        Some(Self { name: format!("logto_{app_id}"), app_id: app_id.to_owned(), keys, shared, until: None })
    }

    /// The same, taken over until then.
    pub(crate) fn until(self, until: Option<SystemTime>) -> Self {
        Self { until: until.map(clock::unix_seconds), ..self }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Reads the cookie, given among others as (name, value).
    fn open(&self, settings: &CookieSettings, cookies: &[(String, String)], now: i64) -> Found {
        let read = |value: &str| members::read(&self.keys.open(value)?, &self.app_id);
        let mut opened: Vec<_> = chunks::values(cookies, &self.name, |_| true).into_iter().filter_map(read).collect();
        // Of two that open, either may be planted: nobody is signed in, and both are left alone.
        let only = opened.pop().filter(|_| opened.is_empty());
        let Members { data, stamped, named, others } = only.unwrap_or_default();
        let Some(data) = data else {
            return Found { others, ..Found::default() };
        };
        if data.begins_later(settings, now) {
            return Found { early: Some(data), others, ..Found::default() };
        }
        let touched_at = data.touched_at;
        // Who was only ever on pages of Next.js was not idle; the browser forgets the cookie in time.
        let seen_at = if stamped { touched_at } else { now };
        let alive = SessionData { touched_at: seen_at, ..data }.alive(settings, now);
        let data = alive.map(|data| if stamped { data } else { SessionData { touched_at, ..data } });
        Found { expired: data.is_none(), data, early: None, named, others }
    }

    /// The cookie that holds a session.
    pub(super) fn write(
        &self,
        settings: &CookieSettings,
        mut data: SessionData,
        others: &Others,
        now: i64,
    ) -> Result<Cookie<'static>> {
        data.touched_at = now;
        data.access_tokens.retain(|token| token.expires_at > now);
        let max_age = settings.lifetime.ends_at(data.created_at, now).saturating_sub(now);
        let mut others = others.clone();
        loop {
            let cookie = self.sealed(settings, Some(&data), &others, max_age)?;
            let size = cookie.to_string().len();
            let droppable = data.refresh_token.is_some() && !data.access_tokens.is_empty();
            // With room to spare for the escapes, so that Next.js can write the session back.
            if size + seal::escapes(cookie.value()) <= MAX_COOKIE {
                return Ok(cookie);
            }
            // An access token can be had again, and a sign-in begun again; the user's session cannot.
            if droppable {
                data.access_tokens.remove(0);
            } else if size <= MAX_COOKIE {
                return Ok(cookie);
            } else if !others.is_empty() {
                others = Others::default();
            } else {
                return Err(too_large(&data));
            }
        }
    }

    fn sealed(
        &self,
        settings: &CookieSettings,
        data: Option<&SessionData>,
        others: &Others,
        max_age: i64,
    ) -> Result<Cookie<'static>> {
        let value = self.keys.seal(&members::write(data, others)?)?;
        Ok(settings.cookie(self.name.clone(), value, max_age))
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
    expired: bool,
    others: Others,
}

fn too_large(data: &SessionData) -> Error {
    largest::too_large(data, &format!("one cookie of {MAX_COOKIE} bytes")).with_hint(
        "The format of @logto/next has room for one cookie. Ask for fewer scopes that put claims into the ID token, or end the sharing: \
         session_format `from-next` has room for four cookies, and takes a session store.",
    )
}

#[cfg(test)]
mod tests;
