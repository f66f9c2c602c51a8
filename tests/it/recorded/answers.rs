//! Every recorded answer is read: what the crate makes of it, and whether the user is still signed in afterwards.

use std::collections::BTreeSet;

use http::StatusCode;
use logto::{Error, OAuthError, SignInOptions, SignOutOptions, TokenOptions};

use super::replay::{
    ADA, App, DISCOVERY, Exchange, JWKS, RECORDED_AT, REVOCATION, TOKEN, USER_INFO, names, settings, unix_seconds,
    without_blanks,
};

const KEPT: &str = "kept";

/// The error as the tables tell it: its code, its kind, what else it says, and what became of the session.
async fn outcome(app: &App, error: Option<&Error>) -> String {
    let session = if app.is_signed_in().await { KEPT } else { "ended" };
    let Some(error) = error else {
        return format!("ok, {session}");
    };
    assert!(!error.hint().is_empty());
    let transient = if error.is_transient() { ", transient" } else { "" };
    let sign_in = if error.requires_sign_in() { ", sign in" } else { "" };
    format!("{} {:?}{transient}{sign_in}, {session}", error.code(), error.kind())
}

/// What Logto said, wherever in the chain of causes.
fn refusal(error: &Error) -> Option<(&OAuthError, Option<u16>)> {
    match error.oauth_error() {
        Some(oauth) => Some((oauth, error.provider_status())),
        None => refusal(error.get_ref()?.downcast_ref()?),
    }
}

/// The error carries what the server said.
#[track_caller]
fn assert_says(name: &str, error: &Error, recorded: &Exchange) {
    let (oauth, status) = refusal(error).unwrap_or_else(|| panic!("{name}: {error:?}"));
    assert_eq!(oauth.error(), recorded.member("error").unwrap(), "{name}");
    assert_eq!(oauth.error_description(), recorded.member("error_description"), "{name}");
    assert_eq!(oauth.error_uri(), recorded.member("error_uri"), "{name}");
    assert_eq!(oauth.logto_code(), recorded.member("code"), "{name}");
    assert_eq!(oauth.logto_message(), recorded.member("message"), "{name}");
    assert_eq!(status, Some(recorded.status()), "{name}");
    assert!(error.to_string().contains(oauth.error()), "{name}: {error}");
}

/// An application for the recorded app, at the time of recording, in which the recorded user is signed in.
async fn signed_in(recorded: &Exchange) -> App {
    let app_id = if recorded.status() == 200 && recorded.member("id_token").is_some() {
        recorded.client_id()
    } else {
        super::replay::APP_ID.to_owned()
    };
    let settings = settings().app_id(app_id).scopes(["email", "urn:logto:scope:organizations"]);
    let mut app = App::new(settings, recorded.recorded_at());
    app.sign_in(&recorded.sub(), |_| {}).await;
    if let Some(claims) = recorded.id_token_claims() {
        app.began_with(&claims).await;
    }
    app
}

/// The session is what the answer of a refresh says.
async fn assert_holds(name: &str, app: &App, recorded: &Exchange) {
    let session = app.session().await;
    let refresh_token = recorded.member("refresh_token").unwrap_or("own-refresh-token");
    assert_eq!(session.get_refresh_token().unwrap().expose(), refresh_token, "{name}");
    if let Some(id_token) = recorded.member("id_token") {
        assert_eq!(session.get_id_token().unwrap().expose(), id_token, "{name}");
        let claims = serde_json::to_value(session.get_id_token_claims().unwrap()).unwrap();
        assert_eq!(without_blanks(claims), without_blanks(recorded.id_token_claims().unwrap()), "{name}");
    }
}

const REFRESHES: &[(&str, &str)] = &[
    ("20-token/21-refresh-no-resource", "ok, kept"),
    ("20-token/22-refresh-resource", "ok, kept"),
    ("20-token/23-refresh-organization", "ok, kept"),
    ("20-token/24-refresh-resource-organization", "ok, kept"),
    ("20-token/25-refresh-downscoped", "ok, kept"),
    ("20-token/26-refresh-scope-not-granted", "token.scope_refused Config, kept"),
    ("20-token/27-refresh-unknown-resource", "token.resource_refused Config, kept"),
    ("20-token/28-refresh-other-organization", "organization.not_a_member Forbidden, kept"),
    ("20-token/28b-refresh-nonexistent-organization", "organization.not_a_member Forbidden, kept"),
    ("20-token/29-refresh-wrong-secret", "client.invalid_credentials Config, kept"),
    ("20-token/29b-refresh-unknown-client", "client.invalid_credentials Config, kept"),
    ("20-token/29c-refresh-no-client-auth", "client.invalid_credentials Config, kept"),
    ("20-token/29d-refresh-client-secret-post", "ok, kept"),
    ("20-token/29e-refresh-garbage", "session.ended NotAuthenticated, sign in, ended"),
    ("20-token/29f-refresh-missing-token", "token.refused Provider, kept"),
    ("20-token/29g-unsupported-grant", "token.refused Provider, kept"),
    ("20-token/29h-refresh-resource-me", "token.resource_refused Config, kept"),
    ("20-token/29i-refresh-two-resources", "ok, kept"),
    ("20-token/29j-refresh-resource-organizations", "ok, kept"),
    ("20-token/29k-refresh-parse-error-false", "session.ended NotAuthenticated, sign in, ended"),
    ("20-token/29l-refresh-json-body", "ok, kept"),
    ("21-code-errors/11-refresh-after-code-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("22-organization/02-refresh-organization", "ok, kept"),
    ("22-organization/03-refresh-organization-downscoped", "ok, kept"),
    ("22-organization/04-refresh-resource-organization", "ok, kept"),
    ("22-organization/05-refresh-organization-without-scope", "session.scope_missing NotAuthenticated, sign in, kept"),
    (
        "22-organization/06-refresh-resource-organization-without-scope",
        "session.scope_missing NotAuthenticated, sign in, kept",
    ),
    ("22-organization/07-refresh-resource-not-in-authorization-request", "token.resource_refused Config, kept"),
    ("23-rotation/10-trad-short-fresh", "ok, kept"),
    ("23-rotation/11-trad-short-70pct", "ok, kept"),
    ("23-rotation/12-trad-short-old-within-leeway", "ok, kept"),
    ("23-rotation/13-trad-short-new-works", "ok, kept"),
    ("23-rotation/14-trad-short-old-after-leeway", "session.ended NotAuthenticated, sign in, ended"),
    ("23-rotation/15-trad-short-new-after-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("23-rotation/18-trad-refresh-token-expired", "session.ended NotAuthenticated, sign in, ended"),
    ("23-rotation/19-trad-rotate-false", "ok, kept"),
    ("23-rotation/31-spa-refresh", "ok, kept"),
    ("23-rotation/32-spa-old-within-leeway", "ok, kept"),
    ("23-rotation/34-spa-one-of-concurrent-works", "ok, kept"),
    ("23-rotation/35-spa-old-after-leeway", "session.ended NotAuthenticated, sign in, ended"),
    ("23-rotation/36-spa-newest-after-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("23-rotation/37-spa-unused-sibling-after-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("24-client-auth-and-lifetimes/01-basic-plus-client-id", "ok, kept"),
    ("24-client-auth-and-lifetimes/02-basic-plus-client-secret", "token.refused Provider, kept"),
    ("24-client-auth-and-lifetimes/03-basic-client-id-mismatch", "token.refused Provider, kept"),
    ("24-client-auth-and-lifetimes/04-error-korean", "token.resource_refused Config, kept"),
    ("24-client-auth-and-lifetimes/05-spa-with-secret", "session.ended NotAuthenticated, sign in, ended"),
    ("24-client-auth-and-lifetimes/06-basic-malformed", "token.refused Provider, kept"),
    ("24-client-auth-and-lifetimes/07-duplicate-parameter", "token.refused Provider, kept"),
    ("31-expired/01-refresh-short-resource", "ok, kept"),
    ("41-revocation/02-refresh-after-revoke", "session.ended NotAuthenticated, sign in, ended"),
    ("41-revocation/06-refresh-after-access-token-revoke", "session.ended NotAuthenticated, sign in, ended"),
    ("41-revocation/13-refresh-after", "session.ended NotAuthenticated, sign in, ended"),
    ("50-logout/03-refresh-after-logout", "ok, kept"),
    ("51-backchannel-logout/01-default-refresh-after", "ok, kept"),
    ("51-backchannel-logout/02-session-required-refresh-after", "ok, kept"),
    ("51-backchannel-logout/06-refresh-after-management-delete", "ok, kept"),
    ("51-backchannel-logout/07-refresh-suspended-user", "session.ended NotAuthenticated, sign in, ended"),
    ("70-api/15-unknown-oidc-route", "token.refused Provider, kept"),
    ("70-api/16-token-get", "token.refused Provider, kept"),
    ("70-api/18-token-bad-content-type", "token.refused Provider, kept"),
];

#[tokio::test]
async fn every_recorded_refresh_has_its_outcome() {
    for (name, expected) in REFRESHES {
        let recorded = Exchange::of(name);
        let mut app = signed_in(&recorded).await;
        app.server.once(TOKEN, recorded.response());
        let result = app.access_token(recorded.token_options().force_refresh(true)).await;
        assert_eq!(outcome(&app, result.as_ref().err()).await, *expected, "{name}");
        match result {
            Ok(token) => {
                assert_eq!(Some(token.token()), recorded.member("access_token"), "{name}");
                assert_eq!(token.scopes().join(" "), recorded.member("scope").unwrap(), "{name}");
                let lifetime =
                    token.expires_at().duration_since(logto::integrate::Clock::now(&app.clock)).unwrap().as_secs();
                assert_eq!(Some(lifetime), recorded.body()["expires_in"].as_u64(), "{name}");
                assert_holds(name, &app, &recorded).await;
                // It is kept while it has a minute to live, or half of a shorter life: the server need not be asked again.
                app.server.once(TOKEN, recorded.response());
                assert_eq!(app.access_token(recorded.token_options()).await.unwrap(), token, "{name}");
                assert_eq!(app.server.asked(TOKEN).len(), 2, "{name}");
            }
            Err(error) => assert_says(name, &error, &recorded),
        }
    }
}

const CODE_EXCHANGES: &[(&str, &str)] = &[
    // The recorded ID token passes every check up to that of the nonce, which is another sign-in's.
    ("21-code-errors/01-garbage-code", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/02-wrong-redirect-uri", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/03-after-wrong-redirect-uri", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/04-wrong-code-verifier", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/05-after-wrong-code-verifier", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/06-missing-code-verifier", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/07-wrong-client-secret", "client.invalid_credentials Config, kept"),
    ("21-code-errors/08-after-wrong-client-secret", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/09-other-client", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/09b-after-other-client", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/10-reused-code", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/13-code-exchange-with-resource-not-requested", "token.resource_refused Config, kept"),
    ("21-code-errors/14-code-exchange-with-resource", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/15-code-exchange-no-pkce", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/16-code-verifier-without-challenge", "sign_in.invalid_code InvalidRequest, kept"),
    ("21-code-errors/17-no-offline-access", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/18-offline-access-without-prompt-consent", "id_token.invalid_nonce InvalidToken, kept"),
    ("21-code-errors/20-prompt-login-consent", "id_token.invalid_nonce InvalidToken, kept"),
    ("22-organization/01-code-exchange", "id_token.invalid_nonce InvalidToken, kept"),
    ("23-rotation/30-spa-code-exchange", "id_token.invalid_nonce InvalidToken, kept"),
    ("24-client-auth-and-lifetimes/21-code-expired", "sign_in.invalid_code InvalidRequest, kept"),
    ("12-deny/third-party-consent/08-token", "id_token.invalid_nonce InvalidToken, kept"),
    ("14-register/20-token", "id_token.invalid_nonce InvalidToken, kept"),
    ("16-one-time-token/20-token", "id_token.invalid_nonce InvalidToken, kept"),
    ("20-token/20-token-authorization-code", "id_token.invalid_nonce InvalidToken, kept"),
    ("11-authorization-requests/62-max-age-id-token-claims", "id_token.invalid_nonce InvalidToken, kept"),
];

#[tokio::test]
async fn every_recorded_code_exchange_has_its_outcome() {
    for (name, expected) in CODE_EXCHANGES {
        let recorded = Exchange::of(name);
        let mut app = signed_in(&recorded).await;
        let url = app.begin(SignInOptions::new()).await;
        app.server.once(TOKEN, recorded.response());
        let error = app.end(&app.callback(&url, "a-code")).await.unwrap_err();
        assert_eq!(outcome(&app, Some(&error)).await, *expected, "{name}");
        if recorded.status() != 200 {
            assert_says(name, &error, &recorded);
            continue;
        }
        // As the answer of a refresh, which no nonce belongs to, all of it is believed.
        app.server.once(TOKEN, recorded.response());
        let token = app.access_token(TokenOptions::new().force_refresh(true)).await.unwrap();
        assert_eq!(Some(token.token()), recorded.member("access_token"), "{name}");
        assert_holds(name, &app, &recorded).await;
    }
}

const USER_INFOS: &[(&str, &str)] = &[
    ("14-register/21-userinfo", "ok, kept"),
    ("21-code-errors/12-userinfo-after-code-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("22-organization/08-userinfo-no-organizations", "ok, kept"),
    ("23-rotation/16-trad-short-userinfo-after-reuse", "session.ended NotAuthenticated, sign in, ended"),
    ("30-userinfo/30-userinfo", "ok, kept"),
    ("30-userinfo/31-userinfo-post", "ok, kept"),
    ("30-userinfo/32-userinfo-garbage-token", "session.ended NotAuthenticated, sign in, ended"),
    ("30-userinfo/33-userinfo-no-token", "session.ended NotAuthenticated, sign in, ended"),
    ("30-userinfo/34-userinfo-jwt-access-token", "session.ended NotAuthenticated, sign in, ended"),
    ("30-userinfo/35-userinfo-scope-stripped", "ok, kept"),
    ("31-expired/02-userinfo-expired-opaque", "session.ended NotAuthenticated, sign in, ended"),
    ("41-revocation/03-userinfo-after-revoke", "session.ended NotAuthenticated, sign in, ended"),
    ("50-logout/04-userinfo-after-logout", "ok, kept"),
    ("50-logout/17-userinfo-after-logout-no-offline-access", "session.ended NotAuthenticated, sign in, ended"),
    ("51-backchannel-logout/08-userinfo-suspended-user", "session.ended NotAuthenticated, sign in, ended"),
];

#[tokio::test]
async fn every_recorded_user_info_has_its_outcome() {
    for (name, expected) in USER_INFOS {
        let recorded = Exchange::of(name);
        let mut app = signed_in(&recorded).await;
        app.server.once(USER_INFO, recorded.response());
        // Where the access token is refused, a refresh tells whether the grant is dead. Here it is.
        let dead = Exchange::of("41-revocation/02-refresh-after-revoke");
        app.server.once(TOKEN, dead.response());
        let result = app.user_info().await;
        assert_eq!(outcome(&app, result.as_ref().err()).await, *expected, "{name}");
        match result {
            Ok(user_info) => {
                let read = serde_json::to_value(user_info).unwrap();
                assert_eq!(without_blanks(read), without_blanks(recorded.body().clone()), "{name}");
            }
            Err(error) => assert_says(name, &error, &dead),
        }
    }
}

/// Whatever the revocation endpoint says, the user is signed out here and on the way to be signed out there.
const REVOCATIONS: &[(&str, &str)] = &[
    ("41-revocation/01-revoke-refresh-token", "ok, ended"),
    ("41-revocation/04-revoke-again", "ok, ended"),
    ("41-revocation/05-revoke-access-token", "ok, ended"),
    ("41-revocation/07-revoke-jwt-access-token", "ok, ended"),
    ("41-revocation/08-revoke-garbage", "ok, ended"),
    ("41-revocation/09-revoke-wrong-secret", "ok, ended"),
    ("41-revocation/10-revoke-no-client-auth", "ok, ended"),
    ("41-revocation/11-revoke-missing-token", "ok, ended"),
    ("41-revocation/12-revoke-no-hint", "ok, ended"),
];

#[tokio::test]
async fn every_recorded_revocation_ends_the_session() {
    for (name, expected) in REVOCATIONS {
        let mut app = App::new(settings(), RECORDED_AT);
        app.sign_in(ADA, |_| {}).await;
        app.server.once(REVOCATION, Exchange::of(name).response());
        let url = app.sign_out(SignOutOptions::new()).await;
        assert_eq!(outcome(&app, None).await, *expected, "{name}");
        assert_eq!(url.path(), "/oidc/session/end", "{name}");
        assert_eq!(app.server.asked(REVOCATION).len(), 1, "{name}");
        assert!(app.browser.cookies.values().all(|value| value == "signed-out"), "{name}: {:?}", app.browser);
    }
}

#[test]
fn no_recorded_answer_is_left_out() {
    let tables = [REFRESHES, CODE_EXCHANGES, USER_INFOS, REVOCATIONS];
    let tried: BTreeSet<String> = tables.iter().copied().flatten().map(|(name, _)| (*name).to_owned()).collect();
    let mut recorded = names(&[TOKEN, USER_INFO, REVOCATION]);
    // Those of `machines`, of browsers that ask whether they may ask, and of `tests/mock`.
    let elsewhere = [
        "60-client-credentials/",
        "61-token-exchange/",
        "70-api/17-token-cors-preflight",
        "96-custom-jwt/",
        "98-oidc-extra/",
        "99-oidc-misc/",
    ];
    recorded.retain(|name| !elsewhere.iter().any(|other| name.starts_with(other)));
    let left_out: Vec<_> = recorded.difference(&tried).collect();
    assert!(left_out.is_empty(), "{left_out:#?}");
}

#[tokio::test]
async fn a_recorded_discovery_at_the_wrong_place_is_an_error() {
    let mut app = App::new(settings(), RECORDED_AT);
    app.server.always(DISCOVERY, Exchange::of("00-discovery/discovery-root-wrong-place").response());
    let error = app.logto.sign_in(&mut app.browser.request(), SignInOptions::new()).await.unwrap_err();
    assert_eq!(outcome(&app, Some(&error)).await, "discovery.failed Provider, ended");
    assert_eq!((error.provider_status(), error.oauth_error()), (Some(404), None));
    assert!(app.browser.cookies.is_empty());

    // Put right, it is asked again, and at once.
    app.server.always(DISCOVERY, Exchange::of("00-discovery/oauth-authorization-server").response());
    app.clock.advance(std::time::Duration::from_secs(60));
    app.sign_in(ADA, |_| {}).await;
}

#[tokio::test]
async fn a_recorded_304_for_the_key_set_is_an_error() {
    // The crate asks without a condition, so this is a broken proxy's answer.
    let not_modified = Exchange::of("00-discovery/jwks-if-none-match");
    assert_eq!(not_modified.status(), StatusCode::NOT_MODIFIED);
    let mut app = App::new(settings(), RECORDED_AT);
    app.server.always(JWKS, not_modified.response());
    let url = app.begin(SignInOptions::new()).await;
    let tokens = app.own_tokens(&url, ADA);
    app.server.once(TOKEN, super::replay::json_response(&tokens));
    let error = app.end(&app.callback(&url, "a-code")).await.unwrap_err();
    assert_eq!(outcome(&app, Some(&error)).await, "jwks.failed Provider, ended");
    assert_eq!(error.provider_status(), Some(304));
    assert!(app.server.last(JWKS).headers().get("if-none-match").is_none());
    assert_eq!(unix_seconds(&app.clock), RECORDED_AT);
}
