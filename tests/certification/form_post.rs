//! Plan `oidcc-client-formpost-basic-certification-test-plan`: the modules of the basic plan with `response_mode=form_post`, and one more.
//!
//! The provider is another site than the relying party, so the form that it has the browser post comes without `SameSite=Lax` cookies.

use crate::{
    op::Behaviour,
    suite::{Play, Suite},
};

modules_of_basic! { FormPost:
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
