//! The pages, as a browser sees them.

use logto::testing::{MockApp, MockLogto};
use serde_json::{Value, json};

use crate::support::{Browser, REDIRECT_URI, authorization_url, decoded, exchange, param, text, userinfo};

#[tokio::test]
async fn a_second_sign_in_uses_the_session_at_logto() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    let callback = browser.sign_in(&authorization_url(&mock, &[]), "ada", "lovelace").await;
    assert_eq!(param(&callback, "state").as_deref(), Some("the-state"));
    assert_eq!(param(&callback, "iss"), Some(mock.issuer()));
    assert_eq!(exchange(&mock, &callback).await.status, 200);
    for prompt in ["", "none", "consent"] {
        let answer = browser.get(&authorization_url(&mock, &[("prompt", prompt)])).await;
        let callback = browser.follow(answer).await.unwrap_err();
        assert!(param(&callback, "code").is_some(), "{callback}");
    }
    let answer = browser.get(&authorization_url(&mock, &[("prompt", "login")])).await;
    assert!(answer.location().starts_with("/sign-in?"));
}

#[tokio::test]
async fn the_mock_continues_the_interaction_after_a_wrong_password() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    let page = browser.get(&authorization_url(&mock, &[])).await.location().to_owned();
    let shown = browser.get(&page).await;
    assert_eq!(shown.status, 200);
    for piece in
        ["MockLogto — for development and tests only", "name=viewport", "ada / lovelace", "Continue with Kakao"]
    {
        assert!(shown.body.replace("name=\"viewport\"", "name=viewport").contains(piece), "{piece}");
    }
    let wrong = browser.post(&page, &[("username", "<b>ada"), ("password", "x")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Incorrect account or password") && wrong.body.contains("&lt;b&gt;ada"));
    assert!(!wrong.body.contains("<b>ada\""));
    let right = browser.post(&page, &[("username", "ada"), ("password", "lovelace")]).await;
    assert!(browser.follow(right).await.is_err());
    assert_eq!(browser.get(&page).await.status, 400, "the interaction is over");
}

#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    let one = browser.get(&authorization_url(&mock, &[("state", "one")])).await.location().to_owned();
    let two = browser.get(&authorization_url(&mock, &[("state", "two")])).await.location().to_owned();
    for (page, state) in [(one, "one"), (two, "two")] {
        let answer = browser.post(&page, &[("username", "ada"), ("password", "lovelace")]).await;
        let callback = browser.follow(answer).await.unwrap_err();
        assert_eq!(param(&callback, "state").as_deref(), Some(state));
    }
}

#[tokio::test]
async fn kakao_is_one_click_away() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    let url = authorization_url(&mock, &[("direct_sign_in", "social:kakao"), ("scope", "openid profile identities")]);
    let page = browser.get(&url).await.location().to_owned();
    assert!(page.starts_with("/direct/social/kakao?"), "{page}");
    assert!(browser.get(&page).await.body.contains("Agree and continue"));
    let agreed = browser.post(&page, &[]).await;
    let callback = browser.follow(agreed).await.unwrap_err();
    let tokens = exchange(&mock, &callback).await.json();
    let user = userinfo(&mock, text(&tokens, "access_token")).await.json();
    assert_eq!(user["username"], Value::Null);
    assert_eq!(user["identities"]["kakao"]["userId"], "3141592653");
    // The short way leads to the same user.
    let tokens = exchange(&mock, &mock.sign_in(&url, "kakao").await).await.json();
    assert_eq!(decoded(text(&tokens, "id_token")).1["sub"], user["sub"]);
    let unknown = authorization_url(&mock, &[("direct_sign_in", "social:nosuch"), ("first_screen", "register")]);
    let page = Browser::new(&mock).get(&unknown).await.location().to_owned();
    assert!(Browser::new(&mock).get(&page).await.location().starts_with("/register?"));
}

#[tokio::test]
async fn a_new_user_registers() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    let url = authorization_url(&mock, &[("first_screen", "register")]);
    let page = browser.get(&url).await.location().to_owned();
    assert!(page.starts_with("/register?"));
    assert_eq!(browser.get(&page).await.status, 200);
    let taken = browser.post(&page, &[("username", "ada"), ("password", "x")]).await;
    assert!(taken.status == 422 && taken.body.contains("already taken"));
    assert_eq!(browser.post(&page, &[("username", " "), ("password", "x")]).await.status, 422);
    let answer = browser.post(&page, &[("username", "grace"), ("password", "hopper")]).await;
    let callback = browser.follow(answer).await.unwrap_err();
    let (_, claims) = decoded(text(&exchange(&mock, &callback).await.json(), "id_token"));
    assert_eq!(claims["username"], "grace");
    assert_eq!(
        (&claims["name"], &claims["email"], &claims["email_verified"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    Browser::new(&mock).sign_in(&authorization_url(&mock, &[]), "grace", "hopper").await;
}

#[tokio::test]
async fn a_third_party_asks_for_consent() {
    let app = MockApp::new("third", "secret").third_party().redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let mut browser = Browser::new(&mock);
    let page = browser.get(&authorization_url(&mock, &[])).await.location().to_owned();
    let answer = browser.post(&page, &[("username", "ada"), ("password", "lovelace")]).await;
    let resume = browser.get(answer.location()).await;
    let consent = resume.location().to_owned();
    assert!(consent.starts_with("/consent?app_id=third"), "{consent}");
    let page = browser.get(&consent).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("href=\"{REDIRECT_URI}\"")), "Cancel goes to the bare redirect URI");
    let agreed = browser.post(&consent, &[]).await;
    assert!(param(&browser.follow(agreed).await.unwrap_err(), "code").is_some());
    // Agreed once, it is not asked again.
    let answer = browser.get(&authorization_url(&mock, &[("prompt", "")])).await;
    assert!(param(answer.location(), "code").is_some());
}

#[tokio::test]
async fn max_age_is_honoured() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    browser.sign_in(&authorization_url(&mock, &[]), "ada", "lovelace").await;
    let zero = authorization_url(&mock, &[("max_age", "0"), ("prompt", "")]);
    let callback = browser.sign_in(&zero, "ada", "lovelace").await;
    let (_, claims) = decoded(text(&exchange(&mock, &callback).await.json(), "id_token"));
    assert!(claims["auth_time"].is_i64());
    let garbage = browser.get(&authorization_url(&mock, &[("max_age", "soon")])).await;
    assert_eq!(param(garbage.location(), "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn pages_of_the_mock_answer_any_input() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    for path in [
        "/",
        "/sign-in",
        "/sign-in?interaction=x",
        "/consent?interaction=",
        "/direct/",
        "/oidc/auth/%ff",
        "/oidc/",
        "/%00",
    ] {
        assert!(browser.get(path).await.status >= 400, "{path}");
        assert!(browser.post(path, &[("interaction", "x")]).await.status >= 400, "{path}");
    }
}
