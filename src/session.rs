//! Sessions: loaded once, changed as a value, committed once, and only if changed.

mod bounded;
mod breaker;
mod chunks;
mod compress;
pub(crate) mod cookies;
mod data;
mod format;
mod largest;
pub(crate) mod memory;
mod next;
mod packed;
mod pending;
mod persist;
#[cfg(feature = "redis")]
pub(crate) mod redis;
pub(crate) mod revocation;
mod seal;
mod settings;
mod shared;
pub(crate) mod store;
mod stored_copy;
#[cfg(feature = "tower-sessions")]
pub(crate) mod tower_sessions;
mod transaction;
mod wire;

use std::mem;

use cookie::Cookie;

pub(crate) use self::persist::is_over;
pub(crate) use self::{
    cookies::Cookies,
    data::{SessionData, StoredAccessToken, Subject},
    next::{NextCookie, Others, sign_in_id},
    packed::Jwt,
    seal::Keys,
    settings::{CookieSettings, SIGN_IN_TIMEOUT, Stores},
    stored_copy::StoredCopy,
    transaction::{Silent, Transaction},
};
pub use self::{format::SessionFormat, settings::SessionLifetime};
use self::{
    pending::Pending,
    persist::{Opened, Origin},
};
pub(crate) use crate::store::bounded::Bounded;
use crate::{error::Result, store::SessionId};

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
    /// Older sessions that came along, from another path or domain, and those that begin in the future: they end when this one does.
    beside: Vec<Ending>,
    /// Sessions that this request ended.
    ended: Vec<Ending>,
    /// The names of the session's cookies in the request: written anew or deleted, never left over.
    present: Vec<String>,
    /// The sign-ins under way.
    pending: Pending,
    /// Whether the response has taken what is to be written. From then on the session is read and not changed.
    committed: bool,
}

impl OpenSession {
    /// Reads the request's cookies. Of several sessions the newest counts. Where none can be opened there is none, and the cookies are deleted.
    ///
    /// # Errors
    /// `store.failed` where the session is in a store and that cannot be asked: then nobody knows whether there is a session.
    pub(crate) async fn load(settings: &CookieSettings, cookies: &dyn Cookies, now: i64) -> Result<Self> {
        let (mut found, mut pending) = (Vec::new(), Pending::default());
        cookies.each(&mut |name, value| {
            if value.is_empty() {
            } else if settings.is_session_name(name) {
                found.push((name.to_owned(), value.to_owned()));
            } else if settings.is_transaction_name(name) {
                pending.add(name, value);
            }
        });
        if found.is_empty() {
            return Ok(Self { pending, ..Self::default() });
        }
        let mut present = names(settings, &found);
        if next::is_passed_over(settings, &found, now) {
            present.retain(|name| settings.is_own_session_name(name));
        }
        let Opened { origin, data, beside, others, rewrite } = persist::open(settings, &found, now).await?;
        let interval = settings.lifetime.touch_interval();
        let changed = rewrite || data.as_ref().is_some_and(|data| now.saturating_sub(data.touched_at) >= interval);
        if changed && data.is_none() {
            tracing::debug!(target: "logto::session", cookies = present.len(), "no usable session in the cookies; deleting them");
        }
        Ok(Self { data: data.map(Box::new), changed, origin, others, beside, present, pending, ..Self::default() })
    }

    /// The session of a request that is to end it, while its store is down: what can be told from the cookies.
    pub(crate) fn unread(settings: &CookieSettings, cookies: &dyn Cookies) -> Self {
        let (mut found, mut pending) = (Vec::new(), Pending::default());
        cookies.each(&mut |name, value| {
            if settings.is_own_session_name(name) && !value.is_empty() {
                found.push((name.to_owned(), value.to_owned()));
            } else if settings.is_transaction_name(name) && !value.is_empty() {
                pending.add(name, value);
            }
        });
        let beside = persist::ids(settings, &found).into_iter().map(Ending::Unread).collect();
        Self { present: names(settings, &found), beside, pending, ..Self::default() }
    }

    /// Whether the response has taken what is to be written.
    pub(crate) fn is_committed(&self) -> bool {
        self.committed
    }

    /// Takes what the response has to write. What is left behind can be read, if it is to be `readable`, and not changed.
    pub(crate) fn take_changes(&mut self, readable: bool) -> Self {
        let data = match (readable, self.changed) {
            (false, _) => None,
            (true, true) => self.data.clone(),
            (true, false) => self.data.take(),
        };
        let read_only = Self { data, committed: true, ..Self::default() };
        mem::replace(self, read_only)
    }

    /// Nothing that happens from here on is written.
    pub(crate) fn close(&mut self) {
        self.committed = true;
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
        self.replace(data, Origin::None);
    }

    /// The same for a session that another request of the same sign-in has written.
    pub(crate) fn join(&mut self, data: SessionData) {
        self.replace(data, Origin::SignIn);
    }

    fn replace(&mut self, data: SessionData, origin: Origin) {
        if self.data.as_ref().is_none_or(|present| present.id != data.id) {
            self.clear();
            self.origin = origin;
        }
        self.data = Some(Box::new(data));
        self.changed = true;
    }

    /// Ends the session and forgets every sign-in under way.
    pub(crate) fn end(&mut self, settings: &CookieSettings) -> Option<SessionData> {
        self.pending.forget_all(settings);
        self.changed |= !mem::take(&mut self.others).is_empty();
        self.signed_out = self.data.is_some() || self.beside.iter().any(|beside| matches!(beside, Ending::Unread(_)));
        self.clear()
    }

    /// Ends the session.
    pub(crate) fn clear(&mut self) -> Option<SessionData> {
        let ended = self.data.take().map(|data| *data);
        self.changed |= ended.is_some() || !self.beside.is_empty();
        self.origin = Origin::None;
        self.ended.extend(ended.clone().map(|data| Ending::Read(Box::new(data))));
        self.ended.append(&mut self.beside);
        ended
    }

    /// Takes the sessions that were ended here, so that they are written before the rest.
    pub(crate) fn take_ended(&mut self) -> Ended {
        Ended(mem::take(&mut self.ended))
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Remembers a sign-in that begins; see [`Pending::begin`].
    pub(crate) fn begin_transaction(
        &mut self,
        settings: &CookieSettings,
        transaction: &mut Transaction,
        home: &str,
        now: i64,
    ) -> Result<()> {
        self.pending.begin(settings, transaction, home, now)
    }

    /// Takes the sign-in with this `state`: it is used up, whatever comes of it. An expired one is taken, too, and says so itself.
    pub(crate) fn take_transaction(&mut self, settings: &CookieSettings, state: &str) -> Option<Transaction> {
        self.pending.take(settings, state)
    }

    /// Writes what changed; returns the cookies of the response. Empty if nothing changed.
    pub(crate) async fn commit(mut self, settings: &CookieSettings, now: i64) -> Result<Vec<Cookie<'static>>> {
        let mut written = mem::take(&mut self.pending).into_cookies(settings, now);
        if !self.changed {
            return Ok(written);
        }
        self.take_ended().write(settings, now).await;
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

/// A session that ends.
#[derive(Debug)]
enum Ending {
    Read(Box<SessionData>),
    /// One whose store is down: its id is all that is known of it.
    Unread(SessionId),
}

/// Sessions that a request ended, to be forgotten by the store, and remembered to be over.
#[derive(Debug)]
pub(crate) struct Ended(Vec<Ending>);

impl Ended {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where a store is down, a task tells it when it is back.
    pub(crate) async fn write(&self, settings: &CookieSettings, now: i64) {
        for ending in &self.0 {
            match ending {
                Ending::Read(data) => discard(settings, data, now).await,
                Ending::Unread(id) => {
                    revocation::bury_unread(settings, id).await;
                    persist::delete(settings, id).await;
                }
            }
        }
    }
}

/// Ends a session. It may be in cookies and in the store: another request may have moved it there, and the browser have a copy of the cookies it came
/// from. Noted before the store is told: a request that moves the session there at this moment looks after it has written.
pub(crate) async fn discard(settings: &CookieSettings, data: &SessionData, now: i64) {
    revocation::bury(settings, data, now).await;
    persist::delete(settings, &data.id).await;
}

/// Whether the cookies hold the sign-in with this `state`, as far as their names tell.
pub(crate) fn has_transaction(settings: &CookieSettings, cookies: &dyn Cookies, state: &str) -> bool {
    let mut found = false;
    cookies.each(&mut |name, value| found |= !value.is_empty() && pending::is_named(settings, name, state));
    found
}

/// Each name once: a response sets a cookie once.
fn names(settings: &CookieSettings, cookies: &[(String, String)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in cookies {
        if names.contains(name) {
            settings.warn_of_several(name);
        } else {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests;
