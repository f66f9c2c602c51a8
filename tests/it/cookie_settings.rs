//! The name, the path and the attributes of cookies, and what becomes of those that were set before a change.

use logto::{
    ContextOptions, HeaderCookies, LogtoClient, LogtoConfigBuilder, SessionLifetime, SignInOptions, SignOutOptions,
    cookies::SameSite,
    integrate::{AuthRequest, AuthResponse},
    store::{MemoryStore, TowerSessionStore},
};
use url::Url;

use crate::{
    jar::{Jar, Request},
    support::{BASE_URL, Browser, Site, app},
};

fn location(reply: &AuthResponse) -> &str {
    reply.headers().find(|(name, _)| *name == "location").map_or("", |(_, value)| value)
}

/// A request to the routes, from a browser that says where it comes from.
async fn get(logto: &LogtoClient, target: &str, cookies: String, from: Option<&str>) -> AuthResponse {
    let header = |name: &str| match name {
        "cookie" => Some(cookies.clone()),
        "accept" => Some("text/html".to_owned()),
        "sec-fetch-site" => from.map(str::to_owned),
        _ => None,
    };
    logto.handle_auth_routes(&AuthRequest::new("GET", target, header)).await.unwrap()
}

fn set_cookies(reply: &AuthResponse) -> Vec<String> {
    reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect()
}

/// One page of the application.
async fn page(logto: &LogtoClient, browser: &mut Browser) -> (bool, Vec<String>) {
    let mut cookies = browser.request();
    let context = logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
    let set = cookies.set_cookie_headers();
    browser.receive(&set);
    (context.is_authenticated(), set)
}

#[tokio::test]
async fn a_user_stays_signed_in_through_a_change_of_the_name_of_cookies() {
    let store = MemoryStore::new();
    for stored in [false, true] {
        let kept = |config: LogtoConfigBuilder| if stored { config.session_store(store.clone()) } else { config };
        let site = Site::with(|mock| mock, &kept).await;
        let mut browser = site.signed_in("ada").await;
        let begun = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/books")).await;
        assert!(browser.cookies.contains_key("logto_app") && browser.cookies.len() == 2, "{browser:?}");

        let renamed =
            site.redeployed(|config| kept(config).cookie_name("shop").previous_cookie_names(["older", "logto_app"]));
        let (is_authenticated, set) = page(&renamed, &mut browser).await;
        assert!(is_authenticated, "stored: {stored}");
        assert!(set.iter().any(|cookie| cookie.starts_with("shop=") && cookie.len() > 60), "{set:?}");
        assert!(set.iter().any(|cookie| cookie.starts_with("logto_app=; ") && cookie.contains("Max-Age=0")), "{set:?}");
        assert!(!browser.cookies.contains_key("logto_app"));
        let (is_authenticated, set) = page(&renamed, &mut browser).await;
        assert!(is_authenticated && set.is_empty(), "it is written once: {set:?}");

        // The sign-in that was under way ends, too.
        let callback = site.mock.sign_in(&begun, "ada").await;
        let mut cookies = browser.request();
        let redirect = renamed.handle_sign_in(&mut cookies, &callback).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(redirect.location(), format!("{BASE_URL}/books"));
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["shop"], "nothing of the old name is left");

        // When the list is gone, so is what it was for, and no other user of before is harmed.
        let later = site.redeployed(|config| kept(config).cookie_name("shop"));
        assert!(page(&later, &mut browser).await.0);
    }
}

#[tokio::test]
async fn a_sign_out_ends_the_session_of_an_earlier_name() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let copy = browser.clone();
    let renamed = site.redeployed(|config| config.cookie_name("shop").previous_cookie_names(["logto_app"]));
    let mut cookies = browser.request();
    _ = renamed.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(!browser.cookies.contains_key("logto_app"), "{browser:?}");
    assert!(!renamed.is_authenticated(&copy.request()).await.unwrap(), "a copied cookie of before is no session");
}

#[tokio::test]
async fn without_the_earlier_name_the_user_signs_in_once() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let renamed = site.redeployed(|config| config.cookie_name("shop"));
    let (is_authenticated, set) = page(&renamed, &mut browser).await;
    assert!(!is_authenticated && set.is_empty(), "the cookie of before is somebody else's: {set:?}");
    // A value under another name than it was sealed for opens nothing.
    let moved = HeaderCookies::parse(format!("shop={}", browser.cookies["logto_app"]));
    assert!(!renamed.is_authenticated(&moved).await.unwrap());
}

#[tokio::test]
async fn a_user_stays_signed_in_through_a_change_of_the_path_of_cookies() {
    let site = below("http://localhost:3000/shop", |config| config).await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.header();
    let moved =
        site.redeployed(|config| config.app_id("shop").base_url("http://localhost:3000/shop").cookie_path("/shop"));
    assert!(page(&moved, &mut browser).await.0, "the cookie of the path / is sent below /shop, too");
    site.advance(25 * 60 * 60);
    let (_, set) = page(&moved, &mut browser).await;
    assert!(set.iter().any(|cookie| cookie.starts_with("logto_shop=") && cookie.contains("Path=/shop")), "{set:?}");
    // From then on the browser has both, and the session of both ends by one sign-out.
    let mut cookies = HeaderCookies::parse(format!("{}; {before}", browser.header()));
    _ = moved.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    assert!(!moved.is_authenticated(&HeaderCookies::parse(before)).await.unwrap());
}

#[tokio::test]
async fn a_strict_cookie_has_the_callback_asked_for_once_more_by_a_page_of_this_site() {
    let site = Site::with(|mock| mock, |config| config.cookie_same_site(SameSite::Strict)).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/books")).await;
    let callback: Url = site.mock.sign_in(&url, "ada").await.parse().unwrap();
    let target = format!("/callback?{}", callback.query().unwrap());
    let under_way = browser.cookies.clone();
    // Browsers that say where a request comes from, and those that do not.
    for from in [Some("cross-site"), None] {
        let reply = get(&site.logto, &target, browser.header(), from).await;
        assert_eq!((reply.status(), location(&reply)), (200, ""));
        let again = format!("{target}&logto_again=1").replace('&', "&amp;");
        assert!(
            reply.body().contains(&format!("http-equiv=\"refresh\" content=\"0;url={again}\"")),
            "{}",
            reply.body()
        );
        assert!(set_cookies(&reply).is_empty() && browser.cookies == under_way, "nothing is used up");
    }
    let reply = get(&site.logto, &format!("{target}&logto_again=1"), browser.header(), None).await;
    assert_eq!((reply.status(), location(&reply)), (302, "http://localhost:3000/books"));
    let set = set_cookies(&reply);
    assert!(set.iter().any(|cookie| cookie.starts_with("logto_app=") && cookie.contains("SameSite=Strict")), "{set:?}");
    browser.receive(&set);
    assert!(site.is_signed_in(&browser).await);

    // Where Logto is of the same site nothing stays behind.
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback: Url = site.mock.sign_in(&url, "ada").await.parse().unwrap();
    let target = format!("/callback?{}", callback.query().unwrap());
    assert_eq!(get(&site.logto, &target, browser.header(), Some("same-site")).await.status(), 302);
}

#[tokio::test]
async fn the_page_of_a_strict_callback_shows_nothing_that_was_sent_as_markup() {
    let site = Site::with(|mock| mock, |config| config.cookie_same_site(SameSite::Strict)).await;
    let target = "/callback?state=\"><script>alert(1)</script>&code='";
    let reply = get(&site.logto, target, String::new(), Some("cross-site")).await;
    assert!(!reply.body().contains("<script") && !reply.body().contains("\">\""), "{}", reply.body());
}

/// A site whose base URL has a path.
async fn below(base_url: &str, config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let registered = app("shop").redirect_uri(format!("{base_url}/callback")).post_logout_redirect_uri(base_url);
    Site::with(|mock| mock.app(registered), |builder| config(builder.base_url(base_url).app_id("shop"))).await
}

/// Two applications on one host, each with a client and a Logto of its own, and one browser.
async fn two_on_one_host(
    first: (&str, impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder),
    second: (&str, impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder),
) {
    let (one, other) = (below(first.0, first.1).await, below(second.0, second.1).await);
    let mut jar = Jar::default();
    for (site, user) in [(&one, "ada"), (&other, "ada"), (&one, "ada")] {
        let base: Url = site.logto.config().base_url().parse().unwrap();
        let at = |route: &str| -> Url { format!("{}{route}", site.logto.config().base_url()).parse().unwrap() };
        let mut cookies = HeaderCookies::parse(jar.header(&at("/logto/sign-in"), Request::OWN).unwrap_or_default());
        let url = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        for cookie in cookies.set_cookie_headers() {
            jar.store(&at("/logto/sign-in"), &cookie, Request::OWN).unwrap();
        }
        // The way back from Logto: `Lax` cookies come along.
        let callback = site.mock.sign_in(url.location(), user).await;
        let from_logto = Request { cross_site: true, top_level: true, safe: true };
        let mut cookies = HeaderCookies::parse(jar.header(&at("/callback"), from_logto).unwrap_or_default());
        _ = site.logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
        for cookie in cookies.set_cookie_headers() {
            jar.store(&at("/callback"), &cookie, from_logto).unwrap();
        }
        let cookies = HeaderCookies::parse(jar.header(&base, Request::OWN).unwrap_or_default());
        assert!(site.logto.is_authenticated(&cookies).await.unwrap());
    }
    // Both are signed in side by side; who signs out of one stays in the other.
    let signed_in = async |site: &Site, jar: &mut Jar| {
        let base: Url = site.logto.config().base_url().parse().unwrap();
        let mut cookies = HeaderCookies::parse(jar.header(&base, Request::OWN).unwrap_or_default());
        let context = site.logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
        for cookie in cookies.set_cookie_headers() {
            jar.store(&base, &cookie, Request::OWN).unwrap();
        }
        context.is_authenticated()
    };
    assert!(signed_in(&one, &mut jar).await && signed_in(&other, &mut jar).await);
    let base: Url = one.logto.config().base_url().parse().unwrap();
    let mut cookies = HeaderCookies::parse(jar.header(&base, Request::OWN).unwrap_or_default());
    _ = one.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    for cookie in cookies.set_cookie_headers() {
        jar.store(&base, &cookie, Request::OWN).unwrap();
    }
    assert!(!signed_in(&one, &mut jar).await && signed_in(&other, &mut jar).await);
}

#[tokio::test]
async fn two_applications_with_one_app_id_on_one_host_are_apart_by_name() {
    two_on_one_host(
        ("http://localhost:3000/a", |config| config.cookie_name("a")),
        ("http://localhost:3000/b", |config| config.cookie_name("b")),
    )
    .await;
}

#[tokio::test]
async fn two_applications_with_one_app_id_on_one_host_are_apart_by_path() {
    two_on_one_host(
        ("http://localhost:3000/a", |config| config.cookie_path("/a")),
        ("http://localhost:3000/b", |config| config.cookie_path("/b")),
    )
    .await;
}

/// A browser that restores its tabs keeps such a cookie for as long as it likes.
#[tokio::test]
async fn a_cookie_that_goes_with_the_browser_ends_with_the_idle_lifetime_all_the_same() {
    type Kept = fn(LogtoConfigBuilder) -> LogtoConfigBuilder;
    let kept: [(&str, Kept); 3] = [
        ("cookies", |config| config),
        ("memory", |config| config.session_store(MemoryStore::new())),
        ("tower-sessions", |config| {
            config.session_store(TowerSessionStore::new(tower_sessions_memory_store::MemoryStore::default()))
        }),
    ];
    for (name, kept) in kept {
        let hour = std::time::Duration::from_secs(3600);
        let lifetime = SessionLifetime::default().idle(hour);
        let site = Site::with(
            |mock| mock,
            |config| kept(config).cookie_session_only(true).cookie_secure(false).session_lifetime(lifetime),
        )
        .await;
        let mut browser = site.signed_in("ada").await;
        let mut written = 0;
        // Who comes back within the hour stays, and no cookie says for how long.
        for _ in 0..4 {
            site.advance(2400);
            let (is_authenticated, set) = page(&site.logto, &mut browser).await;
            assert!(is_authenticated, "{name}");
            assert!(set.iter().all(|cookie| !cookie.contains("Max-Age") && !cookie.contains("Expires")), "{set:?}");
            written += set.len();
        }
        assert!(name != "cookies" || written > 0, "the time of the last request is in the cookie");
        site.advance(3700);
        let (is_authenticated, set) = page(&site.logto, &mut browser).await;
        assert!(!is_authenticated && set.iter().all(|cookie| cookie.contains("Max-Age=0")), "{name}: {set:?}");
        assert!(browser.cookies.is_empty(), "{name}");

        // A sign-out deletes it, too.
        let mut browser = site.signed_in("ada").await;
        let mut cookies = browser.request();
        _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert!(!page(&site.logto, &mut browser).await.0, "{name}");
        assert!(browser.cookies.is_empty(), "{name}: {browser:?}");
    }
}
