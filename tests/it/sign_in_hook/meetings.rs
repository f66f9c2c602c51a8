//! A hook together with other settings and ways to sign in.

use logto::{
    LogtoConfigBuilder, Prompt, ResponseMode, SignIn, SignInOptions, SignInRefusal,
    integrate::{AuthRequest, AuthResponse, CurrentClient, ResponseFormat},
    store::MemoryStore,
    testing::Endpoint,
};

use super::{Asked, header, sent_back, sub, visit};
use crate::support::{APP_SECRET, BASE_URL, Browser, Site, settings};

async fn refuses(_: SignIn) -> Result<(), SignInRefusal> {
    Err(SignInRefusal::new())
}

async fn refuses_with_a_page(_: SignIn) -> Result<(), SignInRefusal> {
    Err(SignInRefusal::page(451, "<p>our own</p>"))
}

async fn refuses_with_an_address(_: SignIn) -> Result<(), SignInRefusal> {
    Err(SignInRefusal::redirect("/terms"))
}

async fn site(config: impl FnOnce(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Site {
    Site::with(|mock| mock, config).await
}

#[tokio::test]
async fn a_plain_prompt_of_none_passes_the_hook_with_its_state() {
    let asked = Asked::default();
    let count = asked.clone();
    let hook = move |sign_in: SignIn| {
        count.note();
        async move {
            match sign_in.app_state::<String>()?.as_deref() {
                Some("not now") => Err(SignInRefusal::redirect("/terms")),
                _ => Ok(sign_in.set_data("from the hook")?),
            }
        }
    };
    let site = site(|config| config.on_sign_in(hook)).await;
    let quiet = |state: &str| SignInOptions::new().prompt([Prompt::None]).app_state(state).post_redirect_uri("/page");
    // Nobody is signed in at Logto: the hook is not asked.
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, quiet("first")).await;
    let state = url::Url::parse(&url).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let issuer = site.mock.issuer();
    let nobody = [("error", "login_required"), ("state", &*state), ("iss", &*issuer)];
    let callback = url::Url::parse_with_params(&format!("{BASE_URL}/callback"), nobody).unwrap();
    assert_eq!(site.end(&mut browser, callback.as_str()).await.unwrap(), format!("{BASE_URL}/page"));
    assert_eq!((asked.count(), browser.cookies.len()), (0, 0));

    _ = sent_back(&site, Browser::default(), "ada").await;
    let url = site.begin(&mut browser, quiet("first")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/page"));
    let ada = sub(&site, &browser).await;
    assert!(ada.is_some());
    let data = site.logto.data::<String>(&browser.request()).await.unwrap();
    assert_eq!(data.as_deref(), Some("from the hook"));
    let state = site.logto.take_app_state::<String>(&mut browser.request()).await.unwrap();
    assert_eq!(state.as_deref(), Some("first"));

    let url = site.begin(&mut browser, quiet("not now")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), format!("{BASE_URL}/terms"));
    assert_eq!((asked.count(), sub(&site, &browser).await), (2, ada), "the session of before goes on");
}

/// What the page of Logto posts to the callback, from this site.
async fn post(site: &Site, browser: &mut Browser, callback: &str) -> AuthResponse {
    let cookies = browser.header();
    let header = |name: &str| match name {
        "cookie" => Some(cookies.clone()),
        "content-type" => Some("application/x-www-form-urlencoded".to_owned()),
        "accept" => Some("text/html".to_owned()),
        _ => None,
    };
    let body = callback.split_once('?').map_or(callback, |(_, query)| query);
    let posted = AuthRequest::new("POST", "/callback", header).body(body);
    let reply = site.logto.handle_auth_routes(&posted).await.unwrap();
    let set: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set);
    reply
}

#[tokio::test]
async fn a_callback_that_is_posted_is_refused_as_one_that_is_opened() {
    let mode = ResponseMode::FormPost;
    let plain = site(|config| config.response_mode(mode).on_sign_in(refuses)).await;
    let own = site(|config| config.response_mode(mode).on_sign_in(refuses_with_a_page)).await;
    let terms = site(|config| config.response_mode(mode).on_sign_in(refuses_with_an_address)).await;
    for (site, status, text, location) in [
        (plain, 403, "You do not have access", None),
        (own, 451, "<p>our own</p>", None),
        (terms, 303, "", Some(format!("{BASE_URL}/terms"))),
    ] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        assert!(url.contains("&response_mode=form_post"), "{url}");
        let callback = site.mock.sign_in(&url.replace("&response_mode=form_post", ""), "ada").await;
        let reply = post(&site, &mut browser, &callback).await;
        assert_eq!((reply.status(), header(&reply, "location")), (status, location.as_deref()), "{}", reply.body());
        assert!(reply.body().contains(text), "{}", reply.body());
        assert!(browser.cookies.is_empty(), "{browser:?}");
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1);
    }
}

#[tokio::test]
async fn the_page_of_a_refusal_comes_before_the_error_pages_of_the_application() {
    let own = |error: &logto::Error, request: &logto::integrate::ErrorPageRequest<'_>| {
        assert_eq!(error.code(), "sign_in.refused");
        let text = format!("{:?} {}", request.format(), request.sign_out());
        Some(AuthResponse::html(error.status(), text))
    };
    let with_page = site(|config| config.error_pages(own).on_sign_in(refuses_with_a_page)).await;
    let with_address = site(|config| config.error_pages(own).on_sign_in(refuses_with_an_address)).await;
    let plain = site(|config| config.error_pages(own).on_sign_in(refuses)).await;
    let html = format!("{:?} /logto/sign-out", ResponseFormat::Html);
    let json = format!("{:?} /logto/sign-out", ResponseFormat::Json);
    for (site, accept, status, body) in [
        (&with_page, "text/html", 451, "<p>our own</p>"),
        (&with_page, "application/json", 451, &json),
        (&plain, "text/html", 403, &html),
        (&plain, "application/json", 403, &json),
        (&with_address, "text/html", 302, ""),
    ] {
        let (mut browser, callback) = sent_back(site, Browser::default(), "ada").await;
        let reply = visit(&site.logto, &mut browser, "GET", &callback, accept).await;
        assert_eq!((reply.status(), reply.body()), (status, body), "{accept}");
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn a_sign_in_that_ends_after_a_replacement_is_judged_by_the_new_hook() {
    let site = site(|config| config).await;
    let current = CurrentClient::from(&site.logto);
    let (mut browser, callback) = sent_back(&site, Browser::default(), "ada").await;
    let strict = settings(&site.mock, &site.clock).app_secret(APP_SECRET).on_sign_in(refuses).build().unwrap();
    current.replace(strict).unwrap();
    let reply = visit(&current.get().unwrap(), &mut browser, "GET", &callback, "text/html").await;
    assert_eq!(reply.status(), 403, "{}", reply.body());
    assert!(browser.cookies.is_empty());
}

/// Also where sessions are in a store: the second tab begins a session of its own.
#[tokio::test]
async fn the_slot_goes_on_through_a_second_tab_until_the_hook_sets_another() {
    async fn names(sign_in: SignIn) -> Result<(), SignInRefusal> {
        if let Some(name) = sign_in.app_state::<String>()? {
            sign_in.set_data(&name)?;
        }
        Ok(())
    }
    for store in [None, Some(MemoryStore::new())] {
        let site = site(|config| match store {
            Some(store) => config.on_sign_in(names).session_store(store),
            None => config.on_sign_in(names),
        })
        .await;
        let mut browser = Browser::default();
        let data = async |browser: &Browser| site.logto.data::<String>(&browser.request()).await.unwrap();
        for (state, expected) in [(Some("first"), "first"), (None, "first"), (Some("other"), "other"), (None, "other")]
        {
            let options = match state {
                Some(state) => SignInOptions::new().app_state(state),
                None => SignInOptions::new(),
            };
            let url = site.begin(&mut browser, options).await;
            let callback = site.mock.sign_in(&url, "ada").await;
            let mut copy = browser.clone();
            site.end(&mut browser, &callback).await.unwrap();
            assert_eq!(data(&browser).await.as_deref(), Some(expected));
            // A double click takes nothing back.
            site.end(&mut copy, &callback).await.unwrap();
            assert_eq!(data(&copy).await.as_deref(), Some(expected));
        }
    }
}
