//! Plan `oidcc-client-3rd-party-initiated-login-test-plan`, which is no certification profile.

use url::form_urlencoded;

use crate::{
    op::Behaviour,
    suite::{Play, Suite},
};

modules! { Query:
    crate::third_party_initiated_login::login as oidcc_client_test_3rd_party_init_login: Refusing fails with "no authorization request came";
    crate::third_party_initiated_login::other_issuer as other_issuer: Credulous fails with "an authorization request came";
    crate::third_party_initiated_login::other_site as other_site: Credulous fails with "an authorization request came";
}

/// The user is sent to `initiate_login_uri` with `iss`, and all goes on as if the sign-in had begun here.
pub async fn login(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let issuer = suite.op.issuer.clone();
    let tab = suite.open(&initiate(&[("iss", &issuer), ("login_hint", "demo@example.com")])).await;
    let asked = suite.op.received("authorize");
    verdict!(asked.len() == 1, "no authorization request came");
    let hint = asked[0].query.get("login_hint").map_or("", String::as_str);
    verdict!(hint == "demo@example.com", "the login_hint is `{hint}`");
    suite.accepted(&tab);
}

/// Beyond the official module (OpenID Connect Core section 4): another issuer, and one that differs by a slash.
pub async fn other_issuer(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let without_slash = suite.op.issuer.trim_end_matches('/').to_owned();
    for issuer in ["https://other.example/", &without_slash] {
        let mut tab = suite.open(&initiate(&[("iss", issuer)])).await;
        verdict!(suite.op.received("authorize").is_empty(), "an authorization request came");
        suite.has_no_session(&mut tab).await;
    }
}

/// Beyond the official module (section 4 again): `target_link_uri` must not make it an open redirect.
pub async fn other_site(play: Play) {
    let suite = Suite::start(play, Behaviour::default()).await;
    let issuer = suite.op.issuer.clone();
    let mut tab = suite.open(&initiate(&[("iss", &issuer), ("target_link_uri", "https://other.example/")])).await;
    verdict!(suite.op.received("authorize").is_empty(), "an authorization request came");
    suite.has_no_session(&mut tab).await;
    let target = suite.url("/user");
    let tab = suite.open(&initiate(&[("iss", &issuer), ("target_link_uri", &target)])).await;
    verdict!(tab.page.url().as_str() == target, "the user is at {}", tab.page.url());
    suite.accepted(&tab);
}

fn initiate(params: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    format!("/logto/initiate-login?{query}")
}
