//! 96-custom-jwt, and 97-application-access-control.

use std::collections::BTreeSet;

use logto::testing::{CustomJwtScript, MockAccessControl, MockApp};
use serde_json::{Map, Value};

use super::{
    stand_in::tokens_of,
    world::{MACHINE, PASSWORD, page, world, world_with},
};
use crate::{
    recording::{CALLBACK, files},
    replay::{Replay, fixture, form_value},
    support::{API, authorization_url, decoded, text},
};

/// The scripts are not run: the mock gives the claims that they gave.
pub(super) async fn custom_jwt() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let given = custom_claims("96-custom-jwt/10-refresh-resource.json");
    mock.update_user("ada", |ada| {
        given.into_iter().fold(ada, |ada, (name, value)| ada.access_token_claim(name, value))
    });
    let given = custom_claims("96-custom-jwt/13-m2m.json");
    mock.update_app(MACHINE.0, |app| {
        given.into_iter().fold(app, |app, (name, value)| app.access_token_claim(name, value))
    });
    let mut replay = Replay::new(&mock);
    sign_in(&mut replay).await;
    for file in files("96-custom-jwt", &["10-refresh-resource.", "11-refresh-organization.", "12", "13-m2m."]) {
        replay.run(&file).await;
    }
    mock.custom_jwt_of_users(CustomJwtScript::Denies("not today".to_owned()));
    replay.run("96-custom-jwt/17-denied.json").await;
    mock.custom_jwt_of_users(CustomJwtScript::Throws);
    replay.run("96-custom-jwt/19-throws.json").await;
    replay.run("96-custom-jwt/21-throws-blocked.json").await;

    let mock = world().start().await.unwrap();
    mock.update_user("ada", |ada| {
        let ada = ada.access_token_claim("ok", true);
        REGISTERED.iter().fold(ada, |ada, name| ada.access_token_claim(*name, "evil"))
    });
    let mut reserved = Replay::new(&mock);
    sign_in(&mut reserved).await;
    reserved.run("96-custom-jwt/23-reserved.json").await;

    let enabled = ["roles", "organizations", "organization_roles", "custom_data", "identities", "organization_data"];
    let mock = world().extended_id_token_claims(&enabled).start().await.unwrap();
    let mut extended = Replay::new(&mock);
    let file = "96-custom-jwt/31-id-token-extended.json";
    let scope = text(&fixture(file)["response"]["body_json"], "scope").to_owned();
    extended.exchange(file, &[("scope", &scope)]).await;
    replay.done.into_iter().chain(reserved.done).chain(extended.done).collect()
}

const REGISTERED: [&str; 8] = ["jti", "sub", "iat", "exp", "scope", "client_id", "iss", "aud"];

/// What a script gave, of the token that was recorded.
fn custom_claims(file: &str) -> Map<String, Value> {
    let (_, claims) = decoded(text(&fixture(file)["response"]["body_json"], "access_token"));
    let mut claims = claims.as_object().unwrap().clone();
    claims.retain(|name, _| !REGISTERED.contains(&name.as_str()));
    claims
}

/// All files of the folder that refresh have one refresh token.
async fn sign_in(replay: &mut Replay<'_>) {
    let scope = "openid offline_access profile roles urn:logto:scope:organizations read:books invite:member";
    let asked = [("scope", scope), ("resource", API), ("resource", "urn:logto:resource:organizations")];
    let tokens = tokens_of(replay.mock, "ada", &asked).await;
    replay.learn_form("96-custom-jwt/12-refresh-opaque.json", "refresh_token", text(&tokens, "refresh_token"));
}

pub(super) async fn access_control() -> BTreeSet<String> {
    let app = || MockApp::new("ahyekrktls8fwakhqs7qw", "kxkUQYBsdduv0qeuLoqVu5w6CBpdRpDq").redirect_uri(CALLBACK);
    let let_in = |user: &str| MockAccessControl::new().user(user);
    let mock = world_with(app().access_control(let_in("bob")), page()).start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let scope = "openid offline_access profile email phone roles custom_data identities \
        urn:logto:scope:organizations urn:logto:scope:organization_roles";
    replay.browser.sign_in(&authorization_url(&mock, &[]), "bob", PASSWORD).await;
    let file = "97-application-access-control/10-token.json";
    replay.prepare_code_as(file, &[("scope", scope)], "bob").await;
    replay.run(file).await;
    replay.run("97-application-access-control/11-refresh.json").await;
    assert!(mock.update_app("ahyekrktls8fwakhqs7qw", |app| app.access_control(let_in("ada"))));
    let denied = "97-application-access-control/12-refresh-denied.json";
    assert!(replay.knows(&form_value(&fixture(denied), "refresh_token").unwrap()));
    replay.run(denied).await;
    replay.run("97-application-access-control/14-authorize-with-session.json").await;
    replay.done
}
