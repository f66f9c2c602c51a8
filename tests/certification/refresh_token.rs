//! Plan `oidcc-client-refreshtoken-test-plan`, which is no certification profile.

use serde_json::Value;

use crate::{
    op::Behaviour,
    suite::{Play, Suite},
};

modules! { Query:
    crate::refresh_token::refresh as oidcc_client_test_refresh_token: Refusing fails with "no userinfo request came";
    crate::refresh_token::invalid_issuer as oidcc_client_test_refresh_token_invalid_issuer: Credulous fails with "a userinfo request came after the refresh";
    crate::refresh_token::invalid_sub as oidcc_client_test_refresh_token_invalid_sub: Credulous fails with "a userinfo request came after the refresh";
}

/// The refresh token is exchanged, and the new access token used: the provider takes no other.
pub async fn refresh(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let mut tab = suite.sign_in().await;
    suite.accepted(&tab);
    let before = suite.op.received("userinfo").len();
    tab.open(&suite.url("/refresh")).await;
    suite.accepted(&tab);
    verdict!(refreshes(&suite) == 1, "the refresh token was not exchanged once");
    verdict!(suite.op.received("userinfo").len() > before, "no userinfo request came after the refresh");
}

/// The new ID token is of another issuer.
pub async fn invalid_issuer(play: Play) {
    rejects(play, |claims| claims["iss"] = "https://other.example/".into()).await;
}

/// The new ID token is another user's.
pub async fn invalid_sub(play: Play) {
    rejects(play, |claims| claims["sub"] = "somebody-else".into()).await;
}

async fn rejects(play: Play, change: impl Fn(&mut Value) + Send + 'static) {
    let suite =
        Suite::start(play, Behaviour { refreshed_id_token: Some(Box::new(change)), ..Behaviour::default() }).await;
    let mut tab = suite.sign_in().await;
    suite.accepted(&tab);
    let before = suite.op.received("userinfo").len();
    tab.open(&suite.url("/refresh")).await;
    suite.nothing_was_wrong();
    verdict!(refreshes(&suite) == 1, "the refresh token was not exchanged once");
    verdict!(suite.op.received("userinfo").len() == before, "a userinfo request came after the refresh");
    verdict!(!tab.page.status.is_success(), "the user sees no error: {}", tab.page.body);
    verdict!(!tab.page.body.contains("somebody-else\""), "somebody else is shown");
}

fn refreshes(suite: &Suite) -> usize {
    let is_refresh = |grant: Option<&String>| grant.is_some_and(|grant| grant == "refresh_token");
    suite.op.received("token").iter().filter(|asked| is_refresh(asked.form.get("grant_type"))).count()
}
