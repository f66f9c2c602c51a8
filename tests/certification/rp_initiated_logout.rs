//! Plan `oidcc-client-rp-initiated-logout-rp-basic`.

use crate::{
    browser::Tab,
    op::{Behaviour, PostLogoutState},
    suite::{Play, Suite},
};

modules! { Query:
    crate::rp_initiated_logout::logout as oidcc_client_test_rp_init_logout: Sloppy fails with "id_token_hint is not an ID token of ours";
    crate::rp_initiated_logout::other_state as oidcc_client_test_rp_init_logout_other_state: Sloppy fails with "no state was sent";
    crate::rp_initiated_logout::no_state as oidcc_client_test_rp_init_logout_no_state: Sloppy fails with "no state was sent";
}

/// A hint that the provider has issued, and the registered address to come back to, which is there.
pub async fn logout(play: Play) {
    let (_, tab) = signs_out(play, PostLogoutState::Same).await;
    verdict!(tab.page.body.contains("The state is the one that was sent."), "the state was lost: {}", tab.page.body);
}

/// A wrong `state` may be told, and breaks nothing.
pub async fn other_state(play: Play) {
    let (suite, tab) = signs_out(play, PostLogoutState::Other).await;
    sent_a_state(&suite);
    verdict!(
        tab.page.body.contains("The state is another than was sent."),
        "the state was not compared: {}",
        tab.page.body
    );
}

pub async fn no_state(play: Play) {
    let (suite, tab) = signs_out(play, PostLogoutState::Missing).await;
    sent_a_state(&suite);
    verdict!(tab.page.body.contains("The state did not come back."), "the state was not compared: {}", tab.page.body);
}

/// Without one the official suite calls the module SKIPPED.
fn sent_a_state(suite: &Suite) {
    let sent = suite.op.received("end_session_endpoint").iter().any(|asked| asked.query.contains_key("state"));
    verdict!(sent, "no state was sent");
}

async fn signs_out(play: Play, post_logout_state: PostLogoutState) -> (Suite, Tab) {
    let suite = Suite::start(play, Behaviour { post_logout_state, ..Behaviour::default() }).await;
    let mut tab = suite.sign_in().await;
    verdict!(tab.page.status == 200, "the sign-in failed: {}", tab.page.body);
    tab.sign_out().await;
    if post_logout_state == PostLogoutState::Same {
        suite.nothing_was_wrong();
    } else {
        sent_a_state(&suite);
    }
    has_signed_out(&suite, &mut tab).await;
    (suite, tab)
}

/// The post-logout redirect was handled, and nobody is signed in.
pub async fn has_signed_out(suite: &Suite, tab: &mut Tab) {
    suite.nothing_was_wrong();
    verdict!(suite.op.received("end_session_endpoint").len() == 1, "no logout request came");
    let shown = tab.page.clone();
    verdict!(
        shown.url().path() == "/signed-out" && shown.status == 200,
        "the redirect was not handled: {}",
        shown.body
    );
    suite.nobody_is_signed_in(tab).await;
    tab.page = shown;
}
