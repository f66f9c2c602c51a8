//! The pending sign-ins in one browser: a cookie each, so that two tabs never disturb each other, and together never too much.
//!
//! All cookies travel with every request, and a proxy that takes 8 kB of them (nginx, by default) refuses the request otherwise. Requests
//! that are made at once do not see each other's cookies, so each one has to be small by itself; and another site can make a browser begin
//! as many as it likes, so those share a few names.

use std::mem;

use cookie::Cookie;
use serde::{Deserialize, Serialize};

use super::{limits::MAX_COOKIE_BYTES, settings::CookieSettings, transaction::Transaction};
use crate::{
    clock,
    error::{Code, Error, Result},
    events::EventKind,
};

/// Pending sign-ins in one browser; starting another drops the oldest.
pub(super) const MAX_PENDING: usize = 4;
/// Bytes of the `Cookie` header that they take together.
pub(super) const MAX_HEADER_BYTES: usize = 4096;
/// Bytes that one of them takes. What an address to return to needs beyond it goes into the cookie that they share.
const MAX_SIGN_IN_BYTES: usize = 448;
/// Bytes of a sealed value for each three of what is in it, at least.
const SEALED_BYTES_FOR_THREE: usize = 4;
/// Bytes of that cookie.
const MAX_ADDRESS_BYTES: usize = 2048;
/// Cookies for sign-ins that other sites begin.
const CROSS_SITE_SLOTS: u8 = 4;
/// Cookies that are opened for one request.
const MAX_OPENED: usize = 64;
/// Deletions in one response; a header of 1,000 `Set-Cookie` would be refused. The rest goes with the next.
const MAX_DELETIONS: usize = 20;

/// What a request brought of them, and what its response does about it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Name and sealed value.
    sent: Vec<(String, String)>,
    /// Cookies of sign-ins that were begun, ended or forgotten.
    queued: Vec<Cookie<'static>>,
    /// Whether a sign-in ended here. Others may be on their way back at this moment.
    taken: bool,
    /// The cookies of the sign-in that was taken last, by name and sealed value.
    last_taken: Vec<(String, String)>,
}

/// One that can still end.
struct Alive {
    created_at: i64,
    name: String,
    value: String,
}

/// An address to return to that is too long for the cookie of its sign-in.
#[derive(Serialize, Deserialize)]
struct LongAddress<'a> {
    /// Whose it is.
    state: &'a str,
    return_to: &'a str,
}

impl Pending {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.sent.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// Whether there was none, and none began here.
    pub(super) fn has_no_cookies(&self) -> bool {
        self.sent.is_empty() && self.queued.is_empty()
    }

    /// Remembers a sign-in that begins. Forgets those that are over or unreadable, and the oldest beyond the limits; where another site begins
    /// it, those of other sites before those of this one.
    ///
    /// An address to return to that does not fit is cut to its path, and then to `home`.
    pub(super) fn begin(
        &mut self,
        settings: &CookieSettings,
        transaction: &mut Transaction,
        home: &str,
        now: i64,
    ) -> Result<()> {
        let mut alive = self.alive(settings, now, true);
        let name = match transaction.from_another_site {
            true => free_cross_site_name(settings, &alive)?,
            false => settings.own.transaction_name(&transaction.state),
        };
        alive.retain(|pending| pending.name != name);
        if transaction.from_another_site {
            // It takes the place of others like it first: another site is not to end what this one began.
            alive.sort_by_key(|pending| !settings.is_cross_site_transaction_name(&pending.name));
        }
        let whole = transaction.return_to.clone();
        let path = whole.split(['?', '#']).next().unwrap_or_default();
        if whole.len() > MAX_ADDRESS_BYTES {
            // No cookie holds it, so it is not sealed to find out. It may be as long as a request.
            let cut = if path.len() > MAX_ADDRESS_BYTES { home } else { path };
            (transaction.return_to, transaction.is_cut) = (cut.to_owned(), true);
        }
        let state = transaction.app_state.as_ref().map_or(0, |state| state.as_str().len());
        let most = MAX_SIGN_IN_BYTES + state.div_ceil(3) * SEALED_BYTES_FOR_THREE;
        let mut value = seal(settings, &name, transaction)?;
        for cut in [path, home] {
            if size(&name, &value) > most {
                (transaction.return_to, transaction.is_cut) = (cut.to_owned(), true);
                value = seal(settings, &name, transaction)?;
            }
        }
        let cookie = settings.own.cookie(name.clone(), value.clone(), settings.sign_in_cookie_lifetime());
        if cookie.to_string().len() > MAX_COOKIE_BYTES {
            return Err(does_not_fit());
        }
        if transaction.is_cut && whole.len() <= MAX_ADDRESS_BYTES {
            self.keep_address(settings, &transaction.state, &whole)?;
        }
        let address = self.sent.iter().filter(|(name, _)| *name == settings.own.long_address_name());
        let address: usize = address.map(|(name, value)| size(name, value)).sum();
        self.keep_newest(
            settings,
            alive,
            MAX_PENDING - 1,
            MAX_HEADER_BYTES.saturating_sub(size(&name, &value) + address),
        );
        self.queue(cookie);
        self.sent.push((name, value));
        Ok(())
    }

    /// Takes the sign-in with this `state`: it is used up, whatever comes of it. An expired one is taken, too, and says so itself.
    pub(super) fn take(&mut self, settings: &CookieSettings, state: &str) -> Option<Transaction> {
        let own: Vec<_> = settings.all_own().map(|own| own.transaction_name(state)).collect();
        let is_own = |name: &str| own.iter().any(|own| own == name);
        let is_candidate = |name: &str| is_own(name) || settings.is_cross_site_transaction_name(name);
        let candidates = || self.sent.iter().filter(|(name, _)| is_candidate(name)).take(MAX_OPENED);
        // Another path or domain may have a cookie of this name, too.
        for own in &own {
            if candidates().filter(|(name, _)| name == own).count() > 1 {
                settings.warn_of_several(own);
            }
        }
        let found = candidates().find_map(|(name, value)| {
            open(settings, name, value).filter(|transaction| transaction.has_state(state)).map(|found| (name, found))
        });
        let unreadable = || candidates().find(|(name, _)| is_own(name)).map(|(name, _)| name);
        let name = found.as_ref().map(|(name, _)| *name).or_else(unreadable).cloned();
        let transaction = found.map(|(_, transaction)| transaction);
        let is_cross_site = name.as_ref().is_some_and(|name| settings.is_cross_site_transaction_name(name));
        if let Some(name) = name {
            self.last_taken = self.cookies_named(&name);
            self.forget(settings, name);
        }
        self.taken = true;
        let mut transaction = transaction?;
        transaction.from_another_site = is_cross_site;
        if transaction.is_cut {
            self.restore_address(settings, &mut transaction);
        }
        Some(transaction)
    }

    /// Undoes [`take`](Self::take): the sign-in was not used up after all.
    pub(super) fn put_back(&mut self) {
        for (name, value) in mem::take(&mut self.last_taken) {
            self.queued.retain(|cookie| cookie.name() != name);
            self.sent.push((name, value));
        }
    }

    fn cookies_named(&self, name: &str) -> Vec<(String, String)> {
        self.sent.iter().filter(|(sent, _)| sent == name).cloned().collect()
    }

    pub(super) fn forget_all(&mut self, settings: &CookieSettings) {
        while let Some((name, _)) = self.sent.first().filter(|_| self.may_delete()) {
            self.forget(settings, name.clone());
        }
    }

    /// The cookies of the response. Where those that were sent are too many for the next request, the oldest go.
    pub(super) fn into_cookies(mut self, settings: &CookieSettings, now: i64) -> Vec<Cookie<'static>> {
        let bytes: usize = self.sent.iter().map(|(name, value)| size(name, value)).sum();
        // A request that ends a sign-in leaves the others alone. What cannot be opened stays for the next sign-in to delete: it may be of a
        // path or domain where it cannot be deleted, and each response would try.
        if bytes > MAX_HEADER_BYTES && !self.taken {
            let alive = self.alive(settings, now, false);
            self.keep_newest(settings, alive, MAX_OPENED, MAX_HEADER_BYTES.saturating_sub(MAX_ADDRESS_BYTES));
        }
        self.queued
    }

    /// Those that can still end, and forgets those that are over; on demand also what cannot be read.
    fn alive(&mut self, settings: &CookieSettings, now: i64, forget_unreadable: bool) -> Vec<Alive> {
        let mut alive: Vec<Alive> = Vec::new();
        let mut over = Vec::new();
        for (name, value) in self.sent.iter().filter(|(name, _)| !settings.is_long_address_name(name)).take(MAX_OPENED)
        {
            match open(settings, name, value) {
                Some(pending) if !pending.is_expired(settings, now) => {
                    let (name, value) = (name.clone(), value.clone());
                    alive.push(Alive { created_at: pending.created_at, name, value });
                }
                Some(_) => over.push(name.clone()),
                None if forget_unreadable => over.push(name.clone()),
                None => {}
            }
        }
        // Nothing of a name is deleted where one of it is good.
        over.retain(|name| alive.iter().all(|pending| pending.name != *name));
        for name in over {
            self.forget(settings, name);
        }
        alive.sort_by_key(|pending| pending.created_at);
        alive
    }

    /// Forgets the first of those that are `alive` until so many and so many bytes are left.
    fn keep_newest(&mut self, settings: &CookieSettings, alive: Vec<Alive>, most: usize, bytes: usize) {
        let mut left = bytes;
        let mut fits = |pending: &Alive| {
            let rest = left.checked_sub(size(&pending.name, &pending.value));
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let kept = alive.iter().rev().take(most).take_while(|pending| fits(pending)).count();
        let surplus = alive.len().saturating_sub(kept);
        if surplus > 0 {
            EventKind::SignInsForgotten.event().client_id(settings.keys.app_id()).reason("too_many").write();
        }
        for pending in alive.into_iter().take(surplus) {
            self.forget(settings, pending.name);
        }
    }

    /// Puts a long address into the cookie that all sign-ins share. Where another sign-in had one there, its path is left to it.
    fn keep_address(&mut self, settings: &CookieSettings, state: &str, return_to: &str) -> Result<()> {
        let name = settings.own.long_address_name();
        let bytes = postcard::to_allocvec(&LongAddress { state, return_to }).unwrap_or_default();
        let value = settings.keys.seal(&name, &bytes)?;
        if size(&name, &value) <= MAX_ADDRESS_BYTES {
            self.sent.retain(|(sent, _)| *sent != name);
            self.queue(settings.own.cookie(name.clone(), value.clone(), settings.sign_in_cookie_lifetime()));
            self.sent.push((name, value));
        }
        Ok(())
    }

    fn restore_address(&mut self, settings: &CookieSettings, transaction: &mut Transaction) {
        for (name, value) in self.sent.iter().filter(|(sent, _)| settings.is_long_address_name(sent)).take(MAX_OPENED) {
            let bytes = settings.keys.open(name, value);
            let address = bytes.as_ref().and_then(|bytes| postcard::from_bytes::<LongAddress<'_>>(bytes).ok());
            if let Some(address) = address.filter(|address| transaction.has_state(address.state)) {
                address.return_to.clone_into(&mut transaction.return_to);
                let name = name.clone();
                self.last_taken.extend(self.cookies_named(&name));
                return self.forget(settings, name);
            }
        }
    }

    fn may_delete(&self) -> bool {
        self.queued.iter().filter(|cookie| cookie.value().is_empty()).count() < MAX_DELETIONS
    }

    fn forget(&mut self, settings: &CookieSettings, name: String) {
        if self.may_delete() {
            self.sent.retain(|(sent, _)| *sent != name);
            self.queue(settings.deletion(name));
        }
    }

    /// A response has one cookie of a name.
    fn queue(&mut self, cookie: Cookie<'static>) {
        self.queued.retain(|queued| queued.name() != cookie.name());
        self.queued.push(cookie);
    }
}

/// Whether the cookies may hold the sign-in with this `state`, as far as their names tell.
pub(super) fn is_named(settings: &CookieSettings, name: &str, state: &str) -> bool {
    settings.all_own().any(|own| name == own.transaction_name(state)) || settings.is_cross_site_transaction_name(name)
}

/// A cookie for a sign-in that another site begins: one that is free, else that of the oldest.
///
/// By chance, for requests that are made at once do not see each other's.
fn free_cross_site_name(settings: &CookieSettings, alive: &[Alive]) -> Result<String> {
    let mut names: Vec<_> = (0..CROSS_SITE_SLOTS).map(|slot| settings.own.cross_site_transaction_name(slot)).collect();
    let taken = |name: &String| alive.iter().any(|pending| pending.name == *name);
    let [chance] = clock::random_bytes::<1>()?;
    names.rotate_left(usize::from(chance % CROSS_SITE_SLOTS));
    let oldest = || {
        alive
            .iter()
            .map(|pending| &pending.name)
            .find(|name| settings.own.is_cross_site_transaction_name(name))
            .cloned()
    };
    let free = names.iter().find(|name| !taken(name)).cloned();
    Ok(free.or_else(oldest).unwrap_or_else(|| settings.own.cross_site_transaction_name(0)))
}

fn seal(settings: &CookieSettings, name: &str, transaction: &Transaction) -> Result<String> {
    let bytes = transaction
        .to_bytes()
        .ok_or_else(|| Error::new(Code::InvalidOption, "the sign-in cannot be written to a cookie"))?;
    if bytes.len() > MAX_COOKIE_BYTES {
        return Err(does_not_fit());
    }
    settings.keys.seal(name, &bytes)
}

fn does_not_fit() -> Error {
    Error::new(Code::InvalidOption, "the sign-in does not fit a cookie")
        .with_hint("Shorten the redirect URI and `acr_values`.")
}

fn open(settings: &CookieSettings, name: &str, value: &str) -> Option<Transaction> {
    Transaction::from_bytes(&settings.keys.open(name, value)?)
}

/// Bytes of the `Cookie` header that it takes, with `=` and `; `.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 3
}

#[cfg(test)]
mod tests;
