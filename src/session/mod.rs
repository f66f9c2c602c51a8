//! Sessions: loaded once, changed as a value, committed once, and only if changed.

mod bounded;
mod chunks;
mod compress;
pub(crate) mod cookies;
mod data;
mod format;
pub(crate) mod memory;
mod next;
mod packed;
mod persist;
#[cfg(feature = "redis")]
pub(crate) mod redis;
pub(crate) mod revocation;
mod seal;
mod settings;
pub(crate) mod store;
#[cfg(feature = "tower-sessions")]
pub(crate) mod tower_sessions;
mod transaction;
mod wire;

use std::mem;

use cookie::Cookie;

use self::persist::{Opened, Origin};
pub(crate) use self::{
    bounded::Bounded,
    cookies::Cookies,
    data::{SessionData, StoredAccessToken, Subject},
    next::{NextCookie, Others},
    packed::Jwt,
    seal::Keys,
    settings::{CookieSettings, Stores},
    transaction::Transaction,
};
pub use self::{format::SessionFormat, settings::SessionLifetime};
use crate::{Error, Result, error::Code};

/// What one request brought, and what its response has to write.
#[derive(Debug, Default)]
pub(crate) struct OpenSession {
    /// In a box, for a request without a session has to carry the space for it along.
    data: Option<Box<SessionData>>,
    changed: bool,
    /// Where the session came from.
    origin: Origin,
    /// What a cookie shared with Next.js holds besides the session.
    others: Others,
    /// Whether the user signed out, so that pages a browser still holds in memory must go.
    signed_out: bool,
    /// Sessions that this request ended.
    ended: Vec<(Origin, SessionData)>,
    /// The session's cookies in the request: written anew or deleted, never left over.
    present: Vec<String>,
    /// The sign-ins under way, as cookie name and sealed value.
    pending: Vec<(String, String)>,
    /// Cookies of sign-ins begun, ended or evicted.
    queued: Vec<Cookie<'static>>,
}

impl OpenSession {
    /// Reads the request's cookies. Whatever cannot be opened is no session, and is deleted.
    ///
    /// # Errors
    /// `store.failed` where the session is in a store and that cannot be asked: then nobody knows whether there is a session.
    pub(crate) async fn load(settings: &CookieSettings, cookies: &dyn Cookies, now: i64) -> Result<Self> {
        let (mut found, mut pending) = (Vec::new(), Vec::new());
        cookies.each(&mut |name, value| {
            if value.is_empty() {
            } else if settings.is_session_name(name) {
                found.push((name.to_owned(), value.to_owned()));
            } else if settings.is_transaction_name(name) {
                pending.push((name.to_owned(), value.to_owned()));
            }
        });
        let Opened { origin, data, others, rewrite } = match found.is_empty() {
            true => Opened::default(),
            false => persist::open(settings, &found, now).await?,
        };
        let present: Vec<_> = found.into_iter().map(|(name, _)| name).collect();
        let interval = settings.lifetime.touch_interval();
        let changed = rewrite || data.as_ref().is_some_and(|data| now.saturating_sub(data.touched_at) >= interval);
        if changed && data.is_none() {
            tracing::debug!(target: "logto::session", cookies = present.len(), "no usable session in the cookies; deleting them");
        }
        Ok(Self { data: data.map(Box::new), changed, origin, others, present, pending, ..Self::default() })
    }

    pub(crate) fn data(&self) -> Option<&SessionData> {
        self.data.as_deref()
    }

    /// The session, to be changed and so to be written.
    pub(crate) fn data_mut(&mut self) -> Option<&mut SessionData> {
        self.changed |= self.data.is_some();
        self.data.as_deref_mut()
    }

    /// Puts a new session in the place of any other, which ends. Another state of the same session ends nothing.
    pub(crate) fn begin(&mut self, data: SessionData) {
        if self.data.as_ref().is_none_or(|present| present.id != data.id) {
            self.clear();
        }
        self.data = Some(Box::new(data));
        self.changed = true;
    }

    /// Ends the session and forgets every sign-in under way.
    pub(crate) fn end(&mut self, settings: &CookieSettings) -> Option<SessionData> {
        self.queued.extend(self.pending.drain(..).map(|(name, _)| settings.deletion(name)));
        self.changed |= !mem::take(&mut self.others).is_empty();
        self.signed_out = self.data.is_some();
        self.clear()
    }

    /// Ends the session.
    pub(crate) fn clear(&mut self) -> Option<SessionData> {
        let ended = self.data.take().map(|data| *data);
        self.changed |= ended.is_some();
        self.ended.extend(ended.clone().map(|data| (mem::take(&mut self.origin), data)));
        ended
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Remembers a sign-in that begins, and forgets the oldest beyond the limit with all that are expired or unreadable.
    pub(crate) fn begin_transaction(
        &mut self,
        settings: &CookieSettings,
        transaction: &Transaction,
        now: i64,
    ) -> Result<()> {
        let mut alive = Vec::new();
        for (name, value) in mem::take(&mut self.pending) {
            match open_transaction(settings, &name, &value) {
                Some(pending) if !pending.is_expired(now) => alive.push((pending.created_at, name, value)),
                _ => self.queued.push(settings.deletion(name)),
            }
        }
        alive.sort_unstable_by_key(|(created_at, ..)| *created_at);
        let surplus = (alive.len() + 1).saturating_sub(transaction::MAX_PENDING);
        self.queued.extend(alive.drain(..surplus).map(|(_, name, _)| settings.deletion(name)));
        self.pending = alive.into_iter().map(|(_, name, value)| (name, value)).collect();

        let name = transaction::cookie_name(settings, &transaction.state);
        let bytes = transaction
            .to_bytes()
            .ok_or_else(|| Error::new(Code::InvalidOption, "the sign-in cannot be written to a cookie"))?;
        let value = settings.keys.seal(&name, &bytes)?;
        let cookie = settings.cookie(name.clone(), value.clone(), transaction::LIFETIME);
        if cookie.to_string().len() > chunks::MAX_COOKIE {
            return Err(Error::new(Code::InvalidOption, "the sign-in does not fit a cookie")
                .with_hint("Shorten the redirect URI and the address to return to: together they have room for about 2,000 characters."));
        }
        self.pending.push((name, value));
        self.queued.push(cookie);
        Ok(())
    }

    /// Takes the sign-in with this `state`: it is used up, whatever comes of it. An expired one is taken, too, and says so itself.
    pub(crate) fn take_transaction(&mut self, settings: &CookieSettings, state: &str) -> Option<Transaction> {
        let wanted = transaction::cookie_name(settings, state);
        let index = self.pending.iter().position(|(name, _)| *name == wanted)?;
        let (name, value) = self.pending.swap_remove(index);
        let transaction = open_transaction(settings, &name, &value);
        self.queued.push(settings.deletion(name));
        transaction.filter(|transaction| transaction.has_state(state))
    }

    /// Writes what changed; gives the cookies of the response. Empty where nothing changed.
    pub(crate) async fn commit(mut self, settings: &CookieSettings, now: i64) -> Result<Vec<Cookie<'static>>> {
        let mut written = mem::take(&mut self.queued);
        if !self.changed {
            return Ok(written);
        }
        for (origin, data) in &self.ended {
            match origin {
                Origin::Store { id, .. } => {
                    // It may have begun in cookies, and the browser have a copy of them. Noted before the store is told: a request that moves
                    // the session there at this moment looks after it has written.
                    revocation::bury(settings, data, now).await;
                    persist::delete(settings, id).await?;
                }
                Origin::Cookies => revocation::bury(settings, data, now).await,
                Origin::None => {}
            }
        }
        let session = match self.data {
            Some(data) => persist::write(settings, self.origin, *data, &self.others, now).await?,
            None => next::write_others(settings, &self.others)?,
        };
        // Where the store only took note, the cookie stays as it is.
        if session.as_ref().is_none_or(|cookies| !cookies.is_empty()) {
            let session = session.unwrap_or_default();
            let stale = self.present.into_iter().filter(|name| session.iter().all(|cookie| cookie.name() != name));
            written.extend(stale.map(|name| match self.signed_out && name == settings.session_name() {
                true => settings.farewell(),
                false => settings.deletion(name),
            }));
            written.extend(session);
        }
        Ok(written)
    }
}

/// Whether the cookies hold the sign-in with this `state`, as far as its name tells.
pub(crate) fn has_transaction(settings: &CookieSettings, cookies: &dyn Cookies, state: &str) -> bool {
    let wanted = transaction::cookie_name(settings, state);
    let mut found = false;
    cookies.each(&mut |name, value| found |= name == wanted && !value.is_empty());
    found
}

fn open_transaction(settings: &CookieSettings, name: &str, value: &str) -> Option<Transaction> {
    Transaction::from_bytes(&settings.keys.open(name, value)?)
}

#[cfg(test)]
mod tests;
