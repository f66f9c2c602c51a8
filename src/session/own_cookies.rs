//! The cookies of an application: how they are named, and with which attributes they are set and deleted.

use base64_simd::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite, time};
use sha2::{Digest, Sha256};

/// Seconds: the way to Logto, and back to a page that may never come.
const SIGN_OUT_MARKER_LIFETIME_SECONDS: i64 = 60;

/// Names and attributes of the cookies that this crate sets for one application. The cookie of `@logto/next` is apart: see `next/next_cookie.rs`.
#[derive(Debug, Clone)]
pub(crate) struct OwnCookies {
    session_name: String,
    secure: bool,
    domain: Option<String>,
}

impl OwnCookies {
    pub(super) fn new(app_id: &str, secure: bool, domain: Option<String>) -> Self {
        // RFC 6265bis section 4.1.3.2: the browser itself then refuses the cookie from a subdomain or over http.
        let prefix = if secure && domain.is_none() { "__Host-" } else { "" };
        Self { session_name: format!("{prefix}logto_{}", cookie_token(app_id)), secure, domain }
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The session's cookie; further chunks are `name.1`, `name.2`, ….
    pub(crate) fn session_name(&self) -> &str {
        &self.session_name
    }

    pub(super) fn chunk_name(&self, index: usize) -> String {
        if index == 0 { self.session_name.clone() } else { format!("{}.{index}", self.session_name) }
    }

    /// Whether `name` is the session's cookie or one of its chunks.
    pub(super) fn is_session_name(&self, name: &str) -> bool {
        match name.strip_prefix(self.session_name.as_str()) {
            Some("") => true,
            Some(rest) => rest.strip_prefix('.').is_some_and(|index| matches!(index.as_bytes(), [b'1'..=b'9'])),
            None => false,
        }
    }

    /// The cookie of the sign-in with this `state`: its hash, so that the name gives nothing away.
    pub(super) fn transaction_name(&self, state: &str) -> String {
        let hash = Sha256::digest(state.as_bytes());
        let (short, _) = hash.split_at(9);
        format!("{}_txn_{}", self.session_name, URL_SAFE_NO_PAD.encode_to_string(short))
    }

    /// Whether `name` is that of a sign-in under way. It may be sent back in a deletion, so nothing but letters of base64url is taken.
    pub(super) fn is_transaction_name(&self, name: &str) -> bool {
        let hash = self.after_transaction_prefix(name);
        hash.is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
    }

    /// A cookie for a sign-in that another site has begun. There are only so many of them.
    pub(super) fn cross_site_transaction_name(&self, slot: u8) -> String {
        format!("{}_txn_other_{slot}", self.session_name)
    }

    pub(super) fn is_cross_site_transaction_name(&self, name: &str) -> bool {
        let slot = self.after_transaction_prefix(name).and_then(|rest| rest.strip_prefix("other_"));
        slot.is_some_and(|slot| matches!(slot.as_bytes(), [b'0'..=b'9']))
    }

    /// The cookie with the long address that one of the sign-ins under way returns to.
    pub(super) fn long_address_name(&self) -> String {
        format!("{}_txn_return_to", self.session_name)
    }

    fn after_transaction_prefix<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.session_name.as_str())?.strip_prefix("_txn_")
    }

    /// Whether no other host can set these cookies (RFC 6265bis section 4.1.3.2).
    pub(crate) fn have_host_prefix(&self) -> bool {
        self.session_name.starts_with("__Host-")
    }

    /// A cookie that lives `max_age` seconds.
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

    /// The deletion of a cookie: the same attributes, or the browser keeps it.
    pub(super) fn deletion(&self, name: String) -> Cookie<'static> {
        self.cookie(name, String::new(), 0)
    }

    /// What a sign-out leaves in the session's cookie. It is no session, so the page that comes next deletes it.
    ///
    /// Chromium keeps pages that say `no-store` in memory for its back button, and drops them where a cookie changes after it left them
    /// (<https://developer.chrome.com/docs/web-platform/bfcache-ccns>). A deletion in the answer to the sign-out's POST comes before that.
    pub(super) fn sign_out_marker(&self) -> Cookie<'static> {
        self.cookie(self.session_name.clone(), "signed-out".to_owned(), SIGN_OUT_MARKER_LIFETIME_SECONDS)
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
