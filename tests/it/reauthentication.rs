//! `reauthenticate_after_timeout`: after a session that timed out Logto has to ask the user, however the browser forgot it and whichever way the
//! sign-in begins. After a sign-out it does not.

use std::time::Duration;

use logto::{
    ContextOptions, LogtoConfigBuilder, Prompt, RequestSession, SessionFormat, SessionLifetime, SignInOptions,
    SignOutOptions, cookies::SameSite, integrate::AuthRequest, store::MemoryStore, testing::TestClock,
};
use url::Url;

use crate::support::{Browser, Site};

const MARKER: &str = "logto_app_reauthenticate";

fn short(config: LogtoConfigBuilder) -> LogtoConfigBuilder {
    let lifetime = SessionLifetime::new().idle(Duration::from_secs(900)).absolute(Duration::from_secs(3600));
    config.session_lifetime(lifetime).reauthenticate_after_timeout(true)
}

async fn sites() -> Vec<(&'static str, Site)> {
    let clock = TestClock::new();
    let store = MemoryStore::new().clock(clock.clone());
    vec![
        ("cookies", Site::with(|mock| mock, short).await),
        ("store", Site::with_clock(clock, |mock| mock, |config| short(config).session_store(store)).await),
        ("next", Site::with(|mock| mock, |config| short(config).session_format(SessionFormat::Next)).await),
    ]
}

fn parameter(url: &str, wanted: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

fn prompt(url: &str) -> String {
    parameter(url, "prompt").unwrap()
}

/// As a browser does whose `Max-Age` is over.
fn forget_all_but_the_marker(browser: &mut Browser) {
    browser.cookies.retain(|name, _| name == MARKER);
}

#[tokio::test]
async fn after_a_timeout_logto_asks_and_the_user_has_a_refresh_token_again() {
    for (place, site) in sites().await {
        for over in [900, 3600] {
            for cookie_is_there in [true, false] {
                let case = format!("{place} {over} {cookie_is_there}");
                let mut browser = Browser::default();
                let first = site.begin(&mut browser, SignInOptions::new()).await;
                assert_eq!(prompt(&first), "consent", "{case}: nobody was signed in before");
                let callback = site.mock.sign_in(&first, "ada").await;
                site.end(&mut browser, &callback).await.unwrap();
                site.advance(over);
                if !cookie_is_there {
                    forget_all_but_the_marker(&mut browser);
                }
                // A page that is looked at in between deletes the cookie, and what is known of it stays.
                let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
                assert!(!context.is_authenticated(), "{case}");
                let again = site.begin(&mut browser, SignInOptions::new()).await;
                assert_eq!(prompt(&again), "login consent", "{case}");
                assert_eq!(parameter(&again, "max_age").as_deref(), Some("3600"), "{case}");
                let callback = site.mock.sign_in(&again, "ada").await;
                site.end(&mut browser, &callback).await.unwrap();
                let session = RequestSession::new(site.logto.clone(), browser.header());
                assert!(session.get_refresh_token().await.unwrap().is_some(), "{case}");
                // One who is signed in is not asked.
                assert_eq!(prompt(&site.begin(&mut browser, SignInOptions::new()).await), "consent", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_logto_did_not_ask_for_is_refused_after_a_timeout() {
    for (place, site) in sites().await {
        let mut browser = site.signed_in("ada").await;
        // A sign-in that began before the session timed out, and so asks for nothing.
        let begun_before = site.begin(&mut browser, SignInOptions::new()).await;
        assert_eq!(prompt(&begun_before), "consent", "{place}");
        site.advance(901);
        let callback = site.mock.sign_in(&begun_before, "ada").await;
        let error = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_auth_time", "{place}");
        assert!(!site.is_signed_in(&browser).await, "{place}");
        // A server that passes the prompt over.
        let asked = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&asked.replace("prompt=login+consent", "prompt=consent"), "ada").await;
        let error = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(error.code(), "id_token.invalid_auth_time", "{place}");
        let asked = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&asked, "ada").await;
        site.end(&mut browser, &callback).await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_out_is_no_timeout() {
    for (place, site) in sites().await {
        for timed_out_first in [false, true] {
            for way in ["sign_out", "sign_out_locally", "clear_all_tokens"] {
                let mut browser = site.signed_in("ada").await;
                assert!(browser.cookies.contains_key(MARKER), "{place} {way}");
                if timed_out_first {
                    site.advance(901);
                }
                let session = RequestSession::new(site.logto.clone(), browser.header());
                match way {
                    "sign_out" => drop(session.sign_out(SignOutOptions::new()).await.unwrap()),
                    "sign_out_locally" => session.sign_out_locally().await.unwrap(),
                    _ => session.clear_all_tokens().await.unwrap(),
                }
                browser.receive(session.commit().await.unwrap().set_cookies());
                assert!(!browser.cookies.contains_key(MARKER), "{place} {way} {timed_out_first}");
                let next = site.begin(&mut browser, SignInOptions::new()).await;
                assert_eq!(prompt(&next), "consent", "{place} {way} {timed_out_first}");
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_without_a_page_is_none_after_a_timeout() {
    for (place, site) in sites().await {
        let mut browser = site.signed_in("ada").await;
        site.advance(901);
        let silent = SignInOptions::new().silent(true);
        for options in [silent.clone(), SignInOptions::new().prompt([Prompt::None])] {
            let location = site.begin(&mut browser, options.post_redirect_uri("/books?asked")).await;
            assert_eq!(location, "http://localhost:3000/books?asked", "{place}: not to Logto");
        }
        assert!(!site.is_signed_in(&browser).await, "{place}");
        let asked = site.begin(&mut browser, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&asked, "ada").await;
        site.end(&mut browser, &callback).await.unwrap();
        assert_eq!(prompt(&site.begin(&mut browser, silent).await), "none", "{place}: the user is signed in");
    }
}

#[tokio::test]
async fn prompts_and_ages_of_the_application_are_kept_beside_the_question() {
    let site = Site::with(|mock| mock, short).await;
    let mut browser = site.signed_in("ada").await;
    site.advance(901);
    for (options, prompts, max_age) in [
        (SignInOptions::new().prompt([Prompt::Login]), "login", "3600"),
        (SignInOptions::new().prompt([Prompt::Consent, Prompt::Login]), "login consent", "3600"),
        (SignInOptions::new().max_age(Duration::from_secs(60)), "login consent", "60"),
    ] {
        let url = site.begin(&mut browser, options).await;
        assert_eq!((prompt(&url).as_str(), parameter(&url, "max_age").as_deref()), (prompts, Some(max_age)));
    }
}

/// The route, as guards and pages lead to it.
#[tokio::test]
async fn the_sign_in_route_asks_after_a_timeout() {
    let site = Site::with(|mock| mock, short).await;
    let mut browser = site.signed_in("ada").await;
    site.advance(901);
    forget_all_but_the_marker(&mut browser);
    let cookies = browser.header();
    let header = |name: &str| match name {
        "cookie" => Some(cookies.clone()),
        "accept" => Some("text/html".to_owned()),
        _ => None,
    };
    let request = AuthRequest::new("GET", "/logto/sign-in?return_to=/books", header);
    let reply = site.logto.handle_auth_routes(&request).await.unwrap();
    let location = reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned();
    assert_eq!(prompt(&location), "login consent");
}

#[tokio::test]
async fn sessions_from_before_the_setting_are_remembered_with_their_next_page() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    assert!(!browser.cookies.contains_key(MARKER), "without the setting there is no such cookie");
    let logto = site.redeployed(short);
    let session = RequestSession::new(logto.clone(), browser.header());
    assert!(session.is_authenticated().await.unwrap());
    browser.receive(session.commit().await.unwrap().set_cookies());
    assert!(browser.cookies.contains_key(MARKER));
    let session = RequestSession::new(logto, browser.header());
    assert!(session.is_authenticated().await.unwrap());
    assert_eq!(session.commit().await.unwrap().set_cookies(), [""; 0], "once");
}

#[tokio::test]
async fn without_the_setting_nothing_changes() {
    let site = Site::with(|mock| mock, |config| short(config).reauthenticate_after_timeout(false)).await;
    let mut browser = site.signed_in("ada").await;
    site.advance(901);
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    assert_eq!((prompt(&url).as_str(), parameter(&url, "max_age")), ("consent", None));
}

#[tokio::test]
async fn the_cookie_comes_back_from_another_site_and_says_nothing() {
    let strict = |config: LogtoConfigBuilder| short(config).cookie_same_site(SameSite::Strict);
    let site = Site::with(|mock| mock, strict).await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let mut cookies = browser.request();
    _ = site.logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    let headers = cookies.set_cookie_headers();
    let marker = headers.iter().find(|header| header.starts_with(MARKER)).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=34560000"] {
        assert!(marker.contains(attribute), "{marker}");
    }
    assert!(marker.starts_with(&format!("{MARKER}=1;")), "{marker}");
}
