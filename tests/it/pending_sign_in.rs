//! A sign-in that was verified signs nobody in until the application accepts it.

use logto::{
    LogtoClient, PendingSignIn, RequestSession, SessionFormat, SignInOptions, TokenOptions,
    store::MemoryStore,
    testing::{Endpoint, Fault},
};

use crate::{
    logs::listen,
    support::{BASE_URL, Browser, Site},
};

/// A browser that Logto has sent back, and the address it was sent to.
async fn sent_back(site: &Site, mut browser: Browser, user: &str) -> (Browser, String) {
    site.mock.clear_browser_session();
    let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/wanted")).await;
    let callback = site.mock.sign_in(&url, user).await;
    (browser, callback)
}

async fn sub(site: &Site, browser: &Browser) -> Option<String> {
    site.logto.get_id_token_claims(&browser.request()).await.unwrap().map(|claims| claims.sub)
}

async fn verify(site: &Site, browser: &mut Browser, callback: &str) -> logto::Result<PendingSignIn> {
    let mut cookies = browser.request();
    let pending = site.logto.verify_sign_in(&mut cookies, callback).await;
    browser.receive(&cookies.set_cookie_headers());
    pending
}

async fn accept(site: &Site, browser: &mut Browser, pending: PendingSignIn) -> logto::Result<String> {
    let mut cookies = browser.request();
    let redirect = site.logto.accept_sign_in(&mut cookies, pending).await;
    browser.receive(&cookies.set_cookie_headers());
    redirect.map(|redirect| redirect.location().to_owned())
}

async fn sites() -> Vec<(&'static str, Site, Option<MemoryStore>)> {
    let store = MemoryStore::new();
    vec![
        ("cookies", Site::start().await, None),
        ("a store", Site::with(|mock| mock, |config| config.session_store(store.clone())).await, Some(store)),
        ("Next.js", Site::with(|mock| mock, |config| config.session_format(SessionFormat::Next)).await, None),
    ]
}

#[tokio::test]
async fn nobody_is_signed_in_before_the_sign_in_is_accepted() {
    for (place, site, store) in sites().await {
        let (log, _guard) = listen("logto=info");
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        let pending = verify(&site, &mut browser, &callback).await.unwrap();
        assert_eq!(pending.claims().username.as_deref(), Some("ada"), "{place}");
        assert_eq!(pending.return_to(), format!("{BASE_URL}/wanted"));
        assert!(browser.cookies.is_empty(), "{place}: the sign-in is used up, and there is no session");
        assert!(store.as_ref().is_none_or(MemoryStore::is_empty), "nothing was stored");
        assert!(!log.text().contains("signed in"), "{}", log.text());
        assert_eq!(accept(&site, &mut browser, pending).await.unwrap(), format!("{BASE_URL}/wanted"));
        assert!(log.text().contains("signed in"), "{place}");
        assert!(site.is_signed_in(&browser).await, "{place}");
        let mut cookies = browser.request();
        site.logto.get_access_token(&mut cookies, TokenOptions::new().force_refresh(true)).await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_in_that_is_dropped_leaves_the_session_of_before() {
    for (place, site, _) in sites().await {
        let browser = site.signed_in("bob").await;
        let bob = sub(&site, &browser).await;
        let (mut browser, callback) = sent_back(&site, browser, "ada").await;
        let before = browser.clone();
        drop(verify(&site, &mut browser, &callback).await.unwrap());
        assert_eq!(sub(&site, &browser).await, bob, "{place}");
        assert!(browser.cookies.keys().all(|name| !name.contains("_txn_")), "{place}: it is used up");
        // Another request with the callback signs nobody in, either, unless that one is accepted.
        let mut copy = before.clone();
        let pending = verify(&site, &mut copy, &callback).await.unwrap();
        assert_eq!((sub(&site, &copy).await, sub(&site, &browser).await), (bob.clone(), bob), "{place}");
        accept(&site, &mut copy, pending).await.unwrap();
        assert_eq!(sub(&site, &copy).await.unwrap(), site_sub(&site, "ada").await, "{place}");
        assert_eq!(sub(&site, &browser).await, None, "{place}: now the session of before is over");
    }
}

async fn site_sub(site: &Site, user: &str) -> String {
    let (mut browser, callback) = sent_back(site, Browser::default(), user).await;
    verify(site, &mut browser, &callback).await.unwrap().claims().sub.clone()
}

#[tokio::test]
async fn a_refused_sign_in_keeps_the_previous_session_after_revoking_the_new_token() {
    for (place, site, store) in sites().await {
        let browser = site.signed_in("bob").await;
        let bob = sub(&site, &browser).await;
        let (mut browser, callback) = sent_back(&site, browser, "ada").await;
        let mut copy = browser.clone();
        let before = browser.clone();
        let pending = verify(&site, &mut browser, &callback).await.unwrap();
        let accepted_too_late = verify(&site, &mut copy, &callback).await.unwrap();
        site.mock.reset_counts();
        pending.refuse().await;
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1, "{place}");
        assert_eq!(sub(&site, &browser).await, bob, "{place}");
        assert!(store.is_none_or(|store| store.len() == 1), "Bob's alone");
        // For every request with the callback.
        let error = accept(&site, &mut copy, accepted_too_late).await.unwrap_err();
        assert_eq!(error.code(), "sign_in_session.not_found", "{place}");
        let error = site.end(&mut before.clone(), &callback).await.unwrap_err();
        assert_eq!(error.code(), "sign_in_session.not_found", "{place}");
        assert_eq!(sub(&site, &copy).await, bob, "{place}");
    }
}

#[tokio::test]
async fn a_refusal_ends_the_session_that_another_request_began() {
    for (place, site, store) in sites().await {
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        let mut copy = browser.clone();
        let pending = verify(&site, &mut copy, &callback).await.unwrap();
        site.end(&mut browser, &callback).await.unwrap();
        assert!(site.is_signed_in(&browser).await);
        pending.refuse().await;
        assert!(!site.is_signed_in(&browser).await, "{place}");
        assert!(store.is_none_or(|store| store.is_empty()));
    }
}

#[tokio::test]
async fn a_sign_in_is_refused_although_logto_does_not_answer() {
    let site = Site::start().await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let pending = verify(&site, &mut browser, &callback).await.unwrap();
    site.mock.inject_fault(Endpoint::Revocation, Fault::drop_connection());
    let (log, _guard) = listen("logto=info");
    pending.refuse().await;
    assert!(log.text().contains(r#"by="application""#) && log.text().contains("was not revoked"));
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn user_info_is_there_before_the_sign_in_is_accepted() {
    let site = Site::start().await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let pending = verify(&site, &mut browser, &callback).await.unwrap();
    let user = pending.fetch_user_info().await.unwrap();
    assert_eq!(user.sub, pending.claims().sub);
    assert!(user.custom_data.is_some(), "what no ID token has");
    site.mock.inject_fault(Endpoint::UserInfo, Fault::status(500).times(1));
    assert!(pending.fetch_user_info().await.unwrap_err().is_transient());
    site.mock.tamper_user_info(|claims| claims["sub"] = "another".into());
    assert_eq!(pending.fetch_user_info().await.unwrap_err().code(), "user_info.sub_mismatched");
    site.mock.clear_tampering();
    accept(&site, &mut browser, pending).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_request_session_signs_in_only_when_the_pending_sign_in_is_accepted() {
    let site = Site::start().await;
    for accepts in [false, true] {
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        let session = RequestSession::new(site.logto.clone(), browser.header());
        let pending = session.verify_sign_in(&callback).await.unwrap();
        // It holds no lock: other verbs go on.
        assert!(!session.is_authenticated().await.unwrap());
        if accepts {
            _ = session.accept_sign_in(pending).await.unwrap();
        }
        assert_eq!(session.is_authenticated().await.unwrap(), accepts);
        browser.receive(session.commit().await.unwrap().set_cookies());
        assert_eq!(site.is_signed_in(&browser).await, accepts);
        assert_eq!(browser.cookies.len(), usize::from(accepts), "the cookie of the sign-in is gone");
    }
}

#[tokio::test]
async fn a_sign_in_verified_by_a_loaded_session_is_accepted_by_the_same_session() {
    let site = Site::start().await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let mut cookies = browser.request();
    let mut session = site.logto.load_session(&cookies).await.unwrap();
    let pending = session.verify_sign_in(&callback).await.unwrap();
    assert!(!session.is_authenticated());
    _ = session.accept_sign_in(pending).await.unwrap();
    assert!(session.is_authenticated());
    session.commit(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_sign_in_of_another_application_is_not_accepted() {
    let (site, other) = (Site::start().await, Site::rotating().await);
    let (mut browser, callback) = sent_back(&other, Browser::default(), "ada").await;
    let pending = verify(&other, &mut browser, &callback).await.unwrap();
    let error = accept(&site, &mut browser, pending).await.unwrap_err();
    assert_eq!(error.code(), "options.invalid");
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn an_error_answer_of_the_callback_route_carries_no_session() {
    // Each way in which a callback can fail, with a session of before and without.
    let site = Site::start().await;
    for faulty in ["state", "code", "token endpoint", "ID token"] {
        for before in [Browser::default(), site.signed_in("bob").await] {
            let bob = sub(&site, &before).await;
            let (browser, callback) = sent_back(&site, before, "ada").await;
            let target = match faulty {
                "state" => callback.replace("state=", "state=x"),
                "code" => callback.replace("code=", "code=x"),
                _ => callback,
            };
            match faulty {
                "token endpoint" => site.mock.inject_fault(Endpoint::Token, Fault::status(500).times(1)),
                "ID token" => site.mock.break_signatures(true),
                _ => {}
            }
            let request = logto::integrate::AuthRequest::new("GET", target.strip_prefix(BASE_URL).unwrap(), |name| {
                (name == "cookie").then(|| browser.header())
            });
            let reply = site.logto.handle_auth_routes(&request).await.unwrap();
            site.mock.clear_tampering();
            let set: Vec<_> =
                reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
            assert!(set.iter().all(|cookie| cookie.contains("Max-Age=0")), "{faulty}: {set:?}");
            let mut after = browser.clone();
            after.receive(&set);
            assert_eq!(sub(&site, &after).await, bob, "{faulty}");
        }
    }
}

#[tokio::test]
async fn a_pending_sign_in_is_sendable_between_tasks_with_redacted_debug_output() {
    fn goes_anywhere(_: &(impl Send + Sync + 'static)) {}
    let site = Site::start().await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let pending = verify(&site, &mut browser, &callback).await.unwrap();
    goes_anywhere(&pending);
    assert_eq!(format!("{pending:?}"), "PendingSignIn(…)");
    let accepting: LogtoClient = site.logto.clone();
    let accepted = tokio::spawn(async move {
        let mut cookies = logto::HeaderCookies::default();
        accepting.accept_sign_in(&mut cookies, pending).await.map(|_| cookies.set_cookie_headers())
    });
    browser.receive(&accepted.await.unwrap().unwrap());
    assert!(site.is_signed_in(&browser).await);
}
