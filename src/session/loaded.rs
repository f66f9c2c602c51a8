//! The session of one request: loaded once, changed as a value, written once.

use std::{borrow::Cow, mem};

use cookie::Cookie;

use super::{
    cookies::Cookies,
    data::{SessionData, SessionHead},
    ended::EndedSessions,
    lazy::LazySession,
    next::{self, next_cookie::NextCookie},
    opened::{KnownSession, Opened, Origin, PreservedMembers},
    own_cookies::Purpose,
    pending::{self, Pending},
    persist,
    remembered::Remembered,
    settings::CookieSettings,
    transaction::Transaction,
};
use crate::{error::Result, types::Device};

/// What one request brought, and what its response has to write.
#[derive(Debug, Default)]
pub(crate) struct LoadedSession {
    pub(super) data: Option<LazySession>,
    changed: bool,
    /// Where the session came from.
    pub(super) origin: Origin,
    /// What a cookie shared with Next.js holds besides the session.
    preserved: PreservedMembers,
    /// Whether the user signed out, so that pages a browser still holds in memory must go.
    signed_out: bool,
    /// Older sessions that came along, from another path or domain, and those that begin in the future: they end when this one does.
    others: Vec<KnownSession>,
    /// Sessions that this request ended.
    ended: Vec<KnownSession>,
    /// The names of the session's cookies in the request: written again or deleted, never left over.
    present: Vec<String>,
    /// The pending sign-ins.
    pending: Pending,
    /// What the application has told of the device: for a session that begins in this request, too.
    device: Option<Device>,
    /// What tells that a session timed out.
    remembered: Remembered,
    /// Whether the session stays that the response left behind to be read.
    stays_signed_in: bool,
    /// Whether the response has taken what is to be written. From then on the session is read and not changed.
    committed: bool,
}

impl LoadedSession {
    /// Reads the request's cookies. Of several sessions the newest counts. Where none can be opened there is none, and the cookies are deleted.
    ///
    /// # Errors
    /// `store.failed` where the session is in a store and that cannot be asked: then nobody knows whether there is a session.
    pub(crate) async fn load(settings: &CookieSettings, cookies: &dyn Cookies, now: i64) -> Result<Self> {
        let (found, pending, mut remembered) = sorted(settings, cookies, settings.next());
        if found.is_empty() {
            return Ok(Self { pending, remembered, ..Self::default() });
        }
        // In a box that is made only here: a request without a session carries no space for it.
        let opened = Box::pin(persist::open(settings, &found, now)).await?;
        let Opened { origin, data, others, preserved, refused, rewrite } = opened;
        if data.is_none() && others.is_empty() {
            remembered.note_ended(settings, &found);
        }
        let interval = settings.lifetime.touch_interval();
        let is_due = |data: &LazySession| now.saturating_sub(data.head().touched_at) >= interval;
        let changed = rewrite || data.as_ref().is_some_and(is_due);
        if let Some(refused) = refused {
            refused.write(settings);
        }
        let is_next_ignored = settings.next().is_some_and(|next| next.is_ignored(&found, now));
        let mut present = names(settings, found);
        if is_next_ignored {
            present.retain(|name| settings.is_own_session_name(name));
        }
        Ok(Self { data, changed, origin, preserved, others, present, pending, remembered, ..Self::default() })
    }

    /// The session of a request that is to end it, while its store is down: what can be told from the cookies.
    pub(crate) fn load_ids(settings: &CookieSettings, cookies: &dyn Cookies) -> Self {
        let (found, pending, remembered) = sorted(settings, cookies, None);
        let others = persist::stored_ids(settings, &found).into_iter().map(KnownSession::Id).collect();
        Self { present: names(settings, found), others, pending, remembered, ..Self::default() }
    }

    /// Whether the response has taken what is to be written.
    pub(crate) fn is_committed(&self) -> bool {
        self.committed
    }

    /// Whether the response has nothing to write of it: so it is with most requests.
    pub(crate) fn has_no_changes(&self, settings: &CookieSettings) -> bool {
        !self.changed && self.pending.has_no_cookies() && self.remembered.has_no_cookies(settings)
    }

    /// Takes what the response has to write. What is left behind can be read, if it is to be `readable`, and not changed.
    pub(crate) fn take_changes(&mut self, readable: bool) -> Self {
        self.stays_signed_in = self.data.is_some();
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

    /// Whose the session is, and its times.
    pub(crate) fn head(&self) -> Option<&SessionHead> {
        self.data.as_ref().map(LazySession::head)
    }

    /// The claims, as JSON text: see [`SessionData::claims`].
    pub(crate) fn claims(&self) -> Option<Cow<'_, [u8]>> {
        self.data.as_ref()?.claims()
    }

    pub(crate) fn has_refresh_token(&self) -> bool {
        self.data.as_ref().is_some_and(LazySession::has_refresh_token)
    }

    /// The whole session. Who needs its head or its claims alone asks for these: then nothing else is read.
    pub(crate) fn data(&self) -> Option<&SessionData> {
        self.data.as_ref()?.get()
    }

    /// The session, to be changed and so to be written.
    pub(crate) fn data_mut(&mut self) -> Option<&mut SessionData> {
        self.changed |= self.data.is_some();
        self.data.as_mut()?.get_mut()
    }

    /// Puts a new session in the place of any other, which ends. Another state of the same session ends nothing.
    pub(crate) fn start(&mut self, data: SessionData) {
        self.replace(data, Origin::None);
    }

    /// The same for a session that another request of the same sign-in has written.
    pub(crate) fn start_written(&mut self, data: SessionData) {
        self.replace(data, Origin::SignIn);
    }

    /// Notes the device, of the session that there is and of one that begins in this request. What is known already changes nothing.
    pub(crate) fn set_device(&mut self, device: &Device) {
        if self.data().is_some_and(|data| data.app_data.device() != Some(device))
            && let Some(data) = self.data_mut()
        {
            data.app_data.set_device(device.clone());
        }
        self.device = Some(device.clone());
    }

    fn replace(&mut self, mut data: SessionData, origin: Origin) {
        if let Some(device) = &self.device {
            data.app_data.set_device(device.clone());
        }
        if self.head().is_none_or(|present| present.id != data.id) {
            self.discard();
            self.origin = origin;
        }
        self.data = Some(data.into());
        self.changed = true;
    }

    /// Whether there was a session in this browser that ended otherwise than by a sign-out.
    pub(crate) fn timed_out(&self) -> bool {
        self.data.is_none() && self.remembered.timed_out()
    }

    /// Ends the session because the application says so: it did not time out.
    pub(crate) fn forget(&mut self) -> Option<SessionData> {
        self.remembered.forget();
        self.discard()
    }

    /// Ends the session and removes every pending sign-in.
    pub(crate) fn sign_out(&mut self, settings: &CookieSettings) -> Option<SessionData> {
        self.pending.forget_all(settings);
        self.remembered.forget();
        self.changed |= !mem::take(&mut self.preserved).is_empty();
        self.signed_out = self.data.is_some() || self.others.iter().any(|other| matches!(other, KnownSession::Id(_)));
        self.discard()
    }

    /// Ends the session.
    pub(crate) fn discard(&mut self) -> Option<SessionData> {
        let ended = self.data.take();
        self.changed |= ended.is_some() || !self.others.is_empty();
        self.origin = Origin::None;
        self.ended.extend(ended.as_ref().map(|data| KnownSession::Whole(Box::new(data.head().clone()))));
        self.ended.append(&mut self.others);
        ended.and_then(LazySession::into_whole)
    }

    /// Takes the sessions that were ended here, so that they are written before the rest.
    pub(crate) fn take_ended(&mut self) -> EndedSessions {
        EndedSessions(mem::take(&mut self.ended))
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

    /// Gives the sign-in back that was taken last: it was not used up after all.
    pub(crate) fn put_transaction_back(&mut self) {
        self.pending.put_back();
    }

    /// Writes what changed; returns the cookies of the response. Empty if nothing changed.
    pub(crate) async fn commit(mut self, settings: &CookieSettings, now: i64) -> Result<Vec<Cookie<'static>>> {
        let mut written = mem::take(&mut self.pending).into_cookies(settings, now);
        let is_signed_in = self.stays_signed_in || self.data.is_some();
        written.extend(self.remembered.cookies(settings, is_signed_in, self.changed));
        if !self.changed {
            return Ok(written);
        }
        self.take_ended().write(settings, now).await;
        let session = match self.data {
            Some(data) => persist::write(settings, self.origin, data, &self.preserved, now).await?,
            None => next::write_preserved(settings, &self.preserved)?,
        };
        // Where the store only took note, the cookie stays as it is.
        if session.as_ref().is_none_or(|cookies| !cookies.is_empty()) {
            let session = session.unwrap_or_default();
            let stale = self.present.into_iter().filter(|name| session.iter().all(|cookie| cookie.name() != name));
            written.extend(stale.map(|name| match self.signed_out && name == settings.own.session_name() {
                true => settings.own.sign_out_marker(),
                false => settings.deletion(name),
            }));
            written.extend(session);
        }
        Ok(written)
    }
}

/// Whether the cookies hold the sign-in with this `state`, as far as their names tell.
pub(crate) fn has_transaction(settings: &CookieSettings, cookies: &dyn Cookies, state: &str) -> bool {
    let mut found = false;
    cookies.each(&mut |name, value| found |= !value.is_empty() && pending::is_named(settings, name, state));
    found
}

/// The cookies of sessions, as (name, value), `next` among them; those of the pending sign-ins, and those that remember a session.
fn sorted(
    settings: &CookieSettings,
    cookies: &dyn Cookies,
    next: Option<&NextCookie>,
) -> (Vec<(String, String)>, Pending, Remembered) {
    let (mut found, mut pending, mut remembered) = (Vec::new(), Pending::default(), Remembered::default());
    cookies.each(&mut |name, value| {
        let is_next = next.is_some_and(|next| next.name() == name);
        let purpose = if is_next { Some(Purpose::Session) } else { settings.purpose(name) };
        match purpose.filter(|_| !value.is_empty()) {
            Some(Purpose::Session) => found.push((name.to_owned(), value.to_owned())),
            Some(Purpose::SignIn) => pending.add(name, value),
            Some(Purpose::TimeoutMarker) => remembered.add(name),
            None => {}
        }
    });
    (found, pending, remembered)
}

/// Each name once: a response sets a cookie once.
fn names(settings: &CookieSettings, cookies: Vec<(String, String)>) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(cookies.len());
    for (name, _) in cookies {
        if names.contains(&name) {
            settings.warn_of_several(&name);
        } else {
            names.push(name);
        }
    }
    names
}
