//! How cookies are named and dressed, and how long a session lives.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64_simd::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite, time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{next::NextCookie, seal::Keys};
use crate::{
    clock,
    store::{RevocationStore, SessionStore},
};

/// How long a session lives. Both limits are inside the sealed session, so a longer `Max-Age` does not revive it.
///
/// Both are checked by [`LogtoConfigBuilder::build`](crate::LogtoConfigBuilder::build): 1 second ≤ idle ≤ absolute ≤ 400 days, which is the
/// longest that browsers keep a cookie (RFC 6265bis section 5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionLifetime {
    /// Seconds without a request after which the session ends. Default: 14 days, as long as Logto's refresh tokens.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// Seconds after the sign-in at which it ends, however busy. Default: 180 days, as long as Logto's grants.
    #[serde(with = "seconds")]
    pub absolute: Duration,
}

const DAY: u64 = 24 * 60 * 60;
/// Seconds: as long as Logto's sign-in pages work.
pub(crate) const SIGN_IN_TIMEOUT: i64 = 60 * 60;
/// Ends that wait at once to be noted in a revocation store that is down.
const MAX_RETRIES: usize = 1_000;
/// Seconds: the way to Logto, and back to a page that may never come.
const FAREWELL_LIFETIME: i64 = 60;

impl Default for SessionLifetime {
    fn default() -> Self {
        Self { idle: Duration::from_secs(14 * DAY), absolute: Duration::from_secs(180 * DAY) }
    }
}

impl SessionLifetime {
    /// The default lifetimes: 14 days idle, 180 days in all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Seconds without a request after which the session ends.
    #[must_use]
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Seconds after the sign-in at which the session ends.
    #[must_use]
    pub fn absolute(mut self, absolute: Duration) -> Self {
        self.absolute = absolute;
        self
    }

    /// Unix seconds at which a session ends that was made and touched then.
    pub(crate) fn ends_at(&self, created_at: i64, touched_at: i64) -> i64 {
        let idle = touched_at.saturating_add(clock::whole_seconds(self.idle));
        idle.min(created_at.saturating_add(clock::whole_seconds(self.absolute)))
    }

    /// Seconds between two writes that only say "still here": a tenth of the idle time, at most a day.
    pub(crate) fn touch_interval(&self) -> i64 {
        clock::whole_seconds(self.idle / 10).min(24 * 60 * 60)
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

/// Where sessions live besides cookies, and where it is remembered that they ended.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) sessions: Option<Arc<dyn SessionStore>>,
    pub(crate) revocations: Arc<dyn RevocationStore>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("sessions", &self.sessions.is_some()).finish_non_exhaustive()
    }
}

/// Everything that seals, names and dresses the session's cookies.
#[derive(Debug, Clone)]
pub(crate) struct CookieSettings {
    pub(crate) keys: Keys,
    pub(crate) lifetime: SessionLifetime,
    pub(crate) stores: Stores,
    leeway: Duration,
    /// The cookie that is shared with Next.js, or taken over from it.
    next: Option<NextCookie>,
    name: String,
    secure: bool,
    domain: Option<String>,
    /// Seconds that a sign-in may take.
    sign_in_timeout: i64,
    /// Whether a request had several cookies of one name: told once, and by a diagnosis.
    several: Arc<AtomicBool>,
    /// Room for tasks that try again to note an end.
    pub(super) retries: Arc<Semaphore>,
}

impl CookieSettings {
    pub(crate) fn new(
        keys: Keys,
        lifetime: SessionLifetime,
        stores: Stores,
        app_id: &str,
        secure: bool,
        domain: Option<String>,
    ) -> Self {
        // RFC 6265bis section 4.1.3.2: the browser itself then refuses the cookie from a subdomain or over http.
        let prefix = if secure && domain.is_none() { "__Host-" } else { "" };
        let name = format!("{prefix}logto_{}", cookie_token(app_id));
        Self {
            keys,
            lifetime,
            stores,
            leeway: Duration::from_secs(60),
            sign_in_timeout: SIGN_IN_TIMEOUT,
            next: None,
            name,
            secure,
            domain,
            several: Arc::default(),
            retries: Arc::new(Semaphore::new(MAX_RETRIES)),
        }
    }

    /// The same, with so many seconds for a sign-in.
    pub(crate) fn with_sign_in_timeout(self, sign_in_timeout: i64) -> Self {
        Self { sign_in_timeout, ..self }
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

    /// The cookie of Next.js, where it may be read.
    pub(super) fn next(&self) -> Option<&NextCookie> {
        self.next.as_ref()
    }

    /// The cookie of Next.js, where sessions are written to it.
    pub(super) fn shared(&self) -> Option<&NextCookie> {
        self.next().filter(|next| next.is_shared())
    }

    /// The session's cookie; further chunks are `name.1`, `name.2`, ….
    pub(crate) fn session_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn chunk_name(&self, index: usize) -> String {
        if index == 0 { self.name.clone() } else { format!("{}.{index}", self.name) }
    }

    /// Whether `name` is the session's cookie or one of its chunks.
    pub(crate) fn is_session_name(&self, name: &str) -> bool {
        self.next.as_ref().is_some_and(|next| next.name() == name) || self.is_own_session_name(name)
    }

    pub(super) fn is_own_session_name(&self, name: &str) -> bool {
        match name.strip_prefix(self.name.as_str()) {
            Some("") => true,
            Some(rest) => rest.strip_prefix('.').is_some_and(|index| matches!(index.as_bytes(), [b'1'..=b'9'])),
            None => false,
        }
    }

    pub(crate) fn transaction_prefix(&self) -> String {
        format!("{}_txn_", self.name)
    }

    /// Whether `name` is that of a sign-in under way. It may be sent back in a deletion, so nothing but letters of base64url is taken.
    pub(crate) fn is_transaction_name(&self, name: &str) -> bool {
        let hash = name.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix("_txn_"));
        hash.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
    }

    /// A cookie for a sign-in that another site has begun. There are only so many of them.
    pub(super) fn place_name(&self, place: u8) -> String {
        format!("{}other_{place}", self.transaction_prefix())
    }

    pub(super) fn is_place(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix("_txn_other_"));
        rest.is_some_and(|place| matches!(place.as_bytes(), [b'0'..=b'9']))
    }

    /// The cookie with the long address that one of the sign-ins under way returns to.
    pub(super) fn long_address_name(&self) -> String {
        format!("{}return_to", self.transaction_prefix())
    }

    /// Seconds that a sign-in may take.
    pub(crate) fn sign_in_timeout(&self) -> i64 {
        self.sign_in_timeout
    }

    /// Seconds that its cookie lives: longer, so that who comes too late is led to the page wanted all the same.
    pub(super) fn sign_in_cookie_lifetime(&self) -> i64 {
        self.sign_in_timeout.saturating_mul(2)
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

    /// Whether nobody but this host can set its cookies (RFC 6265bis section 4.1.3.2).
    pub(crate) fn is_of_host_alone(&self) -> bool {
        self.name.starts_with("__Host-")
    }

    /// A cookie of ours that lives `max_age` seconds.
    pub(crate) fn cookie(&self, name: String, value: String, max_age: i64) -> Cookie<'static> {
        let mut cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(max_age.max(0)));
        if self.secure {
            cookie = cookie.secure(true);
        }
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.clone());
        }
        cookie.build()
    }

    /// The deletion of a cookie of ours: the same attributes, or the browser keeps it.
    pub(crate) fn deletion(&self, name: String) -> Cookie<'static> {
        self.cookie(name, String::new(), 0)
    }

    /// What a sign-out leaves in the session's cookie. It is no session, so the page that comes next deletes it.
    ///
    /// Chromium keeps pages that say `no-store` in memory for its back button, and drops them where a cookie changes after it left them
    /// (<https://developer.chrome.com/docs/web-platform/bfcache-ccns>). A deletion in the answer to the sign-out's POST comes before that.
    pub(crate) fn farewell(&self) -> Cookie<'static> {
        self.cookie(self.name.clone(), "signed-out".to_owned(), FAREWELL_LIFETIME)
    }
}

/// Logto's app ids are letters and digits; any other text is hashed, since a cookie's name is a token (RFC 6265 section 4.1.1).
fn cookie_token(app_id: &str) -> String {
    if app_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) && app_id.len() <= 64 {
        return app_id.to_owned();
    }
    let hash = Sha256::digest(app_id.as_bytes());
    let (short, _) = hash.split_at(12);
    URL_SAFE_NO_PAD.encode_to_string(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_use_is_written_after_a_tenth_of_its_idle_time_and_daily() {
        let interval = |idle| SessionLifetime::new().idle(Duration::from_secs(idle)).touch_interval();
        assert_eq!((interval(3600), interval(10 * DAY), interval(14 * DAY)), (360, 86_400, 86_400));
    }
}
