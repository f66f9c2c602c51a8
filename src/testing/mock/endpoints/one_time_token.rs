//! What becomes of a one-time token that is presented, on a page or at the Management API.

use super::account::refusal::{Answer, failure, refusal};
use crate::testing::mock::state::{
    State,
    one_time_tokens::{OneTimeToken, Status},
};

/// Takes a token, which is used up by that. With an interaction (`SignIn`, `Register`), it has to be good for it.
pub(crate) fn consume(state: &mut State, value: &str, email: &str, interaction: Option<&str>) -> Answer<OneTimeToken> {
    let now = state.now();
    let known = state.store.one_time_tokens.iter_mut().find(|token| token.token == value);
    let token =
        known.ok_or_else(|| failure(404, "one_time_token.token_not_found", &format!("Token {value} not found.")))?;
    let other_event = interaction.zip(token.interaction_event()).is_some_and(|(asked, meant)| asked != meant);
    let wrong = match token.status(now) {
        _ if token.email != email => Some("one_time_token.email_mismatch"),
        _ if token.expires_at <= now => Some("one_time_token.token_expired"),
        Status::Expired => Some("one_time_token.token_expired"),
        Status::Consumed => Some("one_time_token.token_consumed"),
        Status::Revoked => Some("one_time_token.token_revoked"),
        Status::Active if other_event => Some("one_time_token.interaction_event_mismatch"),
        Status::Active => None,
    };
    if let Some(code) = wrong {
        return Err(refusal(400, code));
    }
    token.set_status(Status::Consumed);
    Ok(token.clone())
}
