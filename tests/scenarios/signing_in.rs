//! Signing in.

use serde_json::json;

use crate::{app::App, example::Example};

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
    tab.is_at(&app.url("/"));
    tab.shows("Hello, Ada Lovelace");
    let claims = tab.json();
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("user-ada"), &json!("ada@example.test")));
    assert_eq!(
        (&claims["roles"], &claims["organizations"]),
        (&json!(["librarian"]), &json!(["org-acme", "org-globex"]))
    );
    let user = tab.fetch("/logto/user").await.json();
    assert_eq!((&user["isAuthenticated"], &user["claims"]), (&json!(true), &claims));
}

pub async fn create_account_registers(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Create account").await;
    tab.passed("first_screen=register");
    tab.submit(&[("username", "grace"), ("password", "hopper")]).await;
    tab.is_at(&app.url("/"));
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
    victim.open(&app.url("/")).await;
    victim.shows("Create account");
    // The code was not spent, either.
    attacker.open(&callback).await;
    attacker.shows("Hello, user-bob");
}
