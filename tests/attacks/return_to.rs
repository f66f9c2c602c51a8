//! Open redirects: every door by which an address to return to comes in.

use std::sync::LazyLock;

use logto::{
    HeaderCookies, LogtoClient, LogtoConfig, LogtoConfigBuilder, Routes, SignInOptions, SignOutOptions,
    integrate::AuthRequest,
};
use proptest::prelude::*;
use url::Url;

use crate::{
    encoded, header, open,
    support::{BASE_URL, Browser, COOKIE_SECRET, Site},
};

/// Addresses that have got past the checks of other libraries (nextjs-auth0 #545, #546, #555, #557, #1897, #2435, `rocket_oauth2` #5), and
/// their relatives. `tests/it/bad_input.rs` and `tests/scenarios/signing_in.rs` have more.
///
/// A check of the text (`starts_with('/')`, `starts_with(base)`, `!contains("//")`, a regular expression) lets some of them through.
pub const ELSEWHERE: &[&str] = &[
    // Relative to the scheme, in all the ways that browsers read.
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    "/\u{0}/evil.example",
    " //evil.example",
    "\u{a0}//evil.example",
    "\u{feff}//evil.example",
    "//evil.example/%2e%2e",
    "//evil%E3%80%82example",
    "//localhost:3000@evil.example",
    "//localhost:3000.evil.example",
    // Another host, dressed as this one.
    "http://localhost:3000@evil.example",
    "http://localhost:3000:x@evil.example",
    "http://localhost%3a3000@evil.example",
    "http://localhost:3000\\@evil.example",
    "http://localhost:3000\\.evil.example",
    "http://localhost:3000.evil.example",
    "http://localhost.evil.example:3000",
    "http://localhost:3000\u{3002}evil.example",
    "http://localhost\u{ff0e}evil.example:3000",
    "http://evil.example#http://localhost:3000",
    "http://evil.example?http://localhost:3000",
    "http://evil.example/http://localhost:3000",
    "http:evil.example",
    "http:/evil.example",
    "http:\\\\evil.example",
    "HtTp://evil.example",
    "http://[::1]:3000/",
    "http://[::ffff:127.0.0.1]:3000/",
    "http://127.0.0.1:3000/",
    "http://2130706433:3000/",
    "http://0x7f.1:3000/",
    "http://localhost:3000:80/",
    "http://localhost:+3000/",
    "http://localhost:03001/",
    "http://localhost.:3000/",
    "http://xn--lcalhost-0eg:3000/",
    // Another scheme.
    "https://localhost:3000/",
    "ws://localhost:3000/",
    "ftp://localhost:3000/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "\u{1}javascript:alert(1)",
    "javascript://localhost:3000/%0aalert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "blob:http://evil.example/",
    "blob:http://localhost:3000/x",
    "view-source:http://localhost:3000/",
    // Headers and parameters.
    "/\r\nSet-Cookie: a=b",
    "/\nLocation: http://evil.example",
    "/\u{85}/evil.example",
    // Nothing in particular.
    "",
    " ",
    "evil.example",
    "?next=http://evil.example",
    "#http://evil.example",
    ".evil.example",
    "@evil.example",
    ":80",
    "http://",
    "http:///",
];

/// Addresses that look so, and are of this site.
pub const HERE: &[&str] = &[
    "/%09/evil.example",
    "/%5cevil.example",
    "/%2f/evil.example",
    "/%2f%2fevil.example",
    "/.//evil.example",
    "/a/../..//evil.example",
    "/;//evil.example",
    "/@evil.example",
    "/http://evil.example",
    "/?next=http://evil.example",
    "/?a=1&redirect_uri=http://evil.example&state=x",
    "/#//evil.example",
    "http://localhost:3000?@evil.example",
    "http://localhost:3000#@evil.example",
    "http://LOCALHOST:3000/",
    "http://localhost:03000/",
    "/%0d%0aSet-Cookie:%20a=b",
];

pub fn is_of_this_site(location: &str) -> bool {
    let base: Url = BASE_URL.parse().unwrap();
    // As a browser reads a `Location`: relative to the page.
    base.join(location).unwrap().origin() == base.origin()
}

#[tokio::test]
async fn no_parameter_of_a_route_leads_to_another_site() {
    let initiation = |config: LogtoConfigBuilder| config.routes(Routes::new().initiate_login("/initiate"));
    let site = Site::with(|mock| mock, initiation).await;
    let nobody = Browser::default();
    let mut cases = 0;
    let by_others = format!("/initiate?iss={}&target_link_uri", encoded(&site.mock.issuer()));
    for wanted in ELSEWHERE {
        let options = SignInOptions::new().post_redirect_uri(*wanted);
        let error = site.logto.sign_in(&mut HeaderCookies::default(), options).await.unwrap_err();
        assert_eq!(error.code(), "sign_in.return_to_refused", "{wanted:?}");
        let options = SignOutOptions::new().local_only(true).post_logout_redirect_uri(*wanted);
        let error = site.logto.sign_out(&mut HeaderCookies::default(), options).await.unwrap_err();
        assert_eq!(error.code(), "sign_in.return_to_refused", "{wanted:?}");
        for door in ["/logto/sign-in?return_to", "/logto/sign-up?return_to", &by_others] {
            let reply = open(&site.logto, "GET", &format!("{door}={}", encoded(wanted)), &nobody, &[]).await;
            if wanted.is_empty() {
                // A parameter without a value counts as left out (RFC 6749 section 3.1).
                assert!(header(&reply, "location").unwrap().starts_with(&site.mock.issuer()));
                continue;
            }
            assert_eq!((reply.status(), header(&reply, "location")), (400, None), "{wanted:?}");
            assert_eq!(header(&reply, "set-cookie"), None, "nothing has begun: {wanted:?}");
        }
        cases += 5;
    }
    println!("{cases} ways out");
    assert_eq!(cases, 5 * 73);
}

/// What is let through is of this site, wherever the user ends up.
#[tokio::test]
async fn an_address_that_only_looks_like_another_site_is_let_through() {
    let site = Site::start().await;
    for wanted in HERE {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri(*wanted)).await;
        assert!(!url.contains("evil"), "the address is not in the request: {url}");
        let callback = site.mock.sign_in(&url, "ada").await;
        let reached = site.end(&mut browser, &callback).await.unwrap();
        assert!(is_of_this_site(&reached) && !reached.contains(char::is_control), "{wanted:?}: {reached}");
    }
}

/// A guarded page whose very address is another site's when it stands in a `Location`.
///
/// Whoever sends the browser on to the path that was asked for (`Location: {path}`), sends it to `evil.example`.
#[tokio::test]
async fn a_guarded_page_with_a_strange_address_leads_nowhere_else() {
    let site = Site::start().await;
    for target in
        ["//evil.example/me", "/\\evil.example", "///evil.example", "http://evil.example/me", "//evil.example/%2e%2e"]
    {
        let request = AuthRequest::new("GET", target, |name| (name == "accept").then(|| "text/html".into()));
        let reply = site.logto.sign_in_redirect(&request);
        let location = header(&reply, "location").unwrap();
        assert!(location == "/logto/sign-in" || location.starts_with("/logto/sign-in?return_to="), "{location}");
        // And that address does not begin a sign-in that would end there.
        let reply = open(&site.logto, "GET", &location, &Browser::default(), &[]).await;
        let begun = header(&reply, "location");
        if let Some(url) = begun {
            let mut browser = Browser::default();
            let cookies: Vec<_> =
                reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
            browser.receive(&cookies);
            let callback = site.mock.sign_in(&url, "ada").await;
            let reached = site.end(&mut browser, &callback).await.unwrap();
            assert!(is_of_this_site(&reached), "{target}: {reached}");
        } else {
            assert_eq!(reply.status(), 400, "{target}");
        }
    }
}

/// A client that never asks anyone.
static ALONE: LazyLock<LogtoClient> = LazyLock::new(|| {
    let config = LogtoConfig::builder().endpoint("http://127.0.0.1:1").app_id("app").base_url(BASE_URL);
    LogtoClient::new(config.cookie_secret(COOKIE_SECRET).build().unwrap()).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is let through is of this site, by the rules of browsers (WHATWG URL).
    #[test]
    fn any_address_is_refused_or_of_this_site(
        wanted in r"(http://localhost:3000|http:|https:|javascript:|//|/|\\|\.|@|:|\?|#|%2f|%5c|\t|\n| |localhost|:3000|evil\.example|[a-z]|\u{3002}|\u{ff0f}){0,12}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SignOutOptions::new().local_only(true).post_logout_redirect_uri(&wanted);
        if let Ok(redirect) = runtime.block_on(ALONE.sign_out(&mut HeaderCookies::default(), options)) {
            let location = redirect.location();
            prop_assert!(location.starts_with(&format!("{BASE_URL}/")), "{:?}: {}", wanted, location);
            prop_assert!(is_of_this_site(location), "{:?}: {}", wanted, location);
        }
    }
}
