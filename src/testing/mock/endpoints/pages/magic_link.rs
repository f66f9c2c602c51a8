//! Magic links: an authorization request with `one_time_token` and `login_hint` signs the user of the e-mail address in, without a password.

use serde_json::Value;

use super::{Visit, interaction, session_cookie, sign_in_page};
use crate::testing::mock::{
    directory::MockUser,
    endpoints::one_time_token::consume,
    messages::{error::OidcResult, html, reply::Reply},
    state::{State, ids::user_id},
};

/// Opens the page. Someone whose address is new is registered by that.
pub(super) fn open(state: &mut State, visit: &Visit<'_>, token: &str) -> OidcResult {
    let email = visit.request.query_value("login_hint").unwrap_or_default();
    let known = state.directory.user_with_email(email).map(|user| (user.id.clone(), user.suspended));
    let asked = if known.is_some() { "SignIn" } else { "Register" };
    let token = match consume(state, token, email, Some(asked)) {
        Ok(token) => token,
        Err(refusal) => {
            let refused: Value = serde_json::from_slice(&refusal.body).unwrap_or_default();
            let why = refused.get("message").and_then(Value::as_str);
            return Ok(Reply::html(refusal.status, sign_in_page(state, visit, email, why)));
        }
    };
    let organizations: Vec<_> = token.organizations().map(str::to_owned).collect();
    let presented = session_cookie::presented(visit.request);
    match known {
        Some((_, true)) => Ok(Reply::html(401, html::notice("Sign in", "This account is suspended."))),
        Some((id, false)) => interaction::sign_in(state, visit.id, presented, &id, &organizations),
        None => {
            let mut user = MockUser::new(email).id(user_id()?).email(email);
            user.username = None;
            interaction::register(state, visit.id, presented, user, &organizations)
        }
    }
}
