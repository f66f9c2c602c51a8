//! An application of several hosts, together with its other settings: pages to land on, a hook, cookies of other names.

use logto::{
    LogtoClient, LogtoConfigBuilder, RequestSession, SignIn, SignInOptions, SignInRefusal, SignOutOptions,
    cookies::SameSite,
    testing::{MockApp, MockLogto, TestClock},
};
use url::{Position, Url};

use crate::{
    asked::{NAVIGATION, header, request, route},
    counted_store::Counted,
    logs::listen,
    support::{APP_SECRET, Browser, Site, app, settings},
};

const WWW: &str = "https://www.example.com";
const SHOP: &str = "https://shop.example.org/store";
const PREVIEWS: &str = "https://*.preview.example.com/app";
const PREVIEW: &str = "https://pr-1.preview.example.com/app";
/// A host, and its base URL.
const HOSTS: [(&str, &str); 3] =
    [("www.example.com", WWW), ("shop.example.org", SHOP), ("pr-1.preview.example.com", PREVIEW)];

fn several(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.base_url(WWW).further_base_urls([SHOP, PREVIEWS])
}

async fn site(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    let clock = TestClock::new();
    let register = |app: MockApp, (_, base): &(&str, &str)| {
        app.redirect_uri(format!("{base}/callback")).post_logout_redirect_uri(format!("{base}/bye"))
    };
    let registered = HOSTS.iter().fold(app("app"), register);
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let config = config(several(settings(&mock, &clock).app_secret(APP_SECRET)));
    let logto = LogtoClient::new(config.build().unwrap()).unwrap();
    Site { mock, logto, clock }
}

fn at(browser: &Browser, host: &str, method: &str, target: &str) -> logto::integrate::AuthRequest {
    let headers = [NAVIGATION, &[("host", host), ("sec-fetch-site", "same-origin")]].concat();
    request(browser, method, target, &headers)
}

fn session_at(logto: &LogtoClient, browser: &Browser, host: &str) -> RequestSession {
    at(browser, host, "GET", "/").enter(logto)
}

/// A browser that Logto has sent back to a host, and the target of its callback.
async fn sent_back(site: &Site, mut browser: Browser, host: &str, return_to: &str) -> (Browser, String) {
    let asked = at(&browser, host, "GET", &format!("/logto/sign-in{return_to}"));
    let begun = route(&site.logto, &mut browser, &asked).await;
    let callback = Url::parse(&site.mock.sign_in(header(&begun, "location").unwrap(), "ada").await).unwrap();
    assert_eq!(callback.host_str(), Some(host));
    (browser, callback[Position::BeforePath..].to_owned())
}

/// Where the callback leads, and what it says.
async fn end(site: &Site, browser: &mut Browser, host: &str, callback: &str) -> (u16, String, String) {
    let asked = at(browser, host, "GET", callback);
    let ended = route(&site.logto, browser, &asked).await;
    (ended.status(), header(&ended, "location").unwrap_or_default().to_owned(), ended.body().to_owned())
}

#[tokio::test]
async fn pages_to_land_on_are_those_of_the_host_of_the_request() {
    let (log, _guard) = listen("logto=warn");
    let site = site(|config| config.after_sign_in("/welcome?first=1").after_sign_out("/bye")).await;
    for (host, base) in HOSTS {
        let (mut browser, callback) = sent_back(&site, Browser::default(), host, "").await;
        let (status, location, _) = end(&site, &mut browser, host, &callback).await;
        assert_eq!((status, location), (302, format!("{base}/welcome?first=1")));
        let config = session_at(&site.logto, &browser, host).client().unwrap().config().clone();
        assert_eq!(config.after_sign_in(), format!("{base}/welcome?first=1"));
        assert_eq!(config.after_sign_out(), format!("{base}/bye"));

        let local = session_at(&site.logto, &browser, host);
        let redirect = local.sign_out(SignOutOptions::new().local_only(true)).await.unwrap();
        assert_eq!(redirect.location(), format!("{base}/bye"));
        let asked = at(&browser, host, "POST", "/logto/sign-out");
        let signed_out = route(&site.logto, &mut browser, &asked).await;
        let told = Url::parse(header(&signed_out, "location").unwrap()).unwrap();
        let told = told.query_pairs().find(|(name, _)| name == "post_logout_redirect_uri").unwrap().1.into_owned();
        assert_eq!(told, format!("{base}/bye"));
    }
    assert!(!log.text().contains("start page"), "{}", log.text());
}

/// Given with the path of `base_url` before it, or as a whole address on an allowed origin.
#[tokio::test]
async fn a_page_to_land_on_is_the_same_one_however_it_is_given() {
    let below = |page: &str| {
        let config = logto::LogtoConfig::builder()
            .endpoint("https://logto.example.com")
            .app_id("app")
            .base_url("https://www.example.com/shop")
            .further_base_urls([SHOP, "https://other.example"])
            .allowed_return_origins(["https://partner.example"])
            .cookie_secret(crate::support::COOKIE_SECRET)
            .after_sign_in(page);
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        ["www.example.com", "shop.example.org", "other.example"].map(|host| {
            let session = session_at(&logto, &Browser::default(), host);
            session.client().unwrap().config().after_sign_in().to_owned()
        })
    };
    let welcome = [
        "https://www.example.com/shop/welcome",
        "https://shop.example.org/store/welcome",
        "https://other.example/welcome",
    ];
    assert_eq!(below("/welcome"), welcome);
    assert_eq!(below("/shop/welcome"), welcome);
    assert_eq!(below("/shop"), ["https://www.example.com/shop", SHOP, "https://other.example"]);
    assert_eq!(below("/"), ["https://www.example.com/shop", SHOP, "https://other.example"]);
    assert_eq!(below("https://partner.example/hi"), ["https://partner.example/hi"; 3]);
}

#[tokio::test]
async fn a_body_is_read_below_the_path_of_a_pattern() {
    let site = site(|config| config).await;
    for path in ["/app/callback", "/app/logto/sign-out", "/app/logto/back-channel-logout"] {
        assert!(site.logto.route_needs_body(path), "{path}");
    }
    for path in ["/app", "/app/me", "/apps/callback", "/shop/callback"] {
        assert!(!site.logto.route_needs_body(path), "{path}");
    }
}

#[tokio::test]
async fn a_refusal_leads_to_a_page_of_the_host_of_the_request() {
    async fn with_terms(_: SignIn) -> Result<(), SignInRefusal> {
        Err(SignInRefusal::redirect("/terms"))
    }
    let site = site(|config| config.on_sign_in(with_terms)).await;
    for (host, base) in HOSTS {
        let (mut browser, callback) = sent_back(&site, Browser::default(), host, "").await;
        let mut copy = browser.clone();
        let (status, location, body) = end(&site, &mut browser, host, &callback).await;
        assert_eq!((status, location), (302, format!("{base}/terms")), "{body}");
        // The same callback once more.
        let (status, location, body) = end(&site, &mut copy, host, &callback).await;
        assert_eq!((status, location), (302, format!("{base}/terms")), "{body}");
        assert!(browser.cookies.is_empty() && copy.cookies.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_that_leads_to_another_host_is_a_failure_unless_that_is_allowed() {
    async fn elsewhere(_: SignIn) -> Result<(), SignInRefusal> {
        Err(SignInRefusal::redirect("https://www.example.com/terms"))
    }
    let strict = site(|config| config.on_sign_in(elsewhere)).await;
    let (mut browser, callback) = sent_back(&strict, Browser::default(), "shop.example.org", "").await;
    let (status, _, body) = end(&strict, &mut browser, "shop.example.org", &callback).await;
    assert_eq!((status, body.contains("sign_in.hook_failed")), (500, true), "{body}");
    let open = site(|config| config.on_sign_in(elsewhere).allowed_return_origins([WWW])).await;
    let (mut browser, callback) = sent_back(&open, Browser::default(), "shop.example.org", "").await;
    let (status, location, _) = end(&open, &mut browser, "shop.example.org", &callback).await;
    assert_eq!((status, location.as_str()), (302, "https://www.example.com/terms"));
}

#[tokio::test]
async fn a_strict_callback_at_an_unknown_host_ends_with_the_page_of_that_host() {
    let site = site(|config| config.cookie_same_site(SameSite::Strict)).await;
    let from = |site: &'static str| [NAVIGATION, &[("host", "evil.example"), ("sec-fetch-site", site)]].concat();
    let mut browser = Browser::default();
    let asked = request(&browser, "GET", "/callback?code=c&state=s", &from("cross-site"));
    let again = route(&site.logto, &mut browser, &asked).await;
    assert!(again.body().contains("url=/callback?code=c"), "{}", again.body());
    let asked = request(&browser, "GET", "/callback?code=c&state=s&logto_again=1", &from("same-origin"));
    let refused = route(&site.logto, &mut browser, &asked).await;
    assert_eq!((refused.status(), refused.body().contains("sign_in.unknown_host")), (421, true), "{}", refused.body());
}

/// With `cookie_domain` the cookies of the hosts that it covers have `__Secure-` in place of `__Host-`; those of the others keep it.
#[tokio::test]
async fn a_name_of_before_at_one_host_is_the_present_one_at_another() {
    let clock = TestClock::new();
    let store = Counted::new(&clock);
    let before = site(|config| config.session_store(store.clone())).await;
    let after = several(settings(&before.mock, &before.clock).app_secret(APP_SECRET))
        .session_store(store.clone())
        .cookie_domain("example.com")
        .previous_cookie_names(["__Host-logto_app"]);
    let after = LogtoClient::new(after.build().unwrap()).unwrap();
    for (host, own) in [("www.example.com", "__Secure-logto_app"), ("shop.example.org", "__Host-logto_app")] {
        let (browser, callback) = sent_back(&before, Browser::default(), host, "").await;
        // The sign-in began with the settings of before.
        let mut late = browser.clone();
        let ended = route(&after, &mut late, &at(&browser, host, "GET", &callback)).await;
        assert_eq!(ended.status(), 302, "{host}: {}", ended.body());
        assert_eq!(late.cookies.keys().collect::<Vec<_>>(), [own], "{host}");
        store.take();
        let session = session_at(&after, &late, host);
        assert!(session.is_authenticated().await.unwrap());
        assert_eq!(store.take().0, 1, "{host}: one read");

        let (mut browser, callback) = sent_back(&before, Browser::default(), host, "").await;
        end(&before, &mut browser, host, &callback).await;
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["__Host-logto_app"], "{host}");
        store.take();
        let session = session_at(&after, &browser, host);
        assert!(session.is_authenticated().await.unwrap(), "{host}");
        assert_eq!(store.take().0, 1, "{host}: one read");
        browser.receive(session.commit().await.unwrap().set_cookies());
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [own], "{host}");
        assert!(session_at(&after, &browser, host).is_authenticated().await.unwrap(), "{host}");
    }
}

#[tokio::test]
async fn a_silent_sign_in_ends_at_the_host_that_it_began_at() {
    let site = site(|config| config).await;
    // A session at Logto.
    _ = sent_back(&site, Browser::default(), "www.example.com", "").await;
    for (host, base) in HOSTS {
        let options = || SignInOptions::new().silent(true).app_state(base).post_redirect_uri("/quiet");
        let mut browser = Browser::default();
        let session = session_at(&site.logto, &browser, host);
        let mut url = session.sign_in(options()).await.unwrap().location().to_owned();
        browser.receive(session.commit().await.unwrap().set_cookies());
        for _ in 0..2 {
            let callback = Url::parse(&site.mock.sign_in(&url, "ada").await).unwrap();
            assert_eq!(callback.host_str(), Some(host));
            let (_, location, _) = end(&site, &mut browser, host, &callback[Position::BeforePath..]).await;
            url = location;
        }
        assert_eq!(url, format!("{base}/quiet"));
        let state = session_at(&site.logto, &browser, host).take_app_state::<String>().await.unwrap();
        assert_eq!(state.as_deref(), Some(base));
    }
}
