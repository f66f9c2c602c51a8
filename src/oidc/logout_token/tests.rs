use std::time::Duration;

use serde_json::{Value, json};

use super::{Algorithms, EVENT, Expected, LogoutToken, Named, verify};
use crate::oidc::{
    alg::Alg,
    test_support::{TestKey, World, at, fixture, with},
};

fn expected() -> Expected<'static> {
    Expected {
        algorithms: Algorithms::default(),
        requires_typ: true,
        client_id: "h8rc2xdlth5ihimk3tfuc",
        issuers: &["http://localhost:3001/oidc"],
        leeway: Duration::from_secs(60),
    }
}

async fn judge(world: &World, token: &str, now: i64) -> Result<LogoutToken, &'static str> {
    verify(token, &world.keys(), &expected(), at(now)).await.map_err(|error| error.code().as_str())
}

#[tokio::test]
async fn a_recorded_logout_token_is_accepted_for_its_two_minutes() {
    for file in ["01-default", "02-session-required"] {
        let recorded = fixture(&format!("51-backchannel-logout/{file}.json"));
        let (token, claims) = (recorded["logout_token"]["raw"].as_str().unwrap(), &recorded["logout_token"]["payload"]);
        let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        let world = World::new(fixture("jwks.json"), u64::try_from(iat).unwrap());

        let believed = judge(&world, token, iat).await.unwrap();
        let wanted = match claims["sid"].as_str() {
            Some(sid) => Named::Session(sid.to_owned()),
            None => Named::User(claims["sub"].as_str().unwrap().to_owned()),
        };
        assert_eq!((believed.names, believed.issued_at, believed.expires_at), (wanted, iat, exp));
        assert_eq!(believed.jti, claims["jti"].as_str().unwrap());

        // The leeway is 60 s at either end.
        judge(&world, token, iat - 60).await.unwrap();
        assert_eq!(judge(&world, token, iat - 61).await.unwrap_err(), "logout_token.invalid_iat");
        judge(&world, token, exp + 59).await.unwrap();
        assert_eq!(judge(&world, token, exp + 60).await.unwrap_err(), "logout_token.expired");
    }
}

#[tokio::test]
async fn a_claim_that_is_there_twice_is_refused() {
    let key = TestKey::new(Alg::Es384);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1000);
    let claims = json!({
        "iss": expected().issuers[0], "aud": expected().client_id, "iat": 1000, "exp": 1120, "jti": "j", "events": { EVENT: {} },
    });
    let sign = |claims: &Value, more: &str| {
        let claims = claims.to_string().replacen('{', &format!("{{{more}"), 1);
        key.sign_parts(Alg::Es384, r#"{"alg":"ES384","kid":"k","typ":"logout+jwt"}"#, &claims)
    };
    let ada = with(claims.clone(), &[("sub", json!("ada"))]);
    judge(&world, &sign(&ada, ""), 1000).await.unwrap();
    let twice = judge(&world, &sign(&ada, r#""sub":"bob","#), 1000).await;
    assert_eq!(twice.unwrap_err(), "logout_token.invalid_token");
    assert_eq!(judge(&world, &sign(&claims, ""), 1000).await.unwrap_err(), "logout_token.invalid_subject");
}

#[tokio::test]
async fn a_logout_token_of_logto_has_its_type_and_one_of_another_server_may_have_none() {
    let key = TestKey::new(Alg::Es384);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1000);
    let claims = json!({
        "iss": expected().issuers[0], "aud": expected().client_id, "iat": 1000, "exp": 1120, "jti": "j",
        "sub": "ada", "events": { EVENT: {} },
    });
    for (typ, of_logto, of_another) in [
        (Some("logout+jwt"), true, true),
        (Some("application/LOGOUT+jwt"), true, true),
        (None, false, true),
        (Some("JWT"), false, true),
        (Some("at+jwt"), false, false),
        (Some(""), false, false),
    ] {
        let mut header = json!({ "alg": "ES384", "kid": "k" });
        header.as_object_mut().unwrap().extend(typ.map(|typ| ("typ".to_owned(), json!(typ))));
        let token = key.sign_parts(Alg::Es384, &header.to_string(), &claims.to_string());
        for (requires_typ, accepted) in [(true, of_logto), (false, of_another)] {
            let expected = Expected { requires_typ, ..expected() };
            let verdict = verify(&token, &world.keys(), &expected, at(1000)).await;
            assert_eq!(verdict.is_ok(), accepted, "{typ:?} {requires_typ}");
            if let Err(error) = verdict {
                assert_eq!(error.code(), "logout_token.invalid_token");
            }
        }
    }
}

#[tokio::test]
async fn a_logout_token_is_neither_old_nor_long_lived() {
    let key = TestKey::new(Alg::Es384);
    let world = World::new(json!({ "keys": [key.jwk_named("k")] }), 1000);
    let (now, year) = (1_795_385_600, 31_536_000);
    for (iat, exp, refusal) in [
        (now, now + 120, None),
        (now, now + 600, None),
        (now - 600, now, None),
        (now, now + 601, Some("logout_token.expired")),
        (now, now + 10 * year, Some("logout_token.expired")),
        (now, i64::MAX, Some("logout_token.expired")),
        (now - 660, now + 1, Some("logout_token.expired")),
        (now - 661, now + 1, Some("logout_token.invalid_iat")),
        (now - year, now + 120, Some("logout_token.invalid_iat")),
        (i64::MIN, i64::MAX, Some("logout_token.invalid_iat")),
    ] {
        let claims = json!({
            "iss": expected().issuers[0], "aud": expected().client_id, "iat": iat, "exp": exp, "jti": "j",
            "sub": "ada", "events": { EVENT: {} },
        });
        let header = r#"{"alg":"ES384","kid":"k","typ":"logout+jwt"}"#;
        let token = key.sign_parts(Alg::Es384, header, &claims.to_string());
        assert_eq!(judge(&world, &token, now).await.err(), refusal, "{} {}", iat - now, exp - now);
    }
}
