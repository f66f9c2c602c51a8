//! What a session is read and written with.

use std::{
    fmt, iter,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cookie::Cookie;
use tokio::sync::Semaphore;

use super::{
    lifetime::SessionLifetime,
    next::next_cookie::NextCookie,
    own_cookies::{OwnCookies, Purpose},
    seal::Keys,
};
use crate::{
    clock,
    store::{MemoryRevocations, RevocationStore, SessionStore},
};

/// As long as Logto's sign-in pages work.
pub(crate) const SIGN_IN_TIMEOUT_SECONDS: i64 = 60 * 60;
/// Tasks at once that try again to tell a store that a session ended.
const MAX_RETRY_TASKS: usize = 1_000;

/// Where sessions live besides cookies, and where it is remembered that they ended.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) sessions: Option<Arc<dyn SessionStore>>,
    /// Set with `in_memory` alone: [`know_of_no_ending`](Self::know_of_no_ending) looks there.
    revocations: Arc<dyn RevocationStore>,
    /// The same, where nothing was set to remember it, so that the memory of this process does.
    in_memory: Option<MemoryRevocations>,
}

impl Stores {
    pub(crate) fn new(sessions: Option<Arc<dyn SessionStore>>, revocations: Arc<dyn RevocationStore>) -> Self {
        Self { sessions, revocations, in_memory: None }
    }

    /// The same, where the memory of this process alone remembers which sessions ended.
    pub(crate) fn remembering_in_memory(
        sessions: Option<Arc<dyn SessionStore>>,
        revocations: MemoryRevocations,
    ) -> Self {
        Self { sessions, revocations: Arc::new(revocations.clone()), in_memory: Some(revocations) }
    }

    /// The same, remembering what `before` remembers in memory, where both do.
    pub(crate) fn remembering_endings_of(self, before: &Self) -> Self {
        match (&self.in_memory, &before.in_memory) {
            (Some(_), Some(revocations)) => Self::remembering_in_memory(self.sessions, revocations.clone()),
            _ => self,
        }
    }

    pub(crate) fn revocations(&self) -> &Arc<dyn RevocationStore> {
        &self.revocations
    }

    /// Whether no session can be known to have ended: no store was set to remember it, and nothing was noted in this process.
    pub(super) fn know_of_no_ending(&self) -> bool {
        self.in_memory.as_ref().is_some_and(MemoryRevocations::is_empty)
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("sessions", &self.sessions.is_some()).finish_non_exhaustive()
    }
}

/// Keys, cookies, stores and times of an application's sessions.
#[derive(Debug, Clone)]
pub(crate) struct CookieSettings {
    pub(crate) keys: Keys,
    pub(crate) lifetime: SessionLifetime,
    pub(crate) stores: Stores,
    pub(crate) own: OwnCookies,
    /// Those of the names that they had before.
    earlier: Vec<OwnCookies>,
    /// Those without `__Secure-`, where the present ones have it and those may be read.
    without_secure_prefix: Option<OwnCookies>,
    /// Whether cookies are read that lack the prefix of the present ones.
    reads_without_prefix: bool,
    /// The cookie that is shared with Next.js, or taken over from it.
    next: Option<NextCookie>,
    leeway: Duration,
    sign_in_timeout_seconds: i64,
    /// Whether no session is read while the revocation store cannot be asked.
    pub(super) requires_revocations: bool,
    /// Whether a cookie remembers that there was a session.
    pub(super) remembers_timeouts: bool,
    /// Whether a request had several cookies of one name: told once, and by a diagnosis.
    several: Arc<AtomicBool>,
    /// Room for tasks that try again to tell a store that a session ended.
    pub(super) retry_tasks: Arc<Semaphore>,
}

impl CookieSettings {
    pub(crate) fn new(keys: Keys, lifetime: SessionLifetime, stores: Stores, own: OwnCookies) -> Self {
        Self {
            keys,
            lifetime,
            stores,
            without_secure_prefix: own.before_secure_prefix(),
            reads_without_prefix: true,
            own,
            earlier: Vec::new(),
            next: None,
            leeway: Duration::from_secs(60),
            sign_in_timeout_seconds: SIGN_IN_TIMEOUT_SECONDS,
            requires_revocations: false,
            remembers_timeouts: false,
            several: Arc::default(),
            retry_tasks: Arc::new(Semaphore::new(MAX_RETRY_TASKS)),
        }
    }

    /// The same for another host of the application.
    pub(crate) fn at(self, secure: bool, domain: Option<String>) -> Self {
        let own = self.own.at(secure, domain);
        // A previous name at one host may be the present one at another.
        let names = self.earlier.iter().map(OwnCookies::session_name).filter(|name| *name != own.session_name());
        let earlier = names.map(|name| own.earlier(name)).collect();
        let without_secure_prefix = own.before_secure_prefix().filter(|_| self.reads_without_prefix);
        Self { own, earlier, without_secure_prefix, ..self }
    }

    /// The same, where cookies that lack the prefix `__Secure-` are read beside those that have it, or not: anyone on the way can set one over http.
    pub(crate) fn with_unprefixed(self, reads_without_prefix: bool) -> Self {
        let without_secure_prefix = self.own.before_secure_prefix().filter(|_| reads_without_prefix);
        Self { without_secure_prefix, reads_without_prefix, ..self }
    }

    /// The same, with so many seconds for a sign-in.
    pub(crate) fn with_sign_in_timeout(self, sign_in_timeout_seconds: i64) -> Self {
        Self { sign_in_timeout_seconds, ..self }
    }

    /// The same, where no session is read while the revocation store cannot be asked, if it is `required`.
    pub(crate) fn requiring_revocations(self, required: bool) -> Self {
        Self { requires_revocations: required, ..self }
    }

    /// The same, where a cookie remembers that there was a session, if it is `on`.
    pub(crate) fn remembering_timeouts(self, on: bool) -> Self {
        Self { remembers_timeouts: on, ..self }
    }

    /// The same, where the cookies had other names before.
    pub(crate) fn with_earlier(self, earlier: Vec<OwnCookies>) -> Self {
        Self { earlier, ..self }
    }

    /// The same, sharing sessions with Next.js or taking them over from it.
    pub(crate) fn with_next(self, next: Option<NextCookie>) -> Self {
        Self { next, ..self }
    }

    /// The same, where the clocks of Logto and this machine may differ by so much.
    pub(crate) fn with_leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    /// Seconds by which the clocks of two instances may differ: each may differ from Logto's by the leeway.
    pub(super) fn clock_tolerance(&self) -> i64 {
        clock::whole_seconds(self.leeway).saturating_mul(2)
    }

    /// Seconds that a sign-in may take.
    pub(crate) fn sign_in_timeout(&self) -> i64 {
        self.sign_in_timeout_seconds
    }

    /// Seconds that its cookie lives: longer, so that who comes too late is led to the page wanted all the same.
    pub(super) fn sign_in_cookie_lifetime(&self) -> i64 {
        self.sign_in_timeout_seconds.saturating_mul(2)
    }

    /// The cookie of Next.js, where it may be read.
    pub(super) fn next(&self) -> Option<&NextCookie> {
        self.next.as_ref()
    }

    /// The cookie of Next.js, where sessions are written to it.
    pub(super) fn shared_next(&self) -> Option<&NextCookie> {
        self.next().filter(|next| next.is_shared())
    }

    /// The store that sessions are written to.
    pub(crate) fn session_store(&self) -> Option<&Arc<dyn SessionStore>> {
        self.stores.sessions.as_ref().filter(|_| self.shared_next().is_none())
    }

    /// Whether `name` is that of a cookie that may hold a session: ours, one of its chunks, or the one of Next.js.
    #[cfg(test)]
    pub(crate) fn is_session_name(&self, name: &str) -> bool {
        self.next().is_some_and(|next| next.name() == name) || self.is_own_session_name(name)
    }

    /// The same, without the one of Next.js.
    pub(super) fn is_own_session_name(&self, name: &str) -> bool {
        self.all_own().any(|own| own.is_session_name(name))
    }

    /// What the cookie `name` is for, if it is one of ours.
    pub(super) fn purpose(&self, name: &str) -> Option<Purpose> {
        self.all_own().filter_map(|own| own.purpose(name)).min()
    }

    pub(super) fn is_cross_site_transaction_name(&self, name: &str) -> bool {
        self.all_own().any(|own| own.is_cross_site_transaction_name(name))
    }

    pub(super) fn is_long_address_name(&self, name: &str) -> bool {
        self.all_own().any(|own| own.long_address_name() == name)
    }

    /// The deletion of a cookie of the present or of an earlier name.
    pub(super) fn deletion(&self, name: String) -> Cookie<'static> {
        self.all_earlier().find(|own| own.purpose(&name).is_some()).unwrap_or(&self.own).deletion(name)
    }

    /// The cookies of the present name, and then those of the earlier ones.
    pub(super) fn all_own(&self) -> impl Iterator<Item = &OwnCookies> {
        iter::once(&self.own).chain(self.all_earlier())
    }

    /// Those of the names before, set or not. An application that lists a name itself has it once.
    fn all_earlier(&self) -> impl Iterator<Item = &OwnCookies> {
        let is_new = |own: &&OwnCookies| self.earlier.iter().all(|known| known.session_name() != own.session_name());
        self.earlier.iter().chain(self.without_secure_prefix.iter().filter(is_new))
    }

    /// The names of the session's cookie before, as browsers have them.
    pub(crate) fn earlier_names(&self) -> impl Iterator<Item = &str> {
        self.earlier.iter().map(OwnCookies::session_name)
    }

    /// Says once that a browser sent several cookies of one name. At most one of them is ours to change.
    pub(super) fn warn_of_several(&self, cookie: &str) {
        if !self.several.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "logto::session",
                cookie,
                "a request had several cookies of one name; each was tried, and the newest session counts. The others were set with another \
                 Domain or Path: by this application before `cookie_domain` was changed, by another one with this app id on a parent domain, \
                 or by a subdomain. They cannot be deleted from here (docs/troubleshooting.md). This is told once"
            );
        }
    }

    /// Whether a request had several cookies of one name, since the process began.
    pub(crate) fn saw_several(&self) -> bool {
        self.several.load(Ordering::Relaxed)
    }
}
