//! The end session endpoint and an ID token whose signing key was replaced or deleted.

use logto::testing::{MockApp, MockLogto, SigningAlg};
use url::Url;

use crate::{
    replay::fixture,
    support::{Answer, authorization_url, client, exchange},
};

const HOME: &str = "http://localhost:3000/";

async fn end_session(mock: &MockLogto, hint: Option<&str>) -> Answer {
    let client_id = mock.app_id();
    let params = [("client_id", client_id.as_str()), ("post_logout_redirect_uri", HOME)];
    let params = params.into_iter().chain(hint.map(|hint| ("id_token_hint", hint)));
    let url = Url::parse_with_params(&format!("{}/session/end", mock.issuer()), params).unwrap();
    Answer::of(client().get(url)).await
}

fn is_as_recorded(file: &str, answer: &Answer) {
    let recorded = &fixture(file)["response"];
    assert_eq!(u64::from(answer.status), recorded["status"].as_u64().unwrap(), "{file}: {}", answer.body);
    match recorded.get("body_json") {
        Some(body) => assert_eq!(answer.json(), *body, "{file}"),
        None => assert!(answer.body.contains("name=\"xsrf\""), "{file}: {}", answer.body),
    }
}

#[tokio::test]
async fn an_id_token_hint_of_a_previous_key_is_accepted_until_the_key_is_deleted() {
    let app = MockApp::new("app", "secret").redirect_uri(crate::support::REDIRECT_URI).post_logout_redirect_uri(HOME);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let callback = mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    let tokens = exchange(&mock, &callback).await.json();
    let hint = tokens["id_token"].as_str().unwrap();

    mock.rotate_keys(SigningAlg::Es384);
    is_as_recorded("98-oidc-extra/11-end-session-previous-key.json", &end_session(&mock, Some(hint)).await);
    mock.remove_old_keys();
    is_as_recorded("98-oidc-extra/12-end-session-deleted-key.json", &end_session(&mock, Some(hint)).await);
    is_as_recorded("98-oidc-extra/13-end-session-no-hint.json", &end_session(&mock, None).await);
    is_as_recorded("50-logout/13-end-session-garbage-hint.json", &end_session(&mock, Some("garbage")).await);
}
