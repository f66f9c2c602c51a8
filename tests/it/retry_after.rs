//! `Retry-After` (RFC 9110 section 10.2.3): a server that asks to be left alone is, and the sessions go on as in an outage.

mod documents;

use std::time::Duration;

use logto::{
    ContextOptions, Error, RequestSession, TokenOptions,
    integrate::{AuthRequest, ResponseFormat},
    machine::MachineClient,
};

use crate::{
    altered::{Altered, answer},
    support::{APP_SECRET, Browser, Site},
};

const TOKEN: &str = "/oidc/token";
const ME: &str = "/oidc/me";

async fn site() -> (Site, Altered) {
    let http = Altered::new();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    (site, http)
}

/// From now on the path answers with 429 and this value of `Retry-After`.
fn busy(http: &Altered, path: &'static str, status: u16, retry_after: &str) {
    let headers = [("retry-after", retry_after.to_owned()), ("date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())];
    http.answer(move |asked| {
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        (asked == path).then(|| answer(status, &headers))
    });
}

fn good(http: &Altered) {
    http.answer(|_| None);
}

fn seconds(error: &Error) -> Option<u64> {
    error.retry_after().map(|time| time.as_secs())
}

#[tokio::test]
async fn a_refresh_is_asked_for_once_in_the_time_that_logto_names_over_many_page_views() {
    let (site, http) = site().await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    // The access token of the sign-in is in its last minute at first, then over.
    site.advance(3_550);
    http.take_requests();
    busy(&http, TOKEN, 429, "120");
    let mut served = 0;
    for view in 0..50_u64 {
        // Every page of the application asks for a token, and each third insists on a fresh one.
        let options = TokenOptions::new().force_refresh(view % 3 == 0);
        let mut cookies = browser.request();
        let result = site.logto.get_access_token(&mut cookies, options).await;
        browser.receive(&cookies.set_cookie_headers());
        match result {
            Ok(_) => served += 1,
            Err(error) => {
                assert!(error.is_transient() && error.provider_status() == Some(429), "{error}");
                assert_eq!((error.http_status(), seconds(&error)), (503, Some(120 - 2 * view)), "{view}");
            }
        }
        assert!(site.is_signed_in(&browser).await, "{view}");
        site.advance(2);
    }
    assert_eq!((http.asked(TOKEN), served), (1, 16), "the last seconds of the present token are used");
    assert_eq!(browser.cookies, before, "nothing was lost or written");
    site.advance(19);
    assert!(browser.get_token(&site.logto).await.is_err());
    assert_eq!(http.asked(TOKEN), 0);
    site.advance(1);
    good(&http);
    browser.get_token(&site.logto).await.unwrap();
    assert_eq!(http.asked(TOKEN), 1);
}

/// The answers that come late, at once, and from tabs that were opened meanwhile are those of the same grant.
#[tokio::test]
async fn requests_at_once_and_for_different_tokens_share_the_pause_of_their_grant() {
    let (site, http) = site().await;
    let (ada, grace) = (site.signed_in("ada").await, site.signed_in("ada").await);
    http.take_requests();
    busy(&http, TOKEN, 503, "60");
    let options = || TokenOptions::new().force_refresh(true);
    let ask = async |browser: &Browser, options| {
        site.logto.get_access_token(&mut browser.request(), options).await.unwrap_err()
    };
    let (one, two) = tokio::join!(ask(&ada, options()), ask(&ada, options().organization("org-acme")));
    let books = ask(&ada, options().resource(crate::support::BOOKS)).await;
    assert_eq!([one, two, books].map(|error| seconds(&error)), [Some(60); 3]);
    let all = site.context(&mut ada.clone(), ContextOptions::new().access_token(options())).await.unwrap_err();
    assert_eq!((seconds(&all), http.asked(TOKEN)), (Some(60), 1));
    // Another session of the user is another grant, about which Logto has said nothing.
    good(&http);
    site.logto.get_access_token(&mut grace.request(), options()).await.unwrap();
    assert_eq!(http.asked(TOKEN), 1);
    // Another host, or other settings for the same application, share what is known; another instance asks for itself.
    assert_eq!(seconds(&ask(&ada, options()).await), Some(60));
    let another = site.another_instance();
    another.get_access_token(&mut ada.request(), options()).await.unwrap();
    assert_eq!(http.asked(TOKEN), 1);
}

#[tokio::test]
async fn any_value_of_retry_after_is_bounded() {
    for (value, told, paused_for) in [
        ("1", Some(1), 1),
        ("300", Some(300), 300),
        ("301", Some(301), 300),
        ("86400", Some(86_400), 300),
        ("99999999999999999999999", Some(86_400), 300),
        ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30), 30),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(86_400), 300),
        // No pause.
        ("0", Some(0), 0),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0), 0),
        ("-5", None, 0),
        ("1.5", None, 0),
        ("soon", None, 0),
        ("", None, 0),
    ] {
        let (site, http) = site().await;
        let browser = site.signed_in("ada").await;
        let ask = async || {
            let options = TokenOptions::new().force_refresh(true);
            site.logto.get_access_token(&mut browser.request(), options).await.map(drop)
        };
        busy(&http, TOKEN, 429, value);
        http.take_requests();
        assert_eq!(seconds(&ask().await.unwrap_err()), told, "{value}");
        if paused_for > 0 {
            site.advance(paused_for - 1);
            let error = ask().await.unwrap_err();
            assert_eq!((seconds(&error), http.asked(TOKEN)), (Some(1), 1), "{value}");
            site.advance(1);
        }
        http.take_requests();
        good(&http);
        ask().await.unwrap();
        assert_eq!(http.asked(TOKEN), 1, "{value}");
        ask().await.unwrap();
        assert!(site.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_ends_a_pause_and_one_that_is_set_forward_does_too() {
    let (site, http) = site().await;
    let browser = site.signed_in("ada").await;
    let ask = async || {
        let options = TokenOptions::new().force_refresh(true);
        site.logto.get_access_token(&mut browser.request(), options).await.map(drop)
    };
    for set in [|site: &Site| site.clock.rewind(Duration::from_secs(5)), |site: &Site| site.advance(86_400)] {
        busy(&http, TOKEN, 429, "120");
        ask().await.unwrap_err();
        good(&http);
        ask().await.unwrap_err();
        set(&site);
        http.take_requests();
        ask().await.unwrap();
        assert_eq!(http.asked(TOKEN), 1);
    }
}

/// A refusal is no request to wait: the session is over, whatever the header says.
#[tokio::test]
async fn a_refusal_with_retry_after_is_a_refusal() {
    let (site, http) = site().await;
    let mut browser = site.signed_in("ada").await;
    http.answer(|path| {
        let mut refused = answer(400, &[("retry-after", "120"), ("content-type", "application/json")]);
        *refused.body_mut() = br#"{"error":"invalid_grant"}"#.to_vec();
        (path == TOKEN).then_some(refused)
    });
    let mut cookies = browser.request();
    let options = TokenOptions::new().force_refresh(true);
    let error = site.logto.get_access_token(&mut cookies, options).await.unwrap_err();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!(error.code(), "session.ended");
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn user_info_is_asked_for_once_in_the_time_that_logto_names() {
    let (site, http) = site().await;
    let browser = site.signed_in("ada").await;
    let ask = async || site.logto.fetch_user_info(&mut browser.request()).await;
    busy(&http, ME, 429, "120");
    http.take_requests();
    for view in 0..50_u64 {
        let error = ask().await.unwrap_err();
        assert_eq!((error.provider_status(), seconds(&error)), (Some(429), Some(120 - 2 * view)));
        site.advance(2);
    }
    assert_eq!((http.asked(ME), http.asked(TOKEN)), (1, 0));
    site.advance(20);
    good(&http);
    assert_eq!(ask().await.unwrap().username.as_deref(), Some("ada"));
    assert!(ask().await.is_ok() && http.asked(ME) == 2);
}

#[tokio::test]
async fn a_machine_waits_as_a_session_does() {
    let (site, http) = site().await;
    let machine = MachineClient::builder().config(site.logto.config()).app_id("machine").app_secret(APP_SECRET);
    let machine = machine.build().unwrap();
    busy(&http, TOKEN, 429, "3600");
    for view in 0..50_u64 {
        let error = machine.get_access_token(TokenOptions::new().resource(crate::support::BOOKS)).await.unwrap_err();
        let left = if view == 0 { 3_600 } else { 300 - 5 * view };
        assert_eq!(seconds(&error), Some(left), "{view}");
        site.advance(5);
    }
    assert_eq!(http.asked(TOKEN), 1);
}

/// What a browser or a program is told: the rest of the time, in whole seconds.
#[tokio::test]
async fn the_answer_of_the_application_says_when_to_come_again() {
    let (site, http) = site().await;
    let browser = site.signed_in("ada").await;
    busy(&http, TOKEN, 429, "120");
    for (passed, told) in [(0, "120"), (50, "70")] {
        site.advance(passed);
        let session = RequestSession::new(site.logto.clone(), browser.header());
        let error = session.get_access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
        for accept in ["text/html", "application/json"] {
            let request = AuthRequest::new("GET", "/me", |name| (name == "accept").then(|| accept.to_owned()));
            let reply = site.logto.error_response(&request, &error);
            let header = reply.headers().find(|(name, _)| *name == "retry-after").map(|(_, value)| value);
            assert_eq!((reply.status(), header), (503, Some(told)), "{accept}");
            assert_eq!(request.response_format() == ResponseFormat::Html, accept == "text/html");
        }
    }
}
