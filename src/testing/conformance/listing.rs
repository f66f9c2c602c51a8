//! What holds for a list of a user's sessions, where the store gives one.

use std::time::Duration;

use tokio::task::JoinSet;

use super::{StoreConformance, checks::save, create, next, ok, random};
use crate::store::{SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession};

const HOUR: u64 = 3600;
/// More than a store may give without looking for the rest.
const MANY: usize = 1000;
/// Sessions that are created or ended at once.
const AT_ONCE: usize = 32;

pub(super) async fn all(suite: &StoreConformance) {
    let lists = suite.instances.iter().filter(|store| store.list("").is_some()).count();
    if lists == 0 {
        return;
    }
    assert!(lists == suite.instances.len(), "all instances of a store have to `list`, or none");
    those_of_the_user_and_no_others(suite).await;
    no_session_that_ended(suite).await;
    no_session_that_expired(suite).await;
    while_sessions_begin_and_end(suite).await;
    many(suite).await;
}

type Listed = Vec<(SessionId, StoredSession)>;

async fn list(store: &dyn SessionStore, sub: &str) -> Listed {
    match store.list(sub) {
        Some(listed) => ok("list", listed.await),
        None => panic!("`list` has to give a list for each user, or for none"),
    }
}

/// Checks that the list is exactly this one, in any order.
async fn expect(store: &dyn SessionStore, sub: &str, wanted: &[(SessionId, StoredSession)], rule: &str) {
    let listed = list(store, sub).await;
    let has_all = wanted.iter().all(|session| listed.contains(session));
    assert!(
        has_all && listed.len() == wanted.len(),
        "{rule}; there are {} sessions in place of {}",
        listed.len(),
        wanted.len()
    );
}

async fn keep(suite: &StoreConformance, number: usize, sub: &str, sid: Option<&str>) -> (SessionId, StoredSession) {
    let session = suite.session(sub, sid, HOUR);
    (create(&*suite.store(number), &session).await, session)
}

async fn those_of_the_user_and_no_others(suite: &StoreConformance) {
    let (sub, sid) = (random("ünï 한 *?[a]:%_' "), random("sid-"));
    expect(&*suite.store(0), &sub, &[], "`list` has to give nothing for a user without sessions").await;
    let mut wanted = vec![keep(suite, 0, &sub, Some(&sid)).await, keep(suite, 1, &sub, None).await];
    for other in [format!("{sub}0"), sid.clone(), random("sub-")] {
        keep(suite, 0, &other, Some(&sid)).await;
    }
    let rule = "`list` has to give each session of exactly this sub, as `load` does, and no other";
    expect(&*suite.store(1), &sub, &wanted, rule).await;
    if let Some((id, session)) = wanted.first_mut() {
        let saved = next(session);
        save(&*suite.store(1), id, &saved, session.revision, SaveOutcome::Saved, "it has the expected revision").await;
        *session = saved;
    }
    expect(&*suite.store(0), &sub, &wanted, "`list` has to give what was saved last, and each session once").await;
}

async fn no_session_that_ended(suite: &StoreConformance) {
    let (sub, sid) = (random("sub-"), random("sid-"));
    let deleted = keep(suite, 0, &sub, Some(&sid)).await;
    keep(suite, 1, &sub, Some(&sid)).await;
    let left = keep(suite, 0, &sub, None).await;
    ok("delete", suite.store(1).delete(&deleted.0).await);
    ok("revoke", suite.store(1).revoke(&SessionSelector::LogtoSession(sid)).await);
    let rule = "`list` must not give a session that was deleted or revoked";
    expect(&*suite.store(0), &sub, &[left], rule).await;
    ok("revoke", suite.store(0).revoke(&SessionSelector::User(sub.clone())).await);
    expect(&*suite.store(1), &sub, &[], rule).await;
    let again = keep(suite, 1, &sub, None).await;
    expect(&*suite.store(0), &sub, &[again], "`list` has to give a session that began after the others were revoked")
        .await;
}

async fn no_session_that_expired(suite: &StoreConformance) {
    let sub = random("sub-");
    create(&*suite.store(0), &suite.session(&sub, None, 2)).await;
    let left = keep(suite, 1, &sub, None).await;
    suite.wait(Duration::from_secs(3)).await;
    expect(&*suite.store(0), &sub, &[left], "`list` must not give a session that has expired").await;
}

/// As many that end as that begin; each list meanwhile succeeds and has those that stay.
async fn while_sessions_begin_and_end(suite: &StoreConformance) {
    let sub = random("sub-");
    let stays = keep(suite, 0, &sub, None).await;
    let (mut ending, mut work, mut wanted) = (Vec::new(), JoinSet::new(), vec![stays.clone()]);
    for number in 0..AT_ONCE {
        ending.push(keep(suite, number, &sub, None).await.0);
    }
    for (number, id) in ending.into_iter().enumerate() {
        let (ends, begins, lists) = (suite.store(number), suite.store(number.saturating_add(1)), suite.store(number));
        let (sub, new, stays) = (sub.clone(), suite.session(&sub, None, HOUR), stays.clone());
        work.spawn(async move {
            ok("delete", ends.delete(&id).await);
            let begun = (create(&*begins, &new).await, new);
            let listed = list(&*lists, &sub).await;
            assert!(
                listed.contains(&stays),
                "`list` has to give a session that nobody ends, whatever else ends or begins"
            );
            assert!(listed.contains(&begun), "`list` has to give a session once it was created");
            assert!(
                listed.iter().all(|(listed, _)| *listed != id),
                "`list` must not give a session once it was deleted"
            );
            begun
        });
    }
    while let Some(begun) = work.join_next().await {
        wanted.push(ok("list", begun));
    }
    expect(&*suite.store(1), &sub, &wanted, "`list` has to give what is left of sessions that began and ended at once")
        .await;
}

async fn many(suite: &StoreConformance) {
    let sub = random("sub-");
    let mut wanted = Vec::with_capacity(MANY);
    for batch in 0..=(MANY / AT_ONCE) {
        let mut work = JoinSet::new();
        for number in 0..AT_ONCE.min(MANY.saturating_sub(batch.saturating_mul(AT_ONCE))) {
            let (store, session) = (suite.store(number), suite.session(&sub, None, HOUR));
            work.spawn(async move { (create(&*store, &session).await, session) });
        }
        while let Some(created) = work.join_next().await {
            wanted.push(ok("create", created));
        }
    }
    expect(&*suite.store(0), &sub, &wanted, "`list` has to give every session of a user who has a thousand").await;
    ok("revoke", suite.store(1).revoke(&SessionSelector::User(sub.clone())).await);
    expect(&*suite.store(0), &sub, &[], "`list` must not give a session that was revoked").await;
}
