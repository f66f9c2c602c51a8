//! 98-oidc-extra: pushed requests, hints of an old key, permissions that come and go.

use std::collections::BTreeSet;

use logto::testing::SigningAlg;

use super::{
    stand_in::tokens_of,
    world::{FULL, PASSWORD, world},
};
use crate::{
    recording::files,
    replay::{Replay, fixture, form_value},
    support::{API, authorization_url, param, text},
};

pub(super) async fn pushed_request() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.run("98-oidc-extra/01-par.json").await;
    let page = replay.run("98-oidc-extra/02-authorize.json").await.location().to_owned();
    let answer = replay.browser.post(&page, &[("username", "ada"), ("password", PASSWORD)]).await;
    let callback = replay.browser.follow(answer).await.unwrap_err();
    let code = form_value(&fixture("98-oidc-extra/03-token.json"), "code").unwrap();
    replay.learn(&code, &param(&callback, "code").unwrap());
    for file in files("98-oidc-extra", &["03", "04"]) {
        replay.run(&file).await;
    }
    replay.done
}

pub(super) async fn hints() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    replay.browser.sign_in(&authorization_url(&mock, &FULL), "ada", PASSWORD).await;
    let files = files("98-oidc-extra", &["11", "12", "13"]);
    for file in &files {
        replay.stand_in(file, "ada").await;
    }
    mock.rotate_keys(SigningAlg::Es384);
    replay.run(&files[0]).await;
    mock.remove_old_keys();
    replay.run(&files[1]).await;
    replay.run(&files[2]).await;
    replay.done
}

pub(super) async fn permissions() -> BTreeSet<String> {
    let mock = world().start().await.unwrap();
    let mut replay = Replay::new(&mock);
    let asked = [("scope", "openid offline_access roles read:books write:books"), ("resource", API)];
    for (first, rest) in [("20", "21"), ("22", "23")] {
        let (first, rest) = (files("98-oidc-extra", &[first]).remove(0), files("98-oidc-extra", &[rest]).remove(0));
        let tokens = tokens_of(&mock, "nobody", &asked).await;
        replay.learn_form(&first, "refresh_token", text(&tokens, "refresh_token"));
        replay.run(&first).await;
        let has_role = first.contains("new-sign-in");
        mock.update_user("nobody", |user| if has_role { user.without_roles() } else { user.role("librarian") });
        replay.run(&rest).await;
    }
    let scope = "openid offline_access urn:logto:scope:organizations read:books write:books";
    let tokens = tokens_of(&mock, "ada", &[("scope", scope), ("resource", API)]).await;
    let file = "98-oidc-extra/24-resource-in-organization.json";
    replay.learn_form(file, "refresh_token", text(&tokens, "refresh_token"));
    replay.run(file).await;
    replay.done
}
