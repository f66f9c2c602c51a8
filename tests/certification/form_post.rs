//! Plan `oidcc-client-formpost-basic-certification-test-plan`: the modules of the basic plan with `response_mode=form_post`, and one more.
//!
//! The provider is another site than the relying party, so the form that it has the browser post comes without `SameSite=Lax` cookies.

use crate::{
    op::Behaviour,
    suite::{Play, Suite},
};

modules! { FormPost:
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
    crate::form_post::form_post_error as oidcc_client_test_form_post_error: Credulous fails with "the user sees no error";
}

/// `max_age=0` and `prompt=none` cannot be met: the error comes by POST, and the user is told.
pub async fn form_post_error(play: Play) {
    let suite = Suite::start(play, Behaviour { refuses: Some("login_required"), ..Behaviour::default() }).await;
    let mut tab = suite.open("/silent").await;
    suite.nothing_was_wrong();
    let asked = suite.op.received("authorize");
    verdict!(asked.len() == 1, "no authorization request came");
    for (name, expected) in [("response_mode", "form_post"), ("max_age", "0"), ("prompt", "none")] {
        let found = asked[0].query.get(name).map_or("", String::as_str);
        verdict!(found == expected, "{name} is `{found}`, expected `{expected}`");
    }
    verdict!(suite.op.received("token").is_empty(), "a token request came");
    suite.has_no_session(&mut tab).await;
}
