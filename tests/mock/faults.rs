//! Each way in which the server can fail.

use std::time::{Duration, Instant};

use logto::testing::{Endpoint, Fault, MockApp, MockLogto};
use reqwest::Response;

use crate::support::{Answer, REDIRECT_URI, client, refresh, text, tokens};

async fn jwks(mock: &MockLogto) -> reqwest::Result<Response> {
    client().get(format!("{}/jwks", mock.issuer())).send().await
}

/// For what never comes.
async fn impatient(mock: &MockLogto) -> reqwest::Result<Response> {
    client().get(format!("{}/jwks", mock.issuer())).timeout(Duration::from_millis(500)).send().await
}

#[tokio::test]
async fn a_fault_answers_instead_of_the_endpoint() {
    let mock = MockLogto::start().await;
    let cases = [
        (Fault::status(500), 500, ""),
        (Fault::html(502), 502, "nginx"),
        (Fault::body(418, "text/teapot", "short and stout"), 418, "stout"),
        (Fault::redirect("http://elsewhere.test/"), 302, ""),
        (Fault::malformed_body(), 200, "access_token"),
    ];
    for (fault, status, piece) in cases {
        mock.inject_fault(Endpoint::Jwks, fault.times(1));
        let answer = jwks(&mock).await.unwrap();
        assert_eq!(answer.status(), status);
        let body = answer.bytes().await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains(piece), "{body:?}");
    }
    assert_eq!(jwks(&mock).await.unwrap().status(), 200, "each was for one request");
    mock.inject_fault(Endpoint::Jwks, Fault::status(429).retry_after(Duration::from_secs(7)));
    assert_eq!(jwks(&mock).await.unwrap().headers()["retry-after"], "7");
    assert_eq!(jwks(&mock).await.unwrap().status(), 429, "it stays");
    mock.clear_faults();
    assert_eq!(jwks(&mock).await.unwrap().status(), 200);
    assert_eq!(mock.request_count(Endpoint::Jwks), 9);
}

#[tokio::test]
async fn a_fault_delays_an_answer_or_breaks_the_connection() {
    let mock = MockLogto::start().await;
    mock.inject_fault(Endpoint::Jwks, Fault::delay(Duration::from_millis(60)).times(1));
    let begun = Instant::now();
    assert_eq!(jwks(&mock).await.unwrap().status(), 200);
    assert!(begun.elapsed() >= Duration::from_millis(60));
    mock.inject_fault(Endpoint::Jwks, Fault::slow_body(Duration::from_micros(10)).times(1));
    assert!(jwks(&mock).await.unwrap().text().await.unwrap().ends_with("]}"));
    mock.inject_fault(Endpoint::Jwks, Fault::slow_body(Duration::from_millis(100)).times(1));
    let dripping = async { impatient(&mock).await?.text().await };
    assert!(dripping.await.unwrap_err().is_timeout());
    mock.inject_fault(Endpoint::Jwks, Fault::drop_connection().times(1));
    assert!(!jwks(&mock).await.unwrap_err().is_timeout());
    mock.inject_fault(Endpoint::Jwks, Fault::hang().times(1));
    assert!(impatient(&mock).await.unwrap_err().is_timeout());
    assert_eq!(jwks(&mock).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_fault_after_processing_loses_the_answer_of_work_that_is_done() {
    let app = MockApp::new("id", "secret").redirect_uri(REDIRECT_URI);
    let mock = MockLogto::builder().app(app).start().await.unwrap();
    let first = tokens(&mock, &[]).await;
    mock.inject_fault(Endpoint::Revocation, Fault::status(500).after_processing());
    let request = client().post(format!("{}/token/revocation", mock.issuer())).basic_auth("id", Some("secret"));
    let answer = Answer::of(request.form(&[("token", text(&first, "refresh_token"))])).await;
    assert_eq!(answer.status, 500);
    assert_eq!(refresh(&mock, text(&first, "refresh_token"), &[]).await.status, 400, "it was revoked all the same");
}
