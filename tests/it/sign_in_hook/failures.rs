//! A hook that fails, panics or never returns: the sign-in ends, and nothing is half done.

use std::{future, time::Duration};

use logto::{
    Error, ErrorKind, SignIn, SignInRefusal,
    testing::{Endpoint, Fault},
};

use super::{Asked, header, sent_back, sub, visit};
use crate::{
    logs::listen,
    support::{Browser, Site},
};

async fn site<F, Fut>(hook: F) -> Site
where
    F: Fn(SignIn) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), SignInRefusal>> + Send + 'static,
{
    Site::with(|mock| mock, |config| config.on_sign_in(hook)).await
}

/// The error and the page of a sign-in that ends so, with a session of before and without; and what is in the log.
async fn end(site: &Site, code: &str, status: u16) -> String {
    let (log, _guard) = listen("logto=info");
    for before in [Browser::default(), forged(site).await] {
        let bob = sub(site, &before).await;
        let (browser, callback) = sent_back(site, before, "ada").await;
        let mut after = browser.clone();
        let page = visit(&site.logto, &mut after, "GET", &callback, "text/html").await;
        assert_eq!(page.status(), status);
        assert!(page.body().contains(code), "{}", page.body());
        assert!(header(&page, "location").is_none());
        assert_eq!(sub(site, &after).await, bob, "the session of before is as it was");
        assert!(after.cookies.keys().all(|name| !name.contains("_txn_")), "the sign-in is used up");
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1, "the refresh token is revoked");
        // A second request with the callback gets the same.
        let mut copy = browser.clone();
        let error: Error = site.end(&mut copy, &callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.http_status()), (code, status));
        assert_eq!(error.kind(), ErrorKind::Application);
        assert_eq!(sub(site, &copy).await, bob);
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1);
    }
    log.text()
}

/// Bob, who did not pass the hook.
async fn forged(site: &Site) -> Browser {
    let mut browser = Browser::default();
    let cookie = logto::testing::TestSession::new().sub("bob").cookie_header(site.logto.config()).await.unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    browser.cookies.insert(name.to_owned(), value.to_owned());
    browser
}

#[tokio::test]
async fn an_error_in_a_hook_fails_the_sign_in_with_its_cause_in_the_log() {
    let site = site(|_: SignIn| async { Err(std::io::Error::other("the disk SENTINEL is full"))? }).await;
    let log = end(&site, "sign_in.hook_failed", 500).await;
    assert!(log.contains("the disk SENTINEL is full"), "{log}");
    assert_eq!(log.matches("the sign-in hook failed").count(), 2, "once for each sign-in: {log}");
    assert!(!log.contains("answered with an error"), "it is logged once: {log}");
}

#[tokio::test]
async fn the_cause_of_a_failure_is_not_told_to_users() {
    let failing = |_: SignIn| async { Err(SignInRefusal::failure("SENTINEL: password authentication failed")) };
    let site = Site::with(|mock| mock, |config| config.base_url("https://app.example.test").on_sign_in(failing)).await;
    site.mock.update_app("app", |app| app.redirect_uri("https://app.example.test/callback"));
    let (browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let target = callback.strip_prefix("https://app.example.test").unwrap();
    for accept in ["text/html", "application/json"] {
        let page = visit(&site.logto, &mut browser.clone(), "GET", target, accept).await;
        assert_eq!(page.status(), 500);
        assert!(page.body().contains("sign_in.hook_failed") && !page.body().contains("SENTINEL"), "{}", page.body());
    }
    let error = site.end(&mut browser.clone(), &callback).await.unwrap_err();
    let reply = logto::integrate::AuthResponse::from(&error);
    assert!(!reply.body().contains("SENTINEL"), "{}", reply.body());
}

#[tokio::test]
async fn a_hook_that_cannot_ask_logto_fails_as_what_may_soon_work() {
    let site = site(|sign_in: SignIn| async move {
        sign_in.fetch_user_info().await?;
        Ok(())
    })
    .await;
    site.mock.inject_fault(Endpoint::UserInfo, Fault::status(500));
    end(&site, "sign_in.hook_failed", 503).await;
    site.mock.clear_faults();
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert!(site.is_signed_in(&browser).await, "the next sign-in asks it anew");
}

fn panics_at_once(_: SignIn) -> future::Ready<Result<(), SignInRefusal>> {
    panic!("at once")
}

#[tokio::test]
async fn a_panic_in_a_hook_fails_the_sign_in_alone() {
    let site = site(|_: SignIn| async { panic!("out of luck") }).await;
    let log = end(&site, "sign_in.hook_failed", 500).await;
    assert!(log.contains("panicked"), "{log}");
    // Also where the function itself panics, before there is anything to wait for.
    let site = Site::with(|mock| mock, |config| config.on_sign_in(panics_at_once)).await;
    end(&site, "sign_in.hook_failed", 500).await;
}

#[tokio::test]
async fn a_hook_that_never_returns_ends_with_a_code_of_its_own() {
    let asked = Asked::default();
    let count = asked.clone();
    let hook = move |_: SignIn| {
        count.note();
        future::pending()
    };
    let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
    let (log, _guard) = listen("logto=info");
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let copy = browser.clone();
    let mut cookies = browser.request();
    let pending = site.logto.verify_sign_in(&mut cookies, &callback).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    // From here on nothing but the hook is waited for, and time passes at once.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let error = site.logto.accept_sign_in(&mut browser.request(), pending).await.unwrap_err();
    let waited = begun.elapsed();
    tokio::time::resume();
    assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.hook_timeout", 500));
    assert!((10..15).contains(&waited.as_secs()), "{waited:?}");
    assert!(log.text().contains("did not answer within 10s"), "{}", log.text());
    assert!(browser.cookies.is_empty());
    let error = site.end(&mut copy.clone(), &callback).await.unwrap_err();
    assert_eq!((error.code().as_str(), asked.count()), ("sign_in.hook_timeout", 1), "it is not asked again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn data_that_is_too_large_fails_the_sign_in_by_the_hooks_own_error() {
    let site = site(|sign_in: SignIn| async move {
        sign_in.set_data(&"x".repeat(1023))?;
        Ok(())
    })
    .await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!(error.code(), "sign_in.hook_failed");
    assert!(error.to_string().contains("1025 bytes as JSON, and 1024 is the most"), "{error}");
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn what_a_hook_keeps_of_a_sign_in_changes_nothing_afterwards() {
    let kept: std::sync::Arc<std::sync::Mutex<Option<SignIn>>> = std::sync::Arc::default();
    let notes = std::sync::Arc::clone(&kept);
    let site = site(move |sign_in: SignIn| {
        *notes.lock().unwrap() = Some(sign_in);
        future::ready(Ok(()))
    })
    .await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    let sign_in = kept.lock().unwrap().take().unwrap();
    assert_eq!(sign_in.set_data("too late").unwrap_err().code(), "options.invalid");
    assert_eq!(site.logto.data::<String>(&browser.request()).await.unwrap(), None);
    tokio::time::timeout(Duration::from_secs(5), sign_in.fetch_user_info()).await.unwrap().unwrap();
}
