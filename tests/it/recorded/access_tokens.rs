//! Recorded access tokens at an API: let in where they belong, refused elsewhere, as their contents say.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use logto::{
    api::{ApiAudience, ResourceServer},
    testing::TestClock,
};
use serde_json::Value;

use super::replay::{DISCOVERY, ENDPOINT, Exchange, JWKS, Server, fixture};
use crate::support::BOOKS;

const ORGANIZATION: &str = "lh6cvveo9nmz";

fn clock(unix_seconds: i64) -> TestClock {
    TestClock::at(UNIX_EPOCH + Duration::from_secs(u64::try_from(unix_seconds).unwrap()))
}

fn api(audience: ApiAudience, clock: &TestClock) -> ResourceServer {
    let server = Server::default();
    server.always(DISCOVERY, Exchange::of("00-discovery/openid-configuration").response());
    server.always(JWKS, Exchange::of("00-discovery/jwks").response());
    let builder = ResourceServer::builder().endpoint(ENDPOINT).audience(audience);
    builder.http_client(server).clock(clock.clone()).build().unwrap()
}

/// Which tokens of the folder an API lets in, and why it refuses the others.
async fn verdicts(audience: ApiAudience) -> (Vec<String>, BTreeMap<String, &'static str>) {
    let (mut taken, mut refused) = (Vec::new(), BTreeMap::new());
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/logto/jwt")).unwrap() {
        let name = file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let recorded = fixture(&format!("jwt/{name}"));
        let Some(token) = recorded["raw"].as_str() else { continue };
        let clock = clock(recorded["payload"]["iat"].as_i64().unwrap());
        match api(audience.clone(), &clock).verify(token).await {
            Ok(auth) => {
                let payload = &recorded["payload"];
                assert_eq!((auth.sub(), auth.client_id()), (text(payload, "sub"), text(payload, "client_id")));
                assert!(auth.scopes().eq(text(payload, "scope").split_whitespace()));
                assert_eq!(&auth.custom_claims::<Value>().unwrap(), payload, "{name}");
                assert_eq!(auth.is_machine(), name.contains("m2m"), "{name}");
                taken.push(name);
            }
            Err(error) => _ = refused.insert(name, error.code().as_str()),
        }
    }
    taken.sort();
    assert_eq!(taken.len() + refused.len(), 15);
    (taken, refused)
}

fn text<'a>(payload: &'a Value, name: &str) -> &'a str {
    payload[name].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_api_of_a_resource_takes_the_recorded_tokens_for_the_resource_alone() {
    let (taken, refused) = verdicts(ApiAudience::resource(BOOKS)).await;
    assert_eq!(
        taken,
        ["access_token_m2m", "access_token_m2m_scoped", "access_token_resource", "access_token_token_exchange"]
    );
    for (name, code) in refused {
        let expected = match name.as_str() {
            name if name.starts_with("id_token") => "bearer_token.id_token",
            "access_token_resource_organization" => "bearer_token.wrong_organization",
            _ => "bearer_token.invalid_aud",
        };
        assert_eq!(code, expected, "{name}");
    }
}

#[tokio::test]
async fn an_api_of_an_organization_takes_the_recorded_tokens_for_the_organization_alone() {
    let expected =
        ["access_token_m2m_organization", "access_token_organization", "access_token_organization_with_scopes"];
    for audience in [ApiAudience::organization(ORGANIZATION), ApiAudience::any_organization_token()] {
        let (taken, refused) = verdicts(audience).await;
        assert_eq!(taken, expected);
        assert_eq!(refused["access_token_resource_organization"], "bearer_token.invalid_aud");
        assert_eq!(refused["id_token"], "bearer_token.id_token");
    }
    let (taken, _) = verdicts(ApiAudience::organization("another")).await;
    assert!(taken.is_empty());
}

#[tokio::test]
async fn an_api_of_a_resource_in_an_organization_takes_the_recorded_tokens_for_both_alone() {
    let books = || ApiAudience::resource(BOOKS);
    for audience in [books().in_organization(ORGANIZATION), books().resource_in_any_organization()] {
        let (taken, refused) = verdicts(audience).await;
        assert_eq!(taken, ["access_token_resource_organization"]);
        assert_eq!(refused["access_token_resource"], "bearer_token.wrong_organization");
        assert_eq!(refused["access_token_organization"], "bearer_token.invalid_aud");
    }
    let (taken, refused) = verdicts(books().in_organization("another")).await;
    assert!(taken.is_empty());
    assert_eq!(refused["access_token_resource_organization"], "bearer_token.wrong_organization");
}

#[tokio::test]
async fn a_recorded_access_token_is_valid_from_iat_to_exp_with_leeway() {
    let recorded = fixture("jwt/access_token_short_lived");
    let (token, payload) = (recorded["raw"].as_str().unwrap(), &recorded["payload"]);
    let [iat, exp] = ["iat", "exp"].map(|name| payload[name].as_i64().unwrap());
    for (now, expected) in [
        (iat - 61, Some("bearer_token.invalid_iat")),
        (iat - 60, None),
        (iat, None),
        (exp + 59, None),
        (exp + 60, Some("bearer_token.expired")),
    ] {
        let api = api(ApiAudience::resource("https://short.example.test"), &clock(now));
        // Twice: the second time it may be remembered.
        for _ in 0..2 {
            let verdict = api.verify(token).await;
            assert_eq!(verdict.as_ref().map(|_| ()).err().map(|error| error.code().as_str()), expected, "{now}");
        }
    }
}

#[tokio::test]
async fn recorded_access_tokens_verify_while_keys_change_from_elliptic_curve_to_rsa() {
    let folder = "80-key-rotation-other-instance";
    let tokens = fixture(&format!("{folder}/05-tokens"));
    let token = |when: &str| tokens[when]["access_token"].clone();
    let (before, after) = (token("before"), token("after"));
    let aud = before["payload"]["aud"].as_str().map_or_else(
        || super::replay::payload(before["raw"].as_str().unwrap())["aud"].as_str().unwrap().to_owned(),
        str::to_owned,
    );
    let iat = super::replay::payload(after["raw"].as_str().unwrap())["iat"].as_i64().unwrap();
    let clock = clock(iat);
    let server = Server::default();
    server.always(DISCOVERY, Exchange::of(&format!("{folder}/04-discovery-after")).response());
    server.always(JWKS, Exchange::of(&format!("{folder}/01-jwks-before")).response());
    let builder = ResourceServer::builder().endpoint("http://localhost:3011").audience(ApiAudience::resource(aud));
    let api = builder.http_client(server.clone()).clock(clock.clone()).build().unwrap();
    let verify = async |token: &Value| {
        let verdict = api.verify(token["raw"].as_str().unwrap()).await;
        (verdict.map(|_| ()).map_err(|error| error.code().as_str()), server.asked(JWKS).len())
    };
    assert_eq!(verify(&before).await, (Ok(()), 1));
    assert_eq!(verify(&before).await, (Ok(()), 1));
    // Both keys are published; then the old one is deleted.
    server.always(JWKS, Exchange::of(&format!("{folder}/03-jwks-after")).response());
    assert_eq!(verify(&after).await, (Ok(()), 2));
    assert_eq!(verify(&before).await, (Ok(()), 2));
    server.always(JWKS, Exchange::of(&format!("{folder}/08-jwks-after-delete")).response());
    // Logto says of its keys that they are stale at once; they are kept for a minute.
    clock.advance(Duration::from_secs(59));
    assert_eq!(verify(&before).await, (Ok(()), 2));
    clock.advance(Duration::from_secs(1));
    assert_eq!(verify(&before).await.0, Err("bearer_token.unknown_key"));
    assert_eq!(verify(&after).await.0, Ok(()));
}
