//! What a session says in the head of a response.

use std::fmt;

use http::{HeaderMap, HeaderValue, header};

/// The headers that a finished session adds to its response: see [`RequestSession::finish`](crate::RequestSession::finish).
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "the session is lost unless its cookies are appended to the response"]
pub struct SessionHeaders {
    pub(super) set_cookies: Vec<String>,
    pub(super) is_private: bool,
}

impl SessionHeaders {
    /// The `Set-Cookie` values, each to be appended as a header of its own.
    #[must_use]
    pub fn set_cookies(&self) -> &[String] {
        &self.set_cookies
    }

    /// Whether the response belongs to one user alone: the session was asked who is signed in, and somebody is, or it sets cookies.
    ///
    /// Unless the handler said something itself, such a response says `Cache-Control: no-store`. A cache that kept it would show one user's
    /// page to others, and a browser's back button would show it after the sign-out.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// Appends them, for the frameworks on `http` 1.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        for cookie in self.set_cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.append(header::SET_COOKIE, cookie);
        }
        if self.is_private {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
    }
}

impl fmt::Debug for SessionHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the cookies has the session.
        f.debug_struct("SessionHeaders")
            .field("set_cookies", &self.set_cookies.len())
            .field("is_private", &self.is_private)
            .finish()
    }
}
