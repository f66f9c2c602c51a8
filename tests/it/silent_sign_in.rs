//! A sign-in that shows no page: it brings what no refresh brings, or it leaves everything as it was.

use logto::{
    LogtoClient, Prompt, SignInOptions, TokenOptions,
    integrate::AuthRequest,
    testing::{Endpoint, MockUser},
};
use url::Url;

use crate::support::{BASE_URL, BOOKS, Browser, Site};

fn silent() -> SignInOptions {
    SignInOptions::new().silent(true).post_redirect_uri("/books?page=2")
}

fn prompt(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(name, _)| name == "prompt").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The answer of Logto to an authorization request, made by hand.
fn answer(site: &Site, request: &str, error: &str) -> String {
    let request = Url::parse(request).unwrap();
    let state = request.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let parameters = [("error", error), ("state", &state), ("iss", &site.mock.issuer())];
    Url::parse_with_params(&format!("{BASE_URL}/callback"), parameters).unwrap().into()
}

async fn scopes(site: &Site, browser: &mut Browser, force: bool) -> Vec<String> {
    let mut cookies = browser.request();
    let books = TokenOptions::new().resource(BOOKS).force_refresh(force);
    let token = site.logto.get_access_token(&mut cookies, books).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    token.scopes().to_vec()
}

/// The whole way, through the routes, as a browser takes it that has a session of `user` at Logto. Gives where it lands and what it was asked.
async fn travel(site: &Site, browser: &mut Browser, user: &str) -> (String, Vec<String>) {
    let mut target = "/logto/sign-in?silent=true&return_to=%2Fbooks%3Fpage%3D2".to_owned();
    let mut prompts = Vec::new();
    loop {
        let location = visit(&site.logto, browser, &target).await;
        if !location.starts_with(&site.mock.endpoint()) {
            return (location, prompts);
        }
        prompts.push(prompt(&location));
        let callback = site.mock.sign_in(&location, user).await;
        callback.strip_prefix(BASE_URL).unwrap().clone_into(&mut target);
    }
}

async fn visit(logto: &LogtoClient, browser: &mut Browser, target: &str) -> String {
    let cookies = browser.header();
    let header = |name: &str| match name {
        "cookie" => Some(cookies.clone()),
        "accept" => Some("text/html".to_owned()),
        _ => None,
    };
    let reply = logto.handle_auth_routes(&AuthRequest::new("GET", target, header)).await.unwrap();
    let set_cookies: Vec<_> =
        reply.headers().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect();
    browser.receive(&set_cookies);
    assert_eq!(reply.status(), 302, "{}", reply.body());
    reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_permission_gained_after_sign_in_requires_a_silent_sign_in_not_a_refresh() {
    let site = Site::start().await;
    let mut browser = site.signed_in("bob").await;
    assert!(scopes(&site, &mut browser, false).await.is_empty());
    site.mock.update_user("bob", |bob| bob.role("librarian"));

    let mut cookies = browser.request();
    let context = site.logto.refresh_session(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!(context.claims().unwrap().roles, ["librarian"], "the ID token has the role at once");
    assert!(scopes(&site, &mut browser, true).await.is_empty(), "the grant is that of the sign-in");
    let mut cookies = browser.request();
    site.logto.clear_access_token(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(scopes(&site, &mut browser, false).await.is_empty());

    let (landed, prompts) = travel(&site, &mut browser, "bob").await;
    assert_eq!(landed, format!("{BASE_URL}/books?page=2"));
    assert_eq!(prompts, ["none", "consent"], "the sign-in page is for `login`, and nobody asked for it");
    assert_eq!(scopes(&site, &mut browser, false).await, ["read:books", "write:books"]);
    assert!(site.logto.get_refresh_token(&browser.request()).await.unwrap().is_some());

    // What is taken away is gone at once.
    site.mock.update_user("bob", MockUser::without_roles);
    assert!(scopes(&site, &mut browser, true).await.is_empty());
}

#[tokio::test]
async fn a_silent_sign_in_that_brings_nothing_new_keeps_the_refresh_token() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let (landed, prompts) = travel(&site, &mut browser, "ada").await;
    assert_eq!((landed, prompts), (format!("{BASE_URL}/books?page=2"), vec!["none".to_owned(), "consent".to_owned()]));
    assert!(site.logto.get_refresh_token(&browser.request()).await.unwrap().is_some());
    assert_eq!(scopes(&site, &mut browser, true).await, ["read:books", "write:books"]);
}

#[tokio::test]
async fn a_silent_sign_in_that_requires_interaction_leaves_the_session_unchanged() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    scopes(&site, &mut browser, false).await;
    let before = browser.cookies.clone();
    for error in
        ["login_required", "interaction_required", "account_selection_required", "unmet_authentication_requirements"]
    {
        let url = site.begin(&mut browser, silent()).await;
        let callback = answer(&site, &url, error);
        let landed = site.end(&mut browser, &callback).await.unwrap();
        assert_eq!(landed, format!("{BASE_URL}/books?page=2"), "{error}");
        assert_eq!(browser.cookies, before, "{error}: the session is that of before, and the sign-in is used up");
    }

    // The same by Logto itself, whose session has ended.
    site.mock.clear_browser_session();
    let (landed, prompts) = travel(&site, &mut browser, "ada").await;
    assert_eq!((landed, prompts), (format!("{BASE_URL}/books?page=2"), vec!["none".to_owned()]));
    assert_eq!(browser.cookies, before);
    site.mock.reset_counts();
    assert_eq!(scopes(&site, &mut browser, false).await.len(), 2);
    assert_eq!(site.mock.requests_total(), 0, "the tokens of before are there, too");
}

#[tokio::test]
async fn a_silent_sign_in_with_an_unexpected_oauth_error_fails_without_a_session_change() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    for error in ["access_denied", "invalid_scope", "server_error", "temporarily_unavailable"] {
        let url = site.begin(&mut browser, silent()).await;
        let callback = answer(&site, &url, error);
        let failed = site.end(&mut browser, &callback).await.unwrap_err();
        assert_eq!(failed.oauth_error().unwrap().error(), error);
        assert_eq!(browser.cookies, before, "{error}");
    }
    // So is one that only a silent sign-in expects.
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = answer(&site, &url, "login_required");
    assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().oauth_error().unwrap().error(), "login_required");
}

#[tokio::test]
async fn a_silent_sign_in_does_not_make_another_user_of_the_one_who_is_signed_in() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.cookies.clone();
    // Bob signs in at Logto, in the same browser, by way of another application.
    let mut other = Browser::default();
    let url = site.begin(&mut other, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "bob").await;
    site.end(&mut other, &callback).await.unwrap();
    site.mock.reset_counts();

    let (landed, _) = travel(&site, &mut browser, "bob").await;
    assert_eq!(landed, format!("{BASE_URL}/books?page=2"));
    assert_eq!(browser.cookies, before, "ada is signed in as before");
    assert_eq!(site.mock.request_count(Endpoint::Revocation), 1, "what was given for bob is revoked");
}

#[tokio::test]
async fn a_silent_sign_in_without_a_session_here_signs_in_who_has_one_at_logto() {
    let site = Site::start().await;
    site.signed_in("ada").await;
    let mut browser = Browser::default();
    travel(&site, &mut browser, "ada").await;
    assert!(site.is_signed_in(&browser).await);

    site.mock.clear_browser_session();
    let mut browser = Browser::default();
    let (landed, _) = travel(&site, &mut browser, "ada").await;
    assert_eq!(landed, format!("{BASE_URL}/books?page=2"));
    assert!(!site.is_signed_in(&browser).await && browser.cookies.is_empty());
}

#[tokio::test]
async fn a_silent_sign_in_is_one_request_where_no_sign_in_brings_a_refresh_token() {
    let site = Site::with(|mock| mock, |config| config.prompt([])).await;
    let mut browser = site.signed_in("ada").await;
    let (landed, prompts) = travel(&site, &mut browser, "ada").await;
    assert_eq!((landed, prompts), (format!("{BASE_URL}/books?page=2"), vec!["none".to_owned()]));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn an_application_that_looks_at_users_itself_gets_a_silent_sign_in_as_a_redirect() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let url = site.begin(&mut browser, silent()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let mut cookies = browser.request();
    let error = site.logto.verify_sign_in(&mut cookies, &callback).await.unwrap_err();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!(error.code(), "sign_in.silent_unfinished");
    let header = |name: &str| (name == "accept").then(|| "text/html".to_owned());
    let reply = site.logto.error_response(&AuthRequest::new("GET", "/callback", header), &error);
    let location = reply.headers().find(|(name, _)| *name == "location").unwrap().1.to_owned();
    assert_eq!((reply.status(), prompt(&location)), (302, "consent".to_owned()));

    let callback = site.mock.sign_in(&location, "ada").await;
    let mut cookies = browser.request();
    let pending = site.logto.verify_sign_in(&mut cookies, &callback).await.unwrap();
    assert_eq!(pending.claims().username.as_deref(), Some("ada"));
    assert_eq!(pending.return_to(), format!("{BASE_URL}/books?page=2"));
}

#[tokio::test]
async fn a_consent_request_after_a_silent_sign_in_repeats_a_short_login_hint() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let said = |url: &str| {
        let url = Url::parse(url).unwrap();
        let said =
            |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        ["login_hint", "organization_id", "ui_locales"].map(said)
    };
    for (hint, again) in [("ada@example.test".to_owned(), true), ("x".repeat(200), false), ("x".repeat(5000), false)] {
        let target = format!(
            "/logto/sign-in?silent=true&login_hint={hint}&organization_id=org-acme&ui_locales=ko%20en&return_to=%2Fbooks"
        );
        let first = visit(&site.logto, &mut browser, &target).await;
        let wanted = [hint.as_str(), "org-acme", "ko en"].map(|value| Some(value.to_owned()));
        assert_eq!((prompt(&first).as_str(), said(&first)), ("none", wanted.clone()));
        let callback = site.mock.sign_in(&first, "ada").await;
        let second = visit(&site.logto, &mut browser, callback.strip_prefix(BASE_URL).unwrap()).await;
        assert_eq!(prompt(&second), "consent");
        assert_eq!(said(&second), if again { wanted } else { [None, None, None] }, "{}", hint.len());
    }
}

#[tokio::test]
async fn a_silent_sign_in_with_a_prompt_is_refused() {
    let site = Site::start().await;
    let mut cookies = Browser::default().request();
    let error = site.logto.sign_in(&mut cookies, silent().prompt([Prompt::Login])).await.unwrap_err();
    assert_eq!(error.code(), "options.invalid");
}

#[tokio::test]
async fn a_silent_sign_in_does_not_lead_back_to_an_origin_that_is_no_longer_allowed() {
    let allowed = ["https://old.example"];
    let site = Site::with(|mock| mock, |config| config.allowed_return_origins(allowed)).await;
    for (logto, landed) in [
        (site.redeployed(|config| config.allowed_return_origins(allowed)), "https://old.example/books".to_owned()),
        (site.redeployed(|config| config), format!("{BASE_URL}/")),
    ] {
        let mut browser = Browser::default();
        let url = site.begin(&mut browser, silent().post_redirect_uri("https://old.example/books")).await;
        let callback = answer(&site, &url, "login_required");
        let redirect = logto.handle_sign_in(&mut browser.request(), &callback).await.unwrap();
        assert_eq!(redirect.location(), landed);
    }
}
