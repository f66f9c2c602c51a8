//! Plan `oidcc-client-basic-certification-test-plan`.

use serde_json::{Value, json};

use crate::{
    op::{Behaviour, Change, Published, SUB, Signature},
    suite::{Play, Suite},
};

/// The modules of the plan, and more of them.
macro_rules! modules_of_basic {
    ($mode:ident: $($more:tt)*) => {
        modules! { $mode:
            crate::basic::oidcc_client_test as oidcc_client_test: Sloppy fails with "in the query of the userinfo request";
            crate::basic::invalid_iss as oidcc_client_test_invalid_iss: Credulous fails with "a userinfo request came";
            crate::basic::missing_sub as oidcc_client_test_missing_sub: Credulous fails with "a userinfo request came";
            crate::basic::invalid_aud as oidcc_client_test_invalid_aud: Credulous fails with "a userinfo request came";
            crate::basic::missing_iat as oidcc_client_test_missing_iat: Credulous fails with "a userinfo request came";
            crate::basic::kid_absent_single as oidcc_client_test_kid_absent_single_jwks: Refusing fails with "no userinfo request came";
            crate::basic::kid_absent_multiple as oidcc_client_test_kid_absent_multiple_jwks: Refusing fails with "no userinfo request came";
            crate::basic::sig_rs256 as oidcc_client_test_idtoken_sig_rs256: Refusing fails with "no userinfo request came";
            crate::basic::sig_none as oidcc_client_test_idtoken_sig_none: Credulous fails with "a userinfo request came";
            crate::basic::invalid_sig as oidcc_client_test_invalid_sig_rs256: Credulous fails with "a userinfo request came";
            crate::basic::userinfo_invalid_sub as oidcc_client_test_userinfo_invalid_sub: Credulous fails with "the user sees no error";
            crate::basic::nonce_invalid as oidcc_client_test_nonce_invalid: Sloppy fails with "no nonce was sent";
            crate::basic::scope as oidcc_client_test_scope_userinfo_claims: Sloppy fails with "the scope asks for no claims";
            crate::basic::secret_basic as oidcc_client_test_client_secret_basic: Sloppy fails with "not authenticated by client_secret_basic";
            $($more)*
        }
    };
}

modules_of_basic! { Query: }

/// The whole flow: `openid`, the exact redirect URI, the bearer token in a header. The provider judges each request.
pub async fn oidcc_client_test(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    verdict!(suite.op.received("authorize").len() == 1, "more than one authorization request came");
    verdict!(suite.op.received("token").len() == 1, "more than one token request came");
}

pub async fn invalid_iss(play: Play) {
    rejects(play, |claims| claims["iss"] = "https://other.example/".into()).await;
}

pub async fn missing_sub(play: Play) {
    rejects(play, |claims| remove(claims, "sub")).await;
}

pub async fn invalid_aud(play: Play) {
    rejects(play, |claims| claims["aud"] = "another-client".into()).await;
}

pub async fn missing_iat(play: Play) {
    rejects(play, |claims| remove(claims, "iat")).await;
}

/// No `kid`, and one key: there is no doubt which.
pub async fn kid_absent_single(play: Play) {
    accepts(play, Behaviour { published: Published::Single, ..Behaviour::default() }).await;
}

/// No `kid`, and two keys. A rejection passes in the official suite, too; ours tries both, so that is what is asked for here.
pub async fn kid_absent_multiple(play: Play) {
    accepts(play, Behaviour { published: Published::Two, ..Behaviour::default() }).await;
}

pub async fn sig_rs256(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    verdict!(!suite.op.received(&suite.op.jwks_path()).is_empty(), "the keys were not asked for");
}

/// An ID token without a signature, which came from the token endpoint by TLS. The official suite takes both answers, and calls a rejection
/// SKIPPED; ours rejects, so that is what is asked for here.
pub async fn sig_none(play: Play) {
    let behaviour = Behaviour { id_token_signature: Signature::None, ..Behaviour::default() };
    let suite = Suite::start(play, behaviour).await;
    suite.rejected(suite.sign_in().await).await;
}

pub async fn invalid_sig(play: Play) {
    let behaviour = Behaviour { id_token_signature: Signature::Broken, ..Behaviour::default() };
    let suite = Suite::start(play, behaviour).await;
    suite.rejected(suite.sign_in().await).await;
}

/// The user info is of somebody else: it came, and must not be used.
pub async fn userinfo_invalid_sub(play: Play) {
    let other: Change = Box::new(|claims| *claims = json!({ "sub": "somebody-else", "name": "Somebody Else" }));
    let suite = Suite::start(play, Behaviour { user_info: Some(other), ..Behaviour::default() }).await;
    let tab = suite.sign_in().await;
    suite.nothing_was_wrong();
    verdict!(!suite.op.received("userinfo").is_empty(), "no userinfo request came");
    verdict!(!tab.page.status.is_success(), "the user sees no error: {}", tab.page.body);
    verdict!(!tab.page.body.contains("Somebody Else"), "the user info of somebody else is shown");
}

pub async fn nonce_invalid(play: Play) {
    let wrong: Change = Box::new(|claims| claims["nonce"] = "another nonce".into());
    let suite = Suite::start(play, Behaviour { id_token: Some(wrong), ..Behaviour::default() }).await;
    let tab = suite.sign_in().await;
    for asked in suite.op.received("authorize") {
        verdict!(asked.query.get("nonce").is_some_and(|nonce| !nonce.is_empty()), "no nonce was sent");
    }
    suite.rejected(tab).await;
}

/// Claims are asked for by scope.
pub async fn scope(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    let asked = suite.op.received("authorize");
    let scope = asked.first().and_then(|asked| asked.query.get("scope")).cloned().unwrap_or_default();
    let asks = scope.split(' ').any(|scope| ["profile", "email", "phone", "address"].contains(&scope));
    verdict!(asks, "the scope asks for no claims: {scope}");
    suite.accepted(&tab);
    verdict!(tab.page.body.contains("Demo T. User"), "the claims are not shown: {}", tab.page.body);
}

/// Every module asks for it: the provider answers no token request that is authenticated otherwise.
pub async fn secret_basic(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    for asked in suite.op.received("token") {
        let basic = asked.authorization.is_some_and(|value| value.starts_with("Basic "));
        verdict!(
            basic && !asked.form.contains_key("client_secret"),
            "the client is not authenticated by client_secret_basic"
        );
    }
}

/// The relying party must not believe an ID token that is changed so.
async fn rejects(play: Play, change: impl Fn(&mut Value) + Send + 'static) {
    let suite = Suite::start(play, Behaviour { id_token: Some(Box::new(change)), ..Behaviour::default() }).await;
    suite.rejected(suite.sign_in().await).await;
}

async fn accepts(play: Play, behaviour: Behaviour) {
    let suite = Suite::start(play, behaviour).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    verdict!(tab.page.body.contains(SUB), "the user is not shown: {}", tab.page.body);
}

fn remove(claims: &mut Value, name: &str) {
    claims.as_object_mut().unwrap().remove(name).unwrap();
}
