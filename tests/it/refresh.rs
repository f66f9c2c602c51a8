//! Refresh that logs nobody out. The requests are counted: that is exact.

use std::time::Duration;

use logto::{
    ContextOptions, ErrorKind, TokenOptions,
    testing::{Endpoint, Fault, MockResource},
};
use tokio::task::JoinSet;

use crate::{
    gate::Gate,
    support::{BOOKS, Browser, Site},
};

/// Past the end of every access token, and short of everything else.
const HOUR: u64 = 3600;

async fn token(site: &Site, browser: &mut Browser, options: TokenOptions) -> logto::Result<String> {
    let mut cookies = browser.request();
    let token = site.logto.get_access_token(&mut cookies, options).await;
    browser.receive(&cookies.set_cookie_headers());
    token.map(|token| token.token().to_owned())
}

fn books() -> TokenOptions {
    TokenOptions::new().resource(BOOKS)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_requests_with_one_expired_token_make_one_exchange() {
    let site = Site::rotating().await;
    let mut browser = site.signed_in("ada").await;
    token(&site, &mut browser, books()).await.unwrap();
    site.advance(HOUR);
    site.mock.reset_counts();
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(50)));

    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (logto, browser) = (site.logto.clone(), browser.clone());
        tasks.spawn(async move {
            let mut cookies = browser.request();
            let token = logto.get_access_token(&mut cookies, books()).await.unwrap();
            (token.token().to_owned(), cookies.set_cookie_headers())
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    assert!(answers.iter().all(|(token, _)| *token == answers[0].0), "every caller gets the token");

    // Whichever answer reaches the browser last, the session works: now, and when Logto's grace of 3 seconds is over.
    for (_, set_cookies) in &answers {
        browser.receive(set_cookies);
    }
    site.mock.clear_faults();
    site.advance(10);
    token(&site, &mut browser, books().force_refresh(true)).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_request_with_the_old_cookie_gets_the_new_tokens() {
    for seconds in [0, 5, 29] {
        let site = Site::rotating().await;
        let mut browser = site.signed_in("ada").await;
        let mut late = browser.clone();
        let new = token(&site, &mut browser, books()).await.unwrap();
        site.advance(seconds);
        assert_eq!(token(&site, &mut late, books()).await.unwrap(), new, "{seconds} s later");
        assert_eq!(site.mock.request_count(Endpoint::Token), 1);
        // And it holds the new refresh token, so that it goes on from there.
        site.advance(HOUR);
        token(&site, &mut late, books()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_resources_at_once_never_spend_a_refresh_token_twice() {
    let site = Site::rotating().await;
    let browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(20)));
    let mut tasks = JoinSet::new();
    for options in [books(), books().scopes(["read:books"]), TokenOptions::new().force_refresh(true)] {
        let (logto, browser) = (site.logto.clone(), browser.clone());
        tasks.spawn(async move { logto.get_access_token(&mut browser.request(), options).await.unwrap() });
    }
    tasks.join_all().await;
    let spent: Vec<_> = site
        .mock
        .requests(Endpoint::Token)
        .iter()
        .map(|request| request.form_value("refresh_token").unwrap().to_owned())
        .collect();
    assert_eq!(spent.len(), 3);
    assert!(spent[0] != spent[1] && spent[1] != spent[2] && spent[0] != spent[2], "each exchange spends the newest");
}

#[tokio::test]
async fn a_refresh_completes_after_the_browser_has_disconnected() {
    let gate = Gate::new();
    let site = Site::rotating_with(|config| config.http_client(gate.clone())).await;
    let mut browser = site.signed_in("ada").await;
    gate.close();
    let (logto, gone) = (site.logto.clone(), browser.clone());
    let request = tokio::spawn(async move { logto.get_access_token(&mut gone.request(), books()).await.map(drop) });
    gate.someone_waits().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    gate.open();
    // The next request waits for that very exchange, or finds its result.
    token(&site, &mut browser, books()).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    site.advance(10);
    token(&site, &mut browser, books().force_refresh(true)).await.unwrap();
}

#[tokio::test]
async fn a_failed_refresh_ends_the_session_only_where_logto_says_so() {
    let oauth = |status: u16, error: &str| {
        Fault::body(status, "application/json", format!(r#"{{"error":"{error}","error_description":"no"}}"#))
    };
    let cases: Vec<(&str, Fault, &str, ErrorKind, bool, bool)> = vec![
        // what, fault, code, kind, transient, session kept
        ("revoked", oauth(400, "invalid_grant"), "session.ended", ErrorKind::NotAuthenticated, false, false),
        (
            "client secret changed",
            oauth(401, "invalid_client"),
            "client.invalid_credentials",
            ErrorKind::Config,
            false,
            true,
        ),
        (
            "grant type not allowed",
            oauth(400, "unauthorized_client"),
            "client.invalid_credentials",
            ErrorKind::Config,
            false,
            true,
        ),
        ("scope", oauth(400, "invalid_scope"), "token.scope_refused", ErrorKind::Config, false, true),
        ("resource", oauth(400, "invalid_target"), "token.resource_refused", ErrorKind::Config, false, true),
        ("no entry", oauth(403, "access_denied"), "token.access_denied", ErrorKind::Forbidden, false, true),
        ("other", oauth(400, "invalid_request"), "token.refused", ErrorKind::Provider, false, true),
        ("too many", Fault::status(429), "token.refused", ErrorKind::Provider, true, true),
        ("timeout there", Fault::status(408), "token.refused", ErrorKind::Provider, true, true),
        ("broken", Fault::status(500), "token.refused", ErrorKind::Provider, true, true),
        (
            "a broken server's invalid_grant",
            oauth(503, "invalid_grant"),
            "token.refused",
            ErrorKind::Provider,
            true,
            true,
        ),
        ("html", Fault::html(502), "token.refused", ErrorKind::Provider, true, true),
        ("garbage with 200", Fault::malformed_body(), "unexpected_response_error", ErrorKind::Provider, false, true),
        ("html with 200", Fault::html(200), "unexpected_response_error", ErrorKind::Provider, false, true),
        ("no answer", Fault::drop_connection(), "network.unreachable", ErrorKind::Network, true, true),
        (
            "redirect",
            Fault::redirect("http://169.254.169.254/"),
            "network.redirected",
            ErrorKind::Provider,
            false,
            true,
        ),
        ("silence", Fault::hang(), "network.timeout", ErrorKind::Network, true, true),
        ("drip", Fault::slow_body(Duration::from_millis(300)), "network.timeout", ErrorKind::Network, true, true),
    ];
    for (what, fault, code, kind, transient, kept) in cases {
        let site = Site::start().await;
        let mut browser = site.signed_in("ada").await;
        site.mock.inject_fault(Endpoint::Token, fault);
        let impatient = site.redeployed(|config| config.timeout(Duration::from_secs(1)));
        let logto = if code == "network.timeout" { &impatient } else { &site.logto };
        let mut cookies = browser.request();
        let error = logto.get_access_token(&mut cookies, books()).await.unwrap_err();
        browser.receive(&cookies.set_cookie_headers());
        assert_eq!(
            (error.code().as_str(), error.kind(), error.is_transient(), error.requires_sign_in()),
            (code, kind, transient, !kept),
            "{what}: {error}"
        );
        assert!(!error.hint().is_empty());
        assert_eq!(site.is_signed_in(&browser).await, kept, "{what}");
        if kept {
            site.mock.clear_faults();
            assert!(token(&site, &mut browser, books()).await.is_ok(), "{what}: the session goes on");
        }
    }
}

#[tokio::test]
async fn while_logto_is_away_a_living_token_is_used_to_its_end() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let first = token(&site, &mut browser, books()).await.unwrap();
    site.mock.stop().await;
    site.advance(HOUR - 30);
    assert_eq!(token(&site, &mut browser, books()).await.unwrap(), first);
    let mut cookies = browser.request();
    _ = site.logto.get_access_token(&mut cookies, books().force_refresh(true)).await.unwrap_err();
    assert!(cookies.set_cookie_headers().is_empty(), "a refresh that brought nothing writes nothing");
    let insistent = token(&site, &mut browser, books().force_refresh(true)).await.unwrap_err();
    assert!(insistent.is_transient());
    site.advance(31);
    let error = token(&site, &mut browser, books()).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Network, 503));
    site.mock.restart().await.unwrap();
    assert_ne!(token(&site, &mut browser, books()).await.unwrap(), first);
}

#[tokio::test]
async fn tokens_are_renewed_a_minute_before_they_end() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let first = token(&site, &mut browser, books()).await.unwrap();
    site.advance(HOUR - 61);
    assert_eq!(token(&site, &mut browser, books()).await.unwrap(), first);
    assert_ne!(token(&site, &mut browser, books().min_validity(Duration::from_secs(120))).await.unwrap(), first);
    site.advance(HOUR - 59);
    let requests = site.mock.request_count(Endpoint::Token);
    token(&site, &mut browser, books()).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), requests + 1);
}

#[tokio::test]
async fn an_ended_session_is_a_context_without_a_user() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.revoke_all_grants();
    // Nobody asked Logto yet: the session is what it was.
    assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    let context = site.context(&mut browser, ContextOptions::new().access_token(books())).await.unwrap();
    assert!(!context.is_authenticated() && context.claims().is_none());
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn an_unreachable_logto_is_a_transient_error_for_a_user_who_stays_signed_in() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.stop().await;
    let error = site.context(&mut browser, ContextOptions::new().access_token(books())).await.unwrap_err();
    assert!(error.is_transient());
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_refreshed_id_token_with_another_issuer_or_subject_is_refused() {
    for (member, code) in [("sub", "id_token.invalid_sub"), ("iss", "id_token.invalid_iss")] {
        let site = Site::rotating().await;
        let mut browser = site.signed_in("ada").await;
        let before = site.logto.get_refresh_token(&browser.request()).await.unwrap();
        site.mock.tamper_id_token(move |_, claims| claims[member] = "somebody-else".into());
        let error = token(&site, &mut browser, books()).await.unwrap_err();
        assert_eq!(error.code(), code);
        let after = site.logto.get_refresh_token(&browser.request()).await.unwrap();
        assert_eq!(after, before, "somebody else's refresh token is not taken");
        site.mock.clear_tampering();
        let context = site.context(&mut browser, ContextOptions::new().access_token(books())).await.unwrap();
        assert_eq!(context.claims().unwrap().username.as_deref(), Some("ada"), "the session is what it was");
    }
}

#[tokio::test]
async fn without_a_refresh_token_the_error_says_why() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    // Logto drops `offline_access` silently when it does not ask for consent.
    let url = site.begin(&mut browser, logto::SignInOptions::new().prompt([logto::Prompt::Login])).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    token(&site, &mut browser, TokenOptions::new()).await.expect("the token of the sign-in");
    let error = token(&site, &mut browser, books()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.requires_sign_in()), ("session.no_refresh_token", true));
    assert!(error.hint().contains("offline_access") && error.hint().contains("consent"));
    assert!(site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn organization_tokens_without_their_scope_are_an_error_that_says_so() {
    let site = Site::with(|mock| mock, |config| config.scopes(["email"])).await;
    let mut browser = site.signed_in("ada").await;
    let error = token(&site, &mut browser, TokenOptions::new().organization("any")).await.unwrap_err();
    assert_eq!(error.code(), "missing_scope_organizations");
    assert_eq!(site.mock.requests_total(), 0);
}

#[tokio::test]
async fn answers_that_reach_the_browser_in_the_wrong_order_lose_no_session() {
    for last in [0, 1] {
        let site = Site::rotating().await;
        let mut browser = site.signed_in("ada").await;
        // Two requests renew different tokens; each exchange spends the refresh token that the other brought.
        let mut answers = Vec::new();
        for options in [books(), TokenOptions::new().force_refresh(true)] {
            let mut cookies = browser.request();
            site.logto.get_access_token(&mut cookies, options).await.unwrap();
            answers.push(cookies.set_cookie_headers());
        }
        browser.receive(&answers[last]);
        site.advance(HOUR - 1);
        token(&site, &mut browser, books()).await.unwrap();
        assert!(site.is_signed_in(&browser).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_for_a_forced_refresh_take_its_token() {
    let site = Site::rotating().await;
    let browser = site.signed_in("ada").await;
    site.mock.inject_fault(Endpoint::Token, Fault::delay(Duration::from_millis(100)));
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let (logto, browser) = (site.logto.clone(), browser.clone());
        tasks.spawn(async move {
            logto.get_access_token(&mut browser.request(), books().force_refresh(true)).await.unwrap()
        });
    }
    tasks.join_all().await;
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_short_lived_access_token_is_renewed_at_half_of_its_life() {
    let short = MockResource::new(BOOKS).scope("read:books").access_token_ttl(Duration::from_secs(10));
    let site = Site::with(|mock| mock.resource(short), |config| config).await;
    let mut browser = site.signed_in("ada").await;
    let first = token(&site, &mut browser, books()).await.unwrap();
    site.advance(4);
    assert_eq!(token(&site, &mut browser, books()).await.unwrap(), first);
    site.advance(1);
    assert_ne!(token(&site, &mut browser, books()).await.unwrap(), first);
}

#[tokio::test]
async fn userinfo_of_a_dead_grant_ends_the_session() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    site.mock.suspend_user("ada");
    let mut cookies = browser.request();
    let error = site.logto.fetch_user_info(&mut cookies).await.unwrap_err();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!((error.code().as_str(), error.oauth_error().unwrap().error()), ("session.ended", "invalid_grant"));
    assert!(browser.cookies.is_empty());
}
