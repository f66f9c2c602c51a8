//! One session with Next.js: the real `@logto/next` on one side, this crate on the other, one browser and one Logto.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use cookie::Cookie;
use logto::{
    ContextOptions, LogtoConfigBuilder, SessionFormat, SessionLifetime, SignInOptions, SignOutOptions, TokenOptions,
    integrate::Clock, scopes, store::MemoryStore, testing::Endpoint,
};
use serde_json::{Value, json};

use crate::{
    skipped::skipped,
    support::{APP_SECRET, BASE_URL, BOOKS, Browser, COOKIE_SECRET, Site},
    user_json::{user, with_odd_claims},
};

const HOUR: u64 = 3600;
const CALLBACK: &str = "http://localhost:3000/callback";
/// At the end of a move, which is not over.
fn from_next(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    config.session_format(SessionFormat::FromNext).from_next_until(UNIX_EPOCH + Duration::from_secs(4_102_444_800))
}

const ROUTERS: [&str; 2] = ["pages", "edge"];

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_logto_next_is_a_session_of_this_crate() {
    let Some(next) = Next::installed() else { return };
    for router in ROUTERS {
        let (site, mut browser) = (shared().await, Browser::default());
        next.signs_in(router, &site, &mut browser).await;
        site.mock.reset_counts();

        let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
        assert_eq!(context.claims().unwrap().username.as_deref(), Some("ada"), "{router}");
        let before = browser.cookies.clone();
        let mut cookies = browser.request();
        let token = site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap();
        assert_eq!(json!(token.token()), next.call(router, &site, &mut browser, "accessToken", &json!(null)));
        assert_eq!(site.mock.request_count(Endpoint::Token), 0, "their token is used");
        assert_eq!(cookies.set_cookie_headers(), [""; 0], "a request that changes nothing writes nothing");
        assert_eq!(browser.cookies, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_this_crate_is_a_session_at_logto_next() {
    let Some(next) = Next::installed() else { return };
    let site = shared().await;
    let mut browser = site.signed_in("ada").await;
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["logto_app"]);
    let books = token(&site, &mut browser, TokenOptions::new().resource(BOOKS)).await;
    site.mock.reset_counts();
    for router in ROUTERS {
        let there = next.call(router, &site, &mut browser, "context", &json!(null));
        let here = site.context(&mut browser, ContextOptions::new()).await.unwrap();
        assert_eq!(there["isAuthenticated"], json!(true), "{router}");
        assert_eq!(there["claims"]["sub"], json!(here.claims().unwrap().sub));
        assert_eq!(there["claims"]["roles"], json!(["librarian"]));
        assert_eq!(next.call(router, &site, &mut browser, "accessToken", &json!(BOOKS)), json!(books));
        assert_eq!(site.mock.request_count(Endpoint::Token), 0, "our token is used");
    }
}

/// Null members and empty lists, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_user_route_gives_the_json_of_logto_next() {
    let Some(next) = Next::installed() else { return };
    let site = shared().await;
    for is_odd in [false, true] {
        if is_odd {
            with_odd_claims(&site);
        }
        let mut browser = site.signed_in("ada").await;
        let here = user(&site, &browser).await;
        assert_eq!(here["claims"].as_object().unwrap().contains_key("custom"), is_odd);
        for router in ROUTERS {
            assert_eq!(next.call(router, &site, &mut browser, "context", &json!(null)), here, "{router}");
        }
    }
    let nobody = user(&site, &Browser::default()).await;
    assert_eq!(next.call("edge", &site, &mut Browser::default(), "context", &json!(null)), nobody);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_on_one_side_is_seen_by_logto_next_or_this_crate_on_the_other() {
    let Some(next) = Next::installed() else { return };
    // A public client: each refresh uses up the refresh token.
    let site = Site::rotating_with(|config| config.session_format(SessionFormat::Next)).await;
    let mut browser = Browser::default();
    next.signs_in("pages", &site, &mut browser).await;
    for router in ROUTERS {
        site.advance(HOUR + 10);
        site.mock.reset_counts();
        let here = token(&site, &mut browser, TokenOptions::new().resource(BOOKS)).await;
        assert_eq!(next.call(router, &site, &mut browser, "accessToken", &json!(BOOKS)), json!(here));
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "one refresh for both");

        site.advance(HOUR + 10);
        site.mock.reset_counts();
        let there = next.call(router, &site, &mut browser, "accessToken", &json!(BOOKS));
        assert_ne!(there, json!(here));
        assert_eq!(json!(token(&site, &mut browser, TokenOptions::new().resource(BOOKS)).await), there);
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "one refresh for both");
    }
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_tokens_are_shared_with_logto_next() {
    let Some(next) = Next::installed() else { return };
    let site = shared().await;
    let mut browser = site.signed_in("ada").await;
    let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
    let organization = context.claims().unwrap().organizations.first().expect("ada is a member").clone();
    let here = token(&site, &mut browser, TokenOptions::new().organization(&organization)).await;
    site.mock.reset_counts();
    assert_eq!(next.call("pages", &site, &mut browser, "organizationToken", &json!(organization)), json!(here));
    assert_eq!(site.mock.request_count(Endpoint::Token), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_by_logto_next_or_this_crate_ends_the_shared_session() {
    let Some(next) = Next::installed() else { return };
    for router in ROUTERS {
        let site = shared().await;
        let mut browser = site.signed_in("ada").await;
        let before = browser.clone();
        next.request(router, &site, &mut browser, "signOut", &json!(null));
        assert!(browser.cookies.contains_key("logto_app"), "theirs is a sealed {{}}");
        assert!(!site.is_signed_in(&browser).await, "{router}");
        assert!(token_refused(&site, &before).await, "they revoked the refresh token");

        let mut browser = site.signed_in("ada").await;
        let late = browser.clone();
        let mut cookies = browser.request();
        _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(browser.header(), "logto_app=signed-out", "no session, neither here nor there");
        let there = next.call(router, &site, &mut browser, "context", &json!(null));
        assert_eq!(there, json!({ "isAuthenticated": false }));
        assert!(!site.is_signed_in(&late).await, "a slow answer does not bring the session back here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_under_way_at_logto_next_survives_what_this_crate_writes() {
    let Some(next) = Next::installed() else { return };
    for router in ROUTERS {
        let (site, mut browser) = (shared().await, Browser::default());
        let sign_in = next.request(router, &site, &mut browser, "signIn", &json!({ "redirectUri": CALLBACK }));
        let callback = site.mock.sign_in(sign_in["location"].as_str().unwrap(), "ada").await;
        // Meanwhile, in other tabs: a page that anyone may see, and a whole sign-in.
        let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
        assert!(!context.is_authenticated());
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        let ours = site.mock.sign_in(&url, "ada").await;
        site.end(&mut browser, &ours).await.unwrap();
        assert!(site.is_signed_in(&browser).await);

        let input = callback.strip_prefix(BASE_URL).unwrap();
        next.request(router, &site, &mut browser, "callback", &json!(input));
        assert_eq!(next.call(router, &site, &mut browser, "context", &json!(null))["isAuthenticated"], json!(true));
        assert!(site.is_signed_in(&browser).await, "{router}");
    }
}

/// What this crate notes of a session must not pass to the one that Next.js puts in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_session_at_logto_next_has_a_lifetime_of_its_own() {
    let Some(next) = Next::installed() else { return };
    let lifetime = SessionLifetime::new().idle(hours(2)).absolute(hours(2));
    let site =
        Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next).session_lifetime(lifetime)).await;
    let mut browser = site.signed_in("ada").await;
    site.advance(HOUR + HOUR / 2);
    next.signs_in("pages", &site, &mut browser).await;
    site.advance(HOUR);
    assert!(site.is_signed_in(&browser).await);
    // A refresh there does not begin another session.
    next.call("pages", &site, &mut browser, "accessToken", &json!(BOOKS));
    assert!(site.is_signed_in(&browser).await);
    site.mock.reset_counts();
    let mut stamped = site.signed_in("ada").await;
    site.advance(HOUR + HOUR / 2);
    next.call("pages", &site, &mut stamped, "accessToken", &json!(BOOKS));
    assert!(site.is_signed_in(&stamped).await);
    site.advance(HOUR);
    assert!(!site.is_signed_in(&stamped).await, "the absolute lifetime runs from the sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_was_signed_in_at_logto_next_stays_signed_in_when_the_move_ends() {
    let Some(next) = Next::installed() else { return };
    for router in ROUTERS {
        let site = Site::with(|mock| mock, from_next).await;
        let mut browser = Browser::default();
        next.signs_in(router, &site, &mut browser).await;
        let theirs = browser.cookies["logto_app"].clone();
        site.mock.reset_counts();
        assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated(), "{router}");
        assert_ne!(browser.cookies["logto_app"], theirs);
        assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
        assert_eq!(next.unseal(&browser.cookies["logto_app"]), json!({}), "it is a cookie of our own now");
        token(&site, &mut browser, TokenOptions::new().resource(BOOKS)).await;
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "their refresh token gave the new token");
    }
}

/// Two requests at once bring one cookie of theirs: each gets a stored session, and whichever answer comes last counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_from_logto_next_may_end_in_a_store() {
    let Some(next) = Next::installed() else { return };
    let configure = |config: LogtoConfigBuilder| from_next(config).session_store(MemoryStore::new());
    let site = Site::with(|mock| mock, configure).await;
    let mut browser = Browser::default();
    next.signs_in("pages", &site, &mut browser).await;
    let (mut first, mut second) = (browser.clone(), browser);
    for browser in [&mut first, &mut second] {
        assert!(site.context(browser, ContextOptions::new()).await.unwrap().is_authenticated());
        assert!(browser.cookies["logto_app"].len() < 100, "a reference");
        assert!(site.context(browser, ContextOptions::new()).await.unwrap().is_authenticated());
    }
    assert_ne!(first.cookies, second.cookies);
}

/// `createKVSessionWrapper` keeps plain JSON under a bare id that it takes from the cookie: nothing to share, see `docs/from-next.md`.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_the_key_value_wrapper_is_left_alone_as_not_signed_in() {
    let Some(next) = Next::installed() else { return };
    let kept = next.ask(&json!({ "op": "kv", "session": { "idToken": "a.b.c" } }));
    let id = kept["cookie"].as_str().unwrap();
    assert_eq!(kept["store"][format!("logto_session_{id}")], json!(r#"{"idToken":"a.b.c"}"#));
    let site = shared().await;
    let mut browser = Browser::default();
    browser.cookies.insert("logto_app".into(), id.into());
    assert!(!site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    assert_eq!(browser.cookies["logto_app"], id);
}

async fn shared() -> Site {
    Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next)).await
}

fn hours(hours: u64) -> std::time::Duration {
    std::time::Duration::from_secs(hours * HOUR)
}

async fn token(site: &Site, browser: &mut Browser, options: TokenOptions) -> String {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.unwrap().token().to_owned()
}

async fn token_refused(site: &Site, browser: &Browser) -> bool {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await;
    token.is_err_and(|error| error.requires_sign_in())
}

/// A Next.js app on the site, with the packages that `npm ci` installed.
struct Next(&'static Path);

impl Next {
    /// `None`, said aloud, where there is no Node or no package.
    fn installed() -> Option<Self> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/next-interop"));
        let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
        if node && folder.join("node_modules/@logto/next").is_dir() {
            return Some(Self(folder));
        }
        skipped("the tests with @logto/next", "they need Node and `npm ci` in tests/next-interop");
        None
    }

    fn ask(&self, command: &Value) -> Value {
        let mut node = Command::new("node")
            .arg("driver.mjs")
            .current_dir(self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        node.stdin.take().unwrap().write_all(command.to_string().as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        assert!(output.status.success(), "{command}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn unseal(&self, value: &str) -> Value {
        self.ask(&json!({ "op": "unseal", "value": value, "secret": COOKIE_SECRET }))
    }

    /// A request of the browser to the app; gives the whole answer.
    fn request(&self, router: &str, site: &Site, browser: &mut Browser, call: &str, input: &Value) -> Value {
        let config = site.logto.config();
        let secret = (config.app_id() == "app").then_some(APP_SECRET);
        let now = site.clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let answer = self.ask(&json!({
            "op": "request", "router": router, "call": call, "input": input, "now": now, "cookie": browser.header(),
            "config": {
                "endpoint": site.mock.endpoint(), "appId": config.app_id(), "appSecret": secret, "baseUrl": BASE_URL,
                "cookieSecret": COOKIE_SECRET, "cookieSecure": false, "resources": [BOOKS],
                "scopes": [scopes::ROLES, scopes::ORGANIZATIONS, scopes::ORGANIZATION_ROLES, "read:books"],
            },
        }));
        let headers: Vec<String> = serde_json::from_value(answer["setCookies"].clone()).unwrap();
        for header in &headers {
            let cookie = Cookie::parse(header.as_str()).unwrap();
            assert_eq!((cookie.path(), cookie.http_only(), cookie.domain()), (Some("/"), Some(true), None));
        }
        browser.receive(&headers);
        answer
    }

    /// The same; gives what the app's code gets.
    fn call(&self, router: &str, site: &Site, browser: &mut Browser, call: &str, input: &Value) -> Value {
        self.request(router, site, browser, call, input)["result"].clone()
    }

    async fn signs_in(&self, router: &str, site: &Site, browser: &mut Browser) {
        let sign_in = self.request(router, site, browser, "signIn", &json!({ "redirectUri": CALLBACK }));
        let callback = site.mock.sign_in(sign_in["location"].as_str().unwrap(), "ada").await;
        self.request(router, site, browser, "callback", &json!(callback.strip_prefix(BASE_URL).unwrap()));
    }
}
