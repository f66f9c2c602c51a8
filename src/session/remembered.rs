//! Whether a session of this browser timed out. When it does the browser forgets its cookie, so another one, which lives longer, says that there was
//! one. A sign-out deletes it; whatever else ends a session leaves it behind.

use cookie::Cookie;

use super::{own_cookies::OwnCookies, settings::CookieSettings};

/// What a request told of sessions before.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    /// The names of the cookies that say so: the present one, and the previous ones.
    sent: Vec<String>,
    /// Whether a session's cookie came that holds no session any more.
    has_ended: bool,
    /// Whether the user signed out, or the application ended the session.
    is_forgotten: bool,
}

impl Remembered {
    pub(super) fn add(&mut self, name: &str) {
        if !self.sent.iter().any(|sent| sent == name) {
            self.sent.push(name.to_owned());
        }
    }

    /// None of these cookies, given as (name, value), holds a session. That of Next.js may never have held one.
    pub(super) fn note_ended(&mut self, settings: &CookieSettings, cookies: &[(String, String)]) {
        self.has_ended = cookies
            .iter()
            .any(|(name, value)| settings.is_own_session_name(name) && !OwnCookies::is_sign_out_marker(value));
    }

    /// The session did not time out: it was ended here.
    pub(super) fn forget(&mut self) {
        self.is_forgotten = true;
    }

    /// Whether [`cookies`](Self::cookies) has none, whatever became of the session.
    pub(super) fn has_no_cookies(&self, settings: &CookieSettings) -> bool {
        self.sent.is_empty() && !settings.remembers_timeouts
    }

    pub(super) fn timed_out(&self) -> bool {
        !self.is_forgotten && (self.has_ended || !self.sent.is_empty())
    }

    /// What the response sets and deletes. With a session that is written the cookie is set again, so that it is valid for longer.
    pub(super) fn cookies(
        &self,
        settings: &CookieSettings,
        is_signed_in: bool,
        is_written: bool,
    ) -> Vec<Cookie<'static>> {
        if self.has_no_cookies(settings) {
            return Vec::new();
        }
        let present = settings.own.timeout_marker_name();
        let is_sent = self.sent.contains(&present);
        let is_wanted = match is_signed_in {
            true => is_written || !is_sent,
            false => self.timed_out() && !is_sent,
        };
        let mut cookies = Vec::new();
        if settings.remembers_timeouts && is_wanted {
            cookies.push(settings.own.timeout_marker());
        }
        if self.is_forgotten {
            let stale = self.sent.iter().filter(|name| cookies.iter().all(|cookie| cookie.name() != **name));
            let deletions: Vec<_> = stale.map(|name| settings.deletion(name.clone())).collect();
            cookies.extend(deletions);
        }
        cookies
    }
}
