//! The addresses of an application that has several, and the host that a request names.

use std::sync::Arc;

use url::{Position, Url};

use super::{LogtoConfig, LogtoConfigBuilder, problems::Problems};
use crate::session::CookieAttributes;

/// RFC 1035 section 2.3.4, and a port.
const MAX_HOST_BYTES: usize = 253 + 6;
/// RFC 1035 section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;

/// The base URLs of an application that has several, and where a request says which it came to.
#[derive(Clone, Default)]
pub(crate) struct BaseUrls {
    /// With `base_url`; none where that is the only one.
    listed: Arc<[BaseUrl]>,
    patterns: Arc<[BaseUrl]>,
    header: HostHeader,
    /// What was set beside `base_url`.
    further: Arc<[String]>,
}

/// An address of the application, with what its cookies get from it. In a pattern the first label of the host is `*`.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    pub(super) url: Url,
    pub(super) secure: bool,
    pub(super) cookie_domain: Option<String>,
}

/// Where a request says which host it came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum HostHeader {
    /// `Host`, or `:authority`.
    #[default]
    Host,
    XForwardedHost,
    /// RFC 7239.
    Forwarded,
}

/// A host as a request names it: in lower case, with its port if it has one.
pub(crate) struct RequestHost {
    authority: String,
    name_bytes: usize,
    port: Option<u16>,
}

impl BaseUrls {
    /// Checks them. What is wrong is added to `problems`.
    pub(super) fn check(
        settings: &LogtoConfigBuilder,
        base_url: Option<&Url>,
        cookies: &CookieAttributes,
        problems: &mut Problems,
    ) -> Self {
        let LogtoConfigBuilder { further_base_urls: further, host_header, cookie_secure, .. } = settings;
        let CookieAttributes { secure, domain, .. } = cookies;
        let header = HostHeader::named(host_header.as_deref(), problems);
        problems.unless("host_header", header == HostHeader::Host || !further.is_empty(), || {
            "host_header is set and there are no further_base_urls (with one base URL no host is read: leave host_header out)".into()
        });
        let base = |url: &Url| BaseUrl { url: url.clone(), secure: *secure, cookie_domain: domain.clone() };
        let mut all: Vec<BaseUrl> = base_url.map(base).into_iter().collect();
        for text in further {
            let Some(url) = problems.url("further_base_urls", Some(text), "") else { continue };
            problems.unless("further_base_urls", is_host_or_pattern(&url), || {
                "further_base_urls has a `*` that is not the first of at least three labels of a host (like https://*.preview.example.com)".into()
            });
            problems.unless("further_base_urls", all.iter().all(|known| authority(&known.url) != authority(&url)), || {
                "further_base_urls names a host twice, or that of base_url (the host alone tells which base URL serves a request)".into()
            });
            let https = url.scheme() == "https";
            problems.unless("further_base_urls", cookie_secure.is_none_or(|secure| secure == https), || {
                "further_base_urls holds an address that cookie_secure does not fit (leave cookie_secure out: it follows each base URL)".into()
            });
            let cookie_domain = domain.clone().filter(|domain| covers(domain, &url));
            all.push(BaseUrl { secure: https, url, cookie_domain });
        }
        if further.is_empty() {
            return Self::default();
        }
        let (patterns, listed): (Vec<_>, Vec<_>) = all.into_iter().partition(BaseUrl::is_pattern);
        let text = |base: &BaseUrl| base.url.as_str().trim_end_matches('/').to_owned();
        let further = listed.iter().skip(1).chain(&patterns).map(text).collect();
        Self { listed: listed.into(), patterns: patterns.into(), header, further }
    }

    /// With `base_url`, those that are no pattern. None where `base_url` is the only one.
    pub(crate) fn listed(&self) -> &[BaseUrl] {
        &self.listed
    }

    /// All of them, and whether each is secure. None where `base_url` is the only one.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Url, bool)> {
        self.listed.iter().chain(&*self.patterns).map(|base| (&base.url, base.secure))
    }

    /// As they were set, beside `base_url`.
    pub(super) fn further(&self) -> &[String] {
        &self.further
    }

    /// The header that tells the host, if it is not the request's own.
    pub(super) fn header(&self) -> HostHeader {
        self.header
    }

    /// Whether any of them is not on this machine.
    pub(super) fn public(&self) -> Option<&Url> {
        let all = self.listed.iter().chain(self.patterns.iter()).map(|base| &base.url);
        all.into_iter().find(|url| !super::problems::is_loopback(url))
    }

    /// The host that a request names in the header that counts.
    pub(crate) fn named_host<'h>(&self, header: impl Fn(&str) -> Option<&'h str>) -> Option<&'h str> {
        let value = header(self.header.name())?;
        if self.header == HostHeader::Forwarded { host_of_forwarded(value) } else { Some(value) }
    }

    /// The paths of the patterns, without a slash at their ends.
    pub(crate) fn pattern_prefixes(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.url.path().trim_end_matches('/'))
    }

    /// The address of a host that fits a pattern.
    pub(crate) fn by_pattern(&self, host: &RequestHost) -> Option<BaseUrl> {
        self.patterns.iter().find_map(|pattern| pattern.of_host(host))
    }
}

impl BaseUrl {
    /// The host and the port, if it is not the scheme's, by which a request finds it.
    pub(crate) fn authority(&self) -> &str {
        authority(&self.url)
    }

    fn is_pattern(&self) -> bool {
        self.url.host_str().is_some_and(|host| host.starts_with("*."))
    }

    /// The address of a host that fits this pattern.
    fn of_host(&self, host: &RequestHost) -> Option<Self> {
        let label = host.name().strip_suffix(self.url.host_str()?.strip_prefix('*')?)?;
        let is_label = (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-');
        if !is_label || !host.is_of(&self.url) || host.port.is_none() && self.url.port().is_some() {
            return None;
        }
        let mut url = self.url.clone();
        url.set_host(Some(host.name())).ok()?;
        Some(Self { url, ..self.clone() })
    }
}

impl HostHeader {
    /// The names that there are, as they are set.
    const NAMES: [(&'static str, Self); 3] =
        [("host", Self::Host), ("x-forwarded-host", Self::XForwardedHost), ("forwarded", Self::Forwarded)];

    fn named(name: Option<&str>, problems: &mut Problems) -> Self {
        let Some(name) = name.map(str::trim) else { return Self::default() };
        let known = Self::NAMES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        problems.unless("host_header", known.is_some(), || {
            "host_header is none of host, x-forwarded-host, forwarded (name the one that your proxy sets)".into()
        });
        known.map_or_else(Self::default, |(_, header)| header)
    }

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, known)| *known == self).map_or("host", |(name, _)| name)
    }
}

impl RequestHost {
    /// `None` for what no host is called. Several values of a header are none: nobody knows which proxy wrote which.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let authority = text.trim().to_ascii_lowercase();
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
        if authority.is_empty() || authority.len() > MAX_HOST_BYTES || !authority.bytes().all(is_plain) {
            return None;
        }
        // The colons of an IPv6 address are inside its brackets.
        let (name_bytes, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name.len(), Some(port.parse().ok()?)),
            _ => (authority.len(), None),
        };
        Some(Self { authority, name_bytes, port })
    }

    /// What a base URL of this host may be found by: with the port, and without one that may be the scheme's.
    pub(crate) fn authorities(&self) -> impl Iterator<Item = &str> {
        let without_port = matches!(self.port, Some(80 | 443)).then(|| self.name());
        std::iter::once(self.authority.as_str()).chain(without_port)
    }

    fn name(&self) -> &str {
        self.authority.get(..self.name_bytes).unwrap_or_default()
    }

    /// Whether the port is that of the address. A port that is not said is its scheme's.
    pub(crate) fn is_of(&self, url: &Url) -> bool {
        self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

impl LogtoConfig {
    /// The same at another base URL.
    pub(crate) fn at(&self, base: &BaseUrl) -> Self {
        let cookies = self.cookies.clone().at(base.secure, base.cookie_domain.clone());
        let pages = self.pages.at(&base.url, &self.allowed_return_origins);
        Self { base_url: base.url.clone(), cookies, pages, ..self.clone() }
    }
}

fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// Whether the `*` of a pattern is its whole first label, with a domain behind it that somebody can own.
fn is_host_or_pattern(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match host.strip_prefix("*.") {
        Some(domain) => !domain.contains('*') && domain.trim_end_matches('.').contains('.'),
        None => !host.contains('*'),
    }
}

/// Whether the cookies of this address may have the domain.
fn covers(domain: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The `host` of a `Forwarded` header (RFC 7239 section 5.3). `None` where several proxies wrote one.
fn host_of_forwarded(value: &str) -> Option<&str> {
    let mut hosts = value.split([',', ';']).filter_map(|pair| {
        let (name, host) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("host").then(|| host.trim().trim_matches('"'))
    });
    let host = hosts.next()?;
    hosts.next().is_none().then_some(host)
}

#[cfg(test)]
mod tests;
