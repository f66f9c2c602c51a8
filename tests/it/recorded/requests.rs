//! What the crate sends is what the real server accepted.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use logto::{
    DirectSignIn, FirstScreen, Identifier, LogtoConfigBuilder, Prompt, SignInOptions, SignOutOptions, TokenOptions,
};
use serde_json::json;
use url::Url;

use super::replay::{
    ADA, APP_ID, App, Exchange, Pairs, RECORDED_AT, REVOCATION, TOKEN, USER_INFO, fixture, form_of, json_response,
    payload, public, query_of, settings, value,
};
use crate::support::BOOKS;

/// The parameters in an order of their own, with the random ones told by their shape alone.
fn normal(parameters: Pairs) -> Pairs {
    let mut parameters: Pairs = parameters
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "state" | "nonce" | "code_challenge" | "code_verifier" => (name, "random".to_owned()),
            _ => (name, value),
        })
        .collect();
    parameters.sort_unstable();
    parameters
}

/// 256 random bits, or a SHA-256: 43 base64url characters.
#[track_caller]
fn assert_random(value: &str) {
    assert_eq!(URL_SAFE_NO_PAD.decode(value).map(|bytes| bytes.len()), Ok(32), "{value}");
}

/// An authorization request or an end-session request, as the browser sends it.
#[track_caller]
fn assert_same_page(name: &str, sent: &Url, recorded: &Exchange) {
    let (page, _) = sent.as_str().split_once('?').unwrap();
    assert_eq!(("GET", page), (recorded.method(), recorded.url().as_str()), "{name}");
    assert_eq!(normal(query_of(sent)), normal(recorded.query()), "{name}");
}

/// A request that the crate itself sends.
#[track_caller]
pub(super) fn assert_same_request(name: &str, sent: &Request<Vec<u8>>, recorded: &Exchange) {
    assert_eq!((sent.method().as_str(), sent.uri().to_string()), (recorded.method(), recorded.url()), "{name}");
    for header in ["content-type", "authorization"] {
        assert_eq!(sent.headers().get(header).map(|value| value.to_str().unwrap()), recorded.header(header), "{name}");
    }
    if recorded.method() == "POST" {
        assert_eq!(normal(form_of(sent)), normal(recorded.form()), "{name}");
    }
}

#[tokio::test]
async fn authorization_requests_are_sent_as_recorded() {
    let plain = SignInOptions::new;
    let silent = || plain().prompt([Prompt::None]);
    let unasked = || plain().prompt([]);
    let first = |screen| plain().first_screen(screen);
    let direct = |connector| plain().direct_sign_in(connector);
    let folder = "11-authorization-requests";
    let cases: Vec<(&str, LogtoConfigBuilder, SignInOptions)> = vec![
        ("01-plain", settings(), plain()),
        ("04-bad-redirect-uri", settings(), plain().redirect_uri("http://evil.example.test/cb")),
        ("06-prompt-none-no-session", settings(), silent()),
        ("12-unknown-resource", settings().resources(["https://nope.example.test"]), plain()),
        ("13-unknown-scope", settings().include_reserved_scopes(false).scopes(["openid", "nosuchscope"]), plain()),
        ("26-offline-access-no-prompt", settings(), unasked()),
        ("30-first-screen-register", settings(), first(FirstScreen::Register)),
        ("31b-first-screen-sign_in", settings(), first(FirstScreen::SignIn)),
        ("32-first-screen-reset-password", settings(), first(FirstScreen::ResetPassword)),
        (
            "33-first-screen-identifier-sign-in",
            settings(),
            first(FirstScreen::IdentifierSignIn).identifiers([Identifier::Email, Identifier::Username]),
        ),
        (
            "34-first-screen-identifier-register",
            settings(),
            first(FirstScreen::IdentifierRegister).identifiers([Identifier::Username]),
        ),
        ("35-first-screen-single-sign-on", settings(), first(FirstScreen::SingleSignOn)),
        ("37-interaction-mode-sign-up", settings(), plain().extra_param("interaction_mode", "signUp")),
        ("38-direct-sign-in-social-kakao", settings(), direct(DirectSignIn::social("kakao"))),
        (
            "39-direct-sign-in-social-kakao-register",
            settings(),
            direct(DirectSignIn::social("kakao")).first_screen(FirstScreen::Register),
        ),
        ("40-direct-sign-in-unknown-connector", settings(), direct(DirectSignIn::social("nosuch"))),
        ("41-direct-sign-in-sso", settings(), direct(DirectSignIn::sso("someconnectorid"))),
        ("43-login-hint", settings(), plain().login_hint("ada@example.test")),
        ("44-ui-locales", settings(), plain().ui_locales("ko")),
        ("45-organization-id", settings(), plain().organization_id("lh6cvveo9nmz")),
        ("46-google-one-tap", settings(), plain().extra_param("google_one_tap_credential", "x.y.z")),
        ("47-one-time-token-garbage", settings(), plain().one_time_token("garbage").login_hint("ada@example.test")),
        ("48-custom-param", settings(), plain().extra_param("my_param", "1")),
        ("50-prompt-none-with-session", settings(), silent()),
        ("51-no-prompt-with-session", settings(), unasked()),
        ("52-prompt-consent-with-session", settings(), plain().prompt([Prompt::Consent])),
        ("53-prompt-login-with-session", settings(), plain().prompt([Prompt::Login])),
        (
            "54-prompt-none-more-scope",
            settings().include_reserved_scopes(false).scopes(["openid", "profile", "phone"]),
            silent(),
        ),
        ("55-prompt-none-other-client", settings().app_id("fb2mcffu06byggw1g17z6"), silent()),
        ("56-max-age-0", settings(), unasked().max_age(Duration::ZERO)),
        ("57-max-age-large", settings(), unasked().max_age(Duration::from_secs(99_999))),
        ("59-prompt-none-id-token-hint-wrong", settings(), silent().extra_param("id_token_hint", "garbage")),
        (
            "70-third-party-scope-not-allowed",
            settings().app_id("lte7t131whcexc4ex0grf").scopes(["email", "phone", "custom_data"]),
            plain(),
        ),
    ];
    let others = [
        ("13-social-kakao/01-authorization-request", settings(), direct(DirectSignIn::social("kakao"))),
        ("14-register/01-authorization-request", settings(), first(FirstScreen::Register)),
        (
            "16-one-time-token/01-authorization-request",
            settings(),
            plain().one_time_token("IwSDOGwnCbERHVe54rvNw7FbQc2f8u3J").login_hint("ada@example.test"),
        ),
        (
            "10-code-flow/01-authorization-request",
            settings()
                .scopes([
                    "email",
                    "phone",
                    "roles",
                    "urn:logto:scope:organizations",
                    "urn:logto:scope:organization_roles",
                    "custom_data",
                    "identities",
                    "read:books",
                    "write:books",
                ])
                .resources([BOOKS]),
            plain(),
        ),
    ];
    let cases = cases.into_iter().map(|(name, settings, options)| (format!("{folder}/{name}"), settings, options));
    let others = others.into_iter().map(|(name, settings, options)| (name.to_owned(), settings, options));
    for (name, settings, options) in cases.chain(others) {
        let sent = App::new(settings, RECORDED_AT).begin(options).await;
        assert_same_page(&name, &sent, &Exchange::of(&name));
        for random in ["state", "nonce", "code_challenge"] {
            assert_random(&value(&sent, random));
        }
    }
}

#[tokio::test]
async fn several_prompts_are_sent_in_one_parameter_as_recorded() {
    // Recorded is only its token response (21-code-errors/20): with both, Logto gives a refresh token.
    let options = SignInOptions::new().prompt([Prompt::Login, Prompt::Consent]);
    let sent = App::new(settings(), RECORDED_AT).begin(options).await;
    assert_eq!(value(&sent, "prompt"), "login consent");
    assert!(Exchange::of("21-code-errors/20-prompt-login-consent").member("refresh_token").is_some());
}

#[test]
fn an_option_that_the_recorded_server_ignores_is_refused() {
    // Recorded were `first_screen=signIn`, `first_screen=bogus` (both: the plain sign-in page) and `direct_sign_in=kakao` (a page that is not there).
    assert_eq!("signIn".parse::<FirstScreen>().unwrap_err().code(), "options.invalid");
    assert_eq!("bogus".parse::<FirstScreen>().unwrap_err().code(), "options.invalid");
    assert_eq!("kakao".parse::<DirectSignIn>().unwrap_err().code(), "options.invalid");
    // Two resources with a comma between them are two resources for Logto.
    let comma = settings().resources(["https://api.example.test,urn:logto:resource:organizations"]).build();
    assert_eq!(comma.unwrap_err().code(), "config.invalid");
}

#[tokio::test]
async fn a_code_exchange_is_sent_as_recorded() {
    let recorded = Exchange::of("20-token/20-token-authorization-code");
    let callback = fixture("10-code-flow/callback-url");
    let recorded_callback = callback["callback_url"].as_str().unwrap();
    let mut app = App::new(settings(), RECORDED_AT);
    let url = app.begin(SignInOptions::new()).await;
    app.server.once(TOKEN, recorded.response());

    // The recorded callback, but for the state.
    let state = value(&url, "state");
    let ours = recorded_callback.replace(callback["sent_state"].as_str().unwrap(), &state);
    assert_eq!(ours, app.callback(&url, &recorded.parameter("code").unwrap()));
    // All the ID token's checks pass, but that of the nonce: the recorded one is of another sign-in.
    assert_eq!(app.end(&ours).await.unwrap_err().code(), "id_token.invalid_nonce");

    let sent = app.server.last(TOKEN);
    assert_same_request("code exchange", &sent, &recorded);
    let verifier = form_of(&sent).into_iter().find(|(name, _)| name == "code_verifier").unwrap().1;
    assert_random(&verifier);
    assert_eq!(value(&url, "code_challenge"), challenge(&verifier));
    assert_eq!(callback["code_challenge"], challenge(callback["code_verifier"].as_str().unwrap()), "as recorded");
}

/// The recorded single-page application: a public client.
fn spa() -> LogtoConfigBuilder {
    public().app_id("fb2mcffu06byggw1g17z6")
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[tokio::test]
async fn a_code_exchange_of_a_public_client_is_sent_as_recorded() {
    let recorded = Exchange::of("23-rotation/30-spa-code-exchange");
    let mut app = App::new(spa(), recorded.recorded_at());
    let url = app.begin(SignInOptions::new()).await;
    app.server.once(TOKEN, recorded.response());
    let callback = app.callback(&url, &recorded.parameter("code").unwrap());
    assert_eq!(app.end(&callback).await.unwrap_err().code(), "id_token.invalid_nonce");
    assert_same_request("code exchange", &app.server.last(TOKEN), &recorded);
}

#[tokio::test]
async fn refreshes_are_sent_as_recorded() {
    let organizations = || settings().scopes(["urn:logto:scope:organizations"]);
    let cases: [(&str, LogtoConfigBuilder, TokenOptions); 8] = [
        ("20-token/21-refresh-no-resource", settings(), TokenOptions::new()),
        ("20-token/22-refresh-resource", settings(), TokenOptions::new().resource(BOOKS)),
        ("20-token/23-refresh-organization", organizations(), TokenOptions::new().organization("lh6cvveo9nmz")),
        (
            "20-token/24-refresh-resource-organization",
            organizations(),
            TokenOptions::new().resource(BOOKS).organization("lh6cvveo9nmz"),
        ),
        (
            "20-token/25-refresh-downscoped",
            settings(),
            TokenOptions::new().resource(BOOKS).scopes(["read:books", "openid"]),
        ),
        (
            "22-organization/03-refresh-organization-downscoped",
            organizations(),
            TokenOptions::new().organization("lh6cvveo9nmz").scopes(["read:billing"]),
        ),
        (
            "31-expired/01-refresh-short-resource",
            settings(),
            TokenOptions::new().resource("https://short.example.test"),
        ),
        ("23-rotation/31-spa-refresh", spa(), TokenOptions::new()),
    ];
    for (name, settings, options) in cases {
        let recorded = Exchange::of(name);
        let mut app = App::new(settings, recorded.recorded_at());
        app.sign_in(ADA, |tokens| tokens["refresh_token"] = recorded.parameter("refresh_token").into()).await;
        if let Some(claims) = recorded.id_token_claims() {
            app.began_with(&claims).await;
        }
        app.server.once(TOKEN, recorded.response());
        let token = app.access_token(options.force_refresh(true)).await.unwrap();
        assert_eq!(Some(token.token()), recorded.member("access_token"), "{name}");
        assert_same_request(name, &app.server.last(TOKEN), &recorded);
    }
}

#[tokio::test]
async fn a_request_for_user_info_is_sent_as_recorded() {
    let recorded = Exchange::of("30-userinfo/30-userinfo");
    let mut app = App::new(settings(), RECORDED_AT);
    let access_token = recorded.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    app.sign_in(ADA, |tokens| tokens["access_token"] = access_token.into()).await;
    app.server.once(USER_INFO, recorded.response());
    app.user_info().await.unwrap();
    assert_same_request("user info", &app.server.last(USER_INFO), &recorded);
}

#[tokio::test]
async fn a_sign_out_is_sent_as_recorded() {
    let revocation = Exchange::of("41-revocation/01-revoke-refresh-token");
    let home = || SignOutOptions::new().post_logout_redirect_uri("http://localhost:3000/");

    // Without the hint, as it is with Logto unless it is asked for.
    let mut app = App::new(settings(), RECORDED_AT);
    app.sign_in(ADA, |tokens| tokens["refresh_token"] = revocation.parameter("token").into()).await;
    app.server.once(REVOCATION, revocation.response());
    let sent = app.sign_out(home().state("logout-state")).await;
    assert_same_request("revocation", &app.server.last(REVOCATION), &revocation);
    let name = "50-logout/01-end-session-client-id";
    assert_same_page(name, &sent, &Exchange::of(name));
    assert!(!app.is_signed_in().await);

    // Without a session.
    let sent = app.sign_out(home()).await;
    let name = "50-logout/05-end-session-no-session";
    assert_same_page(name, &sent, &Exchange::of(name));
    assert_eq!(app.server.asked(REVOCATION).len(), 1, "there is nothing to revoke");

    // With the hint: the recorded ID token comes by a refresh, and leaves as it came.
    let recorded = Exchange::of("50-logout/06-end-session-id-token-hint");
    let hint = recorded.query().into_iter().find(|(name, _)| name == "id_token_hint").unwrap().1;
    let mut app = App::new(settings(), payload(&hint)["iat"].as_i64().unwrap());
    app.sign_in(ADA, |_| {}).await;
    app.began_with(&payload(&hint)).await;
    let refreshed = json!({ "access_token": "a", "token_type": "Bearer", "expires_in": 3600, "id_token": hint });
    app.server.once(TOKEN, json_response(&refreshed));
    app.access_token(TokenOptions::new().force_refresh(true)).await.unwrap();
    app.server.once(REVOCATION, revocation.response());
    let sent = app.sign_out(home().id_token_hint(true)).await;
    let (page, _) = sent.as_str().split_once('?').unwrap();
    assert_eq!(page, recorded.url());
    // The app id besides: it serves where a hint is too long.
    let mut expected = recorded.query();
    expected.push(("client_id".to_owned(), APP_ID.to_owned()));
    assert_eq!(normal(query_of(&sent)), normal(expected));
}
