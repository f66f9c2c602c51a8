//! Recorded tokens, signed by a real server: believed where they should be, and nowhere else.

use std::time::Duration;

use logto::TokenOptions;
use serde_json::{Value, json};

use super::replay::{
    ADA, APP_ID, App, DISCOVERY, Exchange, JWKS, RECORDED_AT, TOKEN, fixture, json_response, payload, settings,
    without_blanks,
};
use crate::support::BOOKS;

fn refreshed(id_token: &str) -> Value {
    json!({
        "access_token": "refreshed", "token_type": "Bearer", "expires_in": 3600, "scope": "openid",
        "id_token": id_token, "refresh_token": "the next one",
    })
}

#[tokio::test]
async fn one_session_takes_a_recorded_hour() {
    let mut app = App::new(settings().scopes(["urn:logto:scope:organizations"]).resources([BOOKS]), RECORDED_AT);
    let first = Exchange::of("20-token/20-token-authorization-code");
    app.sign_in(ADA, |tokens| tokens["refresh_token"] = first.member("refresh_token").into()).await;
    app.began_with(&Exchange::of("20-token/21-refresh-no-resource").id_token_claims().unwrap()).await;
    let steps = [
        ("20-token/21-refresh-no-resource", None),
        ("20-token/22-refresh-resource", Some("jwt/access_token_resource")),
        ("20-token/23-refresh-organization", Some("jwt/access_token_organization")),
        ("20-token/24-refresh-resource-organization", Some("jwt/access_token_resource_organization")),
        ("20-token/25-refresh-downscoped", None),
    ];
    for (name, _) in steps {
        let recorded = Exchange::of(name);
        app.server.once(TOKEN, recorded.response());
        app.access_token(recorded.token_options().force_refresh(true)).await.unwrap();
    }
    // Each kind of token is kept beside the others.
    for (name, jwt) in steps {
        let recorded = Exchange::of(name);
        let token = app.access_token(recorded.token_options()).await.unwrap();
        assert_eq!(Some(token.token()), recorded.member("access_token"), "{name}");
        match jwt {
            Some(jwt) => {
                let claims = serde_json::to_value(token.claims().unwrap()).unwrap();
                assert_eq!(without_blanks(claims), fixture(jwt)["payload"], "{name}");
            }
            None if name.contains("no-resource") => {
                assert_eq!(token.claims().unwrap_err().code(), "access_token.opaque");
            }
            None => assert_eq!(token.claims().unwrap().scopes().collect::<Vec<_>>(), ["read:books"]),
        }
    }
    assert_eq!(app.server.asked(TOKEN).len(), 6);

    // An hour later none of them lives, and the next exchange is one again.
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(app.access_token(TokenOptions::new()).await.unwrap_err().code(), "network.unreachable");
    assert!(app.is_signed_in().await);
}

#[tokio::test]
async fn sign_ins_work_while_recorded_keys_change_from_elliptic_curve_to_rsa() {
    // Another instance, recorded while its keys were rotated.
    let folder = "80-key-rotation-other-instance";
    let tokens = fixture(&format!("{folder}/05-tokens"));
    let [before, after] = ["before", "after"].map(|when| tokens[when]["id_token"]["raw"].as_str().unwrap());
    let claims = payload(before);
    let settings = settings().endpoint("http://localhost:3011").app_id(claims["aud"].as_str().unwrap());
    let mut app = App::new(settings, payload(after)["iat"].as_i64().unwrap());
    let keys = |app: &App, name: &str| {
        app.server.always(JWKS, app.key.beside(Exchange::of(&format!("{folder}/{name}")).body()));
    };
    app.server.always(DISCOVERY, Exchange::of(&format!("{folder}/04-discovery-after")).response());
    keys(&app, "01-jwks-before");
    app.sign_in(claims["sub"].as_str().unwrap(), |_| {}).await;
    app.began_with(&claims).await;
    let mut refresh = async |id_token: &str| {
        app.server.once(TOKEN, json_response(&refreshed(id_token)));
        let result = app.access_token(TokenOptions::new().force_refresh(true)).await.map(|_| ());
        (
            result.map_err(|error| error.code().as_str()),
            app.session().await.get_id_token().unwrap(),
            app.server.asked(JWKS).len(),
        )
    };
    assert_eq!(refresh(before).await, (Ok(()), before.into(), 1));
    // The server signs with a key that its key set, asked again, does not name yet: no token is believed for that.
    assert_eq!(refresh(after).await, (Err("id_token.unknown_key"), before.into(), 2));
}

#[tokio::test]
async fn rotated_keys_are_fetched_when_a_token_names_them() {
    let folder = "80-key-rotation-other-instance";
    let tokens = fixture(&format!("{folder}/05-tokens"));
    let [before, after] = ["before", "after"].map(|when| tokens[when]["id_token"]["raw"].as_str().unwrap());
    let claims = payload(before);
    for (now, then) in [("03-jwks-after", Ok(())), ("08-jwks-after-delete", Err("id_token.unknown_key"))] {
        let settings = settings().endpoint("http://localhost:3011").app_id(claims["aud"].as_str().unwrap());
        let mut app = App::new(settings, payload(after)["iat"].as_i64().unwrap());
        app.server.always(DISCOVERY, Exchange::of(&format!("{folder}/04-discovery-after")).response());
        app.server.always(JWKS, app.key.beside(Exchange::of(&format!("{folder}/01-jwks-before")).body()));
        app.sign_in(claims["sub"].as_str().unwrap(), |_| {}).await;
        app.began_with(&claims).await;
        app.server.always(JWKS, app.key.beside(Exchange::of(&format!("{folder}/{now}")).body()));

        // Signed with RSA, whose key has no `alg`; the token of before comes late.
        for (id_token, expected) in [(after, Ok(())), (before, then)] {
            app.server.once(TOKEN, json_response(&refreshed(id_token)));
            let result = app.access_token(TokenOptions::new().force_refresh(true)).await;
            assert_eq!(result.map(|_| ()).map_err(|error| error.code().as_str()), expected, "{now}");
        }
        assert!(app.is_signed_in().await, "{now}");
    }
}

#[tokio::test]
async fn a_recorded_token_in_the_place_of_an_id_token_is_refused() {
    let raw = |name: &str| fixture(&format!("jwt/{name}"))["raw"].as_str().unwrap().to_owned();
    let genuine = raw("id_token");
    let (input, signature) = genuine.rsplit_once('.').unwrap();
    let (header, _) = input.split_once('.').unwrap();
    let other = raw("id_token_backchannel_default");
    let payload_of_another = other.split('.').nth(1).unwrap();
    let minute = Duration::from_secs(60);
    let hour = Duration::from_secs(3600);
    let nothing = Duration::ZERO;
    for (what, id_token, later, earlier, expected) in [
        ("as it is", genuine.clone(), nothing, nothing, Ok(())),
        ("of another user", raw("id_token_minimal"), hour, nothing, Err("id_token.invalid_sub")),
        ("an access token", raw("access_token_resource"), nothing, nothing, Err("id_token.invalid_token")),
        ("a logout token", logout_token(), hour / 2, nothing, Err("id_token.invalid_token")),
        ("at its end", genuine.clone(), hour + Duration::from_secs(59), nothing, Ok(())),
        ("after its end", genuine.clone(), hour + minute, nothing, Err("id_token.expired")),
        ("before its time", genuine.clone(), nothing, minute, Ok(())),
        ("long before its time", genuine.clone(), nothing, minute * 2, Err("id_token.invalid_iat")),
        (
            "with another payload",
            format!("{header}.{payload_of_another}.{signature}"),
            nothing,
            nothing,
            Err("id_token.invalid_signature"),
        ),
        ("unsigned", format!("{input}."), nothing, nothing, Err("id_token.invalid_signature")),
    ] {
        let mut app = App::new(settings(), RECORDED_AT);
        app.clock.rewind(earlier);
        app.sign_in(ADA, |_| {}).await;
        app.began_with(&payload(&genuine)).await;
        app.clock.advance(later);
        let before = app.session().await.get_id_token().unwrap();
        app.server.once(TOKEN, json_response(&refreshed(&id_token)));
        let result = app.access_token(TokenOptions::new().force_refresh(true)).await;
        assert_eq!(result.as_ref().map(|_| ()).map_err(|error| error.code().as_str()), expected, "{what}");
        let session = app.session().await;
        let kept = if result.is_ok() { id_token.as_str() } else { before.expose() };
        assert_eq!(session.get_id_token().unwrap().expose(), kept, "{what}");
        assert_eq!(session.get_id_token_claims().unwrap().sub, ADA, "{what}");
    }
}

fn logout_token() -> String {
    let received = fixture("51-backchannel-logout/02-session-required");
    received["logout_token"]["raw"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_recorded_id_token_of_another_instance_is_refused() {
    let tokens = fixture("80-key-rotation-other-instance/05-tokens");
    let foreign = tokens["before"]["id_token"]["raw"].as_str().unwrap();
    // Even under its own keys, for its own app and its own user.
    let claims = payload(foreign);
    let app_id = claims["aud"].as_str().unwrap();
    assert_ne!(app_id, APP_ID);
    let mut app = App::new(settings().app_id(app_id), claims["iat"].as_i64().unwrap());
    let keys = Exchange::of("80-key-rotation-other-instance/01-jwks-before");
    app.server.always(JWKS, app.key.beside(keys.body()));
    app.sign_in(claims["sub"].as_str().unwrap(), |_| {}).await;
    app.server.once(TOKEN, json_response(&refreshed(foreign)));
    let error = app.access_token(TokenOptions::new().force_refresh(true)).await.unwrap_err();
    assert_eq!(error.code(), "id_token.invalid_iss");
    assert!(app.is_signed_in().await);
}
