//! Signing out, and telling the apps.

use std::sync::{Arc, Mutex};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use logto::testing::{MockApp, MockLogto};
use url::Url;

use crate::{
    replay::{compare_tokens, fixture},
    support::{REDIRECT_URI, authorization_url, decoded, exchange, text},
};

type Received = Arc<Mutex<Vec<String>>>;

/// An app's back-channel endpoint. Gives its address and what it receives.
async fn listen() -> (String, Received) {
    let received = Received::default();
    let keep = async |State(received): State<Received>, headers: HeaderMap, body: String| {
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        received.lock().unwrap().push(body.strip_prefix("logout_token=").unwrap().to_owned());
    };
    let app = Router::new().route("/backchannel", post(keep)).with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/backchannel", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, received)
}

fn end_session(mock: &MockLogto) -> String {
    let params = [("client_id", mock.app_id()), ("post_logout_redirect_uri", "http://localhost:3000/bye".to_owned())];
    let url = Url::parse_with_params(&format!("{}/session/end", mock.issuer()), params).unwrap();
    format!("{url}&state=out")
}

#[tokio::test]
async fn apps_are_told_when_a_session_ends() {
    let (uri, received) = listen().await;
    for (file, required) in [("01-default", false), ("02-session-required", true)] {
        let app =
            MockApp::new("h8rc2xdlth5ihimk3tfuc", "secret").redirect_uri(REDIRECT_URI).allow_any_loopback_redirect();
        let app = app.backchannel_logout_uri(&uri).backchannel_session_required(required);
        let user = logto::testing::MockUser::new("ada").id("amc3emckvas6");
        let mock = MockLogto::builder().app(app).user(user).start().await.unwrap();
        let tokens = exchange(&mock, &mock.sign_in(&authorization_url(&mock, &[]), "ada").await).await.json();
        assert_eq!(mock.end_session(&end_session(&mock)).await, "http://localhost:3000/bye?state=out");
        let logout_token = received.lock().unwrap().pop().unwrap();
        let recorded = fixture(&format!("51-backchannel-logout/{file}.json"));
        compare_tokens(file, text(&recorded["logout_token"], "raw"), &logout_token);
        assert_eq!(decoded(&logout_token).1.get("sid"), decoded(text(&tokens, "id_token")).1.get("sid"));
        // The session is over: nobody is told again, and the user is asked to sign in.
        mock.end_session(&end_session(&mock)).await;
        assert!(received.lock().unwrap().is_empty());
        let silent = mock.cancel_sign_in(&authorization_url(&mock, &[("prompt", "none")])).await;
        assert!(silent.contains("error=login_required"), "{silent}");
    }
}

#[tokio::test]
async fn a_dead_app_does_not_stop_the_sign_out() {
    let app = MockApp::new("id", "secret").allow_any_loopback_redirect().backchannel_logout_uri("http://127.0.0.1:1/");
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    mock.sign_in(&authorization_url(&mock, &[]), "ada").await;
    assert_eq!(mock.end_session(&end_session(&mock)).await, "http://localhost:3000/bye?state=out");
}

#[tokio::test]
async fn logout_tokens_can_be_made_by_hand() {
    let mock = MockLogto::start().await;
    let (header, claims) = decoded(&mock.logout_token(None, Some("a-sid")));
    assert_eq!((header["typ"].as_str(), claims["sid"].as_str()), (Some("logout+jwt"), Some("a-sid")));
    assert_eq!((claims.get("sub"), claims["aud"].as_str()), (None, Some("mock-app-id")));
}
