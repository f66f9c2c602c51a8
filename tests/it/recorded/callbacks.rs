//! Every recorded answer of the authorization endpoint that leads back to the application.

use logto::{Error, ErrorKind, SignInOptions};
use url::Url;

use super::replay::{ADA, App, Exchange, RECORDED_AT, TOKEN, fixture, form_of, json_response, settings, value};
use crate::support::BASE_URL;

/// Begins a sign-in and ends it with a recorded callback; only the state is the one of this sign-in.
async fn end(app: &mut App, recorded: &str) -> Result<(), Error> {
    let url = app.begin(SignInOptions::new()).await;
    let mut callback = Url::parse(recorded).unwrap();
    assert!(recorded.starts_with(BASE_URL));
    let state = value(&url, "state");
    let parameters: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
    callback.query_pairs_mut().clear().extend_pairs(parameters.iter().map(|(name, value)| {
        let value = if name == "state" { &state } else { value };
        (name, value)
    }));
    app.server.once(TOKEN, json_response(&app.own_tokens(&url, ADA)));
    app.end(callback.as_str()).await
}

#[tokio::test]
async fn a_recorded_callback_with_a_code_signs_in() {
    for name in ["50-prompt-none-with-session", "51-no-prompt-with-session", "57-max-age-large"] {
        let recorded = Exchange::of(&format!("11-authorization-requests/{name}"));
        let location = recorded.location().unwrap();
        let mut app = App::new(settings(), RECORDED_AT);
        end(&mut app, location).await.unwrap();
        assert!(app.is_signed_in().await, "{name}");
        let code = value(&Url::parse(location).unwrap(), "code");
        assert!(form_of(&app.server.last(TOKEN)).contains(&("code".to_owned(), code)), "{name}");
    }
}

#[tokio::test]
async fn a_recorded_callback_with_an_error_is_told_by_its_kind() {
    const DENIED: (&str, ErrorKind) = ("callback_uri_verification.error_found", ErrorKind::Forbidden);
    const CONFIG: (&str, ErrorKind) = ("sign_in.request_refused", ErrorKind::Config);
    let cases = [
        ("06-prompt-none-no-session", "login_required", "without it", DENIED),
        ("09-spa-no-pkce", "invalid_request", "app's type", CONFIG),
        ("11-pkce-plain", "invalid_request", "app's type", CONFIG),
        ("12-unknown-resource", "invalid_target", "API resource", CONFIG),
        ("19-request-object", "request_not_supported", "says why", DENIED),
        ("22-bad-prompt", "invalid_request", "app's type", CONFIG),
        ("23-prompt-none-login", "invalid_request", "app's type", CONFIG),
        ("54-prompt-none-more-scope", "consent_required", "without it", DENIED),
        ("55-prompt-none-other-client", "consent_required", "without it", DENIED),
        ("59-prompt-none-id-token-hint-wrong", "invalid_request", "app's type", CONFIG),
        ("70-third-party-scope-not-allowed", "invalid_scope", "Permissions", CONFIG),
    ];
    let recorded =
        |name: &str| Exchange::of(&format!("11-authorization-requests/{name}")).location().unwrap().to_owned();
    let no_openid = fixture("21-code-errors/19-no-openid-scope-callback");
    let no_openid = no_openid["callback_url"].as_str().unwrap().to_owned();
    let cases = cases.map(|(name, error, hint, found)| (recorded(name), error, hint, found));
    let no_openid = (no_openid, "invalid_request", "app's type", CONFIG);
    for (callback, oauth, hint, found) in cases.into_iter().chain([no_openid]) {
        let mut app = App::new(settings(), RECORDED_AT);
        app.sign_in(ADA, |_| {}).await;
        let error = end(&mut app, &callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), found, "{callback}");
        assert!(!error.is_transient() && !error.requires_sign_in());
        let said = error.oauth_error().unwrap();
        assert_eq!(said.error(), oauth, "{callback}");
        let url = Url::parse(&callback).unwrap();
        let description = url.query_pairs().find(|(name, _)| name == "error_description");
        assert_eq!(said.error_description(), description.as_ref().map(|(_, text)| &**text), "{callback}");
        assert!(error.hint().contains(hint), "{callback}: {}", error.hint());
        assert!(app.is_signed_in().await, "{callback}");
        assert_eq!(app.server.asked(TOKEN).len(), 1, "no code, no exchange: {callback}");
    }
}

#[tokio::test]
async fn a_recorded_callback_of_a_user_who_left_is_a_cancellation() {
    let aborted = fixture("12-deny/abort-callback");
    // "Cancel" on the consent page of a third-party app leads to the redirect URI that its answer names, and to nothing more.
    let consent = Exchange::of("12-deny/third-party-consent/08-consent-info");
    for callback in [aborted["callback_url"].as_str().unwrap(), consent.member("redirectUri").unwrap()] {
        let mut app = App::new(settings(), RECORDED_AT);
        app.sign_in(ADA, |_| {}).await;
        let error = end(&mut app, callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), ("user_cancelled", ErrorKind::Cancelled), "{callback}");
        assert!(app.is_signed_in().await);
    }
}
