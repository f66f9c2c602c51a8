//! Where a user is signed in, which applications have access, and their end.

use logto::testing::{MockApp, MockLogto};
use serde_json::Value;

use crate::{
    account_user::{SCOPE, User},
    support::{Answer, Browser, REDIRECT_URI, authorization_url, exchange, refresh, text, userinfo},
};

async fn sessions(user: &User<'_>) -> Vec<Value> {
    let answer = user.get("/my-account/sessions").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["sessions"].as_array().unwrap().clone()
}

/// The uids of the sessions, and of the one that is the user's own.
async fn uids(user: &User<'_>) -> (String, Vec<String>) {
    let sessions = sessions(user).await;
    let uid = |session: &Value| text(&session["payload"], "uid").to_owned();
    let current: Vec<_> = sessions.iter().filter(|session| session["isCurrent"] == true).collect();
    assert_eq!(current.len(), 1);
    let others = sessions.iter().filter(|session| session["isCurrent"] == false).map(uid).collect();
    (uid(current[0]), others)
}

async fn renew(user: &User<'_>) -> Answer {
    refresh(user.mock, text(&user.tokens, "refresh_token"), &[]).await
}

#[tokio::test]
async fn each_device_sees_itself_as_the_current_one() {
    let mock = MockLogto::start().await;
    let mut phone = User::of(&mock, "ada").await;
    let mut laptop = User::of(&mock, "ada").await;
    let _bob = User::of(&mock, "bob").await;
    phone.verify("lovelace").await;
    laptop.verify("lovelace").await;
    let (on_phone, others) = uids(&phone).await;
    let (on_laptop, others_of_laptop) = uids(&laptop).await;
    assert_eq!((others, others_of_laptop), (vec![on_laptop], vec![on_phone]));
}

#[tokio::test]
async fn the_end_of_a_session_ends_its_refresh_tokens_when_it_is_told_to() {
    let mock = MockLogto::start().await;
    let here = User::verified(&mock, "ada", "lovelace").await;
    let (kept, ended) = (User::of(&mock, "ada").await, User::of(&mock, "ada").await);
    let (_, others) = uids(&here).await;
    let mut own = Vec::new();
    for user in [&kept, &ended] {
        // Which of the others it is.
        let mut probe = User { mock: &mock, tokens: user.tokens.clone(), record: None };
        probe.verify("lovelace").await;
        own.push(uids(&probe).await.0);
    }
    assert!(others.contains(&own[0]) && others.contains(&own[1]));
    // Offline access outlives the session.
    here.delete(&format!("/my-account/sessions/{}", own[0])).await.is_done();
    assert_eq!(renew(&kept).await.status, 200);
    here.delete(&format!("/my-account/sessions/{}?revokeGrantsTarget=all", own[1])).await.is_done();
    assert_eq!(renew(&ended).await.status, 400);
    assert_eq!(userinfo(&mock, text(&ended.tokens, "access_token")).await.status, 401);
    assert_eq!((uids(&here).await.1.len(), renew(&here).await.status), (0, 200));
    let again = here.delete(&format!("/my-account/sessions/{}", own[1])).await;
    again.is_refused(400, "oidc.session_not_found");
    let bad = here.delete("/my-account/sessions/x?revokeGrantsTarget=nosuch").await;
    bad.is_refused(400, "guard.invalid_input");
}

#[tokio::test]
async fn a_session_without_offline_access_ends_with_its_tokens() {
    let mock = MockLogto::start().await;
    let here = User::verified(&mock, "ada", "lovelace").await;
    let there = User::with(&mock, "ada", "openid profile").await;
    let (_, others) = uids(&here).await;
    assert_eq!(there.get("/my-account").await.status, 200);
    here.delete(&format!("/my-account/sessions/{}", others[0])).await.is_done();
    there.get("/my-account").await.is_refused(401, "auth.unauthorized");
}

#[tokio::test]
async fn nobody_ends_a_session_or_a_grant_of_another_user() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let bob = User::verified(&mock, "bob", "builder").await;
    let (session, _) = uids(&ada).await;
    bob.delete(&format!("/my-account/sessions/{session}")).await.is_refused(400, "oidc.invalid_session_account_id");
    let grant = ada.get("/my-account/grants").await.json()["grants"][0]["id"].as_str().unwrap().to_owned();
    bob.delete(&format!("/my-account/grants/{grant}")).await.is_refused(404, "oidc.invalid_grant");
    bob.delete("/my-account/grants/nosuch").await.is_refused(404, "oidc.invalid_grant");
    assert_eq!((renew(&ada).await.status, uids(&ada).await.1.len()), (200, 0));
}

#[tokio::test]
async fn the_end_of_a_grant_ends_the_access_of_its_application_in_its_session() {
    let mock = MockLogto::start().await;
    let here = User::verified(&mock, "ada", "lovelace").await;
    let there = User::of(&mock, "ada").await;
    let grants = here.get("/my-account/grants").await.json()["grants"].clone();
    let of_here = sessions(&here).await.into_iter().find(|session| session["isCurrent"] == true).unwrap();
    let own = &of_here["payload"]["authorizations"][mock.app_id()]["grantId"];
    let other = grants.as_array().unwrap().iter().find(|grant| grant["id"] != *own).unwrap();
    here.delete(&format!("/my-account/grants/{}", text(other, "id"))).await.is_done();
    assert_eq!((renew(&there).await.status, renew(&here).await.status), (400, 200));
    let left = sessions(&here).await.into_iter().find(|session| session["isCurrent"] == false).unwrap();
    assert_eq!(left["payload"]["authorizations"], serde_json::json!({}));
    // The browser that had it has to sign in again.
    let silent = mock.sign_in(&authorization_url(&mock, &[("prompt", "none"), ("scope", SCOPE)]), "ada").await;
    assert!(silent.contains("error=login_required"), "{silent}");
}

#[tokio::test]
async fn grants_are_told_apart_by_whose_application_it_is() {
    let mock = MockLogto::builder()
        .app(MockApp::new("ours", "secret").redirect_uri(REDIRECT_URI))
        .app(MockApp::new("theirs", "secret").redirect_uri(REDIRECT_URI).third_party())
        .start()
        .await
        .unwrap();
    let ada = User::verified(&mock, "ada", "lovelace").await;
    mock.sign_in(&authorization_url(&mock, &[("client_id", "theirs")]), "ada").await;
    let apps = async |query: &str| -> Vec<String> {
        let answer = ada.get(&format!("/my-account/grants{query}")).await.json();
        let grants = answer["grants"].as_array().unwrap();
        grants.iter().map(|grant| text(&grant["application"], "id").to_owned()).collect()
    };
    assert_eq!(apps("?appType=firstParty").await, ["ours"]);
    assert_eq!(apps("?appType=thirdParty").await, ["theirs"]);
    assert_eq!(apps("").await.len(), 2);
    ada.get("/my-account/grants?appType=x").await.is_refused(400, "guard.invalid_input");
}

#[tokio::test]
async fn a_session_tells_of_the_browser_that_signed_in() {
    let mock = MockLogto::start().await;
    let mut browser = Browser::new(&mock);
    browser.agent = Some("Mozilla/5.0 (test)".to_owned());
    let callback = browser.sign_in(&authorization_url(&mock, &[("scope", SCOPE)]), "ada", "lovelace").await;
    let mut ada = User { mock: &mock, tokens: exchange(&mock, &callback).await.json(), record: None };
    ada.verify("lovelace").await;
    let context = sessions(&ada).await[0]["lastSubmission"]["signInContext"].clone();
    assert_eq!(context, serde_json::json!({ "ip": "127.0.0.1", "userAgent": "Mozilla/5.0 (test)" }));
}
