//! Logto cannot be reached.

use std::time::Duration;

use tokio::time::sleep;

use crate::{app::App, browser::Answer, example::Example};

pub async fn an_outage_ends_no_session(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    app.access_tokens_live(1);
    tab.open(&app.url("/access-token")).await;
    assert_eq!(tab.page.status, 200);
    let before = tab.cookies(&app.base);
    sleep(Duration::from_millis(1100)).await;
    app.mock.clear_tampering();

    app.mock.stop().await;
    tab.open(&app.home()).await;
    tab.shows("Hello, Ada Lovelace");
    tab.open(&app.url("/protected")).await;
    tab.shows("user-ada");
    for target in ["/access-token", "/user-info", "/organization/org-acme"] {
        tab.open(&app.url(target)).await;
        is_a_page_of_an_outage(&tab.page);
        let answer = tab.fetch(target).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (503, "application/json"), "{target}");
        assert!(seconds(&answer) > 0, "{target}");
        assert!(answer.json()["code"].as_str().unwrap().starts_with("network."), "{target}: {}", answer.body);
    }
    assert_eq!(tab.cookies(&app.base), before);

    app.mock.restart().await.unwrap();
    for target in ["/access-token", "/user-info", "/organization/org-acme"] {
        tab.open(&app.url(target)).await;
        tab.is_at(&app.url(target));
        assert_eq!(tab.page.status, 200, "{target}");
    }
}

/// The application has never reached Logto.
pub async fn an_application_that_starts_before_logto_waits_for_logto(example: Example) {
    let app = App::start(example).await;
    app.mock.stop().await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    is_a_page_of_an_outage(&tab.page);
    assert!(tab.cookies(&app.base).is_empty(), "nothing has begun");
    app.mock.restart().await.unwrap();
    // That Logto was not there is remembered for a second.
    sleep(Duration::from_millis(1100)).await;
    tab.click("Sign in").await;
    tab.sign_in("ada", "lovelace").await;
    tab.shows("Hello, Ada Lovelace");
}

/// In the middle of a sign-in: the user is told, and can begin again.
pub async fn an_outage_at_the_callback_is_told(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.visit().await;
    tab.click("Sign in").await;
    let callback = app.mock.sign_in(&tab.passed("/oidc/auth?"), "ada").await;
    app.mock.stop().await;
    tab.follow(&callback).await;
    is_a_page_of_an_outage(&tab.page);
    app.mock.restart().await.unwrap();
    tab.click("Sign in").await;
    tab.sign_in("ada", "lovelace").await;
    tab.shows("Hello, Ada Lovelace");
}

/// Signing out here works whatever Logto does.
pub async fn a_user_can_leave_during_an_outage(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    app.mock.stop().await;
    assert_eq!(tab.post("/logto/sign-out").await.status, 303);
    tab.open(&app.home()).await;
    tab.shows("Create account");
    assert!(tab.cookies(&app.base).is_empty());
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

#[track_caller]
fn is_a_page_of_an_outage(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (503, "text/html; charset=utf-8"),
        "{answer:?}"
    );
    assert!(seconds(answer) > 0);
    assert!(answer.body.contains("Please try again in a moment."), "{}", answer.body);
}
