//! Signing in.

use serde_json::json;

use crate::{
    app::{App, Setup},
    example::Example,
};

pub async fn a_sign_in_leads_back_to_the_page_wanted(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    let wanted = app.url("/protected?tab=2&q=a%20b%26c");
    tab.open(&wanted).await;
    tab.passed("/logto/sign-in?return_to=%2Fprotected%3Ftab%3D2%26q%3Da%2520b%2526c");
    tab.sign_in("ada", "wrong").await;
    tab.shows("Incorrect account or password");
    tab.submit(&[("username", "ada"), ("password", "lovelace")]).await;
    tab.is_at(&wanted);
    tab.shows("user-ada");

    assert_eq!(tab.cookies(&app.base), ["logto_app"], "the sign-in has left nothing");
    let jar = tab.browser.jar();
    assert!(jar.of_scripts(&app.base.parse().unwrap()).is_empty(), "no script sees the session");
}

pub async fn the_start_page_tells_who_is_signed_in(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.shows("Create account");
    assert_eq!(tab.fetch("/logto/user").await.json(), json!({ "isAuthenticated": false }));
    tab.click("Sign in").await;
    tab.sign_in("ada", "lovelace").await;
    tab.is_at(&app.home());
    tab.shows("Hello, Ada Lovelace");
    let claims = tab.json();
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("user-ada"), &json!("ada@example.test")));
    assert_eq!(
        (&claims["roles"], &claims["organizations"]),
        (&json!(["librarian"]), &json!(["org-acme", "org-globex"]))
    );
    // As they are in the ID token: with members that are null, which the typed claims of the page leave out.
    let mut user = tab.fetch("/logto/user").await.json();
    assert_eq!(user["claims"]["picture"], json!(null));
    user["claims"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!((&user["isAuthenticated"], &user["claims"]), (&json!(true), &claims));
}

pub async fn a_link_to_create_an_account_opens_the_registration(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Create account").await;
    tab.passed("first_screen=register");
    tab.submit(&[("username", "grace"), ("password", "hopper")]).await;
    tab.is_at(&app.home());
    tab.shows("user-grace");
}

pub async fn kakao_is_one_click_away(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Continue with Kakao").await;
    tab.passed("direct_sign_in=social%3Akakao");
    tab.shows("Agree and continue");
    tab.submit(&[]).await;
    tab.shows("Hello, Kakao User");
}

/// Login CSRF: a callback is good in the browser alone that began the sign-in.
pub async fn a_sign_in_of_another_browser_is_refused(example: Example) {
    let app = App::start(example).await;
    let mut attacker = app.visit().await;
    attacker.click("Sign in").await;
    let callback = app.mock.sign_in(&attacker.passed("/oidc/auth?"), "bob").await;

    let mut victim = app.visit().await;
    victim.follow(&callback).await;
    assert_eq!(victim.page.status, 400);
    victim.shows("sign_in_session.not_found");
    victim.click("Sign in").await;
    victim.open(&callback).await;
    assert_eq!(victim.page.status, 400);
    victim.shows("callback_uri_verification.state_mismatched");
    victim.open(&app.home()).await;
    victim.shows("Create account");
    // The code was not spent, either.
    attacker.open(&callback).await;
    attacker.shows("Hello, user-bob");
}

pub async fn two_tabs_sign_in_at_once(example: Example) {
    let app = App::start(example).await;
    let mut one = app.visit().await;
    let mut other = one.clone();
    one.click("Sign in").await;
    other.open(&app.url("/protected?tab=other")).await;
    other.sign_in("ada", "lovelace").await;
    other.is_at(&app.url("/protected?tab=other"));
    one.sign_in("ada", "lovelace").await;
    one.is_at(&app.home());
    one.shows("Hello, Ada Lovelace");
    other.open(&app.url("/protected")).await;
    other.shows("user-ada");
    assert_eq!(one.cookies(&app.base), ["logto_app"]);
}

pub async fn the_back_button_on_the_callback_does_no_harm(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.open(&app.url("/protected")).await;
    tab.sign_in("ada", "lovelace").await;
    let callback = tab.passed("/callback?");
    app.mock.reset_counts();
    tab.open(&callback).await;
    tab.is_at(&app.home());
    tab.shows("Hello, Ada Lovelace");
    assert_eq!(app.mock.requests_total(), 0, "the code is not tried again");
    // Nobody is signed in, and the callback is worth nothing.
    tab.sign_out().await;
    tab.open(&callback).await;
    assert_eq!(tab.page.status, 400);
    tab.shows("sign_in_session.not_found");
}

pub async fn abandoned_sign_ins_leave_few_cookies(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    for _ in 0..20 {
        tab.open(&app.url("/logto/sign-in")).await;
        tab.shows("Demo users");
        let cookies = tab.cookies(&app.base);
        assert!(cookies.len() <= 4, "{cookies:?}");
    }
    tab.sign_in("ada", "lovelace").await;
    tab.shows("Hello, Ada Lovelace");
    let cookies = tab.cookies(&app.base);
    assert!(cookies.len() <= 4, "the session, and three sign-ins that may yet end: {cookies:?}");
}

pub async fn access_denied_is_told_and_ends_the_sign_in(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    let callback = app.mock.cancel_sign_in(&tab.passed("/oidc/auth?")).await;
    tab.follow(&callback).await;
    assert_eq!(tab.page.status, 403);
    tab.shows("The sign-in was cancelled or refused.");
    assert!(tab.cookies(&app.base).is_empty(), "the sign-in is over");
    tab.click("Sign in").await;
    tab.sign_in("ada", "lovelace").await;
    tab.shows("Hello, Ada Lovelace");
    assert_eq!(tab.cookies(&app.base), ["logto_app"]);
}

/// What an error of Logto's says is a stranger's text: anyone can open the callback with one.
pub async fn an_error_in_the_callback_is_text(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    let page = "/callback?error=access_denied&error_description=<script>alert(1)</script>&state=";
    let state = app.mock.last_request(logto::testing::Endpoint::Authorization).unwrap();
    let state = state.query_value("state").unwrap_or_default().to_owned();
    for state in ["", "x", &state] {
        tab.open(&app.url(&format!("{page}{state}"))).await;
        assert!(matches!(tab.page.status.as_u16(), 400 | 403), "{:?}", tab.page);
        assert!(!tab.page.body.contains("<script>"), "{}", tab.page.body);
        assert!(tab.page.header("content-security-policy").starts_with("default-src 'none'"));
    }
}

pub async fn no_sign_in_leads_to_another_site(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/%09/evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "http://localhost@evil.example/",
        "/\t/evil.example",
        "http://127.0.0.1/",
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", target).finish();
        tab.open(&app.url(&format!("/logto/sign-in?{query}"))).await;
        if tab.page.status == 200 {
            // What is left is a path of this site.
            tab.sign_in("ada", "lovelace").await;
            assert!(tab.page.url().as_str().starts_with(&app.url("/")), "{target}: {}", tab.page.url());
            assert!(target.starts_with("/%09"), "{target}: {}", tab.page.url());
            tab.open(&app.home()).await;
            tab.sign_out().await;
        } else {
            assert_eq!(tab.page.status, 400, "{target}");
            tab.shows("sign_in.return_to_refused");
            assert!(tab.cookies(&app.base).is_empty(), "nothing has begun: {target}");
        }
    }
}

/// Logto is another site, so what its page posts comes without cookies.
pub async fn a_callback_may_come_by_post(example: Example) {
    let app = App::with(example, Setup::form_post).await;
    assert!(!app.mock.endpoint().contains("//localhost"), "{}: another site than the application", app.mock.endpoint());
    let mut tab = app.visit().await;
    let wanted = app.url("/protected?tab=2");
    tab.open(&wanted).await;
    tab.passed("response_mode=form_post");
    tab.sign_in("ada", "lovelace").await;
    tab.is_at(&wanted);
    tab.shows("user-ada");
    let leak = tab.page.trail.iter().find(|url| url.as_str().contains("code="));
    assert!(leak.is_none(), "the code is in an address: {leak:?}");
    assert_eq!(tab.cookies(&app.base), ["logto_app"], "the sign-in has left nothing");
}
