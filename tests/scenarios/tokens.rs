//! What a signed-in user's session is good for.

use std::time::Duration;

use logto::testing::Endpoint;
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    app::{App, BOOKS},
    example::Example,
};

pub async fn user_info_comes_from_logto(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.click("Fetch user info").await;
    assert_eq!((&tab.json()["sub"], &tab.json()["custom_data"]["plan"]), (&json!("user-ada"), &json!("pro")));
    app.mock.update_user("ada", |ada| ada.claim("custom_data", json!({ "plan": "free" })));
    tab.open(&app.url("/user-info")).await;
    assert_eq!(tab.json()["custom_data"]["plan"], "free", "it is asked for each time");
    assert_eq!((app.mock.request_count(Endpoint::UserInfo), app.mock.request_count(Endpoint::Token)), (2, 0));
}

pub async fn an_access_token_is_asked_for_once(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.click("Access token").await;
    let claims = tab.json();
    assert_eq!((&claims["aud"], &claims["sub"]), (&json!(BOOKS), &json!("user-ada")));
    assert_eq!(claims["scope"], "read:books write:books");
    tab.open(&app.url("/access-token")).await;
    assert_eq!(tab.json(), claims);
    assert_eq!(app.mock.request_count(Endpoint::Token), 1);
    assert!(tab.page.set_cookies().is_empty(), "nothing has changed");
}

pub async fn an_organization_has_tokens_of_its_own(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    for (organization, scope) in [("org-acme", "read:reports invite:member"), ("org-globex", "read:reports")] {
        tab.click(&format!("Organization {organization}")).await;
        let claims = tab.json();
        assert_eq!(claims["aud"], format!("urn:logto:organization:{organization}"));
        assert_eq!(claims["scope"], scope);
        tab.open(&app.home()).await;
    }
    assert_eq!(app.mock.request_count(Endpoint::Token), 2);
}

pub async fn a_user_who_is_no_member_gets_no_organization_token(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    tab.open(&app.url("/organization/org-initech")).await;
    assert_eq!(tab.page.status, 403);
    tab.shows("organization.not_a_member");
    let answer = tab.fetch("/organization/org-initech").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (403, &json!("organization.not_a_member")));
    tab.open(&app.url("/protected")).await;
    tab.shows("user-ada");
}

/// With the clock as it goes: the token ends, and the next request brings another, and newer claims with it.
pub async fn a_token_that_ended_is_renewed_in_the_background(example: Example) {
    let app = App::start(example).await;
    let mut tab = app.signed_in().await;
    app.access_tokens_live(1);
    tab.open(&app.url("/access-token")).await;
    let first = tab.json()["jti"].clone();
    sleep(Duration::from_millis(1100)).await;
    app.mock.clear_tampering();
    app.mock.update_user("ada", |ada| ada.name("Countess Lovelace"));
    app.mock.reset_counts();

    tab.open(&app.url("/access-token")).await;
    tab.is_at(&app.url("/access-token"));
    let second = tab.json()["jti"].clone();
    assert_ne!(first, second);
    tab.open(&app.url("/access-token")).await;
    assert_eq!(tab.json()["jti"], second);
    assert_eq!(app.mock.requests_total(), 1, "one exchange, and nothing else");
    tab.open(&app.home()).await;
    tab.shows("Hello, Countess Lovelace");
}

/// The refresh token is good for one use, and a second use would end the session at Logto.
pub async fn sixteen_requests_share_one_exchange(example: Example) {
    let app = App::with(example, |setup| setup.public_client().world(|world| world.reuse_window(Duration::ZERO))).await;
    let mut tab = app.signed_in().await;
    app.access_tokens_live(1);
    tab.open(&app.url("/access-token")).await;
    let first = tab.json()["jti"].clone();
    sleep(Duration::from_millis(1100)).await;
    app.mock.clear_tampering();
    app.mock.reset_counts();

    let mut requests = JoinSet::new();
    for _ in 0..16 {
        let mut tab = tab.clone();
        let url = app.url("/access-token");
        requests.spawn(async move {
            tab.open(&url).await;
            tab.json()["jti"].clone()
        });
    }
    let tokens = requests.join_all().await;
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != first), "{first}: {tokens:?}");
    assert_eq!(app.mock.request_count(Endpoint::Token), 1);
    // The browser has kept the successor, whichever response came last.
    tab.open(&app.url("/organization/org-acme")).await;
    assert_eq!(tab.json()["aud"], "urn:logto:organization:org-acme");
    assert_eq!(app.mock.request_count(Endpoint::Token), 2);
}

pub async fn a_session_that_logto_ended_is_over(example: Example) {
    let app = App::start(example).await;
    let tab = app.signed_in().await;
    app.mock.revoke_all_grants();
    let answer = tab.fetch("/access-token").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (401, &json!("session.ended")));
    assert!(tab.cookies(&app.base).is_empty());

    let mut tab = app.signed_in().await;
    app.mock.revoke_all_grants();
    tab.open(&app.url("/access-token")).await;
    // A browser goes to sign in. Logto knows the user yet, so that they are back at the page with a new session.
    tab.passed("/logto/sign-in?return_to=%2Faccess-token");
    tab.is_at(&app.url("/access-token"));
    assert_eq!((tab.page.status.as_u16(), &tab.json()["sub"]), (200, &json!("user-ada")));
}
