//! What holds for every session by itself.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{StoreConformance, create, expect, expect_none, id, load, next, ok, random};
use crate::store::{SaveOutcome, SessionId, SessionStore, StoredSession};

const HOUR: u64 = 3600;
/// More requests than a browser sends at once.
const RACERS: usize = 64;

pub(super) async fn values_come_back_as_they_went(suite: &StoreConformance) {
    let plain = random("sub-");
    let odd = random("ünï\u{301}côde 한국어 \u{1f980} \"'\\`%_?*:$;{}<>\r\n\t ");
    for (sub, sid) in [(&plain, None), (&odd, Some(odd.as_str()))] {
        let mut session = suite.session(sub, sid, HOUR);
        session.revision = 5_000_000_000;
        session.sealed = "AZaz09-_".repeat(25_000);
        let id = create(&*suite.store(0), &session).await;
        let rule =
            "`load` has to give what `create` was given, byte for byte: any text, 200 kB, revisions over 32 bits";
        expect(&*suite.store(1), &id, &session, rule).await;
        let next = next(&session);
        save(&*suite.store(1), &id, &next, session.revision, SaveOutcome::Saved, "it has the expected revision").await;
        expect(&*suite.store(0), &id, &next, "`load` has to give what `save` was given, byte for byte").await;
    }
    expect_none(&*suite.store(0), &id(), "`load` has to give None for an id that nobody created").await;
}

pub(super) async fn create_refuses_a_taken_id(suite: &StoreConformance) {
    let first = suite.session(&random("sub-"), None, HOUR);
    let id = create(&*suite.store(0), &first).await;
    let second = suite.session(&random("sub-"), None, HOUR);
    let created = ok("create", suite.store(1).create(&id, &second).await);
    assert!(!created, "`create` has to give false for an id that is taken");
    expect(&*suite.store(0), &id, &first, "`create` must not write over a session").await;
}

pub(super) async fn save_compares_the_revision(suite: &StoreConformance) {
    let (a, b) = (&*suite.store(0), &*suite.store(1));
    let first = suite.session(&random("sub-"), Some(&random("sid-")), HOUR);
    let id = create(a, &first).await;
    let second = next(&first);
    save(b, &id, &second, 1, SaveOutcome::Saved, "the session has the expected revision").await;
    expect(a, &id, &second, "`save` has to write what it was given").await;

    for (stale, why) in [(1, "an older"), (3, "a newer")] {
        let rule = format!("the session does not have the expected revision, which is {why} one");
        save(a, &id, &next(&second), stale, SaveOutcome::Conflict, &rule).await;
        expect(b, &id, &second, "`save` must not change anything where it gives Conflict").await;
    }

    let missing = super::id();
    save(a, &missing, &first, 1, SaveOutcome::Gone, "nobody created the session").await;
    expect_none(b, &missing, "`save` must not create a session").await;
}

pub(super) async fn of_many_saves_one_wins(suite: &StoreConformance) {
    let session = suite.session(&random("sub-"), None, HOUR);
    let id = create(&*suite.store(0), &session).await;
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let store = suite.store(if suite.swaps_alone { 0 } else { number });
        let mine = next(&session);
        racers.spawn(async move { (ok("save", store.save(&id, &mine, 1).await), mine) });
    }
    let mut saved = Vec::new();
    for (outcome, session) in racers.join_all().await {
        match outcome {
            SaveOutcome::Saved => saved.push(session),
            SaveOutcome::Conflict => {}
            SaveOutcome::Gone => panic!("`save` must not give Gone for a session that is there"),
        }
    }
    let [winner] = saved.as_slice() else {
        panic!(
            "of {RACERS} saves at once that expect one revision, `save` has to give Saved to exactly one (compare-and-swap); {} got it",
            saved.len()
        );
    };
    expect(&*suite.store(1), &id, winner, "the save that was told Saved has to be the one that is kept").await;
}

pub(super) async fn what_is_deleted_stays_deleted(suite: &StoreConformance) {
    let (a, b) = (&*suite.store(0), &*suite.store(1));
    let session = suite.session(&random("sub-"), Some(&random("sid-")), HOUR);
    let id = create(a, &session).await;
    ok("delete", b.delete(&id).await);
    expect_none(a, &id, "`load` has to give None for a session that was deleted").await;
    ok("delete (of a session that is not there)", a.delete(&id).await);
    save(a, &id, &next(&session), 1, SaveOutcome::Gone, "the session was deleted").await;
    expect_none(b, &id, "`save` must not bring back a session that was deleted").await;

    // A sign-out while another request of the same browser is under way.
    for _ in 0..RACERS {
        let session = suite.session(&random("sub-"), None, HOUR);
        let id = create(a, &session).await;
        let mut racers = JoinSet::new();
        let (saver, deleter) = (suite.store(0), suite.store(1));
        let mine = next(&session);
        racers.spawn(async move { _ = ok("save", saver.save(&id, &mine, 1).await) });
        racers.spawn(async move { ok("delete", deleter.delete(&id).await) });
        racers.join_all().await;
        let rule = "after a `delete` and a `save` at once the session has to be gone, whichever came first";
        expect_none(a, &id, rule).await;
    }
}

pub(super) async fn sessions_expire(suite: &StoreConformance) {
    let store = Arc::clone(&suite.store(0));
    let short = suite.session(&random("sub-"), Some(&random("sid-")), 2);
    let expiring = create(&*store, &short).await;
    let prolonged = create(&*store, &short).await;
    let mut longer = next(&short);
    longer.expires_at = suite.session("", None, HOUR).expires_at;
    save(&*store, &prolonged, &longer, 1, SaveOutcome::Saved, "the session has the expected revision").await;

    // A store that counts in whole seconds may be late by one.
    for _ in 0..8 {
        if load(&*store, &expiring).await.is_none() && suite.now() >= short.expires_at {
            break;
        }
        suite.wait(Duration::from_millis(500)).await;
    }
    expect_none(&*suite.store(1), &expiring, "`load` has to give None for a session that has expired").await;
    save(&*store, &expiring, &longer, 1, SaveOutcome::Gone, "the session has expired").await;
    expect_none(&*store, &expiring, "`save` must not bring back a session that has expired").await;
    expect(&*store, &prolonged, &longer, "`save` has to write the new expiry, too").await;
}

pub(super) async fn save(
    store: &dyn SessionStore,
    id: &SessionId,
    session: &StoredSession,
    expected: u64,
    wanted: SaveOutcome,
    rule: &str,
) {
    let outcome = ok("save", store.save(id, session, expected).await);
    assert!(outcome == wanted, "`save` has to give {wanted:?} where {rule}; it gave {outcome:?}");
}
