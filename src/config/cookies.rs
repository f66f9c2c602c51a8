//! The settings of cookies, and which of them work together.

use url::Url;

use super::{LogtoConfigBuilder, base_urls::BaseUrls, problems::Problems};
use crate::{
    cookies::SameSite,
    session::{CookieAttributes, OwnCookies, SessionFormat, without_prefix},
};

/// As many as servers and proxies let pass without a second thought.
const MAX_NAME_BYTES: usize = 64;
/// Each costs a request a look at its cookies.
const MAX_EARLIER_NAMES: usize = 4;

/// The cookies of an application, and those of the names that they had before.
pub(super) struct Cookies {
    pub(super) own: OwnCookies,
    pub(super) earlier: Vec<OwnCookies>,
}

impl LogtoConfigBuilder {
    pub(super) fn cookies(&self, base_url: Option<&Url>, app_id: &str, problems: &mut Problems) -> Cookies {
        let secure = base_url.is_some_and(|url| problems.secure(url, self.cookie_secure));
        let domain = match (base_url, &self.cookie_domain) {
            (Some(url), Some(domain)) => problems.cookie_domain(url, domain),
            _ => None,
        };
        let attributes = CookieAttributes {
            path: self.checked_cookie_path(base_url, problems),
            same_site: self.cookie_same_site,
            partitioned: self.cookie_partitioned.unwrap_or_default(),
            session_only: self.cookie_session_only.unwrap_or_default(),
            ..CookieAttributes::new(secure, domain)
        };
        problems.unless("cookie_same_site", attributes.same_site != SameSite::None || secure, || {
            "cookie_same_site is none and base_url is http (browsers drop such a cookie unless it is Secure: use https)".into()
        });
        problems.unless("cookie_partitioned", !attributes.partitioned || attributes.same_site == SameSite::None, || {
            "cookie_partitioned is true and cookie_same_site is not none (only a cookie that is sent in frames of other sites can be one for each of those: set cookie_same_site to none, or leave cookie_partitioned out)".into()
        });
        let own = OwnCookies::new(&self.checked_cookie_name(app_id, problems), attributes);
        let earlier = self.earlier_cookies(&own, problems);
        self.fits_next(problems);
        Cookies { own, earlier }
    }

    /// What depends on the base URL, for those beside `base_url`.
    pub(super) fn fit_elsewhere(&self, base_urls: &BaseUrls, problems: &mut Problems) {
        for (url, secure) in base_urls.all() {
            if problems.0.iter().all(|problem| problem.setting() != "cookie_path") {
                self.checked_cookie_path(Some(url), problems);
            }
            problems.unless("further_base_urls", secure || self.cookie_same_site != SameSite::None, || {
                "further_base_urls holds an http address and cookie_same_site is none (browsers drop such a cookie unless it is Secure: use https)".into()
            });
        }
    }

    fn checked_cookie_name(&self, app_id: &str, problems: &mut Problems) -> String {
        let Some(name) = &self.cookie_name else { return OwnCookies::default_name(app_id) };
        problems.unless("cookie_name", is_plain_name(name), || {
            format!("cookie_name is not 1 to {MAX_NAME_BYTES} letters, digits, `-`, `_` and `.` (other characters are no cookie's name, or not to each server)")
        });
        problems.unless("cookie_name", !name.starts_with("__"), || {
            "cookie_name begins with `__` (browsers have rules for `__Host-` and `__Secure-`; one of them is added where it can be)".into()
        });
        problems.unless("cookie_name", !is_name_of_a_part(name), || {
            "cookie_name ends with `.` and a number, or holds `_txn_` (further cookies of a session and of sign-ins are named so)".into()
        });
        name.clone()
    }

    /// The path as browsers compare it (RFC 6265 section 5.1.4), without a slash at its end: `/shop/` would leave `/shop` out.
    fn checked_cookie_path(&self, base_url: Option<&Url>, problems: &mut Problems) -> String {
        let Some(given) = self.cookie_path.as_deref() else { return "/".to_owned() };
        let path = match given.trim_end_matches('/') {
            "" if given.starts_with('/') => "/",
            path => path,
        };
        let Some(base_url) = base_url else { return path.to_owned() };
        let parsed = base_url.join(path).map(|url| url.path().to_owned());
        let is_plain = path.starts_with('/') && !path.contains(';') && parsed.is_ok_and(|parsed| parsed == path);
        problems.unless("cookie_path", is_plain, || {
            "cookie_path is not a plain path (like /shop, as it stands in the address)".into()
        });
        let prefix = base_url.path().trim_end_matches('/');
        let is_below =
            |page: &str| page.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let outside = self.routes.all().into_iter().find(|(name, route)| {
            // Logto itself asks for this one, without a cookie.
            *name != "routes.back_channel_logout" && !is_below(&format!("{prefix}{route}"))
        });
        if let Some((name, _)) = outside.filter(|_| is_plain && path != "/") {
            let text = format!(
                "cookie_path does not cover {name} (browsers would send no cookie there: choose a path above all routes, with that of base_url)"
            );
            problems.add("cookie_path", text);
        }
        path.to_owned()
    }

    fn earlier_cookies(&self, own: &OwnCookies, problems: &mut Problems) -> Vec<OwnCookies> {
        let names = &self.previous_cookie_names;
        problems.unless("previous_cookie_names", names.len() <= MAX_EARLIER_NAMES, || {
            format!("previous_cookie_names holds more than {MAX_EARLIER_NAMES} names (each of them is looked for in each request: leave the oldest out)")
        });
        let is_right = |name: &String| {
            let plain = without_prefix(name);
            is_plain_name(plain) && !plain.starts_with("__") && !is_name_of_a_part(plain)
        };
        problems.unless("previous_cookie_names", names.iter().all(is_right), || {
            "previous_cookie_names holds something that was no name of a session's cookie (copy it from a browser, with `__Host-` or `__Secure-` where it has that)".into()
        });
        problems.unless("previous_cookie_names", names.iter().all(|name| name != own.session_name()), || {
            "previous_cookie_names holds the present name (leave it out)".into()
        });
        names.iter().map(|name| own.earlier(name)).collect()
    }

    /// The cookie of `@logto/next` has one name and one set of attributes.
    fn fits_next(&self, problems: &mut Problems) {
        let of_path = ("cookie_path", self.cookie_path.is_some());
        let given: &[_] = match self.session_format {
            SessionFormat::Logto => return,
            SessionFormat::Next => &[
                ("cookie_name", self.cookie_name.is_some()),
                of_path,
                ("cookie_same_site", self.cookie_same_site != SameSite::Lax),
                ("cookie_session_only", self.cookie_session_only == Some(true)),
                ("previous_cookie_names", !self.previous_cookie_names.is_empty()),
            ],
            SessionFormat::FromNext => &[of_path],
        };
        for (setting, _) in given.iter().filter(|(_, is_given)| *is_given) {
            problems.add(setting, format!("{setting} is set and session_format is {} (@logto/next names and sets its cookie in its own way: leave {setting} out)", self.session_format));
        }
    }
}

fn is_plain_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_letter)
}

/// Whether a session of another name could have a further cookie of this name.
fn is_name_of_a_part(name: &str) -> bool {
    let is_number = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    name.contains("_txn_") || name.rsplit_once('.').is_some_and(|(_, end)| is_number(end))
}
