//! The pages of `examples/saas`, as two people use them.

use std::sync::Arc;

use crate::{
    app::App,
    engine::Engine,
    window::{Browser, Window},
};

pub async fn a_company_grows_by_an_invitation(app: &App, browser: &Arc<Browser>) {
    let window = browser.open(&app.base).await;
    window.shows("The work of your company, in one place.").await;
    window.picture("saas-welcome").await;
    window.click("Sign in").await;
    window.sign_in("ada", "lovelace").await;
    window.fill("name", "Analytical Engines").await;
    window.send("/companies").await;
    window.shows("Members (1)").await;
    window.fill("email", "charles@engines.test").await;
    window.send("/invitations").await;
    window.shows("charles@engines.test").await;
    window.picture("saas-company").await;
    let link = window.address_of(".demo a").await;

    // He opens the message on a machine of his own, and has no account yet.
    let elsewhere = Browser::start(Engine::Chromium).await;
    let there = elsewhere.open(&link).await;
    accepts(&there).await;
    window.reload().await;
    window.shows("Members (2)").await;
    window.send("/domain").await;
    window.shows("Whoever signs up with an address of example.test is a member at once.").await;
}

async fn accepts(there: &Window) {
    there.shows("Analytical Engines invites you").await;
    there.picture("saas-invitation").await;
    there.press("Join Analytical Engines").await;
    there.shows("Members (2)").await;
    assert!(!there.settled_text().await.contains("Invite"), "a member invites nobody");
}
