//! Accounts elsewhere, the tokens of their providers, and pictures.

use std::time::Duration;

use logto::testing::{MockApp, MockConnector, MockLogto, MockProviderToken, MockUser, TestClock};
use serde_json::{Value, json};

use crate::{
    account_user::User,
    support::{Answer, REDIRECT_URI, client, param, text},
};

const CALLBACK: &str = "http://localhost:3000/linked";
const IDENTITIES: &str = "/my-account/identities";

/// Begins, agrees at the provider and verifies. Gives the record.
async fn verified(user: &User<'_>, connector: &str, account: &str) -> String {
    let begin = json!({ "connectorId": connector, "redirectUri": CALLBACK, "state": "the state & more" });
    let begun = user.post("/verifications/social", &begin).await;
    let record = begun.created();
    let callback = user.mock.sign_in_at_provider(text(&begun.json(), "authorizationUri"), account);
    assert!(callback.starts_with(CALLBACK), "{callback}");
    assert_eq!(param(&callback, "state").as_deref(), Some("the state & more"));
    let data = json!({ "code": param(&callback, "code"), "state": "the state & more", "redirectUri": CALLBACK });
    let verify = json!({ "verificationRecordId": record, "connectorData": data });
    assert_eq!(user.post("/verifications/social/verify", &verify).await.created(), record);
    // A provider's code works once.
    user.post("/verifications/social/verify", &verify).await.is_refused(401, "connector.social_auth_code_invalid");
    record
}

#[tokio::test]
async fn an_account_is_linked_replaced_and_unlinked_and_its_token_goes_with_it() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let link = |record: &str| json!({ "newIdentifierVerificationRecordId": record });
    let token = "/my-account/identities/github/access-token";
    ada.get(token).await.is_refused(404, "secrets.third_party_token_set.token_not_found");
    let record = verified(&ada, "connector-github", "ada-at-github").await;
    ada.post(IDENTITIES, &link(ada.record.as_ref().unwrap())).await.is_refused(400, "verification_record.not_found");
    ada.post(IDENTITIES, &link(&record)).await.is_done();
    ada.post(IDENTITIES, &link(&record)).await.is_refused(400, "user.identity_already_in_use");
    let shown = ada.get("/my-account").await.json();
    assert_eq!(shown["identities"]["github"]["userId"], "ada-at-github");
    let first = ada.get(token).await.json();
    assert_eq!((&first["token_type"], &first["scope"]), (&json!("Bearer"), &json!("email profile")));

    // Bob cannot have the same account.
    let bob = User::verified(&mock, "bob", "builder").await;
    let record = verified(&bob, "connector-github", "ada-at-github").await;
    bob.post(IDENTITIES, &link(&record)).await.is_refused(422, "user.identity_already_in_use");
    bob.put(IDENTITIES, &link(&record)).await.is_refused(422, "user.identity_already_in_use");

    let record = verified(&ada, "connector-github", "ada-the-second").await;
    ada.put(IDENTITIES, &link(&record)).await.is_done();
    assert_eq!(ada.get("/my-account").await.json()["identities"]["github"]["userId"], "ada-the-second");
    assert_ne!(ada.get(token).await.json()["access_token"], first["access_token"]);
    ada.delete(&format!("{IDENTITIES}/github")).await.is_done();
    ada.delete(&format!("{IDENTITIES}/github")).await.is_refused(404, "user.identity_not_exist");
    ada.get(token).await.is_refused(404, "secrets.third_party_token_set.token_not_found");
}

#[tokio::test]
async fn a_connector_that_keeps_no_tokens_has_none_to_give() {
    let mock = MockLogto::start().await;
    let ada = User::verified(&mock, "ada", "lovelace").await;
    let record = verified(&ada, "connector-kakao", "1").await;
    ada.post(IDENTITIES, &json!({ "newIdentifierVerificationRecordId": record })).await.is_done();
    let token = "/my-account/identities/kakao/access-token";
    ada.get(token).await.is_refused(404, "secrets.third_party_token_set.token_not_found");
    let renew = json!({ "verificationRecordId": verified(&ada, "connector-kakao", "1").await });
    let missing = "verification_record.social_verification.token_response_not_found";
    ada.put(token, &renew).await.is_refused(422, missing);
}

#[tokio::test]
async fn a_token_of_a_provider_is_renewed_while_it_can_be_and_gone_when_it_cannot() {
    let clock = TestClock::new();
    let hour = Duration::from_secs(3600);
    let ada = MockUser::new("ada")
        .password("lovelace")
        .social_token("github", MockProviderToken::new("gho_1").scope("repo").expires_in(hour / 2).refreshable())
        .social_token("google", MockProviderToken::new("ya29").expires_in(hour / 2))
        .sso_token("okta/1", MockProviderToken::new("okta"));
    let mock = MockLogto::builder().user(ada).clock(clock.clone()).start().await.unwrap();
    let ada = User::of(&mock, "ada").await;
    let (github, google) = ("/my-account/identities/github/access-token", "/my-account/identities/google/access-token");
    let sso = "/my-account/sso-identities/okta%2F1/access-token";
    let first = ada.get(github).await.json();
    assert_eq!(first, json!({ "access_token": "gho_1", "scope": "repo", "token_type": "Bearer", "expires_in": 1800 }));
    assert_eq!(ada.get(google).await.json()["access_token"], "ya29");
    assert_eq!(ada.get(sso).await.json(), json!({ "access_token": "okta", "token_type": "Bearer" }));
    clock.advance(hour / 2);
    let renewed = ada.get(github).await.json();
    assert_ne!(renewed["access_token"], first["access_token"]);
    assert_eq!(renewed["expires_in"], 1800);
    ada.get(google).await.is_refused(401, "secrets.third_party_token_set.access_token_expired");
    ada.get(google).await.is_refused(404, "secrets.third_party_token_set.token_not_found");
    assert_eq!(ada.get(sso).await.status, 200);
    let poor = User::with(&mock, "ada", "openid profile").await;
    for path in [github, google, sso] {
        poor.get(path).await.is_refused(403, "auth.forbidden");
    }
}

#[tokio::test]
async fn a_token_is_put_in_the_place_of_another_by_who_shows_the_account_that_is_linked() {
    let mock = MockLogto::builder()
        .connector(MockConnector::new("connector-github", "github").keeps_tokens())
        .connector(MockConnector::new("connector-google", "google").keeps_tokens())
        .user(MockUser::new("ada").password("lovelace").social_token("github", MockProviderToken::new("old")))
        .start()
        .await
        .unwrap();
    let ada = User::of(&mock, "ada").await;
    let path = "/my-account/identities/github/access-token";
    let with = |record: String| json!({ "verificationRecordId": record });
    let stranger = verified(&ada, "connector-github", "somebody-else").await;
    ada.put(path, &with(stranger)).await.is_refused(422, "user.identity_not_exists_in_current_user");
    let other = verified(&ada, "connector-google", "3141592653").await;
    let wrong_target = "verification_record.social_verification.invalid_target";
    ada.put(path, &with(other)).await.is_refused(422, wrong_target);
    let own = verified(&ada, "connector-github", "3141592653").await;
    let answer = ada.put(path, &with(own)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["access_token"], ada.get(path).await.json()["access_token"]);
    assert_ne!(answer.json()["access_token"], "old");
}

#[tokio::test]
async fn the_page_of_the_provider_sends_a_browser_back_with_a_code() {
    let mock = MockLogto::start().await;
    let ada = User::of(&mock, "ada").await;
    let begin = json!({ "connectorId": "connector-github", "redirectUri": CALLBACK, "state": "s", "scope": "repo" });
    let begun = ada.post("/verifications/social", &begin).await.json();
    let uri = text(&begun, "authorizationUri");
    let page = Answer::of(client().get(uri)).await;
    assert!(page.status == 200 && page.body.contains("<button"), "{}", page.body);
    let back = Answer::of(client().post(uri).form(&[("account", "ada-at-github")])).await;
    assert_eq!(back.status, 303);
    let data = json!({ "code": param(back.location(), "code"), "redirectUri": "http://localhost:3000/other" });
    let verify = json!({ "verificationRecordId": begun["verificationRecordId"], "connectorData": data });
    // A provider gives a code for one redirect URI.
    ada.post("/verifications/social/verify", &verify).await.is_refused(401, "connector.social_auth_code_invalid");
    let unknown = Answer::of(client().get(uri.replace("connector-github", "nosuch"))).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn a_picture_is_uploaded_and_seen() {
    let mock = MockLogto::start().await;
    let ada = User::of(&mock, "ada").await;
    let png = [&b"\x89PNG\r\n\x1a\n"[..], b"pixels", b"IEND\xaeB`\x82"].concat();
    let upload = async |name: &str, bytes: Vec<u8>| {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\nx\r\n--b\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n"
        );
        let body = [head.as_bytes(), &bytes, b"\r\n--b--\r\n"].concat();
        let request = client().post(format!("{}/api/my-account/user-assets/avatar", mock.endpoint()));
        let request = request.header("content-type", "multipart/form-data; boundary=b").body(body);
        Answer::of(request.bearer_auth(text(&ada.tokens, "access_token"))).await
    };
    let answer = upload("../me & you.png", png.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let url = text(&answer.json(), "url").to_owned();
    assert!(url.starts_with(&mock.endpoint()) && url.ends_with("-me---you.png"), "{url}");
    let picture = client().get(&url).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(picture.bytes().await.unwrap(), png);
    let changed = ada.patch("/my-account", &json!({ "avatar": url })).await.json();
    assert_eq!(changed["avatar"], json!(url));
    for bytes in [b"<svg></svg>".to_vec(), b"\x89PNG\r\n\x1a\n cut".to_vec(), Vec::new()] {
        upload("x.png", bytes).await.is_refused(400, "guard.mime_type_not_allowed");
    }
    upload("x.png", vec![b'x'; 20 * 1024 * 1024 + 1]).await.is_refused(400, "guard.file_size_exceeded");
    ada.post("/my-account/user-assets/avatar", &json!({})).await.is_refused(400, "guard.invalid_input");
}

#[tokio::test]
async fn an_app_of_others_reads_the_account_and_does_not_change_it() {
    let app = MockApp::new("theirs", "secret").redirect_uri(REDIRECT_URI).third_party();
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    // Such an app may not ask for every scope.
    let ada = User::with(&mock, "ada", "openid offline_access profile email").await;
    assert_eq!(ada.get("/my-account").await.status, 200);
    let refused = "auth.third_party_application_forbidden";
    ada.patch("/my-account", &json!({ "name": "x" })).await.is_refused(403, refused);
    ada.patch("/my-account/profile", &json!({ "nickname": "x" })).await.is_refused(403, refused);
    ada.post("/my-account/password", &json!({ "password": "x" })).await.is_refused(403, refused);
    ada.post("/verifications/password", &json!({ "password": "lovelace" })).await.is_refused(403, refused);
    ada.post("/verifications/web-authn/registration", &Value::Null).await.is_refused(403, refused);
    let code = json!({ "identifier": { "type": "email", "value": "ada@example.test" } });
    ada.post("/verifications/verification-code", &code).await.is_refused(403, refused);
}
