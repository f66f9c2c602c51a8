//! How users show that it is they, or that an address or an account is theirs.

pub(super) mod code;
pub(super) mod passkey;
pub(super) mod password;
pub(super) mod social;

use super::refusal::{Answer, failure, refusal};
use crate::testing::mock::{messages::reply::Reply, state::State};

/// Counts an attempt at something of `target`. A wrong one is refused with `wrong`, one too many for a while.
fn judge(state: &mut State, target: &str, wrong: Option<Reply>) -> Answer<()> {
    let now = state.now();
    match (state.account.lockouts.report(target, wrong.is_some(), now), wrong) {
        (Some(minutes), _) => {
            let unit = if minutes == 1 { "minute" } else { "minutes" };
            let message = format!("Too many attempts in a short time. Please try again in {minutes} {unit}.");
            Err(failure(400, "session.verification_blocked_too_many_attempts", &message))
        }
        (None, Some(wrong)) => Err(wrong),
        (None, None) => Ok(()),
    }
}

/// What a record of another kind, or none, is answered with.
fn no_record() -> Reply {
    refusal(400, "verification_record.not_found")
}
