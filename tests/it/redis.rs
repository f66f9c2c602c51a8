//! Sessions, locks and revocations in a real Redis.

mod cluster;
mod coordination;
mod endings;
mod eviction;
pub(crate) mod failover;
mod flow;
pub(crate) mod forwarder;
mod hanging;
mod idle;
mod listing;
mod many_sessions;
mod outage;
mod reaching;
mod sentinel;
mod sign_out;
mod tls;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use logto::store::{RedisStore, SaveOutcome, SessionId, SessionSelector, SessionStore, StoredSession};
use tokio::task::JoinSet;

use crate::redis_server::RedisServer;

/// A store over a Redis of its own; `None` where there is no redis-server.
pub(crate) async fn store() -> Option<(RedisServer, RedisStore)> {
    let server = RedisServer::start()?;
    let store = RedisStore::connect(server.url()).await.unwrap();
    Some((server, store))
}

pub(crate) fn id(number: u32) -> SessionId {
    SessionId::from_key(&format!("{number:0>21}A")).unwrap()
}

pub(crate) fn session(sub: &str, sid: Option<&str>) -> StoredSession {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let expires_at = UNIX_EPOCH + Duration::from_secs(now.as_secs() + 3600);
    StoredSession::new(sub, "sealed").sid(sid.map(str::to_owned)).revision(1).expires_at(expires_at)
}

pub(crate) fn next(session: &StoredSession, sealed: &str) -> StoredSession {
    let mut next = session.clone();
    next.revision += 1;
    sealed.clone_into(&mut next.sealed);
    next
}

/// The commands of reading a session: one script, and what is in it.
pub(crate) fn one_read() -> BTreeMap<String, u64> {
    ["evalsha", "hmget", "mget"].map(|command| (command.to_owned(), 1)).into()
}

#[tokio::test]
async fn the_redis_store_keeps_the_latest_saved_session_until_deletion() {
    let Some((server, store)) = store().await else { return };
    let (id, first) = (id(1), session("ada", Some("s1")));
    assert_eq!(store.load(&id).await.unwrap(), None);
    assert!(store.create(&id, &first).await.unwrap());
    assert_eq!(store.load(&id).await.unwrap(), Some(first.clone()));
    assert!(!store.create(&id, &session("eve", None)).await.unwrap(), "the id is taken");
    assert_eq!(store.load(&id).await.unwrap(), Some(first.clone()), "nothing was written");

    let second = next(&first, "other");
    assert_eq!(store.save(&id, &second, 1).await.unwrap(), SaveOutcome::Saved);
    assert_eq!(store.load(&id).await.unwrap(), Some(second.clone()));
    assert_eq!(store.save(&id, &next(&first, "late"), 1).await.unwrap(), SaveOutcome::Conflict);
    assert_eq!(store.load(&id).await.unwrap(), Some(second.clone()));

    store.delete(&id).await.unwrap();
    store.delete(&id).await.unwrap();
    assert_eq!(store.load(&id).await.unwrap(), None);
    assert_eq!(server.keys("*"), Vec::<String>::new(), "nothing is left over");
    assert_eq!(store.save(&id, &next(&second, "zombie"), 2).await.unwrap(), SaveOutcome::Gone);
    assert_eq!(store.load(&id).await.unwrap(), None);
}

#[tokio::test]
async fn each_operation_costs_the_documented_redis_commands() {
    let Some((server, store)) = store().await else { return };
    let (id, first) = (id(1), session("ada", Some("s1")));
    let scripts = |server: &RedisServer| server.counts().get("evalsha").copied().unwrap_or_default();
    // The first call of a script brings the script along.
    store.create(&id, &first).await.unwrap();
    store.save(&id, &next(&first, "a"), 1).await.unwrap();
    store.load(&id).await.unwrap();
    store.delete(&id).await.unwrap();

    server.reset_counts();
    store.create(&id, &first).await.unwrap();
    assert_eq!(scripts(&server), 3);
    server.reset_counts();
    store.save(&id, &next(&first, "a"), 1).await.unwrap();
    assert_eq!(scripts(&server), 3);
    server.reset_counts();
    store.load(&id).await.unwrap();
    assert_eq!(server.counts(), one_read());
    server.reset_counts();
    store.delete(&id).await.unwrap();
    assert_eq!((scripts(&server), server.counts()["zrem"]), (1, 2));
}

/// Redis says how long it keeps what, so that nobody has to wait for it.
#[tokio::test]
async fn a_redis_session_expires_before_the_sets_that_name_the_session() {
    const HOUR: i64 = 3_600_000;
    const MINUTE: i64 = 60_000;
    let Some((server, store)) = store().await else { return };
    let (first, key) = (session("ada", Some("s1")), format!("logto:session:{}", id(1).to_key()));
    assert!(store.create(&id(1), &first).await.unwrap());
    assert!((1..=HOUR).contains(&server.left(&key)));
    let last_a_minute_longer = |sets: &[&str]| {
        for set in sets {
            let longer = server.outlives(set, &key);
            // Lifetimes are counted from when each is written, a little apart.
            assert!((MINUTE / 2..2 * MINUTE).contains(&longer), "{set} lasts {longer} ms longer");
        }
    };
    last_a_minute_longer(&["logto:sub:ada", "logto:sid:s1"]);

    // A later session prolongs the user's set, and a save the session and its sets.
    let mut second = session("ada", Some("s2"));
    second.expires_at += Duration::from_secs(3600);
    assert!(store.create(&id(2), &second).await.unwrap());
    assert!(server.outlives("logto:sub:ada", &key) > HOUR);
    last_a_minute_longer(&["logto:sid:s1"]);
    let mut longer = next(&first, "longer");
    longer.expires_at += Duration::from_secs(3 * 3600);
    assert_eq!(store.save(&id(1), &longer, 1).await.unwrap(), SaveOutcome::Saved);
    assert!(server.left(&key) > 2 * HOUR);
    last_a_minute_longer(&["logto:sub:ada", "logto:sid:s1"]);

    server.expire(&key);
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
    assert_eq!(store.save(&id(1), &next(&longer, "zombie"), 2).await.unwrap(), SaveOutcome::Gone);
    assert_eq!(server.keys("logto:session:*").len(), 1);
    assert_eq!(
        store.revoke(&SessionSelector::User("ada".to_owned())).await.unwrap(),
        1,
        "the expired one does not count"
    );
}

#[tokio::test]
async fn redis_sessions_are_revoked_by_sid_or_by_sub() {
    let Some((_server, store)) = store().await else { return };
    for (number, sub, sid) in [(1, "ada", Some("s1")), (2, "ada", Some("s2")), (3, "ada", None), (4, "bob", Some("s4"))]
    {
        assert!(store.create(&id(number), &session(sub, sid)).await.unwrap());
    }
    let revoke = async |which: SessionSelector| store.revoke(&which).await.unwrap();
    assert_eq!(revoke(SessionSelector::LogtoSession("s1".to_owned())).await, 1);
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
    assert_eq!(store.save(&id(1), &next(&session("ada", Some("s1")), "zombie"), 1).await.unwrap(), SaveOutcome::Gone);
    assert_eq!(revoke(SessionSelector::User("ada".to_owned())).await, 2);
    assert_eq!(revoke(SessionSelector::User("ada".to_owned())).await, 0);
    assert_eq!(revoke(SessionSelector::LogtoSession("nobody".to_owned())).await, 0);
    assert!(store.load(&id(4)).await.unwrap().is_some(), "bob is not ada");

    // Names are nothing but names.
    let odd = "a*b {c}\r\n:d\u{0}ü";
    assert!(store.create(&id(5), &session(odd, Some(odd))).await.unwrap());
    assert_eq!(revoke(SessionSelector::User(odd.to_owned())).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_concurrent_saves_wins() {
    let Some((server, store)) = store().await else { return };
    let other = RedisStore::connect(server.url()).await.unwrap();
    let mut current = session("ada", Some("s1"));
    assert!(store.create(&id(1), &current).await.unwrap());
    for _ in 0..10 {
        let mut tasks = JoinSet::new();
        for number in 0..100 {
            let store = if number % 2 == 0 { store.clone() } else { other.clone() };
            let (wanted, expected) = (next(&current, &format!("by {number}")), current.revision);
            tasks.spawn(async move { (store.save(&id(1), &wanted, expected).await.unwrap(), wanted) });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(|(outcome, _)| *outcome == SaveOutcome::Saved);
        assert_eq!((won.len(), lost.len()), (1, 99));
        assert!(lost.iter().all(|(outcome, _)| *outcome == SaveOutcome::Conflict));
        current = store.load(&id(1)).await.unwrap().unwrap();
        assert_eq!(current, won[0].1);
    }
}

#[tokio::test]
async fn applications_that_share_a_redis_do_not_meet() {
    let Some((server, store)) = store().await else { return };
    let shop = store.clone().prefix("shop:");
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    assert!(shop.create(&id(1), &session("ada", None)).await.unwrap());
    assert_eq!(shop.revoke(&SessionSelector::User("ada".to_owned())).await.unwrap(), 1);
    assert!(store.load(&id(1)).await.unwrap().is_some());
    assert!(server.keys("*").iter().all(|key| key.starts_with("logto:")));
}

#[tokio::test]
async fn a_redis_store_passes_the_conformance_suite() {
    let Some((server, store)) = store().await else { return };
    let other = RedisStore::connect(server.url()).await.unwrap();
    logto::testing::store_conformance(store).instance(other).await;
}
