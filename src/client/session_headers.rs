//! What a session says in the head of a response.

use std::fmt;

use http::{HeaderMap, HeaderValue, header};

/// The headers that a finished session adds to its response: see [`RequestSession::commit`](crate::RequestSession::commit).
///
/// A response that sets a cookie of the session is `private, no-store`, whatever the handler said: a cache that kept it would hand one
/// user's session to others. One that read the session is at least `private` and varies by `Cookie`.
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "the session is lost unless its cookies are appended to the response"]
pub struct SessionHeaders {
    pub(super) set_cookies: Vec<String>,
    /// Whether the response may depend on who is signed in.
    pub(super) is_read: bool,
    pub(super) is_signed_in: bool,
    /// What a browser is told to forget, where a user has signed out.
    pub(super) clear_site_data: Option<String>,
}

/// Headers by which a handler speaks to shared caches beside `Cache-Control` (RFC 9213, before it Edge Architecture 1.0, and those of nginx,
/// Akamai and others). They come first there, so they must not be left saying something else.
const TARGETED: [&str; 7] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "netlify-cdn-cache-control",
    "vercel-cdn-cache-control",
    "surrogate-control",
    "edge-control",
    "x-accel-expires",
];

const CLEAR_SITE_DATA: &str = "clear-site-data";

impl SessionHeaders {
    /// Returns the `Set-Cookie` values, each to be appended as a separate header.
    #[must_use]
    pub fn set_cookies(&self) -> &[String] {
        &self.set_cookies
    }

    /// Returns whether the response is for one user only: the session was read, it sets cookies, or a user has signed out.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_read || !self.set_cookies.is_empty() || self.clear_site_data.is_some()
    }

    /// Returns the headers of the response that get another value, or (with `None`) are removed: a private response has this in `Cache-Control` (RFC
    /// 9111 section 5.2) and in `Vary` (RFC 9110 section 12.5.5), and nothing else in `CDN-Cache-Control` (RFC 9213).
    ///
    /// After a sign-out it says in `Clear-Site-Data` what the browser forgets, if that is set, unless the handler has said so.
    ///
    /// `said` gives what the handler said in a header, by its name in lower case; several of one name are joined with a comma.
    pub fn replacements(&self, said: impl Fn(&'static str) -> Option<String>) -> Vec<(&'static str, Option<String>)> {
        if !self.is_private() {
            return Vec::new();
        }
        let cache_control =
            self.cache_control(said("cache-control").as_deref()).map(|value| ("cache-control", Some(value)));
        let vary = vary(said("vary").as_deref()).map(|value| ("vary", Some(value)));
        let targeted = TARGETED.into_iter().filter(|name| said(name).is_some()).map(|name| (name, None));
        let forgets = self.clear_site_data.as_ref().filter(|_| said(CLEAR_SITE_DATA).is_none());
        let forgets = forgets.map(|value| (CLEAR_SITE_DATA, Some(value.clone())));
        cache_control.into_iter().chain(vary).chain(targeted).chain(forgets).collect()
    }

    /// The value that `Cache-Control` is to have, if the handler said `said`.
    /// `None` if what the handler said stands.
    fn cache_control(&self, said: Option<&str>) -> Option<String> {
        const ALONE: &str = "private, no-store";
        match said.map(str::trim).filter(|said| !said.is_empty()) {
            _ if !self.set_cookies.is_empty() => Some(ALONE.to_owned()),
            // A browser's back button would show the page after the sign-out.
            None if self.is_signed_in => Some(ALONE.to_owned()),
            None => Some("private".to_owned()),
            Some(said) => made_private(said),
        }
    }

    /// Applies them to the head of a response, for frameworks on `http` 1.
    pub fn append_to(&self, headers: &mut HeaderMap) {
        let said = |name: &'static str| {
            let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            headers.contains_key(name).then(|| values.collect::<Vec<_>>().join(", "))
        };
        for (name, value) in self.replacements(said) {
            headers.remove(name);
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        for cookie in self.set_cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

/// The value that `Vary` is to have, if the handler said `said`. `None` if what the handler said stands.
fn vary(said: Option<&str>) -> Option<String> {
    let said = said.map(str::trim).filter(|said| !said.is_empty());
    let Some(said) = said else {
        return Some("Cookie".to_owned());
    };
    let covers = |name: &str| name == "*" || name.eq_ignore_ascii_case("cookie");
    (!said.split(',').map(str::trim).any(covers)).then(|| format!("{said}, Cookie"))
}

/// The directives with `private` among them, and without those that open a shared cache. `None` if they keep it out already.
fn made_private(said: &str) -> Option<String> {
    let directives: Vec<_> = directives(said).collect();
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    let says = |name: &str| directives.iter().any(|directive| is(directive, name));
    // `private="field"` speaks of one header field alone, and beside `must-understand` a cache may pass over `no-store` (RFC 9111 section
    // 5.2.2.3).
    if says("private") || says("no-store") && !says("must-understand") {
        return None;
    }
    let opens = |directive: &str| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        ["public", "s-maxage", "proxy-revalidate", "private"].iter().any(|opening| is(name, opening))
    };
    let rest = directives.into_iter().filter(|directive| !opens(directive));
    Some(["private"].into_iter().chain(rest).collect::<Vec<_>>().join(", "))
}

/// The directives of a `Cache-Control`. A comma in a quoted string separates nothing.
fn directives(said: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let separates = move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    said.split(separates).map(str::trim).filter(|directive| !directive.is_empty())
}

impl fmt::Debug for SessionHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The cookies give access to the session.
        f.debug_struct("SessionHeaders")
            .field("set_cookies", &self.set_cookies.len())
            .field("is_private", &self.is_private())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_read_the_session_is_private_whatever_the_handler_said() {
        let read = SessionHeaders { is_read: true, ..SessionHeaders::default() };
        let said = |said| read.cache_control(Some(said));
        for stands in ["private", "no-store", "no-store, max-age=0", "max-age=5, PRIVATE", "no-cache, no-store"] {
            assert_eq!(said(stands), None, "{stands}");
        }
        for (before, after) in [
            ("public, max-age=31536000, immutable", "private, max-age=31536000, immutable"),
            ("max-age=60", "private, max-age=60"),
            ("Public,S-MaxAge=600 , max-age=1", "private, max-age=1"),
            ("no-cache", "private, no-cache"),
            ("public, max-age=60, must-understand, no-store", "private, max-age=60, must-understand, no-store"),
            ("private=\"set-cookie, x\", public", "private"),
            ("no-cache=\"a, private, b\"", "private, no-cache=\"a, private, b\""),
            ("public", "private"),
            ("x=\"unended, private", "private, x=\"unended, private"),
            (", ,", "private"),
        ] {
            assert_eq!(said(before).as_deref(), Some(after), "{before}");
        }
        assert_eq!(read.cache_control(None).as_deref(), Some("private"), "nobody is signed in");
        assert_eq!(read.cache_control(Some("  ")).as_deref(), Some("private"));
        let signed_in = SessionHeaders { is_signed_in: true, ..read };
        assert_eq!(signed_in.cache_control(None).as_deref(), Some("private, no-store"));
        assert_eq!(signed_in.cache_control(Some("public, max-age=5")).as_deref(), Some("private, max-age=5"));
    }

    #[test]
    fn a_response_with_a_cookie_of_ours_is_never_stored() {
        let set_cookies = vec!["logto=x".to_owned()];
        let sets = SessionHeaders { set_cookies, ..SessionHeaders::default() };
        for said in [None, Some("public"), Some("private"), Some("max-age=5"), Some("no-store")] {
            assert_eq!(sets.cache_control(said).as_deref(), Some("private, no-store"), "{said:?}");
        }
        let mut headers = HeaderMap::new();
        for (name, value) in [("cache-control", "public"), ("cache-control", "max-age=9"), ("vary", "accept")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        for name in TARGETED {
            headers.insert(name, HeaderValue::from_static("max-age=600"));
        }
        sets.append_to(&mut headers);
        let all = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!((all("cache-control"), all("vary")), (vec!["private, no-store"], vec!["accept, Cookie"]));
        assert!(TARGETED.iter().all(|name| !headers.contains_key(*name)));
    }

    #[test]
    fn a_response_that_read_the_session_varies_by_cookie() {
        for (said, value) in [
            (None, Some("Cookie")),
            (Some("Accept-Encoding"), Some("Accept-Encoding, Cookie")),
            (Some("x-cookie"), Some("x-cookie, Cookie")),
            (Some("accept, COOKIE"), None),
            (Some("*"), None),
        ] {
            assert_eq!(vary(said).as_deref(), value, "{said:?}");
        }
    }

    #[test]
    fn a_response_that_never_asked_for_the_session_is_left_alone() {
        let untouched = SessionHeaders::default();
        let mut headers = HeaderMap::new();
        headers.insert(TARGETED[0], HeaderValue::from_static("max-age=600"));
        untouched.append_to(&mut headers);
        assert_eq!(headers.len(), 1);
    }
}
