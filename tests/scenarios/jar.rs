//! A cookie jar by the rules of browsers (RFC 6265bis). What a browser drops without a word, `store` refuses with a reason.

use std::time::{Duration, SystemTime};

use cookie::{Cookie, SameSite};
use url::{Host, Url};

/// Name and value together (RFC 6265bis section 5.7 step 5).
const MAX_PAIR: usize = 4096;
/// A longer attribute is passed over (section 5.6.1).
const MAX_ATTRIBUTE: usize = 1024;
/// Chromium's limit, and the highest that all browsers keep to.
const MAX_PER_HOST: usize = 180;
/// Section 5.6.2: no cookie lives longer.
const MAX_LIFE: Duration = Duration::from_secs(400 * 24 * 3600);

#[derive(Debug, Default)]
pub struct Jar {
    cookies: Vec<Stored>,
    /// Counts up: what came first, what was used last.
    ticks: u64,
    /// How much later it is than the clock says.
    passed: Duration,
}

#[derive(Debug, Clone)]
struct Stored {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    expires: Option<SystemTime>,
    created: u64,
    used: u64,
}

/// How a request comes about, as far as `SameSite` looks at it (section 5.2).
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub cross_site: bool,
    /// The address bar changes.
    pub top_level: bool,
    /// GET or HEAD.
    pub safe: bool,
}

impl Request {
    /// A link that was clicked on the same site.
    pub const OWN: Self = Self { cross_site: false, top_level: true, safe: true };
}

impl Jar {
    /// Takes a `Set-Cookie` header (section 5.7), or says why no browser would.
    pub fn store(&mut self, url: &Url, header: &str, request: Request) -> Result<(), String> {
        let mut cookie = read(url, header)?;
        if cookie.same_site != SameSite::None && request.cross_site && !request.top_level {
            return Err("SameSite: another site's page asked for it".into());
        }
        if !cookie.secure && !is_trustworthy(url) && self.cookies.iter().any(|known| known.shields(&cookie)) {
            return Err("a Secure cookie of this name is not overwritten from http".into());
        }
        self.ticks += 1;
        (cookie.created, cookie.used) = (self.ticks, self.ticks);
        if let Some(known) = self.cookies.iter().position(|known| known.is_same(&cookie)) {
            cookie.created = self.cookies.remove(known).created;
        }
        self.cookies.push(cookie);
        self.forget_expired();
        self.evict(url.host_str().unwrap_or_default());
        Ok(())
    }

    /// What a `Set-Cookie` header sets, for the assertions on responses: name, domain, whether for that host alone, path.
    pub fn identity(url: &Url, header: &str) -> Result<(String, String, bool, String), String> {
        read(url, header).map(|cookie| (cookie.name, cookie.domain, cookie.host_only, cookie.path))
    }

    /// The `Cookie` header of a request (section 5.8.3).
    pub fn header(&mut self, url: &Url, request: Request) -> Option<String> {
        self.forget_expired();
        self.ticks += 1;
        let ticks = self.ticks;
        let mut sent: Vec<&mut Stored> =
            self.cookies.iter_mut().filter(|cookie| cookie.goes_to(url, request)).collect();
        sent.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        let pairs: Vec<_> = sent
            .into_iter()
            .map(|cookie| {
                cookie.used = ticks;
                format!("{}={}", cookie.name, cookie.value)
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Name and value of what the site of `url` gets, in the order of the names.
    pub fn of(&self, url: &Url) -> Vec<(String, String)> {
        self.list(url, |_| true)
    }

    /// The same, but what a script on the page sees (`document.cookie`).
    pub fn of_scripts(&self, url: &Url) -> Vec<(String, String)> {
        self.list(url, |cookie| !cookie.http_only)
    }

    fn list(&self, url: &Url, visible: impl Fn(&Stored) -> bool) -> Vec<(String, String)> {
        let sent = self.cookies.iter().filter(|cookie| cookie.goes_to(url, Request::OWN) && visible(cookie));
        let mut pairs: Vec<_> = sent.map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect();
        pairs.sort();
        pairs
    }

    fn now(&self) -> SystemTime {
        SystemTime::now() + self.passed
    }

    fn forget_expired(&mut self) {
        let now = self.now();
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
    }

    /// Section 5.7: above the limit, cookies without Secure go first, and of those the ones that were used longest ago.
    fn evict(&mut self, host: &str) {
        while self.cookies.iter().filter(|cookie| cookie.domain == host).count() > MAX_PER_HOST {
            let of_host = self.cookies.iter().enumerate().filter(|(_, cookie)| cookie.domain == host);
            let oldest = of_host.min_by_key(|(_, cookie)| (cookie.secure, cookie.used, cookie.created));
            self.cookies.remove(oldest.unwrap().0);
        }
    }
}

impl Stored {
    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.domain, self.host_only, &self.path)
            == (&other.name, &other.domain, other.host_only, &other.path)
    }

    /// Section 5.7 step 15, "leave Secure cookies alone".
    fn shields(&self, other: &Self) -> bool {
        let same_place = is_below(&self.domain, &other.domain) || is_below(&other.domain, &self.domain);
        self.secure && self.name == other.name && same_place && path_matches(&other.path, &self.path)
    }

    fn goes_to(&self, url: &Url, request: Request) -> bool {
        let host = url.host_str().unwrap_or_default();
        let same_host = if self.host_only { host == self.domain } else { is_below(host, &self.domain) };
        let allowed = match self.same_site {
            SameSite::Strict => !request.cross_site,
            SameSite::Lax => !request.cross_site || (request.top_level && request.safe),
            SameSite::None => true,
        };
        same_host && path_matches(url.path(), &self.path) && (!self.secure || is_trustworthy(url)) && allowed
    }
}

/// Sections 5.6 and 5.7 as far as one header and one URL decide.
fn read(url: &Url, header: &str) -> Result<Stored, String> {
    let host = url.host_str().ok_or("the URL has no host")?.to_owned();
    if header.bytes().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err("it has a control character".into());
    }
    let mut parts = header.split(';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
    if name.is_empty() {
        return Err("it has no name".into());
    }
    if name.len() + value.len() > MAX_PAIR {
        return Err(format!("name and value have {} bytes, more than {MAX_PAIR}", name.len() + value.len()));
    }
    let mut cookie = Stored {
        name,
        value,
        domain: host.clone(),
        host_only: true,
        path: default_path(url),
        secure: false,
        http_only: false,
        // As in Chromium, where none is given.
        same_site: SameSite::Lax,
        expires: None,
        created: 0,
        used: 0,
    };
    let mut max_age = None;
    let mut path_given = false;
    for attribute in parts {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        match key.as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "path" => {
                path_given = value.starts_with('/');
                cookie.path = if path_given { value.to_owned() } else { default_path(url) };
            }
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                // A domain without a dot is a public suffix, or this very host.
                if !is_below(&host, &domain) || (!domain.contains('.') && domain != host) {
                    return Err(format!("Domain={value} is not for {host} to set"));
                }
                cookie.host_only = !domain.contains('.');
                cookie.domain = domain;
            }
            "samesite" => {
                cookie.same_site = match value.to_ascii_lowercase().as_str() {
                    "none" => SameSite::None,
                    "strict" => SameSite::Strict,
                    _ => SameSite::Lax,
                };
            }
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => cookie.expires = date(value).or(cookie.expires),
            _ => {}
        }
    }
    if let Some(seconds) = max_age {
        let life = Duration::from_secs(seconds.max(0).unsigned_abs()).min(MAX_LIFE);
        cookie.expires = Some(SystemTime::now() + life);
    }
    if cookie.secure && !is_trustworthy(url) {
        return Err("Secure over http".into());
    }
    if cookie.same_site == SameSite::None && !cookie.secure {
        return Err("SameSite=None without Secure".into());
    }
    // Section 4.1.3; browsers compare the prefix without regard to case.
    let prefix = cookie.name.to_ascii_lowercase();
    if prefix.starts_with("__secure-") && !cookie.secure {
        return Err("__Secure- without Secure".into());
    }
    let of_host = cookie.secure && cookie.domain == host && cookie.host_only && path_given && cookie.path == "/";
    if prefix.starts_with("__host-") && !of_host {
        return Err("__Host- needs Secure and Path=/, and no Domain".into());
    }
    Ok(cookie)
}

fn date(value: &str) -> Option<SystemTime> {
    Cookie::parse(format!("a=b; Expires={value}")).ok()?.expires_datetime().map(SystemTime::from)
}

/// https, or this very machine: where Chromium and Firefox take Secure cookies and send Fetch Metadata.
pub fn is_trustworthy(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || local
}

/// Section 5.1.3: `domain` itself or a subdomain of it.
fn is_below(host: &str, domain: &str) -> bool {
    let is_name = host.parse::<std::net::IpAddr>().is_err();
    host == domain || (is_name && host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// Section 5.1.4.
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        Some(0) | None => "/".into(),
        Some(slash) => url.path().split_at(slash).0.to_owned(),
    }
}

/// Section 5.1.4.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CROSS_SITE: Request = Request { cross_site: true, top_level: false, safe: true };

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    /// What `to` gets after `from` set these.
    fn sent(from: &str, cookies: &[&str], to: &str, request: Request) -> String {
        let mut jar = Jar::default();
        for cookie in cookies {
            jar.store(&url(from), cookie, Request::OWN).unwrap();
        }
        jar.header(&url(to), request).unwrap_or_default()
    }

    fn refused(from: &str, cookie: &str) -> String {
        Jar::default().store(&url(from), cookie, Request::OWN).unwrap_err()
    }

    const SHOP: &str = "https://shop.example/";

    #[test]
    fn the_cookie_jar_of_the_scenarios_applies_the_size_limits_of_browsers() {
        let full = format!("n={}", "v".repeat(4095));
        assert_eq!(sent(SHOP, &[&full], SHOP, Request::OWN).len(), 4097, "the `=` does not count");
        assert!(refused(SHOP, &format!("{full}v")).contains("4097 bytes"));
        let long_path = format!("a=b; Path=/{}", "p".repeat(1024));
        assert_eq!(sent(SHOP, &[&long_path], SHOP, Request::OWN), "a=b", "the attribute is passed over");
    }

    #[test]
    fn a_browser_forgets_the_oldest_of_181_cookies() {
        let mut jar = Jar::default();
        let shop = url(SHOP);
        for number in 0..181 {
            jar.store(&shop, &format!("c{number}=v"), Request::OWN).unwrap();
        }
        let kept = jar.of(&shop);
        assert_eq!(kept.len(), 180);
        assert!(!kept.iter().any(|(name, _)| name == "c0"));
        jar.store(&url("https://other.example/"), "c=v", Request::OWN).unwrap();
        assert_eq!(jar.of(&shop).len(), 180, "another host has its own");
        // Without Secure before with, whichever is older.
        jar.store(&shop, "c1=v; Secure", Request::OWN).unwrap();
        jar.store(&shop, "new=v", Request::OWN).unwrap();
        let kept = jar.of(&shop);
        assert!(kept.iter().any(|(name, _)| name == "c1") && !kept.iter().any(|(name, _)| name == "c2"));
    }

    #[test]
    fn a_cookie_prefix_without_its_required_attributes_is_refused() {
        assert!(refused(SHOP, "__Secure-a=b").contains("__Secure-"));
        for cookie in ["__Host-a=b; Path=/", "__Host-a=b; Secure", "__Host-a=b; Secure; Path=/x"] {
            assert!(refused(SHOP, cookie).contains("__Host-"), "{cookie}");
        }
        assert!(refused(SHOP, "__host-a=b; Secure; Path=/; Domain=shop.example").contains("__Host-"));
        assert_eq!(sent(SHOP, &["__Host-a=b; Secure; Path=/"], SHOP, Request::OWN), "__Host-a=b");
    }

    #[test]
    fn a_secure_cookie_needs_https_or_localhost() {
        assert_eq!(refused("http://shop.example/", "a=b; Secure"), "Secure over http");
        assert_eq!(sent("http://localhost:3000/", &["a=b; Secure"], "http://localhost:4000/", Request::OWN), "a=b");
        assert_eq!(sent(SHOP, &["a=b; Secure"], "http://shop.example/", Request::OWN), "");
        let mut jar = Jar::default();
        jar.store(&url(SHOP), "a=safe; Secure", Request::OWN).unwrap();
        let over_http = jar.store(&url("http://shop.example/"), "a=forged", Request::OWN);
        assert!(over_http.unwrap_err().contains("not overwritten"));
    }

    #[test]
    fn a_same_site_cookie_is_not_sent_from_other_sites() {
        let cookies = ["lax=1; SameSite=Lax", "strict=1; SameSite=Strict", "none=1; SameSite=None; Secure", "plain=1"];
        let link = Request { cross_site: true, top_level: true, safe: true };
        let form = Request { safe: false, ..link };
        assert_eq!(sent(SHOP, &cookies, SHOP, Request::OWN), "lax=1; strict=1; none=1; plain=1");
        assert_eq!(sent(SHOP, &cookies, SHOP, link), "lax=1; none=1; plain=1");
        assert_eq!(sent(SHOP, &cookies, SHOP, form), "none=1");
        assert_eq!(sent(SHOP, &cookies, SHOP, CROSS_SITE), "none=1");
        assert!(refused(SHOP, "a=b; SameSite=None").contains("without Secure"));
        assert!(Jar::default().store(&url(SHOP), "a=b", CROSS_SITE).unwrap_err().contains("another site"));
    }

    #[test]
    fn a_cookie_is_sent_only_within_its_path_on_its_domain() {
        let cookies = ["whole=1; Path=/", "app=1; Path=/app"];
        assert_eq!(sent(SHOP, &cookies, "https://shop.example/app/x", Request::OWN), "app=1; whole=1");
        assert_eq!(sent(SHOP, &cookies, "https://shop.example/application", Request::OWN), "whole=1");
        assert_eq!(sent("https://shop.example/a/b", &["here=1"], "https://shop.example/a/c", Request::OWN), "here=1");
        assert_eq!(sent(SHOP, &["host=1"], "https://www.shop.example/", Request::OWN), "", "for the host alone");
        let shared = ["all=1; Domain=.Shop.example"];
        assert_eq!(sent(SHOP, &shared, "https://www.shop.example/", Request::OWN), "all=1");
        for domain in ["other.example", "example", "www.shop.example", "op.example"] {
            assert!(refused(SHOP, &format!("a=b; Domain={domain}")).contains("not for shop.example"), "{domain}");
        }
    }

    /// Section 5.7 step 23: a cookie is the same if name, domain, host-only and path are.
    #[test]
    fn cookies_of_one_name_stand_beside_each_other() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let (shop, page) = (url("https://www.shop.example/"), url("https://www.shop.example/app/page"));
        let mut jar = Jar::default();
        for cookie in
            ["a=whole; Path=/", "a=parent; Path=/; Domain=shop.example", "a=app; Path=/app", "a=page; Path=/app/page"]
        {
            jar.store(&shop, cookie, Request::OWN).unwrap();
        }
        // A longer path first, then whichever is older.
        assert_eq!(jar.header(&page, Request::OWN).unwrap(), "a=page; a=app; a=whole; a=parent");
        // One that is set again keeps its age, and one that is deleted goes alone.
        jar.store(&shop, "a=again; Path=/", Request::OWN).unwrap();
        jar.store(&shop, "a=; Path=/app; Max-Age=0", Request::OWN).unwrap();
        assert_eq!(jar.header(&page, Request::OWN).unwrap(), "a=page; a=again; a=parent");
        assert_eq!(jar.header(&url("https://shop.example/"), Request::OWN).unwrap(), "a=parent");
        assert_eq!(
            Jar::identity(&shop, "a=b; Domain=.Shop.example").unwrap(),
            ("a".into(), "shop.example".into(), false, "/".into())
        );
    }

    #[test]
    fn a_cookie_ends_with_its_max_age_or_its_expires() {
        let shop = url(SHOP);
        let mut jar = Jar::default();
        for cookie in ["hour=1; Max-Age=3600", "long=1; Max-Age=99999999999", "session=1"] {
            jar.store(&shop, cookie, Request::OWN).unwrap();
        }
        // Max-Age wins over Expires.
        jar.store(&shop, "both=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Request::OWN).unwrap();
        jar.store(&shop, "gone=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Request::OWN).unwrap();
        assert_eq!(jar.header(&shop, Request::OWN).unwrap(), "hour=1; long=1; session=1; both=1");
        jar.passed = Duration::from_secs(3601);
        assert_eq!(jar.header(&shop, Request::OWN).unwrap(), "long=1; session=1");
        jar.passed = Duration::from_secs(401 * 24 * 3600);
        assert_eq!(jar.header(&shop, Request::OWN).unwrap(), "session=1");
        jar.store(&shop, "session=; Max-Age=0", Request::OWN).unwrap();
        assert_eq!(jar.header(&shop, Request::OWN), None);
    }

    #[test]
    fn an_http_only_cookie_is_hidden_from_scripts() {
        let mut jar = Jar::default();
        jar.store(&url(SHOP), "theirs=1", Request::OWN).unwrap();
        jar.store(&url(SHOP), "ours=1; HttpOnly", Request::OWN).unwrap();
        assert_eq!(jar.of(&url(SHOP)).len(), 2);
        assert_eq!(jar.of_scripts(&url(SHOP)), [("theirs".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn a_cookie_without_a_name_or_with_control_characters_is_refused() {
        assert!(refused(SHOP, "a=b\u{1}c").contains("control character"));
        assert!(refused(SHOP, "=b").contains("no name") && refused(SHOP, "; Path=/").contains("no name"));
    }
}
