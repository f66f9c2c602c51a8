//! 96-custom-jwt, and 97-application-access-control.

use std::collections::BTreeSet;

use logto::testing::{CustomJwtScript, MockAccessControl, MockApp};

use super::{
    stand_in::tokens_of,
    world::{PASSWORD, page, world, world_with},
};
use crate::{
    recording::CALLBACK,
    replay::{Replay, fixture, form_value},
    support::{API, authorization_url, text},
};

pub(super) async fn custom_jwt() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let scope = "openid offline_access profile roles urn:logto:scope:organizations read:books invite:member";
    let asked = [("scope", scope), ("resource", API), ("resource", "urn:logto:resource:organizations")];
    let tokens = tokens_of(&mock, "ada", &asked).await;
    replay.learn_form("96-custom-jwt/12-refresh-opaque.json", "refresh_token", text(&tokens, "refresh_token"));
    replay.run("96-custom-jwt/12-refresh-opaque.json").await;
    mock.custom_jwt_of_users(CustomJwtScript::Denies("not today".to_owned()));
    replay.run("96-custom-jwt/17-denied.json").await;
    mock.custom_jwt_of_users(CustomJwtScript::Throws);
    replay.run("96-custom-jwt/19-throws.json").await;
    replay.run("96-custom-jwt/21-throws-blocked.json").await;
    replay.done
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
