//! For how long nobody asks Logto again that gave no answer, and that one asks then and not all.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::store::SessionId;

/// After a failure: long enough that a user who goes from page to page does not wait on each, and short enough that a Logto that is back is noticed.
const PAUSE_SECONDS: i64 = 30;
/// Sessions with a pause of their own.
const MAX_SESSIONS: usize = 1_000;

#[derive(Default)]
pub(in crate::client) struct Unanswered(Mutex<Known>);

/// Unix seconds of the last failed request.
#[derive(Default)]
struct Known {
    /// Logto did not respond, so the request of any session would fail.
    all: Option<i64>,
    /// Logto answered, and the answer was not to be used.
    of_session: HashMap<SessionId, i64>,
}

impl Unanswered {
    /// Whether the session may ask now. If the last request failed, the next one makes the others wait for its result.
    pub(super) fn may_ask(&self, id: SessionId, now: i64) -> bool {
        let mut known = self.lock();
        let Known { all, of_session } = &mut *known;
        let last = [all.as_mut(), of_session.get_mut(&id)];
        if last.iter().flatten().any(|at| is_paused(**at, now)) {
            return false;
        }
        last.into_iter().flatten().for_each(|at| *at = now);
        true
    }

    /// Logto has answered the session.
    pub(super) fn answered(&self, id: SessionId) {
        let mut known = self.lock();
        known.all = None;
        known.of_session.remove(&id);
    }

    /// The request failed: `for_all`, or for this session alone.
    pub(super) fn failed(&self, id: SessionId, for_all: bool, now: i64) {
        let mut known = self.lock();
        if !for_all {
            // Logto is there.
            known.all = None;
            if known.of_session.len() >= MAX_SESSIONS {
                known.of_session.retain(|_, at| is_paused(*at, now));
            }
            if known.of_session.len() < MAX_SESSIONS {
                known.of_session.insert(id, now);
                return;
            }
        }
        known.all = Some(now);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was noted later than now was noted by a clock that was ahead: nobody knows how long ago it is.
fn is_paused(at: i64, now: i64) -> bool {
    (0..PAUSE_SECONDS).contains(&now.saturating_sub(at))
}

#[cfg(test)]
mod tests {
    use super::{MAX_SESSIONS, SessionId, Unanswered};

    fn two() -> [SessionId; 2] {
        [1, 2].map(|byte| SessionId::from_bytes([byte; 16]))
    }

    #[test]
    fn one_session_asks_for_all_after_a_pause() {
        let (pauses, [ada, ben]) = (Unanswered::default(), two());
        assert!(pauses.may_ask(ada, 100) && pauses.may_ask(ben, 100), "nothing is known");
        pauses.failed(ada, true, 100);
        assert!(!pauses.may_ask(ada, 100) && !pauses.may_ask(ben, 129));
        assert!(pauses.may_ask(ben, 130), "the pause is over");
        assert!(!pauses.may_ask(ada, 130), "one is on its way");
        pauses.answered(ben);
        assert!(pauses.may_ask(ada, 130), "Logto is back");
    }

    #[test]
    fn an_answer_that_one_session_cannot_use_leaves_the_others_alone() {
        let (pauses, [ada, ben]) = (Unanswered::default(), two());
        pauses.failed(ada, false, 100);
        assert!(!pauses.may_ask(ada, 129) && pauses.may_ask(ben, 100));
        assert!(pauses.may_ask(ada, 130) && !pauses.may_ask(ada, 131));
    }

    #[test]
    fn a_clock_that_was_ahead_pauses_nobody() {
        let (pauses, [ada, _]) = (Unanswered::default(), two());
        pauses.failed(ada, true, 1_000);
        pauses.failed(ada, false, 1_000);
        assert!(pauses.may_ask(ada, 999));
    }

    #[test]
    fn pauses_take_a_bounded_amount_of_memory() {
        let pauses = Unanswered::default();
        for n in 0..=MAX_SESSIONS {
            let id = SessionId::from_bytes(u128::try_from(n).unwrap_or_default().to_le_bytes());
            pauses.failed(id, false, 100);
        }
        assert_eq!(pauses.lock().of_session.len(), MAX_SESSIONS);
        assert!(!pauses.may_ask(SessionId::from_bytes([9; 16]), 100), "without room for it, all pause");
    }
}
