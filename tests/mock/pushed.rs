//! Pushed authorization requests, beyond what was recorded.

use std::time::Duration;

use logto::testing::{MockApp, MockLogto, TestClock};

use crate::support::{Answer, Browser, REDIRECT_URI, client, param, text};

async fn push(mock: &MockLogto, more: &[(&str, &str)]) -> Answer {
    let mut form =
        vec![("redirect_uri", REDIRECT_URI), ("response_type", "code"), ("scope", "openid"), ("state", "pushed")];
    form.extend(more);
    let request = client().post(format!("{}/request", mock.issuer()));
    Answer::of(request.basic_auth(mock.app_id(), Some(mock.app_secret())).form(&form)).await
}

#[tokio::test]
async fn a_pushed_request_is_valid_for_its_client_once_within_a_minute() {
    let clock = TestClock::new();
    let app = |id: &str| MockApp::new(id, "secret").redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app("one")).app(app("two")).clock(clock.clone()).start().await.unwrap();
    let authorize = async |uri: &str, client_id: &str| {
        let url = format!("/oidc/auth?client_id={client_id}&request_uri={uri}");
        Browser::new(&mock).get(&url).await
    };
    let mut uris = Vec::new();
    for _ in 0..3 {
        uris.push(text(&push(&mock, &[]).await.json(), "request_uri").to_owned());
    }
    // The client that did not push it has used it up, too.
    for (uri, client_id) in [(&uris[0], "two"), (&uris[0], "one")] {
        assert_eq!(text(&authorize(uri, client_id).await.json(), "error"), "invalid_request_uri", "{client_id}");
    }
    assert!(authorize(&uris[1], "one").await.location().starts_with("/sign-in?app_id=one"));
    clock.advance(Duration::from_secs(60));
    assert_eq!(text(&authorize(&uris[2], "one").await.json(), "error"), "invalid_request_uri");
}

#[tokio::test]
async fn parameters_of_a_pushed_request_win_over_those_that_the_browser_adds() {
    let mock = MockLogto::start().await;
    let uri = text(&push(&mock, &[]).await.json(), "request_uri").to_owned();
    let url = format!("{}/auth?client_id={}&request_uri={uri}&state=added", mock.issuer(), mock.app_id());
    let callback = mock.sign_in(&url, "ada").await;
    assert_eq!(param(&callback, "state").as_deref(), Some("pushed"));
}

#[tokio::test]
async fn an_invalid_authorization_request_is_refused_at_the_push() {
    let mock = MockLogto::start().await;
    for (more, error) in [
        (("prompt", "nosuch"), "invalid_request"),
        (("resource", "https://nosuch.example.test"), "invalid_target"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "request_uri_not_supported"),
        (("client_id", "nosuch"), "invalid_request"),
    ] {
        let refused = push(&mock, &[more]).await;
        assert_eq!((refused.status, text(&refused.json(), "error")), (400, error), "{more:?}");
    }
}
