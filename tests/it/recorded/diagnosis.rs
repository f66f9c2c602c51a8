//! The diagnosis, asked of the recordings: what a real Logto answers to its harmless requests is understood.

use http::Response;
use logto::{
    LogtoClient,
    diagnose::{
        CheckOutcome::{self, Failure, Ok, Skipped},
        Diagnosis,
    },
    testing::TestClock,
};

use super::replay::{APP_SECRET, DISCOVERY, Exchange, JWKS, Server, TOKEN, settings};

const AUTHORIZATION: &str = "/oidc/auth";
const END_SESSION: &str = "/oidc/session/end";

/// What the real server answered to each request, by the name of its recording.
async fn diagnose(token: &str, authorization: &str, end_session: &str) -> Diagnosis {
    let server = Server::default();
    let recorded = |name: &str| -> Response<Vec<u8>> { Exchange::of(name).response() };
    server.always(DISCOVERY, recorded("00-discovery/openid-configuration"));
    server.always(JWKS, recorded("00-discovery/jwks"));
    server.always(TOKEN, recorded(token));
    server.always(AUTHORIZATION, recorded(authorization));
    server.always(END_SESSION, recorded(end_session));
    let config = settings().http_client(server.clone()).clock(TestClock::new()).build().unwrap();
    let diagnosis = LogtoClient::new(config).unwrap().diagnose().await;
    assert!(!format!("{diagnosis}{diagnosis:?}").contains(APP_SECRET));
    for path in [DISCOVERY, JWKS, TOKEN, AUTHORIZATION, END_SESSION] {
        assert_eq!(server.asked(path).len(), 1, "{path}");
    }
    // The requests are those whose answers are known.
    assert_eq!(server.last(TOKEN).method(), "POST");
    let body = String::from_utf8(server.last(TOKEN).into_body()).unwrap();
    assert!(body.starts_with("grant_type=authorization_code&code=") && body.contains("code_verifier="), "{body}");
    let query = server.last(AUTHORIZATION).uri().query().unwrap().to_owned();
    assert!(query.contains("prompt=none") && query.contains("response_type=code"), "{query}");
    assert!(server.last(END_SESSION).uri().query().unwrap().contains("post_logout_redirect_uri="));
    diagnosis
}

/// Names and outcomes of what was asked after discovery.
fn outcomes(diagnosis: &Diagnosis) -> Vec<(&'static str, CheckOutcome)> {
    let asked = diagnosis.checks().iter().skip_while(|check| check.name != "client authentication");
    asked.map(|check| (check.name, check.outcome)).collect()
}

const CLIENT: &str = "client authentication";
const REDIRECT: &str = "redirect URI";
const SCOPES: &str = "scopes and resources";
const SIGN_OUT: &str = "post sign-out redirect URI";

#[tokio::test]
async fn a_diagnosis_of_recorded_answers_reports_no_problem() {
    let diagnosis = diagnose(
        "21-code-errors/01-garbage-code",
        "11-authorization-requests/06-prompt-none-no-session",
        "50-logout/05-end-session-no-session",
    )
    .await;
    assert_eq!(outcomes(&diagnosis), [(CLIENT, Ok), (REDIRECT, Ok), (SCOPES, Ok), (SIGN_OUT, Ok)], "{diagnosis}");
    assert!(diagnosis.is_ok(), "{diagnosis}");
    // The recordings have no Date: the one thing that could not be looked at.
    let warnings = diagnosis.checks().iter().filter(|check| check.outcome == CheckOutcome::Warning);
    assert_eq!(warnings.map(|check| check.name).collect::<Vec<_>>(), ["clock"]);
}

#[tokio::test]
async fn a_diagnosis_of_recorded_refusals_reports_every_problem() {
    let diagnosis = diagnose(
        "21-code-errors/07-wrong-client-secret",
        "11-authorization-requests/04-bad-redirect-uri",
        "50-logout/07-end-session-unregistered-uri",
    )
    .await;
    let expected = [(CLIENT, Failure), (REDIRECT, Failure), (SCOPES, Skipped), (SIGN_OUT, Failure)];
    assert_eq!(outcomes(&diagnosis), expected, "{diagnosis}");
    let told = diagnosis.to_string();
    for found in ["refuses the secret", "/callback is not registered", "http://localhost:3000 is not registered"] {
        assert!(told.contains(found), "{told}");
    }
}

#[tokio::test]
async fn a_diagnosis_of_a_recorded_unknown_app_reports_the_app() {
    let diagnosis = diagnose(
        "20-token/29b-refresh-unknown-client",
        "11-authorization-requests/02-unknown-client",
        "50-logout/12-end-session-unknown-client",
    )
    .await;
    let expected = [(CLIENT, Failure), (REDIRECT, Failure), (SCOPES, Skipped), (SIGN_OUT, Failure)];
    assert_eq!(outcomes(&diagnosis), expected, "{diagnosis}");
    assert_eq!(diagnosis.to_string().matches("set LOGTO_APP_ID to the App ID there").count(), 3, "{diagnosis}");
}

#[tokio::test]
async fn a_diagnosis_of_recorded_refusals_names_what_was_refused() {
    for (recording, found) in [
        ("12-unknown-resource", "Logto does not know a resource: invalid_target"),
        ("70-third-party-scope-not-allowed", "Logto refuses a scope: invalid_scope"),
        ("11-pkce-plain", "Logto refuses the request: invalid_request"),
    ] {
        let diagnosis = diagnose(
            "21-code-errors/01-garbage-code",
            &format!("11-authorization-requests/{recording}"),
            "50-logout/05-end-session-no-session",
        )
        .await;
        assert_eq!(outcomes(&diagnosis), [(CLIENT, Ok), (REDIRECT, Ok), (SCOPES, Failure), (SIGN_OUT, Ok)]);
        assert!(diagnosis.to_string().contains(found), "{diagnosis}");
    }
}
