//! The main job, over strings and over a cookie jar: sign in, read claims, call for tokens, sign out.

use std::time::Duration;

use cookie::{Cookie, CookieJar};
use logto::{
    ContextOptions, Cookies, DirectSignIn, FirstScreen, HeaderCookies, LogtoClient, RequestSession, SessionLifetime,
    SignInOptions, SignOutOptions, TokenOptions,
    testing::{Endpoint, MockOrganization, MockUser},
};

use crate::support::{BASE_URL, BOOKS, Browser, Site};

#[tokio::test]
async fn a_sign_out_after_a_sign_in_ends_the_session() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    assert!(!site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());

    let url = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/books?page=2")).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap(), "http://localhost:3000/books?page=2");
    assert_eq!(browser.cookies.len(), 1, "the sign-in is used up");

    let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
    let claims = context.claims().unwrap();
    assert_eq!(claims.username.as_deref(), Some("ada"));
    assert_eq!(claims.roles, ["librarian"]);
    assert!(claims.aud.contains("app"));

    let mut cookies = browser.request();
    let redirect = site.logto.sign_out(&mut cookies, SignOutOptions::new().state("bye")).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert_eq!(browser.header(), "logto_app=signed-out");
    assert_eq!(site.mock.request_count(Endpoint::Revocation), 1);
    assert!(redirect.location().contains("client_id=app") && !redirect.location().contains("id_token_hint"));
    assert_eq!(site.mock.end_session(redirect.location()).await, format!("{BASE_URL}/?state=bye"));
    assert!(!site.is_signed_in(&browser).await);
    // The page that comes next takes the last of it away.
    assert!(!site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_sign_in_with_a_cookie_jar_changes_only_cookies_of_the_client() {
    let site = Site::start().await;
    let mut jar = CookieJar::new();
    jar.add_original(("theme", "dark"));
    let redirect = site.logto.sign_in(&mut jar, SignInOptions::new()).await.unwrap();
    // A queued cookie is seen by later reads, so the next request's jar may as well be this one.
    let callback = site.mock.sign_in(redirect.location(), "ada").await;
    _ = site.logto.handle_sign_in(&mut jar, &callback).await.unwrap();
    let context = site.logto.get_context(&mut jar, ContextOptions::new()).await.unwrap();
    assert!(context.is_authenticated());
    assert!(
        jar.delta().all(|cookie| cookie.name().starts_with("logto_app")),
        "the application's cookies are left alone"
    );
}

#[tokio::test]
async fn a_signed_in_session_costs_nothing() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    for _ in 0..10 {
        assert!(site.logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap().is_authenticated());
    }
    assert_eq!((site.mock.requests_total(), cookies.set_cookie_headers().len()), (0, 0));
}

#[tokio::test]
async fn a_hundred_first_sign_ins_make_one_discovery_request() {
    let site = Site::start().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let logto = site.logto.clone();
        tasks.spawn(async move { logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.len(), 100);
    assert_eq!((site.mock.request_count(Endpoint::Discovery), site.mock.requests_total()), (1, 1));
}

#[tokio::test]
async fn user_info_is_fetched_with_access_tokens_of_every_kind() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let options = ContextOptions::new()
        .fetch_user_info(true)
        .access_token(TokenOptions::new().resource(BOOKS))
        .organization_tokens(true);
    let context = site.context(&mut browser, options.clone()).await.unwrap();
    assert_eq!(context.user_info().unwrap().sub, context.claims().unwrap().sub);
    let mut scopes = context.scopes().unwrap().to_vec();
    scopes.sort();
    assert_eq!(scopes, ["read:books", "write:books"]);
    let organizations = &context.claims().unwrap().organizations;
    assert!(organizations.len() >= 2);
    for organization in organizations {
        let claims = context.organization_tokens()[organization].claims().unwrap();
        assert!(claims.aud.contains(&format!("urn:logto:organization:{organization}")));
    }
    let exchanges = site.mock.request_count(Endpoint::Token);
    assert_eq!(exchanges, 1 + organizations.len());

    // A second time they come from the session.
    site.context(&mut browser, options).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), exchanges);

    let mut cookies = browser.request();
    let organization = organizations[0].as_str();
    let claims = site
        .logto
        .get_access_token_claims(&mut cookies, TokenOptions::new().resource(BOOKS).organization(organization))
        .await
        .unwrap();
    assert!(claims.aud.contains(BOOKS));
    assert_eq!(claims.organization_id.as_deref(), Some(organization));
    let claims = site
        .logto
        .get_access_token_claims(&mut cookies, TokenOptions::new().resource(BOOKS).scopes(["read:books"]))
        .await
        .unwrap();
    assert_eq!(claims.scopes().collect::<Vec<_>>(), ["read:books"]);
    let opaque = site.logto.get_access_token_claims(&mut cookies, TokenOptions::new()).await.unwrap_err();
    assert_eq!(opaque.code(), "access_token.opaque");
}

#[tokio::test]
async fn a_forced_refresh_brings_new_roles() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let token = |force| TokenOptions::new().resource(BOOKS).force_refresh(force);
    let scopes = |token: logto::AccessToken| token.scopes().len();
    assert_eq!(scopes(site.logto.get_access_token(&mut cookies, token(false)).await.unwrap()), 2);
    site.mock.update_user("ada", MockUser::without_roles);
    assert_eq!(
        scopes(site.logto.get_access_token(&mut cookies, token(false)).await.unwrap()),
        2,
        "the token of before"
    );
    assert_eq!(scopes(site.logto.get_access_token(&mut cookies, token(true)).await.unwrap()), 0);
    let claims = site.logto.get_id_token_claims(&cookies).await.unwrap().unwrap();
    assert!(claims.roles.is_empty(), "the ID token came anew, too");

    // So does forgetting the tokens. The permissions of the sign-in come back with the role.
    site.mock.update_user("ada", |user| user.role("librarian"));
    site.logto.clear_access_token(&mut cookies).await.unwrap();
    assert_eq!(scopes(site.logto.get_access_token(&mut cookies, token(false)).await.unwrap()), 2);
}

#[tokio::test]
async fn claims_are_renewed_when_they_are_older_than_asked_for() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let options = || ContextOptions::new().claims_max_age(Duration::from_secs(60));
    site.mock.update_user("ada", MockUser::without_roles);
    site.advance(60);
    assert_eq!(site.context(&mut browser, options()).await.unwrap().claims().unwrap().roles, ["librarian"]);
    assert_eq!(site.mock.requests_total(), 0);
    site.advance(1);
    assert!(site.context(&mut browser, options()).await.unwrap().claims().unwrap().roles.is_empty());
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    site.mock.stop().await;
    site.advance(61);
    assert!(site.context(&mut browser, options()).await.unwrap_err().is_transient(), "not knowing is an error");
    assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
}

#[tokio::test]
async fn refresh_session_renews_tokens_with_claims_in_one_call() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let before = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    let organization = site.logto.get_organization_token(&mut cookies, "org-acme").await.unwrap();
    site.mock.update_user("ada", |user| user.without_roles().organization("org-acme", &["member"]));
    let context = site.logto.refresh_session(&mut cookies).await.unwrap();
    assert!(context.claims().unwrap().roles.is_empty());
    site.mock.reset_counts();
    let after = site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    assert!(after.scopes().is_empty() && !before.scopes().is_empty());
    assert_ne!(
        site.logto.get_organization_token(&mut cookies, "org-acme").await.unwrap().token(),
        organization.token()
    );
    assert_eq!(site.mock.requests_total(), 0, "they were renewed by that one call");
}

#[tokio::test]
async fn a_request_session_returns_a_refresh_token_only_for_a_signed_in_user() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    for (header, is_ada) in [(String::new(), false), (browser.header(), true)] {
        let session = RequestSession::new(site.logto.clone(), header);
        assert_eq!(session.is_authenticated().await.unwrap(), is_ada);
        let refresh_token = session.get_refresh_token().await.unwrap();
        assert_eq!(refresh_token, site.logto.get_refresh_token(&browser.request()).await.unwrap().filter(|_| is_ada));
    }
}

#[tokio::test]
async fn one_call_renews_the_claims_of_a_session_without_access_tokens() {
    let site = Site::start().await;
    let mut cookies = site.signed_in("ada").await.request();
    site.logto.clear_access_token(&mut cookies).await.unwrap();
    site.mock.update_user("ada", logto::testing::MockUser::without_roles);
    let context = site.logto.refresh_session(&mut cookies).await.unwrap();
    assert!(context.claims().unwrap().roles.is_empty());
}

#[tokio::test]
async fn a_session_returns_its_tokens_until_they_are_cleared() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    assert!(site.logto.get_id_token(&cookies).await.unwrap().unwrap().expose().starts_with("eyJ"));
    assert_eq!(site.logto.get_refresh_token(&cookies).await.unwrap().unwrap().expose().len(), 43);
    site.logto.clear_all_tokens(&mut cookies).await.unwrap();
    assert!(!site.logto.is_authenticated(&cookies).await.unwrap());
    assert!(site.logto.get_id_token(&cookies).await.unwrap().is_none());
    let error = site.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.requires_sign_in(), error.http_status()),
        ("not_authenticated", true, 401)
    );
}

#[tokio::test]
async fn sign_in_options_select_the_page_that_logto_shows() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    for (options, page) in [
        (SignInOptions::new(), "/sign-in"),
        (SignInOptions::new().first_screen(FirstScreen::Register), "/register"),
        (SignInOptions::new().direct_sign_in(DirectSignIn::social("kakao")), "/direct/social/kakao"),
    ] {
        let url = site.begin(&mut browser, options).await;
        let http = crate::http_browser::without_redirects();
        let response = http.get(url).send().await.unwrap();
        assert_eq!(response.status(), 303);
        let location = response.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(page), "{location}");
    }
}

#[tokio::test]
async fn max_age_is_checked_on_return() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let options = || SignInOptions::new().max_age(Duration::from_secs(300));
    let url = site.begin(&mut browser, options()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();

    let url = site.begin(&mut browser, options()).await;
    let now = site.clock.clone();
    site.mock.tamper_id_token(move |_, claims| {
        let now = logto::integrate::Clock::now(&now).duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        claims["auth_time"] = (now - 300 - 61).into();
    });
    let callback = site.mock.sign_in(&url, "ada").await;
    assert_eq!(site.end(&mut browser, &callback).await.unwrap_err().code(), "id_token.invalid_auth_time");
}

#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let first = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/first")).await;
    let second = site.begin(&mut browser, SignInOptions::new().post_redirect_uri("/second")).await;
    let second = site.mock.sign_in(&second, "ada").await;
    assert_eq!(site.end(&mut browser, &second).await.unwrap(), format!("{BASE_URL}/second"));
    let first = site.mock.sign_in(&first, "ada").await;
    assert_eq!(site.end(&mut browser, &first).await.unwrap(), format!("{BASE_URL}/first"));
    assert_eq!(browser.cookies.len(), 1);
}

#[tokio::test]
async fn an_abandoned_sign_in_costs_no_session_unless_asked() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    for _ in 0..30 {
        site.begin(&mut browser, SignInOptions::new()).await;
    }
    assert!(site.is_signed_in(&browser).await);
    assert!(browser.header().len() < 8192 && browser.cookies.len() <= 5, "{} bytes", browser.header().len());
    site.begin(&mut browser, SignInOptions::new().clear_tokens(true)).await;
    assert!(!site.is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_local_sign_out_ends_the_session_here_alone_with_nowhere_to_go() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let copied = browser.clone();
    let mut cookies = browser.request();
    site.logto.sign_out_locally(&mut cookies).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    assert!(!site.is_signed_in(&browser).await);
    assert_eq!((site.mock.request_count(Endpoint::Revocation), site.mock.requests_total()), (1, 1));
    assert!(!site.is_signed_in(&copied).await, "it is over wherever it was copied to");
    // Without a session, and as the session of a request.
    site.logto.sign_out_locally(&mut browser.request()).await.unwrap();
    let browser = site.signed_in("ada").await;
    let session = RequestSession::new(site.logto.clone(), browser.header());
    session.sign_out_locally().await.unwrap();
    assert!(!session.is_authenticated().await.unwrap());
    let headers = session.commit().await.unwrap();
    assert!(
        headers.set_cookies().iter().any(|cookie| cookie.starts_with("logto_app=signed-out;")),
        "{:?}",
        headers.set_cookies()
    );
}

#[tokio::test]
async fn sign_out_succeeds_without_logto_or_without_a_session() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let mut cookies = browser.request();
    let redirect = site
        .logto
        .sign_out(&mut cookies, SignOutOptions::new().local_only(true).revoke_refresh_token(false))
        .await
        .unwrap();
    assert_eq!((redirect.location(), site.mock.requests_total()), ("http://localhost:3000/", 0));
    let elsewhere = SignOutOptions::new().local_only(true).post_logout_redirect_uri("https://evil.example");
    assert_eq!(
        site.logto.sign_out(&mut browser.request(), elsewhere).await.unwrap_err().code(),
        "sign_in.return_to_refused"
    );

    site.mock.stop().await;
    let cold = site.another_instance();
    let mut cookies = browser.request();
    assert_eq!(cold.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap().location(), format!("{BASE_URL}/"));
    browser.receive(&cookies.set_cookie_headers());
    assert!(browser.cookies.is_empty());
    site.mock.restart().await.unwrap();
    site.advance(2);
    let redirect = cold.sign_out(&mut browser.request(), SignOutOptions::new()).await.unwrap();
    assert!(redirect.location().contains("client_id=app") && !redirect.location().contains("id_token_hint"));
}

#[tokio::test]
async fn a_signed_out_session_gets_no_more_tokens() {
    let site = Site::start().await;
    let browser = site.signed_in("ada").await;
    let stale = browser.clone();
    _ = site.logto.sign_out(&mut browser.request(), SignOutOptions::new().revoke_refresh_token(false)).await.unwrap();
    // A request that left the browser before.
    let error =
        site.logto.get_access_token(&mut stale.request(), TokenOptions::new().resource(BOOKS)).await.unwrap_err();
    assert_eq!(error.code(), "not_authenticated");
    assert_eq!(site.mock.request_count(Endpoint::Token), 0);
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let lifetime = SessionLifetime::new().idle(Duration::from_secs(3600)).absolute(Duration::from_secs(7200));
    let site = Site::with(|mock| mock, |config| config.session_lifetime(lifetime)).await;
    let mut browser = site.signed_in("ada").await;
    for _ in 0..2 {
        site.advance(3500);
        assert!(site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    }
    site.advance(201);
    assert!(!site.context(&mut browser, ContextOptions::new()).await.unwrap().is_authenticated());
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn a_second_sign_in_replaces_the_session_of_the_first_user() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    site.mock.clear_browser_session();
    let callback = site.mock.sign_in(&url, "bob").await;
    site.end(&mut browser, &callback).await.unwrap();
    let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
    assert_eq!(context.claims().unwrap().username.as_deref(), Some("bob"));
    assert_eq!(context.claims().unwrap().name, None, "null members are absent");
}

#[tokio::test]
async fn a_user_in_four_hundred_organizations_is_signed_in() {
    let ids: Vec<_> =
        (0..400_u64).map(|number| format!("{:012x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16)).collect();
    let site = Site::with(
        |mock| {
            let many =
                ids.iter().fold(MockUser::new("many").password("many"), |user, id| user.organization(id, &["admin"]));
            ids.iter().fold(mock.user(many), |mock, id| mock.organization(MockOrganization::new(id).role("admin", &[])))
        },
        |config| config,
    )
    .await;
    let mut browser = site.signed_in("many").await;
    assert!(browser.cookies.len() <= 4);
    let context = site.context(&mut browser, ContextOptions::new()).await.unwrap();
    assert_eq!(context.claims().unwrap().organizations.len(), 400);
    // The ID token is far too long for a URL; Logto takes the app id alone.
    let redirect = site.logto.sign_out(&mut browser.request(), SignOutOptions::new()).await.unwrap();
    assert!(redirect.location().len() < 512 && !redirect.location().contains("id_token_hint"));
}

#[tokio::test]
async fn browsers_use_the_public_endpoint_when_servers_use_an_internal_one() {
    let site = Site::start().await;
    let public = "https://logto.example.com";
    let issuer = format!("{public}/oidc");
    let real = site.mock.endpoint();
    site.mock.tamper_discovery(move |document| {
        let text = document.to_string().replace(&real, public);
        *document = serde_json::from_str(&text).unwrap();
    });
    let config = crate::support::settings(&site.mock, &site.clock)
        .endpoint(public)
        .internal_endpoint(site.mock.endpoint())
        .build()
        .unwrap();
    let logto = LogtoClient::new(config).unwrap();
    logto.warm_up().await.unwrap();
    let redirect = logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap();
    assert!(redirect.location().starts_with(&format!("{issuer}/auth?")), "the browser goes to the public name");
    assert_eq!(site.mock.request_count(Endpoint::Jwks), 1, "this server asks the internal one");
}

#[tokio::test]
async fn a_public_client_names_itself_in_the_body() {
    let site = Site::rotating().await;
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut browser, &callback).await.unwrap();
    let request = site.mock.last_request(Endpoint::Token).unwrap();
    assert_eq!((request.form_value("client_id"), request.header("authorization")), (Some("spa"), None));
}

#[test]
fn cookies_are_appended_to_those_that_a_response_has() {
    let mut cookies = HeaderCookies::parse("sent=1");
    cookies.set(Cookie::new("lang", "ko"));
    cookies.set(Cookie::new("broken", "a\r\nset-cookie: b=1"));
    cookies.set(Cookie::build(("theme", "")).path("/").max_age(cookie::time::Duration::ZERO).build());
    let mut headers = http::HeaderMap::new();
    headers.insert("set-cookie", "own=1".parse().unwrap());
    cookies.append_to(&mut headers);
    let values: Vec<_> = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(values, ["own=1", "lang=ko", "theme=; Path=/; Max-Age=0"]);
}
