//! One user, until it is known what became of them.

use std::sync::Arc;

use logto::{
    Error, ErrorCode,
    management::{Management, NewUser, Refusal},
};

use crate::{journal::Outcome, pace::Pace, report::Counts, stop::Stop};

/// For one user in a row; a server that is down is no reason to call lines wrong.
const MOST_FAILURES: u32 = 6;

/// Somebody has it already: this very user, if an earlier request was answered and nobody heard of it.
const THERE: [&str; 3] = ["user.username_already_in_use", "user.email_already_in_use", "user.phone_already_in_use"];

/// What all attempts share.
pub(crate) struct Shared {
    pub(crate) management: Management,
    pub(crate) counts: Arc<Counts>,
    pub(crate) pace: Pace,
}

/// Why a row is not done.
pub(crate) enum NotDone {
    Stopped,
    /// It would be so for every other row.
    Failed(Error),
}

/// Sends the user as often as it takes. A creation that is sent twice is refused the second time, since usernames and addresses are unique.
pub(crate) async fn create(shared: &Shared, user: &NewUser, stop: Stop) -> Result<Outcome, NotDone> {
    let mut failures = 0;
    loop {
        if !shared.pace.may_go_on(&stop).await {
            return Err(NotDone::Stopped);
        }
        shared.counts.sent();
        let error = match shared.management.users().create(user).await {
            Ok(user) => {
                shared.pace.answered();
                return Ok(Outcome::Created(user.id));
            }
            Err(error) => error,
        };
        let refusal = Refusal::of(&error);
        let code = refusal.and_then(Refusal::code).unwrap_or_default();
        match error.code() {
            ErrorCode::MANAGEMENT_VALUE_REFUSED if THERE.contains(&code) => {
                return Ok(Outcome::There(code.to_owned()));
            }
            // 402 and 403 are about the tenant, so every other row would be refused, too.
            ErrorCode::MANAGEMENT_VALUE_REFUSED
                if refusal.is_some_and(|refusal| !matches!(refusal.status(), 402 | 403)) =>
            {
                return Ok(Outcome::Wrong(reason(refusal)));
            }
            // As long as it takes.
            ErrorCode::MANAGEMENT_RATE_LIMITED => shared.pace.slow_down(error.retry_after()),
            _ if error.is_transient() && failures < MOST_FAILURES => {
                failures += 1;
                shared.pace.slow_down(error.retry_after());
            }
            _ => return Err(NotDone::Failed(error)),
        }
    }
}

/// Logto's code, its words, and what they are about.
fn reason(refusal: Option<&Refusal>) -> String {
    let Some(refusal) = refusal else { return "it was refused".to_owned() };
    let words = [refusal.code(), refusal.message(), refusal.details()].into_iter().flatten();
    words.collect::<Vec<_>>().join(": ").replace(['\n', '\r'], " ")
}
