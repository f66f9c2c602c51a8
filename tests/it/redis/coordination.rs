//! Locks, shared values and revocations.

use std::time::{Duration, UNIX_EPOCH};

use logto::store::{RedisStore, RefreshCoordinator, RevocationStore, SessionStore};

use super::store;

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_lock_is_held_by_one() {
    let Some((server, store)) = store().await else { return };
    let (here, there) = (store.coordinator(), RedisStore::connect(server.url()).await.unwrap().coordinator());
    let holder = here.lock("key", LONG).await.unwrap().unwrap();
    assert_eq!(there.lock("key", LONG).await.unwrap(), None);
    assert_eq!(here.lock("key", LONG).await.unwrap(), None);
    assert!(there.lock("another", LONG).await.unwrap().is_some());

    there.unlock("key", "not the holder").await.unwrap();
    assert_eq!(there.lock("key", LONG).await.unwrap(), None, "only the holder unlocks");
    here.unlock("key", &holder).await.unwrap();
    let second = there.lock("key", LONG).await.unwrap().unwrap();
    here.unlock("key", &holder).await.unwrap();
    assert_eq!(here.lock("key", LONG).await.unwrap(), None, "who held it before holds it no more");
    there.unlock("key", &second).await.unwrap();
    assert!(here.lock("key", LONG).await.unwrap().is_some());
}

#[tokio::test]
async fn the_lock_of_a_crashed_holder_expires() {
    let Some((server, store)) = store().await else { return };
    let crashed = RedisStore::connect(server.url()).await.unwrap();
    assert!(crashed.coordinator().lock("key", LONG).await.unwrap().is_some());
    drop(crashed);
    let coordinator = SessionStore::coordinator(&store).unwrap();
    assert_eq!(coordinator.lock("key", LONG).await.unwrap(), None);
    assert!((1..=60_000).contains(&server.left("logto:lock:key")), "as long as was asked for");
    server.expire("logto:lock:key");
    assert!(coordinator.lock("key", LONG).await.unwrap().is_some());
}

#[tokio::test]
async fn values_are_shared_for_their_time() {
    let Some((server, store)) = store().await else { return };
    let (here, there) = (store.coordinator(), RedisStore::connect(server.url()).await.unwrap().coordinator());
    assert_eq!(there.load_result("key").await.unwrap(), None);
    here.store_result("key", "value", LONG).await.unwrap();
    assert_eq!(there.load_result("key").await.unwrap().as_deref(), Some("value"));
    assert!(here.lock("key", LONG).await.unwrap().is_some(), "a value is no lock");
    assert!((1..=60_000).contains(&server.left("logto:shared:key")), "as long as was asked for");
    server.expire("logto:shared:key");
    assert_eq!(there.load_result("key").await.unwrap(), None);
}

#[tokio::test]
async fn the_latest_revocation_counts() {
    let Some((server, store)) = store().await else { return };
    let revocations = store.revocations();
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let keys = ["id/1", "sub/ada", "sid/s1"].map(str::to_owned);
    assert_eq!(revocations.latest_cutoff(&keys).await.unwrap(), None);
    assert_eq!(revocations.latest_cutoff(&[]).await.unwrap(), None);

    revocations.record("sub/ada", at(1_700_000_100), LONG).await.unwrap();
    revocations.record("sub/ada", at(1_700_000_050), Duration::from_millis(1)).await.unwrap();
    assert_eq!(revocations.latest_cutoff(&keys).await.unwrap(), Some(at(1_700_000_100)), "not sooner");
    let left = server.left("logto:revoked:sub/ada");
    assert!((1..=60_000).contains(&left), "not shorter either: {left}");
    revocations.record("sid/s1", at(1_700_000_200), 2 * LONG).await.unwrap();
    assert!(server.outlives("logto:revoked:sid/s1", "logto:revoked:sub/ada") >= 60_000);

    server.reset_counts();
    assert_eq!(revocations.latest_cutoff(&keys).await.unwrap(), Some(at(1_700_000_200)));
    assert_eq!(server.counts().into_iter().collect::<Vec<_>>(), [("mget".to_owned(), 1)]);
    server.expire("logto:revoked:sid/s1");
    assert_eq!(revocations.latest_cutoff(&keys).await.unwrap(), Some(at(1_700_000_100)));
}
