//! The settings page of `examples/account`, as a person uses it.

use std::sync::Arc;

use crate::{
    app::App,
    engine::Engine,
    window::{Browser, Window},
};

pub async fn a_user_changes_her_settings(app: &App, browser: &Arc<Browser>) {
    let another = Browser::start(Engine::Chromium).await;
    let there = another.open(&app.base).await;
    there.sign_in("ada", "lovelace").await;
    there.shows("How you sign in").await;

    let window = browser.open(&app.base).await;
    window.sign_in("ada", "lovelace").await;
    window.shows("How you sign in").await;
    window.picture("account").await;
    the_name(app, &window).await;
    the_email_address(&window).await;
    an_authenticator_app(app, &window).await;
    the_other_device(app, &window, &there).await;
}

async fn the_name(app: &App, window: &Window) {
    window.follow("/profile").await;
    window.fill("name", "Augusta Ada King").await;
    window.picture("account-profile").await;
    window.send("/profile").await;
    window.shows("Your name and picture are saved.").await;
    window.shows("Augusta Ada King").await;
    assert_eq!(window.url().await, format!("{}/#about", app.base));
}

async fn the_email_address(window: &Window) {
    window.follow("/email").await;
    window.shows("Is it you?").await;
    window.fill("password", "wrong").await;
    window.send("/confirm").await;
    window.shows("This is not your password.").await;
    assert_eq!(window.focused().await, "password", "the field that is wrong has the focus");
    window.picture("account-wrong-password").await;
    window.fill("password", "lovelace").await;
    window.send("/confirm").await;
    window.shows("You have confirmed that it is you.").await;
    window.fill("address", "augusta@example.test").await;
    window.send("/email").await;
    window.shows("A code has been sent to augusta@example.test").await;
    window.picture("account-code").await;
    let code = window.text_of(".demo code").await;
    window.fill("code", &another(&code)).await;
    window.send("/email/code").await;
    window.shows("This code is not right.").await;
    window.fill("code", &code).await;
    window.send("/email/code").await;
    window.shows("Your e-mail address is changed.").await;
    window.shows("augusta@example.test").await;
}

/// A code of the same length that is not this one.
fn another(code: &str) -> String {
    code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect()
}

async fn an_authenticator_app(app: &App, window: &Window) {
    // She is not asked again.
    window.follow("/two-step").await;
    window.send("/two-step/app/new").await;
    let secret = window.text_of(".secret").await.replace(' ', "");
    window.picture("account-app").await;
    let code = window.totp(&secret).await;
    window.fill("code", &code).await;
    window.send("/two-step/app").await;
    window.shows("The authenticator app is added.").await;
    window.send("/two-step/codes/new").await;
    window.shows("they are shown this once").await;
    window.picture("account-backup-codes").await;
    window.send("/two-step/codes").await;
    window.shows("10 left").await;
    window.picture("account-two-step").await;
    window.go(&app.base).await;
    window.shows("Authenticator app, Backup codes").await;
}

async fn the_other_device(app: &App, window: &Window, there: &Window) {
    window.follow("/devices").await;
    window.shows("This device").await;
    window.picture("account-devices").await;
    window.send("/devices/end").await;
    window.shows("The device is signed out.").await;
    there.go(&app.base).await;
    there.shows("Password").await;
    window.go(&app.base).await;
    window.shows("How you sign in").await;
}
