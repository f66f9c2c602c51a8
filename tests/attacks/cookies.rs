//! Attacks by way of the browser's cookies.

use logto::{
    ContextOptions, Cookies, HeaderCookies, LogtoClient, LogtoConfigBuilder, SignInOptions, TokenOptions,
    testing::{MockLogto, TestClock},
};

use crate::support::{APP_SECRET, BASE_URL, BOOKS, Browser, Site, app, settings};

/// A site at this address.
async fn site_at(base_url: &str) -> Site {
    let clock = TestClock::new();
    let registered = app("app").redirect_uri(format!("{base_url}/callback"));
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = settings(&mock, &clock).app_secret(APP_SECRET).base_url(base_url).build().unwrap();
    let logto = LogtoClient::new(config).unwrap();
    Site { mock, logto, clock }
}

const HTTPS: &str = "https://app.example.test";

/// Cookie tossing: a subdomain of the attacker's sets the site's cookies (`Domain=example.com`), and signs the victim in as the attacker.
///
/// Browsers refuse a `__Host-` cookie that has a `Domain`, a path, or comes over http (RFC 6265bis section 4.1.3.2). Without the prefix,
/// or where a cookie without it is read, too, the planted one is taken.
#[tokio::test]
async fn a_subdomain_cannot_plant_a_session() {
    let site = site_at(HTTPS).await;
    let attacker = site.signed_in("bob").await;
    let (name, value) = attacker.cookies.iter().next().unwrap();
    assert_eq!(name, "__Host-logto_app");
    // What the browser would let the subdomain set.
    let bare = name.strip_prefix("__Host-").unwrap();
    for planted in [bare, "__Secure-logto_app", "__host-logto_app", "__Host-logto_app.0", "logto"] {
        let mut victim = Browser::default();
        victim.cookies.insert(planted.to_owned(), value.clone());
        assert!(!site.is_signed_in(&victim).await, "{planted}");
    }
    // A sign-in under way neither.
    let mut attacker = Browser::default();
    let url = site.begin(&mut attacker, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "bob").await;
    let mut victim = Browser::default();
    for (name, value) in &attacker.cookies {
        victim.cookies.insert(name.strip_prefix("__Host-").unwrap().to_owned(), value.clone());
    }
    assert_eq!(site.end(&mut victim, &callback).await.unwrap_err().code(), "sign_in_session.not_found");
}

/// The browser demands it of a `__Host-` cookie, and a page's script must not read any.
///
/// One attribute left out, and the browser drops the cookie or hands it to scripts and other sites.
#[tokio::test]
async fn every_cookie_has_every_attribute() {
    for (base_url, secure, prefix) in [(HTTPS, true, "__Host-logto_app"), (BASE_URL, false, "logto_app")] {
        let site = site_at(base_url).await;
        let mut cookies = HeaderCookies::default();
        let mut headers = Vec::new();
        let redirect = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        headers.extend(cookies.set_cookie_headers());
        let callback = site.mock.sign_in(redirect.location(), "ada").await;
        _ = site.logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        headers.extend(cookies.set_cookie_headers());
        site.logto.clear_all_tokens(&mut cookies).await.unwrap();
        headers.extend(cookies.set_cookie_headers());
        assert!(headers.len() >= 4, "{headers:?}");
        for header in headers {
            let attributes: Vec<_> = header.split("; ").skip(1).collect();
            let has = |name: &str| attributes.contains(&name);
            assert!(header.starts_with(prefix), "{header}");
            assert!(has("HttpOnly") && has("SameSite=Lax") && has("Path=/") && has("Secure") == secure, "{header}");
            assert!(!header.contains("Domain="), "{header}");
        }
    }
}

/// Session fixation: what a browser held before the sign-in, planted or its own, is worth nothing after it.
///
/// A session that keeps its name or its contents when somebody signs in is known to whoever planted it.
#[tokio::test]
async fn a_session_from_before_the_sign_in_is_over() {
    let site = Site::start().await;
    let planted = site.signed_in("bob").await;
    site.mock.clear_browser_session();
    let mut victim = planted.clone();
    let url = site.begin(&mut victim, SignInOptions::new()).await;
    site.mock.clear_browser_session();
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut victim, &callback).await.unwrap();
    let claims = site.logto.get_id_token_claims(&victim.request()).await.unwrap().unwrap();
    assert_eq!(claims.sub, "user-ada");
    assert_ne!(planted.cookies["logto_app"], victim.cookies["logto_app"]);
    assert!(!site.is_signed_in(&planted).await, "the planted session does not live on beside it");
    // Nor does it bring what it held into the new one.
    let token = site.logto.get_access_token(&mut victim.request(), TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert_eq!(token.claims().unwrap().sub, "user-ada");
}

/// Cookies of another application or of another secret, and the session's in the place of a sign-in's.
///
/// A key that does not depend on the application, or a seal that does not cover the name, takes them.
#[tokio::test]
async fn a_cookie_is_good_in_its_own_place_alone() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let session = &browser.cookies["logto_app"];
    let client = |change: fn(LogtoConfigBuilder) -> LogtoConfigBuilder| {
        let config = change(settings(&site.mock, &site.clock).app_secret(APP_SECRET));
        LogtoClient::new(config.build().unwrap()).unwrap()
    };
    let other_app = client(|config| config.app_id("other"));
    let other_secret = client(|config| config.cookie_secret("another secret of the tests, as long as it must be"));
    let names =
        ["logto_app", "logto_other", "logto_other_txn_AAAAAAAAAAAA", "logto_app_txn_AAAAAAAAAAAA", "logto_app.1"];
    for name in names {
        let cookies = || HeaderCookies::parse(format!("{name}={session}"));
        assert!(!other_app.is_authenticated(&cookies()).await.unwrap(), "another app: {name}");
        assert!(!other_secret.is_authenticated(&cookies()).await.unwrap(), "another secret: {name}");
        assert_eq!(site.logto.is_authenticated(&cookies()).await.unwrap(), name == "logto_app", "{name}");
    }
    // The other way round: a sign-in's cookie, for which anyone can ask, is no session.
    let mut beginner = Browser::default();
    site.begin(&mut beginner, SignInOptions::new()).await;
    let sealed = beginner.cookies.values().next().unwrap();
    assert!(!site.logto.is_authenticated(&HeaderCookies::parse(format!("logto_app={sealed}"))).await.unwrap());
    // And nothing that was refused is sent back.
    let mut cookies = HeaderCookies::parse(format!("logto_app={sealed}"));
    _ = site.logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
    let mut left = 0;
    cookies.each(&mut |_, value| left += value.len());
    assert_eq!(left, 0, "it is deleted");
}
