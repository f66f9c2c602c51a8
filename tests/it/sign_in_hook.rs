//! What the application says of a sign-in before it becomes a session.

mod concurrency;
mod failures;
mod meetings;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use logto::{
    LogtoClient, SessionFormat, SignIn, SignInOptions, SignInRefusal, SignOutOptions,
    integrate::{AuthRequest, AuthResponse},
    store::MemoryStore,
    testing::Endpoint,
};
use serde::{Deserialize, Serialize};

use crate::{
    logs::listen,
    support::{BASE_URL, Browser, Site},
};

/// Counts how often a hook is asked.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<AtomicUsize>);

impl Asked {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A site where Ada is refused, by `refusal`.
async fn site_without_ada(asked: &Asked, refusal: fn() -> SignInRefusal) -> Site {
    let asked = asked.clone();
    Site::with(
        |mock| mock,
        |config| {
            config.on_sign_in(move |sign_in: SignIn| {
                asked.note();
                async move {
                    match sign_in.claims().username.as_deref() {
                        Some("ada") => Err(refusal()),
                        _ => Ok(()),
                    }
                }
            })
        },
    )
    .await
}

/// A browser that Logto has sent back, and the address it was sent to.
pub(super) async fn sent_back(site: &Site, mut browser: Browser, user: &str) -> (Browser, String) {
    site.mock.clear_browser_session();
    let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/wanted")).await;
    let callback = site.mock.sign_in(&url, user).await;
    site.mock.reset_counts();
    (browser, callback)
}

pub(super) async fn sub(site: &Site, browser: &Browser) -> Option<String> {
    site.logto.get_id_token_claims(&browser.request()).await.unwrap().map(|claims| claims.sub)
}

/// A request to the routes.
pub(super) async fn visit(
    logto: &LogtoClient,
    browser: &mut Browser,
    method: &str,
    target: &str,
    accept: &str,
) -> AuthResponse {
    let cookies = browser.header();
    let header = |name: &str| match name {
        "cookie" => Some(cookies.clone()),
        "accept" => Some(accept.to_owned()),
        "origin" => Some(BASE_URL.to_owned()),
        _ => None,
    };
    let target = target.strip_prefix(BASE_URL).unwrap_or(target);
    let reply = logto.handle_auth_routes(&AuthRequest::new(method, target, header)).await.unwrap();
    let set: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    reply
}

pub(super) fn header<'a>(reply: &'a AuthResponse, wanted: &str) -> Option<&'a str> {
    reply.headers().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

#[tokio::test]
async fn a_refused_user_gets_a_page_without_a_session_after_the_token_is_revoked() {
    let asked = Asked::default();
    let site = site_without_ada(&asked, SignInRefusal::new).await;
    let (log, _guard) = listen("logto=info");
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let copy = browser.clone();
    let page = visit(&site.logto, &mut browser, "GET", &callback, "text/html").await;
    assert_eq!(page.status(), 403);
    assert!(page.body().contains("You do not have access to this application."), "{}", page.body());
    assert!(page.body().contains("sign_in.refused"));
    assert!(page.body().contains(r#"<form method="post" action="/logto/sign-out">"#), "{}", page.body());
    assert!(!page.body().contains("/logto/sign-in"), "another sign-in of the same user would end here, too");
    assert!(browser.cookies.is_empty());
    assert_eq!(site.mock.request_count(Endpoint::Revocation), 1);
    assert!(log.text().contains(r#"event="sign_in_refused""#) && log.text().contains(r#"by="hook""#), "{}", log.text());
    assert!(!log.text().contains("signed in"), "{}", log.text());
    // The same callback once more, by a double click.
    let mut copy = copy;
    let again = visit(&site.logto, &mut copy, "GET", &callback, "application/json").await;
    assert_eq!((again.status(), again.body().contains("sign_in.refused")), (403, true), "{}", again.body());
    assert!(copy.cookies.is_empty());
    assert_eq!((asked.count(), site.mock.request_count(Endpoint::Revocation)), (1, 1));
}

#[tokio::test]
async fn a_refusal_leaves_the_session_of_before_as_it_was() {
    for format in [SessionFormat::Logto, SessionFormat::Next] {
        for store in [None, Some(MemoryStore::new())] {
            if format == SessionFormat::Next && store.is_some() {
                continue;
            }
            let place = format!("{format:?}, {}", store.is_some());
            let kept = store.clone();
            let site = Site::with(
                |mock| mock,
                |config| {
                    let config = config.session_format(format).on_sign_in(|sign_in: SignIn| async move {
                        match sign_in.claims().username.as_deref() {
                            Some("ada") => Err(SignInRefusal::new()),
                            _ => Ok(()),
                        }
                    });
                    match store {
                        Some(store) => config.session_store(store),
                        None => config,
                    }
                },
            )
            .await;
            let browser = site.signed_in("bob").await;
            let bob = sub(&site, &browser).await;
            let (mut browser, callback) = sent_back(&site, browser, "ada").await;
            assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "sign_in.refused", "{place}");
            assert!(bob.is_some() && sub(&site, &browser).await == bob, "{place}");
            assert!(kept.is_none_or(|store| store.len() == 1), "Bob's alone");
        }
    }
}

#[tokio::test]
async fn after_a_refusal_somebody_else_can_sign_in() {
    let site = site_without_ada(&Asked::default(), SignInRefusal::new).await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let refused = visit(&site.logto, &mut browser, "GET", &callback, "text/html").await;
    assert_eq!(refused.status(), 403);
    // The button of the page ends the session at Logto.
    let reply = visit(&site.logto, &mut browser, "POST", "/logto/sign-out", "text/html").await;
    assert_eq!(reply.status(), 303);
    assert!(header(&reply, "location").unwrap().starts_with(&site.mock.endpoint()), "{reply:?}");
    let (mut browser, callback) = sent_back(&site, browser, "bob").await;
    let reply = visit(&site.logto, &mut browser, "GET", &callback, "text/html").await;
    assert_eq!((reply.status(), header(&reply, "location")), (302, Some("http://localhost:3000/wanted")));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_refusal_shows_the_page_of_the_application() {
    let site = site_without_ada(&Asked::default(), || SignInRefusal::page(402, "<h1>Pay first</h1>")).await;
    let (browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let page = visit(&site.logto, &mut browser.clone(), "GET", &callback, "text/html").await;
    assert_eq!((page.status(), page.body()), (402, "<h1>Pay first</h1>"));
    assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(
        (header(&page, "cache-control"), header(&page, "x-content-type-options")),
        (Some("private, no-store"), Some("nosniff"))
    );
    assert_eq!(header(&page, "referrer-policy"), Some("same-origin"), "its address has the code");
    assert_eq!(header(&page, "content-security-policy"), None, "its scripts are its own affair");
    let json = visit(&site.logto, &mut browser.clone(), "GET", &callback, "application/json").await;
    assert_eq!((json.status(), header(&json, "content-type")), (402, Some("application/json")));
    assert!(json.body().contains("sign_in.refused") && !json.body().contains("Pay first"), "{}", json.body());
    // By hand, the error says so, too.
    let error = site.end(&mut browser.clone(), &callback).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.refused", 402));
    for (status, sent) in [(200, 200), (299, 299), (404, 404), (503, 503), (302, 403), (0, 403), (999, 403), (101, 403)]
    {
        let hook = move |_| async move { Err(SignInRefusal::page(status, "no")) };
        let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        assert_eq!(visit(&site.logto, &mut browser, "GET", &callback, "text/html").await.status(), sent);
    }
}

#[tokio::test]
async fn a_refusal_with_an_address_leads_there_without_a_session() {
    let site = site_without_ada(&Asked::default(), || SignInRefusal::redirect("/terms?of=use")).await;
    let (browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let mut after = browser.clone();
    let reply = visit(&site.logto, &mut after, "GET", &callback, "text/html").await;
    assert_eq!((reply.status(), header(&reply, "location")), (302, Some("http://localhost:3000/terms?of=use")));
    assert!(after.cookies.is_empty());
    let mut after = browser.clone();
    assert_eq!(site.end(&mut after, &callback).await.unwrap(), format!("{BASE_URL}/terms?of=use"));
    assert!(after.cookies.is_empty(), "the redirect of a refusal signs nobody in");
}

#[tokio::test]
async fn a_refusal_never_leads_to_another_site() {
    for address in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"] {
        let hook = move |_| async move { Err(SignInRefusal::redirect(address)) };
        let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
        let (log, _guard) = listen("logto=info");
        let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
        let reply = visit(&site.logto, &mut browser, "GET", &callback, "text/html").await;
        assert_eq!((reply.status(), header(&reply, "location")), (500, None), "{address}");
        assert!(reply.body().contains("sign_in.hook_failed"), "{}", reply.body());
        assert!(log.text().contains("the address to return to"), "{}", log.text());
        assert!(browser.cookies.is_empty());
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Row {
    number: u32,
}

#[tokio::test]
async fn a_hook_sees_who_signs_in_with_all_that_logto_gave() {
    type Seen = Vec<(String, bool, String, bool)>;
    let seen: Arc<std::sync::Mutex<Seen>> = Arc::default();
    let notes = Arc::clone(&seen);
    let hook = move |sign_in: SignIn| {
        let notes = Arc::clone(&notes);
        async move {
            let info = sign_in.fetch_user_info().await?;
            assert_eq!(info.sub, sign_in.claims().sub);
            assert!(info.custom_data.is_some(), "what no ID token has");
            assert_eq!(sign_in.id_token().expose().split('.').count(), 3);
            assert!(sign_in.access_token().is_some() && sign_in.refresh_token().is_some());
            assert_eq!(format!("{sign_in:?}"), "SignIn(…)");
            sign_in.set_data(&Row { number: 7 })?;
            let kept = sign_in.clone();
            notes.lock().unwrap().push((
                sign_in.claims().username.clone().unwrap(),
                sign_in.is_new_to_browser(),
                sign_in.return_to().to_owned(),
                sign_in.app_state::<String>()?.is_none(),
            ));
            assert_eq!(kept.claims().sub, info.sub);
            Ok(())
        }
    };
    let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    assert_eq!(site.logto.data::<Row>(&browser.request()).await.unwrap(), Some(Row { number: 7 }));
    // Once more, and then another one, and then the first after a sign-out.
    for user in ["ada", "bob"] {
        let (next, callback) = sent_back(&site, browser, user).await;
        browser = next;
        site.end(&mut browser, &callback).await.unwrap();
    }
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    let (mut browser, callback) = sent_back(&site, browser, "bob").await;
    site.end(&mut browser, &callback).await.unwrap();
    let of = |user: &str, is_new| (user.to_owned(), is_new, format!("{BASE_URL}/wanted"), true);
    assert_eq!(*seen.lock().unwrap(), [of("ada", true), of("ada", false), of("bob", true), of("bob", true)]);
}

#[tokio::test]
async fn a_pending_sign_in_passes_the_hook_when_it_is_accepted() {
    let asked = Asked::default();
    let site = site_without_ada(&asked, SignInRefusal::new).await;
    for (user, lets_in) in [("ada", false), ("bob", true)] {
        let (mut browser, callback) = sent_back(&site, Browser::default(), user).await;
        let mut cookies = browser.request();
        let before = asked.count();
        let pending = site.logto.verify_sign_in(&mut cookies, &callback).await.unwrap();
        assert!(pending.is_new_to_browser() && pending.refresh_token().is_some(), "it tells what the hook is told");
        pending.set_data("by hand").unwrap();
        assert_eq!(asked.count(), before, "it is not asked about what may never be accepted");
        let accepted = site.logto.accept_sign_in(&mut cookies, pending).await;
        assert_eq!(asked.count(), before + 1);
        browser.receive(&cookies.set_cookie_headers());
        match lets_in {
            true => assert_eq!(accepted.unwrap().location(), format!("{BASE_URL}/wanted")),
            false => assert_eq!(accepted.unwrap_err().code(), "sign_in.refused"),
        }
        assert_eq!(site.is_signed_in(&browser).await, lets_in);
        let data = site.logto.data::<String>(&browser.request()).await.unwrap();
        assert_eq!(data.as_deref(), lets_in.then_some("by hand"));
    }
}

#[tokio::test]
async fn a_hook_is_not_asked_about_what_the_application_has_refused() {
    let asked = Asked::default();
    let site = site_without_ada(&asked, SignInRefusal::new).await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "bob").await;
    let mut copy = browser.clone();
    let pending = site.logto.verify_sign_in(&mut browser.request(), &callback).await.unwrap();
    pending.refuse().await;
    assert_eq!(site.end(&mut copy, &callback).await.unwrap_err().code(), "sign_in_session.not_found");
    assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "sign_in_session.not_found");
    assert_eq!(asked.count(), 0);
}

#[tokio::test]
async fn a_silent_sign_in_passes_the_hook() {
    let asked = Asked::default();
    let count = asked.clone();
    // Let in at first, refused when it renews.
    let hook = move |sign_in: SignIn| {
        count.note();
        async move {
            match sign_in.app_state::<String>()?.as_deref() {
                Some("renewal") => {
                    assert!(!sign_in.is_new_to_browser());
                    Err(SignInRefusal::new())
                }
                _ => Ok(()),
            }
        }
    };
    let site = Site::with(|mock| mock, |config| config.on_sign_in(hook)).await;
    let mut browser = site.signed_in("ada").await;
    let before = sub(&site, &browser).await;
    let options = SignInOptions::new().silent(true).app_state("renewal").post_redirect_uri("/wanted");
    let probe = site.begin(&mut browser, options).await;
    let callback = site.mock.sign_in(&probe, "ada").await;
    let second = site.end(&mut browser, &callback).await.unwrap();
    assert!(second.starts_with(&site.mock.endpoint()), "{second}");
    assert_eq!(asked.count(), 1, "the first request signs nobody in");
    let callback = site.mock.sign_in(&second, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "sign_in.refused");
    assert_eq!((asked.count(), sub(&site, &browser).await), (2, before), "the session of before goes on");
}

#[tokio::test]
async fn members_of_one_organization_alone_are_let_in() {
    async fn members_of_acme(sign_in: SignIn) -> Result<(), SignInRefusal> {
        match sign_in.claims().organizations.iter().any(|id| id == "org-acme") {
            true => Ok(()),
            false => Err(SignInRefusal::new()),
        }
    }
    let site = Site::with(|mock| mock, |config| config.on_sign_in(members_of_acme)).await;
    for (user, lets_in) in [("ada", true), ("bob", false)] {
        let (mut browser, callback) = sent_back(&site, Browser::default(), user).await;
        let answer = site.end(&mut browser, &callback).await;
        assert_eq!(answer.map_err(|error| error.code().as_str()).err(), (!lets_in).then_some("sign_in.refused"));
        assert_eq!(site.is_signed_in(&browser).await, lets_in, "{user}");
    }
}

#[tokio::test]
async fn who_accepts_the_terms_is_let_in_at_the_second_attempt() {
    async fn with_terms(sign_in: SignIn) -> Result<(), SignInRefusal> {
        match sign_in.app_state::<bool>()? {
            Some(true) => Ok(()),
            _ => Err(SignInRefusal::redirect("/terms")),
        }
    }
    let site = Site::with(|mock| mock, |config| config.on_sign_in(with_terms)).await;
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/terms"));
    // Logto knows who they are: nobody types a password for this one.
    let url = site.begin(&mut browser, SignInOptions::new().app_state(&true).post_redirect_uri("/me")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/me"));
    assert!(site.is_signed_in(&browser).await);
}
