//! What holds for sessions that belong together.

use super::{StoreConformance, checks::save, create, expect, expect_none, next, ok, random};
use crate::store::{SaveOutcome, SessionId, SessionSelector, StoredSession};

const HOUR: u64 = 3600;

pub(super) async fn by_sid(suite: &StoreConformance) {
    let (sub, sid) = (random("sub-"), random("sid-"));
    let longer = format!("{sid}0");
    let ended = keep(suite, &[(&sub, Some(&sid)), (&sub, Some(&sid))]).await;
    // Others: another session of the user, one without a sid, names that begin alike, and a sub that reads like the sid.
    let spared = keep(suite, &[(&sub, Some(&random("sid-"))), (&sub, None), (&sub, Some(&longer)), (&sid, None)]).await;
    revoke(suite, &SessionSelector::LogtoSession(sid.clone()), 2).await;
    all_over(suite, &ended, "`revoke` has to end every session with the sid").await;
    all_alive(suite, &spared, "`revoke` by sid has to spare every session that does not have exactly this sid").await;
}

pub(super) async fn by_sub(suite: &StoreConformance) {
    let (sub, sid) = (random("sub-"), random("sid-"));
    let longer = format!("{sub}0");
    let ended = keep(suite, &[(&sub, Some(&sid)), (&sub, Some(&random("sid-"))), (&sub, None)]).await;
    let spared = keep(suite, &[(&random("sub-"), None), (&longer, Some(&sub)), (&random("sub-"), Some(&sid))]).await;
    revoke(suite, &SessionSelector::User(sub.clone()), 3).await;
    all_over(suite, &ended, "`revoke` has to end every session of the sub").await;
    all_alive(suite, &spared, "`revoke` by sub has to spare every session that does not have exactly this sub").await;

    // The same user signs in again, also within the same second, and is revoked again.
    let again = keep(suite, &[(&sub, Some(&sid))]).await;
    all_alive(suite, &again, "`revoke` must not end sessions that are created after it").await;
    revoke(suite, &SessionSelector::User(sub.clone()), 1).await;
    let again: Vec<_> = again.into_iter().map(|(id, session)| (id, next(&session))).collect();
    all_over(suite, &again, "`revoke` has to end every session of the sub, each time").await;
    revoke(suite, &SessionSelector::User(random("sub-")), 0).await;
}

async fn keep(suite: &StoreConformance, of: &[(&String, Option<&String>)]) -> Vec<(SessionId, StoredSession)> {
    let mut kept = Vec::new();
    for (number, (sub, sid)) in of.iter().enumerate() {
        let session = suite.session(sub, sid.map(String::as_str), HOUR);
        kept.push((create(&*suite.store(number), &session).await, session));
    }
    kept
}

async fn revoke(suite: &StoreConformance, which: &SessionSelector, wanted: u64) {
    let count = ok("revoke", suite.store(1).revoke(which).await);
    let counted = count == wanted || !suite.counts;
    assert!(counted, "`revoke` has to give how many sessions it ended: {wanted}; it gave {count}");
}

async fn all_over(suite: &StoreConformance, sessions: &[(SessionId, StoredSession)], rule: &str) {
    let store = suite.store(0);
    for (id, session) in sessions {
        expect_none(&*store, id, rule).await;
        save(&*store, id, &next(session), session.revision, SaveOutcome::Gone, "the session was revoked").await;
        expect_none(&*store, id, "`save` must not bring back a session that was revoked").await;
    }
}

/// They are there, can still be saved, and stay.
async fn all_alive(suite: &StoreConformance, sessions: &[(SessionId, StoredSession)], rule: &str) {
    for (number, (id, session)) in sessions.iter().enumerate() {
        let store = suite.store(number);
        expect(&*store, id, session, rule).await;
        let next = next(session);
        save(&*store, id, &next, session.revision, SaveOutcome::Saved, "it was not revoked").await;
        expect(&*suite.store(0), id, &next, rule).await;
    }
}
