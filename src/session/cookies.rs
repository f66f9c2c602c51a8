//! The request's cookies in, the response's cookies out.

use std::{collections::BTreeMap, fmt};

use cookie::{Cookie, CookieJar};
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};

/// Reads the cookies of one request and queues cookies for its response.
///
/// The crate asks for nothing else of a web framework. It is implemented for [`HeaderCookies`] (strings) and for [`cookie::CookieJar`]; implement it
/// over any other jar. Later reads return a queued cookie; one with an empty value counts as absent.
///
/// A browser sends several cookies of one name where they differ in path or domain (RFC 6265 section 4.2.2). Show them all, in any order: each
/// is tried, and the newest session counts. A jar that keeps one value for a name, as [`cookie::CookieJar`] does, may have dropped the good
/// one before it comes here, and nothing can be done about that; [`HeaderCookies`] keeps them all.
pub trait Cookies: Send + Sync {
    /// Shows every cookie, name and value, to `visit`, several of one name, too. One that was queued takes the place of all that were sent
    /// under its name.
    fn each(&self, visit: &mut dyn FnMut(&str, &str));

    /// Queues a `Set-Cookie`. A deletion is a cookie with an empty value and `Max-Age=0`.
    fn set(&mut self, cookie: Cookie<'static>);
}

impl<C: Cookies + ?Sized> Cookies for &mut C {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        (**self).each(visit);
    }

    fn set(&mut self, cookie: Cookie<'static>) {
        (**self).set(cookie);
    }
}

/// [`Cookies`] over the `Cookie` header of a request.
///
/// ```
/// use logto::{Cookies, HeaderCookies};
///
/// let cookies = HeaderCookies::parse("theme=dark; lang=ko");
/// let mut names = Vec::new();
/// cookies.each(&mut |name, value| names.push(format!("{name} is {value}")));
/// assert_eq!(names, ["theme is dark", "lang is ko"]);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct HeaderCookies {
    header: String,
    queued: BTreeMap<String, Cookie<'static>>,
}

impl HeaderCookies {
    /// Parses the value of the `Cookie` header; join several with `"; "` (RFC 9113 section 8.2.3). Text that is not a cookie is ignored.
    pub fn parse(header: impl Into<String>) -> Self {
        Self { header: header.into(), queued: BTreeMap::new() }
    }

    /// Returns the `Set-Cookie` values of the response. Append each as a separate header; never join or insert them.
    #[must_use]
    pub fn set_cookie_headers(&self) -> Vec<String> {
        self.queued.values().map(ToString::to_string).collect()
    }

    /// Appends the `Set-Cookie` headers to the head of a response, for frameworks on `http` 1. Existing headers stay.
    ///
    /// ```
    /// use logto::HeaderCookies;
    ///
    /// # fn answer(cookies: HeaderCookies) -> http::Response<String> {
    /// let mut response = http::Response::new("signed out".to_owned());
    /// cookies.append_to(response.headers_mut());
    /// # response
    /// # }
    /// ```
    pub fn append_to(&self, headers: &mut HeaderMap) {
        for (name, cookie) in &self.queued {
            match HeaderValue::from_str(&cookie.to_string()) {
                Ok(value) => _ = headers.append(SET_COOKIE, value),
                Err(error) => {
                    tracing::error!(target: "logto", name, %error, "a cookie that no header can hold is left out");
                }
            }
        }
    }
}

impl fmt::Debug for HeaderCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only names: the values give access to the session.
        let sent: Vec<_> = pairs(&self.header).map(|(name, _)| name).collect();
        let queued: Vec<_> = self.queued.keys().collect();
        f.debug_struct("HeaderCookies").field("sent", &sent).field("queued", &queued).finish()
    }
}

impl Cookies for HeaderCookies {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in pairs(&self.header) {
            if !self.queued.contains_key(name) {
                visit(name, value);
            }
        }
        for cookie in self.queued.values() {
            visit(cookie.name(), cookie.value());
        }
    }

    fn set(&mut self, cookie: Cookie<'static>) {
        self.queued.insert(cookie.name().to_owned(), cookie);
    }
}

/// The names and values of a `Cookie` header (RFC 6265 section 5.4). Each request pays for this, also one without a session.
fn pairs(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = header.split(';').filter_map(|pair| {
        // Names are short: to search them byte by byte takes less than to begin a search for long texts.
        let (name, rest) = pair.split_at_checked(pair.bytes().position(|byte| byte == b'=')?)?;
        Some((name, rest.strip_prefix('=')?))
    });
    pairs.map(|(name, value)| (name.trim_ascii(), value.trim_ascii())).filter(|(name, _)| !name.is_empty())
}

/// It holds one cookie of a name. Of several that a browser sent, that is the one that was added last: see [`Cookies`].
impl Cookies for CookieJar {
    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for cookie in self.iter() {
            visit(cookie.name(), cookie.value());
        }
    }

    fn set(&mut self, cookie: Cookie<'static>) {
        self.add(cookie);
    }
}
