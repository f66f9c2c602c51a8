//! The cookies of an application: how they are named, and with which attributes they are set and deleted.

use base64_simd::URL_SAFE_NO_PAD;
use cookie::{Cookie, time};
use sha2::{Digest, Sha256};

use crate::cookies::SameSite;

/// Seconds: the way to Logto, and back to a page that may never come.
const SIGN_OUT_MARKER_LIFETIME_SECONDS: i64 = 60;
/// What the session's cookie holds after a sign-out.
const SIGN_OUT_MARKER: &str = "signed-out";
const TIMEOUT_MARKER_SUFFIX: &str = "_reauthenticate";
/// Between the name of the session's cookie and what tells one pending sign-in from others.
const SIGN_IN_INFIX: &str = "_txn_";
/// Seconds: as long as browsers keep a cookie at most (RFC 6265bis section 5.5), and so as long as any session lives.
const TIMEOUT_MARKER_LIFETIME_SECONDS: i64 = 400 * 24 * 60 * 60;

/// What browsers take for a promise: Secure, no Domain, `Path=/`.
const HOST_PREFIX: &str = "__Host-";
/// The same for Secure alone.
const SECURE_PREFIX: &str = "__Secure-";

/// What a cookie of an application is for. Where names are ambiguous, the first of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// The session, or one of its chunks.
    Session,
    /// A pending sign-in.
    SignIn,
    /// Remembers that there was a session.
    TimeoutMarker,
}

/// Names and attributes of the cookies that this crate sets for one application. The cookie of `@logto/next` is apart: see `next/next_cookie.rs`.
#[derive(Debug, Clone)]
pub(crate) struct OwnCookies {
    session_name: String,
    attributes: CookieAttributes,
}

/// The attributes of an application's cookies.
#[derive(Debug, Clone)]
pub(crate) struct CookieAttributes {
    pub(crate) secure: bool,
    pub(crate) domain: Option<String>,
    /// Without a slash at its end, but for `/` itself.
    pub(crate) path: String,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
    /// Whether the session's cookie is gone when the browser is closed.
    pub(crate) session_only: bool,
}

impl CookieAttributes {
    /// Those of an application that has set nothing else.
    pub(crate) fn new(secure: bool, domain: Option<String>) -> Self {
        Self { secure, domain, path: "/".to_owned(), same_site: SameSite::Lax, partitioned: false, session_only: false }
    }
}

impl OwnCookies {
    /// Of this name, with the prefix `__Host-` or else `__Secure-` where browsers take it.
    pub(crate) fn new(name: &str, attributes: CookieAttributes) -> Self {
        // RFC 6265bis sections 4.1.3.1 and 4.1.3.2: the browser itself then refuses the cookie over http, and the first one from a subdomain.
        let prefix = match (attributes.secure, attributes.domain.is_none() && attributes.path == "/") {
            (true, true) => HOST_PREFIX,
            (true, false) => SECURE_PREFIX,
            (false, _) => "",
        };
        Self { session_name: format!("{prefix}{name}"), attributes }
    }

    /// The same without `__Secure-`, as versions before this prefix set them.
    pub(super) fn before_secure_prefix(&self) -> Option<Self> {
        let session_name = self.session_name.strip_prefix(SECURE_PREFIX)?.to_owned();
        Some(Self { session_name, attributes: self.attributes.clone() })
    }

    /// The same for another host of the application.
    pub(super) fn at(&self, secure: bool, domain: Option<String>) -> Self {
        Self::new(without_prefix(&self.session_name), CookieAttributes { secure, domain, ..self.attributes.clone() })
    }

    /// The name of an application that has set none.
    pub(crate) fn default_name(app_id: &str) -> String {
        format!("logto_{}", cookie_token(app_id))
    }

    /// The cookies of a name that these had before. They are read and deleted, and never written.
    pub(crate) fn earlier(&self, whole_name: &str) -> Self {
        let mut attributes = self.attributes.clone();
        if whole_name.starts_with(HOST_PREFIX) {
            (attributes.domain, attributes.path) = (None, "/".to_owned());
        }
        Self { session_name: whole_name.to_owned(), attributes }
    }

    /// Whether both would be one cookie to a browser (RFC 6265bis section 5.7).
    pub(crate) fn are_the_same(&self, other: &Self) -> bool {
        let identity = |own: &Self| (own.attributes.domain.clone(), own.attributes.path.clone());
        self.session_name == other.session_name && identity(self) == identity(other)
    }

    pub(crate) fn attributes(&self) -> &CookieAttributes {
        &self.attributes
    }

    /// The session's cookie; further chunks are `name.1`, `name.2`, ….
    pub(crate) fn session_name(&self) -> &str {
        &self.session_name
    }

    pub(super) fn chunk_name(&self, index: usize) -> String {
        if index == 0 { self.session_name.clone() } else { format!("{}.{index}", self.session_name) }
    }

    /// What the cookie `name` is for, if it is one of these. It may be sent back in a deletion, so of a pending sign-in nothing but letters
    /// of base64url is taken.
    pub(super) fn purpose(&self, name: &str) -> Option<Purpose> {
        let rest = name.strip_prefix(self.session_name.as_str())?;
        match rest.as_bytes() {
            [] | [b'.', b'1'..=b'9'] => Some(Purpose::Session),
            _ if rest == TIMEOUT_MARKER_SUFFIX => Some(Purpose::TimeoutMarker),
            _ => {
                let mut hash = rest.strip_prefix(SIGN_IN_INFIX)?.bytes();
                let is_hash = hash.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                is_hash.then_some(Purpose::SignIn)
            }
        }
    }

    /// Whether `name` is the session's cookie or one of its chunks.
    pub(crate) fn is_session_name(&self, name: &str) -> bool {
        self.purpose(name) == Some(Purpose::Session)
    }

    /// The cookie of the sign-in with this `state`: its hash, so that the name gives nothing away.
    pub(super) fn transaction_name(&self, state: &str) -> String {
        let hash = Sha256::digest(state.as_bytes());
        let (short, _) = hash.split_at(9);
        format!("{}_txn_{}", self.session_name, URL_SAFE_NO_PAD.encode_to_string(short))
    }

    /// A cookie for a sign-in that another site has begun. There are only so many of them.
    pub(super) fn cross_site_transaction_name(&self, slot: u8) -> String {
        format!("{}_txn_other_{slot}", self.session_name)
    }

    pub(super) fn is_cross_site_transaction_name(&self, name: &str) -> bool {
        let slot = self.after_transaction_prefix(name).and_then(|rest| rest.strip_prefix("other_"));
        slot.is_some_and(|slot| matches!(slot.as_bytes(), [b'0'..=b'9']))
    }

    /// The cookie with the long address that one of the pending sign-ins returns to.
    pub(super) fn long_address_name(&self) -> String {
        format!("{}_txn_return_to", self.session_name)
    }

    /// The cookie that remembers that there was a session.
    pub(super) fn timeout_marker_name(&self) -> String {
        format!("{}{TIMEOUT_MARKER_SUFFIX}", self.session_name)
    }

    /// What remembers that there was a session. It says nothing else, and who plants it makes Logto ask once more.
    pub(super) fn timeout_marker(&self) -> Cookie<'static> {
        self.session_cookie(self.timeout_marker_name(), "1".to_owned(), TIMEOUT_MARKER_LIFETIME_SECONDS)
    }

    fn after_transaction_prefix<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.session_name.as_str())?.strip_prefix(SIGN_IN_INFIX)
    }

    /// Whether no other host can set these cookies (RFC 6265bis section 4.1.3.2).
    pub(crate) fn have_host_prefix(&self) -> bool {
        self.session_name.starts_with(HOST_PREFIX)
    }

    /// A cookie that lives `max_age` seconds.
    pub(crate) fn cookie(&self, name: String, value: String, max_age: i64) -> Cookie<'static> {
        let same_site = match self.attributes.same_site {
            // They have to come back from Logto, which may be another site.
            SameSite::Strict
                if self.after_transaction_prefix(&name).is_some()
                    || self.purpose(&name) == Some(Purpose::TimeoutMarker) =>
            {
                cookie::SameSite::Lax
            }
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        };
        let mut cookie = Cookie::build((name, value))
            .path(self.attributes.path.clone())
            .http_only(true)
            .same_site(same_site)
            .max_age(time::Duration::seconds(max_age.max(0)));
        if self.attributes.secure {
            cookie = cookie.secure(true);
        }
        if self.attributes.partitioned {
            cookie = cookie.partitioned(true);
        }
        if let Some(domain) = &self.attributes.domain {
            cookie = cookie.domain(domain.clone());
        }
        cookie.build()
    }

    /// A cookie of the session, which lives `max_age` seconds, or until the browser is closed.
    pub(crate) fn session_cookie(&self, name: String, value: String, max_age: i64) -> Cookie<'static> {
        let mut cookie = self.cookie(name, value, max_age);
        if self.attributes.session_only {
            cookie.set_max_age(None);
        }
        cookie
    }

    /// The deletion of a cookie: the same attributes, or the browser keeps it.
    pub(super) fn deletion(&self, name: String) -> Cookie<'static> {
        self.cookie(name, String::new(), 0)
    }

    /// What a sign-out leaves in the session's cookie. It is no session, so the page that comes next deletes it.
    ///
    /// Chromium keeps pages that say `no-store` in memory for its back button, and drops them where a cookie changes after it left them
    /// (<https://developer.chrome.com/docs/web-platform/bfcache-ccns>). A deletion in the answer to the sign-out's POST comes before that.
    pub(super) fn sign_out_marker(&self) -> Cookie<'static> {
        self.cookie(self.session_name.clone(), SIGN_OUT_MARKER.to_owned(), SIGN_OUT_MARKER_LIFETIME_SECONDS)
    }

    /// Whether a value is that of [`sign_out_marker`](Self::sign_out_marker).
    pub(super) fn is_sign_out_marker(value: &str) -> bool {
        value == SIGN_OUT_MARKER
    }
}

/// A name as it is set, without what browsers have before it.
pub(crate) fn without_prefix(name: &str) -> &str {
    [HOST_PREFIX, SECURE_PREFIX].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Those of an application that has set nothing.
#[cfg(test)]
pub(super) fn own(app_id: &str, secure: bool) -> OwnCookies {
    OwnCookies::new(&OwnCookies::default_name(app_id), CookieAttributes::new(secure, None))
}

/// Logto's App IDs are letters and digits; any other text is hashed, since a cookie's name is a token (RFC 6265 section 4.1.1).
fn cookie_token(app_id: &str) -> String {
    if app_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) && app_id.len() <= 64 {
        return app_id.to_owned();
    }
    let hash = Sha256::digest(app_id.as_bytes());
    let (short, _) = hash.split_at(12);
    URL_SAFE_NO_PAD.encode_to_string(short)
}
