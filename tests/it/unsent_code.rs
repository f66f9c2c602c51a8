//! A code that was never sent is as good as before: the page of the callback can be loaded again.

use logto::{
    RequestSession, SignInOptions,
    integrate::{AuthRequest, AuthResponse},
    testing::{Endpoint, Fault},
};

use crate::{
    logs::listen,
    plain_http::plain_http,
    support::{BASE_URL, Browser, Site},
};

async fn sent_back(site: &Site, options: SignInOptions) -> (Browser, String) {
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, options).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    (browser, callback)
}

async fn visit(site: &Site, browser: &mut Browser, target: &str) -> AuthResponse {
    let cookies = browser.header();
    let header = |name: &str| (name == "cookie").then(|| cookies.clone());
    let target = target.strip_prefix(BASE_URL).unwrap();
    let reply = site.logto.handle_auth_routes(&AuthRequest::new("GET", target, header)).await.unwrap();
    let set: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    reply
}

#[tokio::test]
async fn a_callback_can_be_loaded_again_after_a_refused_connection() {
    // Without a kept connection, which would break instead.
    let http = plain_http().pool_max_idle_per_host(0).build().unwrap();
    let site = Site::with(|mock| mock, |config| config.http_client(http)).await;
    // Also with the cookie of a long address, which goes when the sign-in ends.
    let long = format!("/books?{}", "q".repeat(1_000));
    for wanted in ["/books".to_owned(), long] {
        let (mut browser, callback) = sent_back(&site, SignInOptions::new().post_redirect_uri(&wanted)).await;
        let before = browser.cookies.clone();
        site.mock.stop().await;
        for _ in 0..2 {
            let page = visit(&site, &mut browser, &callback).await;
            assert_eq!(page.status(), 503);
            assert!(page.body().contains("network.unreachable"), "{}", page.body());
            assert!(page.headers().all(|(name, _)| name != "set-cookie"), "{page:?}");
        }
        let error = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(error.code(), "network.unreachable", "by hand as well");
        let session = RequestSession::new(site.logto.clone(), browser.header());
        assert_eq!(session.handle_sign_in(&callback).await.unwrap_err().code(), "network.unreachable");
        assert_eq!(session.commit().await.unwrap().set_cookies(), [""; 0]);
        assert_eq!(browser.cookies, before);
        site.mock.restart().await.unwrap();
        let reply = visit(&site, &mut browser, &callback).await;
        let location = reply.headers().find(|(name, _)| *name == "location").unwrap().1;
        assert_eq!((reply.status(), location), (302, format!("{BASE_URL}{wanted}").as_str()));
        assert!(site.is_signed_in(&browser).await);
        assert!(browser.cookies.keys().all(|name| !name.contains("_txn_")), "now it is used up: {browser:?}");
    }
}

#[tokio::test]
async fn a_code_that_was_sent_is_used_up_although_the_answer_was_lost() {
    for fault in [Fault::drop_connection(), Fault::status(500), Fault::status(502)] {
        let site = Site::start().await;
        let (mut browser, callback) = sent_back(&site, SignInOptions::new()).await;
        site.mock.inject_fault(Endpoint::Token, fault);
        let page = visit(&site, &mut browser, &callback).await;
        assert_eq!(page.status(), 503, "{}", page.body());
        assert!(browser.cookies.is_empty(), "{browser:?}");
        site.mock.clear_faults();
        let error = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(error.code(), "sign_in_session.not_found");
    }
}

#[tokio::test]
async fn an_error_of_a_moment_ago_is_told_with_a_log_line_that_nothing_was_asked() {
    let site = Site::start().await;
    let (browser, callback) = sent_back(&site, SignInOptions::new()).await;
    // An instance that has asked Logto nothing yet.
    let fresh = site.another_instance();
    site.mock.stop().await;
    for (not_asked, after) in [(0, 0), (1, 0), (0, 2)] {
        site.advance(after);
        let (log, _guard) = listen("logto=info");
        let mut cookies = browser.request();
        let error = fresh.handle_sign_in(&mut cookies, &callback).await.unwrap_err();
        assert_eq!(error.code(), "network.unreachable");
        assert_eq!(cookies.set_cookie_headers(), [""; 0], "the sign-in goes on");
        assert_eq!(log.text().matches("Logto was not asked").count(), not_asked, "{}", log.text());
        assert_eq!(log.text().matches("Logto was not reached").count(), 1 - not_asked, "{}", log.text());
    }
    site.mock.restart().await.unwrap();
    site.advance(2);
    let mut cookies = browser.request();
    _ = fresh.handle_sign_in(&mut cookies, &callback).await.unwrap();
}

#[tokio::test]
async fn a_code_that_was_sent_is_used_up_although_nobody_answers_for_the_keys() {
    let site = Site::start().await;
    let (mut browser, callback) = sent_back(&site, SignInOptions::new()).await;
    let fresh = Site { logto: site.another_instance(), ..site };
    fresh.mock.tamper_discovery(|document| document["jwks_uri"] = "http://127.0.0.1:1/jwks".into());
    fresh.mock.reset_counts();
    let page = visit(&fresh, &mut browser, &callback).await;
    assert_eq!((page.status(), fresh.mock.request_count(Endpoint::Token)), (503, 1), "{}", page.body());
    assert!(page.body().contains("network.unreachable"), "{}", page.body());
    assert!(browser.cookies.is_empty(), "{browser:?}");
    _ = visit(&fresh, &mut browser, &callback).await;
    assert_eq!(fresh.mock.request_count(Endpoint::Token), 1, "the code is not sent a second time");
}

/// The cookie of the sign-in has a name of before.
#[tokio::test]
async fn a_sign_in_of_an_earlier_name_is_put_back_whole() {
    let http = plain_http().pool_max_idle_per_host(0).build().unwrap();
    let site = Site::with(|mock| mock, |config| config.http_client(http.clone())).await;
    for wanted in ["/books".to_owned(), format!("/books?{}", "q".repeat(1_000))] {
        let options = SignInOptions::new().post_redirect_uri(&wanted).app_state("pro");
        let (mut browser, callback) = sent_back(&site, options).await;
        let renamed = site.redeployed(|config| {
            config.http_client(http.clone()).cookie_name("other").previous_cookie_names(["logto_app"])
        });
        renamed.warm_up().await.unwrap();
        let before = browser.cookies.clone();
        site.mock.stop().await;
        let mut cookies = browser.request();
        let error = renamed.handle_sign_in(&mut cookies, &callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), cookies.set_cookie_headers().len()), ("network.unreachable", 0));
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(browser.cookies, before);
        site.mock.restart().await.unwrap();
        let mut cookies = browser.request();
        let redirect = renamed.handle_sign_in(&mut cookies, &callback).await.unwrap();
        assert_eq!(redirect.location(), format!("{BASE_URL}{wanted}"));
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["other"]);
        let state = renamed.take_app_state::<String>(&mut browser.request()).await.unwrap();
        assert_eq!(state.as_deref(), Some("pro"));
    }
}
