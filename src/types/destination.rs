//! Where a browser may be redirected: the only validation of every address that becomes a `Location` or a link on a page.

use std::{borrow::Cow, fmt, ops::Deref};

use url::{Origin, Position, Url};

use super::without_query;
use crate::error::{Code, Error, Result, excerpt};

/// A validated address. Nothing else becomes a [`Redirect`](super::Redirect), and no other link is on a page of ours.
///
/// The address is validated as a browser parses it (WHATWG URL), and it is the parsed one that is sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Destination(String);

/// The validation: returns what is wrong with an address, if anything. Beside its form it is `elsewhere` that tells whose addresses are right.
fn objection(url: &Url, elsewhere: impl FnOnce(&Url) -> Option<String>) -> Option<String> {
    // The origin of `blob:https://…` is that of the address inside (WHATWG URL, "origin"), and the browser reads no page of the site there.
    if !matches!(url.scheme(), "http" | "https") {
        return Some(format!("has the scheme {}, and neither http nor https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("holds a user name or a password".to_owned());
    }
    elsewhere(url)
}

/// Validates an address of the application to which Logto will redirect a browser, given as a URL (RFC 6749 section 3.1.2). It is sent unchanged:
/// Logto compares it with the registered ones, after parsing. `option` names it.
///
/// # Errors
/// `options.invalid`
pub(crate) fn check_redirect_uri(option: &str, uri: &str) -> Result<()> {
    let fragment = |url: &Url| url.fragment().map(|_| "has a fragment (leave out what begins with `#`)".to_owned());
    let why = match Url::parse(uri) {
        Ok(url) if url.has_host() => objection(&url, fragment),
        _ => Some("is not an absolute URL".to_owned()),
    };
    why.map_or(Ok(()), |why| Err(Error::new(Code::InvalidOption, format!("{option} {why}"))))
}

/// The application, at its base URL, and the origins that it allows beside that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Application<'a> {
    pub(crate) base_url: &'a Url,
    pub(crate) allowed: &'a [Origin],
}

impl<'a> Application<'a> {
    /// The absolute address for what somebody wants to return to: a path of the application, or a URL. A path is below the base URL, as those of
    /// the routes are: with the base URL's own path before it, or without.
    ///
    /// # Errors
    /// `sign_in.return_to_refused` where it leads elsewhere: to another origin, or out of the application on its own.
    pub(crate) fn return_to(self, wanted: &str) -> Result<Destination> {
        let refused = |why: &str| Error::new(Code::ReturnToRefused, format!("the address to return to {why}"));
        // Browsers drop tabs and line breaks, and read `\` as `/`: nobody needs them, and every trick does.
        if wanted.contains(|c: char| c.is_control() || c == '\\') {
            return Err(refused("holds a backslash or a control character"));
        }
        let url = self.resolve(wanted).map_err(|source| refused("is neither a path nor a URL").with_source(source))?;
        let elsewhere = |url: &Url| match url.origin() {
            origin if self.allowed.contains(&origin) => None,
            origin if origin != self.base_url.origin() => {
                Some(format!("leads to another origin, {}", excerpt(&origin.ascii_serialization())))
            }
            _ if !self.contains(url) => Some(format!("leads out of the application, which is below {}", self.prefix())),
            _ => None,
        };
        match objection(&url, elsewhere) {
            Some(why) => Err(refused(&why)),
            None => Ok(Destination(url.into())),
        }
    }

    /// The address that is meant, which may lead anywhere.
    ///
    /// # Errors
    /// Where it is neither a path nor a URL.
    pub(crate) fn resolve(self, wanted: &str) -> std::result::Result<Url, url::ParseError> {
        // A browser takes what begins with two slashes for a host.
        match wanted.starts_with('/') && !wanted.starts_with("//") {
            true => self.base_url.join(&self.below_prefix(wanted)),
            false => Url::options().base_url(Some(self.base_url).filter(|_| wanted.starts_with('/'))).parse(wanted),
        }
    }

    /// A path of the site, of one that may have the prefix already.
    pub(crate) fn below_prefix(self, path: &str) -> Cow<'_, str> {
        let is_inside =
            path.strip_prefix(self.prefix()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
        if is_inside { Cow::Borrowed(path) } else { Cow::Owned(format!("{}{path}", self.prefix())) }
    }

    /// Whether an address is one of the application's pages.
    pub(crate) fn contains(self, url: &Url) -> bool {
        let inside =
            || url.path().strip_prefix(self.prefix()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        url.origin() == self.base_url.origin() && inside()
    }

    /// The path of the base URL, without a trailing slash: empty, or `/app` where the application lives under a prefix.
    pub(crate) fn prefix(self) -> &'a str {
        self.base_url.path().trim_end_matches('/')
    }

    /// The same, or the start page in its place, where it is too late to refuse.
    pub(crate) fn return_to_or_home(self, wanted: &str) -> Destination {
        self.return_to(wanted).unwrap_or_else(|error| {
            tracing::warn!(target: "logto", %error, "the browser is sent to the start page instead");
            self.home()
        })
    }

    /// The start page.
    pub(crate) fn home(self) -> Destination {
        Destination(self.base_url.to_string())
    }

    /// A path of the application itself, with its query, as a path.
    pub(crate) fn path(self, path: &str) -> Destination {
        let address = self.return_to_or_home(path);
        let relative = Url::parse(&address).map(|url| url[Position::BeforePath..].to_owned()).unwrap_or_default();
        // A browser would take what begins with two slashes for a host.
        if relative.starts_with("//") { address } else { Destination(relative) }
    }
}

/// The authorization server, at its address. What it names elsewhere is no less protected on the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server<'a>(pub(crate) &'a Url);

impl Server<'_> {
    /// Validates an address of the server.
    ///
    /// # Errors
    /// `discovery.failed`.
    pub(crate) fn check(self, url: &Url) -> Result<()> {
        let plain = |url: &Url| {
            (url.scheme() == "http" && self.0.scheme() != "http")
                .then(|| "has the scheme http, though the server is reached by https".to_owned())
        };
        match objection(url, plain) {
            Some(why) => {
                let origin = url.origin().ascii_serialization();
                let origin = excerpt(&origin);
                Err(Error::new(Code::DiscoveryFailed, format!("discovery names an endpoint that {why} ({origin})")))
            }
            None => Ok(()),
        }
    }

    /// An address of the server's, for the browser.
    ///
    /// # Errors
    /// See [`check`](Self::check).
    pub(crate) fn open(self, url: Url) -> Result<Destination> {
        self.check(&url).map(|()| Destination(url.into()))
    }
}

impl Deref for Destination {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Destination").field(&without_query(self)).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_path_stays_a_path_of_the_application() {
        for (base, path, sent) in [
            ("http://localhost:3000", "/logto/sign-in?return_to=%2Fme", "/logto/sign-in?return_to=%2Fme"),
            ("https://x.example/app", "/app/logto/sign-in", "/app/logto/sign-in"),
            ("https://x.example", "/einloggen/ü", "/einloggen/%C3%BC"),
            ("https://x.example", "/a/../logto", "/logto"),
            // None of them leads to `evil.example`.
            ("https://x.example", "//evil.example/logto", "https://x.example/"),
            ("https://x.example", "/\\evil.example", "https://x.example/"),
            ("https://x.example", "/\t/evil.example", "https://x.example/"),
            ("https://x.example", "/.//evil.example", "https://x.example//evil.example"),
            ("https://x.example", "javascript:alert(1)", "/"),
        ] {
            let base = base.parse().unwrap();
            let sent_to = Application { base_url: &base, allowed: &[] }.path(path);
            assert_eq!(base.join(&sent_to).unwrap().origin(), base.origin(), "{path}");
            assert_eq!(base.join(&sent_to).unwrap(), base.join(sent).unwrap(), "{path}");
        }
    }

    #[test]
    fn a_redirect_uri_is_a_web_address_without_fragment_and_user() {
        for uri in [
            "https://x.example/callback",
            "http://localhost:3000",
            "HTTPS://X.example/cb?tenant=1&next=%23a",
            "http://[::1]/",
        ] {
            check_redirect_uri("redirect_uri", uri).unwrap();
        }
        for (uri, why) in [
            ("https://x.example/callback#frag", "has a fragment"),
            ("https://x.example/callback#", "has a fragment"),
            ("https://x.example/callback?a=b#c", "has a fragment"),
            ("javascript://localhost/", "has the scheme javascript, and neither http nor https"),
            ("JavaScript://localhost/%0aalert(1)", "has the scheme javascript"),
            ("\tjavascript://localhost/", "has the scheme javascript"),
            ("com.example.app://callback", "has the scheme com.example.app"),
            ("file:///etc/passwd", "is not an absolute URL"),
            ("file://host/etc/passwd", "has the scheme file"),
            ("blob:https://x.example/1", "is not an absolute URL"),
            ("data:text/html,x", "is not an absolute URL"),
            ("https://ada:secret@x.example/", "holds a user name or a password"),
            ("https://ada@x.example/", "holds a user name or a password"),
            ("https://:secret@x.example/", "holds a user name or a password"),
            ("https://", "is not an absolute URL"),
            ("callback", "is not an absolute URL"),
            ("//x.example/callback", "is not an absolute URL"),
            ("", "is not an absolute URL"),
        ] {
            let error = check_redirect_uri("redirect_uri", uri).unwrap_err();
            assert_eq!(error.code(), "options.invalid", "{uri}");
            assert!(error.to_string().starts_with(&format!("redirect_uri {why}")), "{uri}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_address_of_the_server_is_https_unless_the_server_is_not() {
        let judge = |server: &str, url: &str| {
            let server = server.parse().unwrap();
            Server(&server).open(url.parse().unwrap()).map(|url| url.to_string())
        };
        for (server, url) in [
            ("https://x.example", "https://x.example/auth"),
            ("https://x.example", "https://login.example/auth?tenant=1"),
            ("http://localhost:3001", "http://localhost:3001/auth"),
            ("http://localhost:3001", "https://x.example/auth"),
        ] {
            assert_eq!(judge(server, url).unwrap(), url);
        }
        for url in ["http://x.example/auth", "javascript:alert(1)", "data:text/html,x", "blob:https://x.example/1"] {
            assert_eq!(judge("https://x.example", url).unwrap_err().code(), "discovery.failed", "{url}");
        }
        for url in ["javascript://localhost:3001/%0aalert(1)", "file:///etc/passwd", "http://a:b@localhost:3001/"] {
            assert_eq!(judge("http://localhost:3001", url).unwrap_err().code(), "discovery.failed", "{url}");
        }
    }
}
