//! Client credentials and token exchange, as the real server accepted and answered them.

use std::{
    collections::BTreeSet,
    time::{Duration, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use logto::{
    AccessToken, Error, Result,
    machine::{MachineClient, TokenExchange},
    testing::TestClock,
};

use super::{
    replay::{App, DISCOVERY, ENDPOINT, Exchange, RECORDED_AT, Server, TOKEN, names, settings},
    requests::assert_same_request,
};

/// What the crate makes of each answer. Nobody is signed in, so there is no session to lose.
const MACHINES: &[(&str, &str)] = &[
    ("60-client-credentials/01-resource", "ok"),
    ("60-client-credentials/02-resource-scope", "ok"),
    // It cannot be asked: neither a resource nor an organization.
    ("60-client-credentials/03-no-resource", "options.invalid Usage"),
    ("60-client-credentials/04-unknown-resource", "token.resource_refused Config"),
    // Granted without the scope, in silence.
    ("60-client-credentials/05-unknown-scope", "token.scope_refused Config"),
    ("60-client-credentials/06-wrong-secret", "client.invalid_credentials Config"),
    ("60-client-credentials/07-organization", "ok"),
    ("60-client-credentials/07b-organization-scope", "ok"),
    ("60-client-credentials/08-resource-organization", "ok"),
    ("60-client-credentials/09-other-organization", "organization.access_denied Forbidden"),
    ("60-client-credentials/10-from-web-app", "client.grant_not_allowed Config"),
    ("60-client-credentials/11-client-secret-post", "ok"),
];

const EXCHANGES: &[(&str, &str)] = &[
    ("61-token-exchange/01-not-allowed", "client.grant_not_allowed Config"),
    ("61-token-exchange/02-resource", "ok"),
    ("61-token-exchange/03-reused-subject-token", "token_exchange.subject_refused Forbidden"),
    ("61-token-exchange/04-no-resource", "ok"),
    ("61-token-exchange/05-garbage", "token_exchange.subject_refused Forbidden"),
];

/// Each type of token that was recorded, and each reason for a refusal. Of those that are left out the crate sends no such request: without the type of a
/// token, or with `requested_token_type`.
const EVERY_TYPE: &[(&str, &str)] = &[
    ("01-pat-resource", "ok"),
    ("03-pat-no-target", "ok"),
    ("05-pat-organization", "ok"),
    ("07-pat-other-organization", "organization.not_a_member Forbidden"),
    ("08-pat-machine", "ok"),
    ("09-pat-garbage", "token_exchange.subject_refused Forbidden"),
    ("10-pat-wrong-type", "token_exchange.subject_refused Forbidden"),
    ("11-pat-as-access-token", "token_exchange.subject_refused Forbidden"),
    ("12-unknown-type", "token_exchange.subject_refused Forbidden"),
    ("15-pat-unknown-resource", "token.resource_refused Config"),
    ("16-pat-wrong-secret", "client.invalid_credentials Config"),
    ("20-impersonation", "ok"),
    ("21-impersonation-logto-type", "ok"),
    ("22-impersonation-actor", "ok"),
    ("23-impersonation-actor-organization", "ok"),
    ("24-impersonation-actor-garbage", "token_exchange.subject_refused Forbidden"),
    ("26-impersonation-actor-jwt", "token_exchange.subject_refused Forbidden"),
    ("27-impersonation-garbage", "token_exchange.subject_refused Forbidden"),
    ("28-impersonation-first", "ok"),
    ("29-impersonation-second", "token_exchange.subject_refused Forbidden"),
    ("30-impersonation-no-target", "ok"),
    ("31-access-token-opaque", "ok"),
    ("32-access-token-jwt", "ok"),
    ("33-jwt-type", "token_exchange.subject_refused Forbidden"),
    ("34-id-token", "token_exchange.subject_refused Forbidden"),
    ("35-refresh-token", "token_exchange.subject_refused Forbidden"),
    ("38-pat-opaque-userinfo-token", "ok"),
    ("40-pat-opaque-without-openid", "ok"),
    ("43-pat-suspended", "token_exchange.subject_refused Forbidden"),
    ("44-impersonation-suspended", "token_exchange.subject_refused Forbidden"),
    ("45-pat-expired", "token_exchange.subject_refused Forbidden"),
];

/// The exchange as an application asks for it.
fn exchange(recorded: &Exchange) -> TokenExchange {
    let parameter = |name: &str| recorded.parameter(name);
    let (token, kind) = (parameter("subject_token").unwrap(), parameter("subject_token_type").unwrap());
    let exchange = match kind.as_str() {
        "urn:logto:token-type:personal_access_token" => TokenExchange::personal_access_token(token),
        "urn:ietf:params:oauth:token-type:access_token" if token.starts_with("sub_") => {
            TokenExchange::impersonation(token)
        }
        "urn:ietf:params:oauth:token-type:access_token" => TokenExchange::on_behalf_of(token),
        _ => TokenExchange::of_type(token, kind),
    };
    let exchange = parameter("resource").into_iter().fold(exchange, TokenExchange::resource);
    let exchange = parameter("organization_id").into_iter().fold(exchange, TokenExchange::organization);
    let exchange = parameter("actor_token").into_iter().fold(exchange, TokenExchange::actor);
    exchange.scopes(parameter("scope").unwrap_or_default().split_whitespace())
}

fn outcome(result: &Result<AccessToken, Error>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{} {:?}", error.code(), error.kind()),
    }
}

/// The token is the recorded one, with its scopes and its life.
#[track_caller]
fn assert_is(name: &str, token: &AccessToken, recorded: &Exchange) {
    assert_eq!(Some(token.token()), recorded.member("access_token"), "{name}");
    assert_eq!(token.scopes().join(" "), recorded.member("scope").unwrap_or_default(), "{name}");
    let now = UNIX_EPOCH + Duration::from_secs(u64::try_from(RECORDED_AT).unwrap());
    let lifetime = token.expires_at().duration_since(now).unwrap().as_secs();
    assert_eq!(Some(lifetime), recorded.body()["expires_in"].as_u64(), "{name}");
}

fn credentials(recorded: &Exchange) -> (String, String) {
    match recorded.header("authorization").and_then(|header| header.strip_prefix("Basic ")) {
        Some(basic) => {
            let decoded = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
            decoded.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned())).unwrap()
        }
        None => (recorded.parameter("client_id").unwrap(), recorded.parameter("client_secret").unwrap()),
    }
}

#[tokio::test]
async fn every_recorded_client_credentials_answer_has_its_outcome() {
    for (name, expected) in MACHINES {
        let recorded = Exchange::of(name);
        let server = Server::default();
        server.always(DISCOVERY, Exchange::of("00-discovery/openid-configuration").response());
        server.once(TOKEN, recorded.response());
        let (id, secret) = credentials(&recorded);
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(u64::try_from(RECORDED_AT).unwrap()));
        let machine = MachineClient::builder().endpoint(ENDPOINT).app_id(id).app_secret(secret);
        let machine = machine.http_client(server.clone()).clock(clock).build().unwrap();
        let result = machine.get_access_token(recorded.token_options()).await;
        assert_eq!(outcome(&result), *expected, "{name}");
        // The crate authenticates by the header alone, and asks for nothing that cannot be.
        if !name.ends_with("03-no-resource") && !name.ends_with("11-client-secret-post") {
            assert_same_request(name, &server.last(TOKEN), &recorded);
        }
        match result {
            Ok(token) => {
                assert_is(name, &token, &recorded);
                // Kept: the server has no second answer.
                assert_eq!(machine.get_access_token(recorded.token_options()).await.unwrap(), token, "{name}");
                let claims = token.claims().unwrap();
                assert_eq!((claims.sub, claims.client_id.unwrap()), (recorded.client_id(), recorded.client_id()));
            }
            Err(error) => assert!(!error.is_transient() && !error.hint().is_empty(), "{name}"),
        }
    }
}

#[tokio::test]
async fn every_recorded_token_exchange_has_its_outcome() {
    for (name, expected) in EXCHANGES {
        let recorded = Exchange::of(name);
        let app = App::new(settings(), RECORDED_AT);
        app.server.once(TOKEN, recorded.response());
        let mut exchange = TokenExchange::impersonation(recorded.parameter("subject_token").unwrap());
        if let Some(resource) = recorded.parameter("resource") {
            exchange = exchange.resource(resource);
        }
        let scope = recorded.parameter("scope").unwrap_or_default();
        let exchange = exchange.scopes(scope.split_whitespace());
        let result = app.logto.exchange_token(exchange).await;
        let result = result.map(|token| {
            assert_eq!(token.issued_token_type(), None, "{name}");
            token.into_access_token()
        });
        assert_eq!(outcome(&result), *expected, "{name}");
        assert_same_request(name, &app.server.last(TOKEN), &recorded);
        match result {
            Ok(token) => assert_is(name, &token, &recorded),
            Err(error) => {
                let oauth = error.oauth_error().unwrap();
                assert_eq!(Some(oauth.error()), recorded.member("error"), "{name}");
                assert_eq!(oauth.error_description(), recorded.member("error_description"), "{name}");
            }
        }
        assert!(app.browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn each_recorded_type_of_subject_token_has_its_outcome() {
    for (name, expected) in EVERY_TYPE {
        let name = format!("93-token-exchange/{name}");
        let recorded = Exchange::of(&name);
        let server = Server::default();
        server.always(DISCOVERY, Exchange::of("00-discovery/openid-configuration").response());
        server.once(TOKEN, recorded.response());
        let (id, secret) = credentials(&recorded);
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(u64::try_from(RECORDED_AT).unwrap()));
        let machine = MachineClient::builder().endpoint(ENDPOINT).app_id(id).app_secret(secret);
        let machine = machine.http_client(server.clone()).clock(clock).build().unwrap();
        let result = machine.exchange_token(exchange(&recorded)).await;
        let result = result.map(logto::machine::TokenExchangeResponse::into_access_token);
        assert_eq!(outcome(&result), *expected, "{name}");
        assert_same_request(&name, &server.last(TOKEN), &recorded);
        match result {
            Ok(token) => assert_is(&name, &token, &recorded),
            Err(error) => assert!(!error.is_transient() && !error.hint().is_empty(), "{name}"),
        }
    }
}

#[test]
fn no_recorded_answer_to_a_machine_is_left_out() {
    let tried: BTreeSet<String> = MACHINES.iter().chain(EXCHANGES).map(|(name, _)| (*name).to_owned()).collect();
    let ours = |name: &String| name.starts_with("60-") || name.starts_with("61-");
    assert_eq!(names(&[TOKEN]).into_iter().filter(ours).collect::<BTreeSet<_>>(), tried);
}
