//! Where cookies are Secure and not of one host alone they begin with `__Secure-` (RFC 6265bis section 4.1.3.1), and those that were set before lose
//! nobody's session.

use logto::{
    LogtoClient, LogtoConfigBuilder, RequestSession, SignInOptions, SignOutOptions,
    integrate::AuthRequest,
    testing::{MockLogto, TestClock},
};
use serde_json::json;

use crate::{
    asked::{NAVIGATION, header, request, route},
    support::{APP_SECRET, Browser, Site, app, settings},
};

const HTTPS: &str = "https://www.example.com/shop";
/// A version without the prefix named its cookies as one without https does.
const BEFORE: &str = "http://www.example.com/shop";

struct World {
    before: Site,
    after: LogtoClient,
}

fn shared(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.cookie_domain("example.com")
}

async fn world(config: impl Fn(LogtoConfigBuilder) -> LogtoConfigBuilder) -> World {
    let clock = TestClock::new();
    let registered = [HTTPS, BEFORE].iter().fold(app("app"), |app, base| app.redirect_uri(format!("{base}/callback")));
    let mock = MockLogto::builder().app(registered).clock(clock.clone()).start().await.unwrap();
    let settings = || settings(&mock, &clock).app_secret(APP_SECRET);
    let before = LogtoClient::new(config(settings().base_url(BEFORE)).build().unwrap()).unwrap();
    let after = LogtoClient::new(config(settings().base_url(HTTPS)).build().unwrap()).unwrap();
    World { before: Site { mock, logto: before, clock }, after }
}

fn names(browser: &Browser) -> Vec<&str> {
    browser.cookies.keys().map(String::as_str).collect()
}

/// One page; gives whether somebody is signed in, and what is set.
async fn page(logto: &LogtoClient, browser: &mut Browser) -> (bool, Vec<String>) {
    let session = RequestSession::new(logto.clone(), browser.header());
    let is_signed_in = session.is_authenticated().await.unwrap();
    let set = session.commit().await.unwrap().set_cookies().to_vec();
    browser.receive(&set);
    (is_signed_in, set)
}

fn get(browser: &Browser, target: &str) -> AuthRequest {
    request(browser, "GET", target, &[NAVIGATION, &[("sec-fetch-site", "same-origin")]].concat())
}

#[tokio::test]
async fn a_session_under_the_name_without_the_prefix_lives_on_under_the_present_one() {
    let of_path = |config: LogtoConfigBuilder| config.cookie_path("/shop");
    for config in [shared, of_path] {
        let World { before, after } = world(config).await;
        let mut browser = before.signed_in("ada").await;
        let begun = before.begin(&mut browser, SignInOptions::new().post_redirect_uri("/books")).await;
        assert!(browser.cookies.keys().all(|name| name.starts_with("logto_app")) && browser.cookies.len() == 2);

        let (is_signed_in, set) = page(&after, &mut browser).await;
        assert!(is_signed_in);
        assert!(
            set.iter().any(|cookie| cookie.starts_with("__Secure-logto_app=") && cookie.contains("; Secure")),
            "{set:?}"
        );
        let gone = set.iter().find(|cookie| cookie.starts_with("logto_app=; ")).unwrap();
        let attribute = if after.config().cookie_path() == "/" { "Domain=example.com" } else { "Path=/shop" };
        assert!(gone.contains("Max-Age=0") && gone.contains(attribute), "{gone}");
        let (is_signed_in, set) = page(&after, &mut browser).await;
        assert!(is_signed_in && set.is_empty(), "it is written once: {set:?}");

        // The sign-in that was under way ends, too. The page that was wanted is one of another origin by now, so it ends at the start page.
        let callback = before.mock.sign_in(&begun, "ada").await;
        let callback = callback.strip_prefix("http://www.example.com").unwrap().to_owned();
        let asked = get(&browser, &callback);
        let ended = route(&after, &mut browser, &asked).await;
        assert_eq!(header(&ended, "location"), Some("https://www.example.com/shop"), "{}", ended.body());
        assert_eq!(names(&browser), ["__Secure-logto_app"]);
    }
}

#[tokio::test]
async fn a_sign_in_and_a_session_of_several_cookies_have_the_prefix_in_each_name() {
    let World { before, after } = world(shared).await;
    let mut seed = 1_u32;
    // Nothing that could be compressed into one cookie.
    let mut letter = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[usize::try_from(seed >> 27).unwrap()])
    };
    let long: String = (0..6000).map(|_| letter()).collect();
    before.mock.tamper_id_token(move |_, claims| claims["custom"] = json!(long));
    let mut old = before.signed_in("ada").await;
    assert!(names(&old).contains(&"logto_app.1"), "{:?}", names(&old));
    assert!(page(&after, &mut old).await.0);
    assert!(names(&old).iter().all(|name| name.starts_with("__Secure-logto_app")), "{:?}", names(&old));
    assert!(names(&old).contains(&"__Secure-logto_app.1"), "{:?}", names(&old));

    let mut browser = Browser::default();
    let asked = get(&browser, "/logto/sign-in");
    _ = route(&after, &mut browser, &asked).await;
    assert!(names(&browser).iter().all(|name| name.starts_with("__Secure-logto_app_txn_")), "{:?}", names(&browser));
    assert_eq!(after.config().cookie_name(), "__Secure-logto_app");
    assert!(after.config().previous_cookie_names().is_empty(), "nobody set one");
}

/// Of both names at once the newer session counts, and a sign-out leaves neither.
#[tokio::test]
async fn a_sign_out_ends_the_sessions_of_both_names() {
    let World { before, after } = world(shared).await;
    let old = before.signed_in("ada").await;
    let mut both = old.clone();
    let (_, set) = page(&after, &mut both).await;
    assert!(!set.is_empty());
    both.cookies.extend(old.cookies.clone());
    let session = RequestSession::new(after.clone(), both.header());
    _ = session.sign_out(SignOutOptions::new()).await.unwrap();
    both.receive(session.commit().await.unwrap().set_cookies());
    assert_eq!(both.header(), "__Secure-logto_app=signed-out");
    for mut copy in [old, both] {
        assert!(!page(&after, &mut copy).await.0, "{copy:?}");
    }
}

/// Over http anyone on the way can set a cookie without the prefix.
#[tokio::test]
async fn a_strict_application_reads_no_cookie_without_the_prefix_unless_it_lists_its_name() {
    let World { before, .. } = world(shared).await;
    let old = before.signed_in("ada").await;
    let settings = || {
        let settings = settings(&before.mock, &before.clock).app_secret(APP_SECRET).base_url(HTTPS);
        shared(settings).strict(true)
    };
    let strict = LogtoClient::new(settings().build().unwrap()).unwrap();
    assert!(!page(&strict, &mut old.clone()).await.0);
    let listing = LogtoClient::new(settings().previous_cookie_names(["logto_app"]).build().unwrap()).unwrap();
    let mut browser = old.clone();
    assert!(page(&listing, &mut browser).await.0);
    assert_eq!(names(&browser), ["__Secure-logto_app", "__Secure-logto_app_reauthenticate"]);
}

/// A host of its own never had the name without a prefix; a subdomain could plant it there.
#[tokio::test]
async fn a_host_outside_of_the_domain_keeps_its_own_prefix_and_reads_no_other_name() {
    let World { before, .. } = world(shared).await;
    let old = before.signed_in("ada").await;
    let settings = settings(&before.mock, &before.clock).app_secret(APP_SECRET).base_url(HTTPS);
    let several = shared(settings).further_base_urls(["https://shop.example.org"]).build().unwrap();
    let several = LogtoClient::new(several).unwrap();
    for (host, name, is_signed_in) in
        [("www.example.com", "__Secure-logto_app", true), ("shop.example.org", "__Host-logto_app", false)]
    {
        let asked = request(&old, "GET", "/", &[NAVIGATION, &[("host", host)]].concat());
        let session = asked.enter(&several);
        assert_eq!(session.client().unwrap().config().cookie_name(), name);
        assert_eq!(session.is_authenticated().await.unwrap(), is_signed_in, "{host}");
    }
}

/// From a domain back to the one host: the name of before has a prefix itself.
#[tokio::test]
async fn a_name_of_before_may_have_the_prefix() {
    let World { before, after } = world(shared).await;
    let mut browser = before.signed_in("ada").await;
    assert!(page(&after, &mut browser).await.0);
    let alone = settings(&before.mock, &before.clock).app_secret(APP_SECRET).base_url(HTTPS);
    let alone = LogtoClient::new(alone.previous_cookie_names(["__Secure-logto_app"]).build().unwrap()).unwrap();
    assert!(page(&alone, &mut browser).await.0);
    assert!(names(&browser).contains(&"__Host-logto_app"), "{:?}", names(&browser));
}
