//! Plan `oidcc-client-config-certification-test-plan`.

use crate::{
    op::{Behaviour, Change, Rotates},
    suite::{Play, Suite},
};

modules! { Query:
    crate::config::openid_config as oidcc_client_test_discovery_openid_config: Refusing fails with "no userinfo request came";
    crate::config::jwks_uri as oidcc_client_test_discovery_jwks_uri_keys: Credulous fails with "the keys were not asked for";
    crate::config::issuer_mismatch as oidcc_client_test_discovery_issuer_mismatch: Credulous fails with "an authorization request came";
    crate::basic::sig_none as oidcc_client_test_idtoken_sig_none: Credulous fails with "a userinfo request came";
    crate::config::rotation_before_signing as oidcc_client_test_signing_key_rotation_just_before_signing:
        Refusing fails with "no userinfo request came";
    crate::config::rotation as oidcc_client_test_signing_key_rotation: Credulous fails with "the new keys were not asked for";
}

/// The document is at the issuer, and the endpoints are those that it names: the provider answers at no others.
pub async fn openid_config(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    let asked = suite.op.received(".well-known/openid-configuration");
    verdict!(!asked.is_empty(), "the configuration was not asked for");
}

/// The key set is where the configuration says, which is somewhere else in each run.
pub async fn jwks_uri(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    verdict!(!suite.op.received(&suite.op.jwks_path()).is_empty(), "the keys were not asked for");
}

/// The configuration is another server's: the relying party stops before the browser goes anywhere.
pub async fn issuer_mismatch(play: Play) {
    let other: Change = Box::new(|document| document["issuer"] = "https://other.example/".into());
    let suite = Suite::start(play, Behaviour { discovery: Some(other), ..Behaviour::default() }).await;
    let mut tab = suite.sign_in().await;
    suite.nothing_was_wrong();
    let asked = suite.op.received(".well-known/openid-configuration");
    verdict!(!asked.is_empty(), "the configuration was not asked for");
    verdict!(suite.op.received("authorize").is_empty(), "an authorization request came");
    suite.has_no_session(&mut tab).await;
}

/// The keys that were fetched before are not those that the first ID token is signed with.
pub async fn rotation_before_signing(play: Play) {
    let suite = Suite::start(play, Behaviour { rotates: Rotates::BeforeSigning, ..Behaviour::default() }).await;
    let tab = suite.sign_in().await;
    suite.accepted(&tab);
    let asked = suite.op.received(&suite.op.jwks_path()).len();
    verdict!(asked == 2, "the keys were asked for {asked} times, not before and after the rotation");
}

/// New keys at the second sign-in.
pub async fn rotation(play: Play) {
    let suite = Suite::start(play, Behaviour { rotates: Rotates::BeforeTheSecondSignIn, ..Behaviour::default() }).await;
    let first = suite.sign_in().await;
    suite.accepted(&first);
    let before = suite.op.received(&suite.op.jwks_path()).len();
    let second = suite.sign_in().await;
    suite.accepted(&second);
    verdict!(suite.op.received("userinfo").len() == 2, "no second userinfo request came");
    let after = suite.op.received(&suite.op.jwks_path()).len();
    verdict!(after > before, "the new keys were not asked for");
}
