//! Plan `oidcc-client-back-channel-logout-rp-basic`.

use serde_json::{Value, json};

use crate::{
    browser::Tab,
    op::{Behaviour, Signature},
    rp_initiated_logout::has_signed_out,
    suite::{Play, Suite},
};

modules! { Query:
    crate::back_channel_logout::accepted as oidcc_client_test_rp_backchannel_rpinitlogout: Sloppy fails with "answered 204, not 200";
    crate::back_channel_logout::alg_none as oidcc_client_test_rp_backchannel_rpinitlogout_alg_none: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::no_event as oidcc_client_test_rp_backchannel_rpinitlogout_no_event: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::with_nonce as oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::wrong_alg as oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::wrong_aud as oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::wrong_event as oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event: Credulous fails with "answered 200, not 400";
    crate::back_channel_logout::wrong_iss as oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss: Credulous fails with "answered 200, not 400";
}

/// Exactly 200, and the other browser of that session is signed out.
pub async fn accepted(play: Play) {
    let (suite, mut other) = told(play, 200, Behaviour::default()).await;
    suite.nobody_is_signed_in(&mut other).await;
}

pub async fn alg_none(play: Play) {
    refused(play, Behaviour { logout_token_signature: Signature::None, ..Behaviour::default() }).await;
}

pub async fn no_event(play: Play) {
    refuses(play, |claims| _ = claims.as_object_mut().unwrap().remove("events").unwrap()).await;
}

pub async fn with_nonce(play: Play) {
    refuses(play, |claims| claims["nonce"] = "a nonce".into()).await;
}

/// A right signature by a published key, but ES256 where RS256 was registered for ID tokens (section 2.6 step 3).
pub async fn wrong_alg(play: Play) {
    refused(play, Behaviour { logout_token_signature: Signature::Es256, ..Behaviour::default() }).await;
}

pub async fn wrong_aud(play: Play) {
    refuses(play, |claims| claims["aud"] = "another-client".into()).await;
}

pub async fn wrong_event(play: Play) {
    refuses(play, |claims| claims["events"] = json!({ "http://schemas.openid.net/event/another": {} })).await;
}

pub async fn wrong_iss(play: Play) {
    refuses(play, |claims| claims["iss"] = "https://other.example/".into()).await;
}

async fn refuses(play: Play, change: impl Fn(&mut Value) + Send + 'static) {
    refused(play, Behaviour { logout_token: Some(Box::new(change)), ..Behaviour::default() }).await;
}

/// Exactly 400, and the other browser stays signed in.
async fn refused(play: Play, behaviour: Behaviour) {
    let (suite, mut other) = told(play, 400, behaviour).await;
    other.open(&suite.url("/")).await;
    verdict!(other.page.body.contains("Signed in as"), "a token that was refused has ended a session");
}

/// Signs in, in two browsers; one signs out, and the provider posts its logout token. Gives the other.
async fn told(play: Play, status: u16, behaviour: Behaviour) -> (Suite, Tab) {
    let suite = Suite::start(play, Behaviour { back_channel: true, ..behaviour }).await;
    let other = suite.sign_in().await;
    let mut tab = suite.sign_in().await;
    verdict!(tab.page.status == 200, "the sign-in failed: {}", tab.page.body);
    tab.sign_out().await;
    let logouts = suite.op.logouts();
    verdict!(logouts.len() == 1, "the logout token was not sent");
    let answer = &logouts[0];
    verdict!(answer.status == status, "the logout token was answered {}, not {status}", answer.status);
    verdict!(answer.cache_control.contains("no-store"), "Cache-Control is `{}`", answer.cache_control);
    has_signed_out(&suite, &mut tab).await;
    (suite, other)
}
