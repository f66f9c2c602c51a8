//! Pushed authorization requests, as the real server accepted and answered them.

use logto::{SignInOptions, TokenOptions};

use super::replay::{App, Exchange, RECORDED_AT, form_of, query_of, settings};

const PUSH: &str = "/oidc/request";

/// The app of the recorded request.
fn app(recorded: &Exchange) -> App {
    let settings = settings().app_id(recorded.client_id()).app_secret("C0SVwkks0PCWWleGQWppIaSfKK0UrMvQ");
    App::new(settings.pushed_authorization_requests(true), RECORDED_AT)
}

#[tokio::test]
async fn a_pushed_request_is_sent_and_read_as_recorded() {
    let recorded = Exchange::of("98-oidc-extra/01-par");
    let mut app = app(&recorded);
    app.server.once(PUSH, recorded.response());
    let url = app.begin(SignInOptions::new()).await;
    let sent = app.server.last(PUSH);
    assert_eq!((sent.method().as_str(), sent.uri().to_string()), (recorded.method(), recorded.url()));
    for header in ["content-type", "authorization"] {
        assert_eq!(sent.headers()[header].to_str().ok(), recorded.header(header), "{header}");
    }
    // What was recorded asks for less, and all that it asks for is asked for in the same words.
    let form = form_of(&sent);
    for (name, value) in recorded.form() {
        let ours = form.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        match name.as_str() {
            "state" | "code_challenge" => assert_eq!(ours.map(str::len), Some(43), "{name}"),
            "scope" => assert!(value.split(' ').all(|scope| ours.unwrap().split(' ').any(|one| one == scope))),
            _ => assert_eq!(ours, Some(value.as_str()), "{name}"),
        }
    }
    // The browser goes where the recorded one went, to the letter.
    let browser = Exchange::of("98-oidc-extra/02-authorize");
    assert_eq!(url.as_str().split('?').next(), Some(browser.url().as_str()));
    assert_eq!(query_of(&url), browser.query());
}

#[tokio::test]
async fn a_recorded_refusal_of_a_push_is_a_wrong_setting() {
    let recorded = Exchange::of("99-oidc-misc/cmp-par-bad");
    let app = app(&recorded);
    app.server.once(PUSH, recorded.response());
    let mut cookies = app.browser.request();
    let error = app.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
    assert_eq!((error.code().as_str(), error.http_status()), ("sign_in.request_refused", 500));
    assert_eq!(error.oauth_error().unwrap().error_description(), recorded.member("error_description"));
    assert_eq!(error.provider_status(), Some(400));
    assert!(cookies.set_cookie_headers().is_empty());
    let nobody = app.logto.get_access_token(&mut cookies, TokenOptions::new()).await.unwrap_err();
    assert_eq!(nobody.code(), "not_authenticated");
}
