//! Redirect URIs: which are the same, and which are of this machine.

use url::{Host, Url};

/// Both are compared as they are after parsing: scheme and host in lower case, a path of at least `/`.
pub(super) fn is_same(known: &str, uri: &str) -> bool {
    match (Url::parse(known), Url::parse(uri)) {
        (Ok(known), Ok(uri)) => known == uri,
        _ => known == uri,
    }
}

/// As oidc-provider compares the redirect URIs of native apps.
pub(super) fn is_same_but_for_port(known: &str, uri: &str) -> bool {
    let without_port = |uri: &str| {
        let mut url = Url::parse(uri).ok()?;
        url.set_port(None).ok()?;
        Some(url)
    };
    let is_named = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    without_port(uri).is_some_and(|url| {
        url.scheme() == "http" && is_named(&url) && without_port(known).is_some_and(|known| known == url)
    })
}

pub(super) fn is_loopback(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    loopback && url.scheme() == "http" && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use crate::testing::MockApp;

    #[test]
    fn redirect_uris_match_after_parsing_or_are_loopback() {
        let app =
            MockApp::new("id", "secret").redirect_uri("http://localhost:3000/callback").redirect_uri("https://a.test");
        for same in ["http://localhost:3000/callback", "HTTP://LOCALHOST:3000/callback", "https://A.test:443/"] {
            assert!(app.allows_redirect(same), "{same}");
        }
        for other in ["/callback/", "/Callback", "/callback?a=1", "/callback#", ""] {
            assert!(!app.allows_redirect(&format!("http://localhost:3000{other}")), "{other}");
        }
        assert!(!app.allows_redirect("http://localhost/callback"));
        let app = app.allow_any_loopback_redirect();
        assert!(app.allows_redirect("http://127.0.0.1:4711/x"));
        assert!(app.allows_redirect("http://[::1]:4711/x"));
        assert!(!app.allows_redirect("http://localhost.evil.test/x"));
        assert!(!app.allows_redirect("javascript:alert(1)"));
    }

    /// As `redirectUriAllowed` of oidc-provider 9.11.
    #[test]
    fn a_native_app_has_any_port_of_a_loopback_redirect_uri() {
        let app =
            MockApp::new("id", "").redirect_uri("http://127.0.0.1/callback").redirect_uri("https://a.test/callback");
        assert!(!app.allows_redirect("http://127.0.0.1:4711/callback"));
        let app = app.native();
        assert!(app.allows_redirect("http://127.0.0.1:4711/callback"));
        for other in [
            "http://127.0.0.1:4711/other",
            "http://127.0.0.1:4711/callback?a=1",
            "http://[::1]:4711/callback",
            "http://localhost:4711/callback",
            "http://127.0.0.2:4711/callback",
            "https://127.0.0.1:4711/callback",
            "https://a.test:4711/callback",
        ] {
            assert!(!app.allows_redirect(other), "{other}");
        }
    }
}
