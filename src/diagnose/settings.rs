//! Settings that are valid, but cause problems.

use url::{Host, Url};

use super::Check;
use crate::{config::LogtoConfig, scopes, types::Prompt};

const BASE_URL: &str = "base URL";
const COOKIES: &str = "cookies";
const SIGN_IN: &str = "sign-in request";
const STRICT: &str = "strict profile";

pub(super) fn checks(config: &LogtoConfig) -> Vec<Check> {
    vec![base_url(config), cookies(config), sign_in(config), strict(config)]
}

fn base_url(config: &LogtoConfig) -> Check {
    let (url, base_url) = (&config.base_url, config.base_url());
    let endpoint = config.addresses().endpoint.as_str().trim_end_matches('/');
    if base_url == endpoint {
        let found = format!("{base_url} is the address of the application and of Logto");
        return Check::warning(
            BASE_URL,
            found,
            "Set LOGTO_BASE_URL to the address of your application, where its callback route is.",
        );
    }
    if config.doubles_callback() {
        let found = format!("{base_url} ends with the callback path, so the redirect URI is {}", config.redirect_uri());
        let hint = "Leave the callback path out of LOGTO_BASE_URL: it is added.";
        return Check::warning(BASE_URL, found, hint);
    }
    if is_unspecified(url) {
        let found = format!("{base_url} is where a server listens, and no address that a browser can rely on");
        let hint = format!("Set LOGTO_BASE_URL to the address that you open, such as {}.", on_localhost(url));
        return Check::warning(BASE_URL, found, hint);
    }
    if !config.is_local() && url.scheme() == "http" {
        let found = format!("{base_url} is http on another machine: codes and cookies travel in the clear");
        return Check::warning(
            BASE_URL,
            found,
            "Serve the application by https, and set LOGTO_BASE_URL to that address.",
        );
    }
    if !config.is_local() && config.is_logto_local() {
        let found =
            format!("{base_url} is public, and Logto ({endpoint}) is on this machine: users' browsers cannot reach it");
        return Check::warning(
            BASE_URL,
            found,
            "Set LOGTO_ENDPOINT to Logto's public address, and LOGTO_INTERNAL_ENDPOINT to this one.",
        );
    }
    match other_name(url) {
        Some(other) => Check::ok(
            BASE_URL,
            format!(
                "{base_url}; open the application there, not at {other}, which is another host to a browser's cookies"
            ),
        ),
        None => Check::ok(BASE_URL, base_url),
    }
}

/// `Secure` and `http` exclude each other, and a configuration that has both is not built; so this tells, and never fails. It has no request
/// to look at, but those that this process has answered are remembered.
fn cookies(config: &LogtoConfig) -> Check {
    let settings = &config.cookies;
    let lifetime = crate::clock::whole_seconds(settings.lifetime.idle);
    let cookie = settings.own.session_cookie(settings.own.session_name().to_owned(), "…".to_owned(), lifetime);
    let store = if settings.stores.sessions.is_some() { "session in a store, reference" } else { "whole session" };
    let secure = match (cookie.secure(), settings.own.have_host_prefix()) {
        (Some(true), true) => "sent over https alone, and no other host can set it",
        (Some(true), false) => "sent over https alone, but any subdomain can set one of this name",
        _ => "not Secure, as the base URL is http",
    };
    let found = format!("{cookie} ({store} in the cookie; {secure})");
    if settings.saw_several() {
        let found = format!(
            "{found}; a browser has sent several of one name, of which this application can delete one at most"
        );
        let hint = "Look in that browser for cookies of this name with another Domain or Path: from before LOGTO_COOKIE_DOMAIN was changed, \
                    of an application with the same app id on a parent domain, or of a subdomain. Everyone can sign in all the same: the newest \
                    session counts. See docs/troubleshooting.md.";
        return Check::warning(COOKIES, found, hint);
    }
    if let Some(domain) = cookie.domain() {
        // The list of them has 10,000 lines and changes weekly; browsers have it.
        let found = format!(
            "{found}; if {domain} is a public suffix (like co.uk or github.io: https://publicsuffix.org), browsers drop the cookie"
        );
        return Check::ok(COOKIES, found);
    }
    Check::ok(COOKIES, found)
}

fn sign_in(config: &LogtoConfig) -> Check {
    let prompt: Vec<_> = config.prompt.iter().map(|prompt| prompt.as_str()).collect();
    let found = format!("scopes `{}`, prompt `{}`", config.scopes.join(" "), prompt.join(" "));
    let offline = config.scopes.iter().any(|scope| scope == scopes::OFFLINE_ACCESS);
    if offline && !config.prompt.contains(&Prompt::Consent) {
        let found = format!("{found}: Logto gives no refresh token, so access tokens are not renewed when they end");
        return Check::warning(
            SIGN_IN,
            found,
            "Add `consent` to LOGTO_PROMPT, or leave it out: `consent` is the default.",
        );
    }
    Check::ok(SIGN_IN, found)
}

/// The profile is a word that sets many things, so each is told as it is in force.
fn strict(config: &LogtoConfig) -> Check {
    if !config.strict() {
        return Check::ok(STRICT, "off");
    }
    let settings = config.strict_settings();
    let listed: Vec<_> = settings.iter().map(|setting| format!("{} {}", setting.name, setting.value)).collect();
    let listed = listed.join(", ");
    let looser: Vec<_> = settings.iter().filter(|setting| !setting.is_strict).map(|setting| setting.name).collect();
    if looser.is_empty() {
        return Check::ok(STRICT, format!("on: {listed}"));
    }
    let hint = format!("Leave {} out, unless that is what you want.", looser.join(", "));
    Check::warning(STRICT, format!("on, but for what was set itself: {listed}"), hint)
}

/// 0.0.0.0 and `::`.
fn is_unspecified(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_unspecified(),
        _ => false,
    }
}

/// The other name of this machine, where cookies of this one do not go (RFC 6265 section 5.1.3).
fn other_name(url: &Url) -> Option<&'static str> {
    match url.host() {
        Some(Host::Domain("localhost")) => Some("127.0.0.1"),
        Some(Host::Ipv4(address)) if address.is_loopback() => Some("localhost"),
        Some(Host::Ipv6(address)) if address.is_loopback() => Some("localhost"),
        _ => None,
    }
}

fn on_localhost(url: &Url) -> String {
    let mut url = url.clone();
    // A host of letters fits every http URL.
    let _ = url.set_host(Some("localhost"));
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_a_local_address_are_known() {
        let url = |host: &str| Url::parse(&format!("http://{host}:3000/")).unwrap();
        let unspecified = ["0.0.0.0", "[::]"].map(|host| is_unspecified(&url(host)));
        assert_eq!(unspecified, [true, true]);
        assert!(!["127.0.0.1", "[::1]", "localhost"].iter().any(|host| is_unspecified(&url(host))));
        assert_eq!(other_name(&url("localhost")), Some("127.0.0.1"));
        assert_eq!(["127.0.0.1", "[::1]"].map(|host| other_name(&url(host))), [Some("localhost"); 2]);
        assert_eq!(["192.168.0.1", "[2001:db8::1]", "app.test"].map(|host| other_name(&url(host))), [None; 3]);
    }
}
