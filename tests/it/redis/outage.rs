//! Redis stops, falls silent, starts again.

use std::time::Duration;

use logto::{
    ErrorKind,
    store::{RedisStore, RefreshCoordinator, RevocationStore, SessionSelector, SessionStore},
};
use tokio::time::{Instant, pause, resume, sleep};

use super::{id, next, session, store};
use crate::redis_server::RedisServer;

/// It fails, and within three seconds of a clock that goes on when there is nothing to do but to wait.
async fn fails_soon<T>(what: &str, operation: impl Future<Output = Result<T, logto::integrate::BoxError>>) {
    let begun = Instant::now();
    assert!(operation.await.is_err(), "{what} gave an answer");
    assert!(begun.elapsed() < Duration::from_secs(3), "{what} took {:?}", begun.elapsed());
}

async fn everything_fails_soon(store: &RedisStore) {
    pause();
    let (id, session, minute) = (id(1), session("ada", Some("s1")), Duration::from_secs(60));
    let (newer, everybody, keys) =
        (next(&session, "newer"), SessionSelector::User("ada".to_owned()), ["key".to_owned()]);
    let (coordinator, revocations) = (store.coordinator(), store.revocations());
    tokio::join!(
        fails_soon("create", store.create(&id, &session)),
        fails_soon("load", store.load(&id)),
        fails_soon("save", store.save(&id, &newer, 1)),
        fails_soon("delete", store.delete(&id)),
        fails_soon("revoke", store.revoke(&everybody)),
        fails_soon("lock", coordinator.lock("key", minute)),
        fails_soon("unlock", coordinator.unlock("key", "holder")),
        fails_soon("get", coordinator.load_result("key")),
        fails_soon("put", coordinator.store_result("key", "value", minute)),
        fails_soon("remember", revocations.record("key", session.expires_at, minute)),
        fails_soon("revoked_until", revocations.latest_cutoff(&keys)),
    );
    resume();
}

#[tokio::test]
async fn a_stopped_redis_is_an_error_until_the_restart() {
    let Some((mut server, store)) = store().await else { return };
    let session = session("ada", None);
    for number in 1..=3 {
        assert!(store.create(&id(number), &session).await.unwrap());
        server.stop();
        everything_fails_soon(&store).await;
        everything_fails_soon(&store).await;
        server.restart();
        // A second after the last command that had no answer it is asked again, and what waits for the connection gets it.
        while store.load(&id(number)).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(store.load(&id(number)).await.unwrap(), None);
        assert!(store.coordinator().lock("key", Duration::from_secs(60)).await.unwrap().is_some());
    }
    assert!(store.create(&id(9), &session).await.unwrap());
}

#[tokio::test]
async fn a_restart_that_nobody_saw_costs_no_read() {
    let Some((mut server, store)) = store().await else { return };
    for _ in 0..3 {
        server.restart();
        assert_eq!(store.load(&id(1)).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_redis_that_is_silent_is_an_error() {
    let Some((server, store)) = store().await else { return };
    server.pause();
    everything_fails_soon(&store).await;
    server.resume();
    // It is asked again after a second.
    while store.load(&id(2)).await.is_err() {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(store.create(&id(2), &session("ada", None)).await.unwrap());
}

#[tokio::test]
async fn a_wrong_address_is_an_error_that_says_so() {
    let error = RedisStore::connect("http://localhost").await.unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    let error = RedisStore::connect_cluster(Vec::<String>::new()).await.unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    let error = RedisStore::connect("redis://:hunter2@127.0.0.1:1").await.unwrap_err();
    assert_eq!((error.code().as_str(), error.kind()), ("store.failed", ErrorKind::Store));
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

#[tokio::test]
async fn the_password_is_told_to_redis_alone() {
    let Some(server) = RedisServer::start_with(&["--requirepass", "hunter2"]) else { return };
    let url = |password| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let error = RedisStore::connect(url("hunter3")).await.unwrap_err();
    assert_eq!(error.code(), "store.failed");
    assert!(!format!("{error:?} {error}").contains("hunter"));

    let store = RedisStore::connect(url("hunter2")).await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    let shown = format!("{store:?} {:?} {:?}", store.coordinator(), store.revocations());
    assert!(!shown.contains("hunter") && !shown.contains("127.0.0.1"), "{shown}");
}

#[tokio::test]
async fn the_documented_rights_of_a_redis_user_suffice() {
    let Some(server) = RedisServer::start() else { return };
    let documented =
        include_str!("../../../docs/stores.md").lines().find_map(|line| line.trim().strip_prefix("`+hmget"));
    let rights = format!("+hmget{}", documented.unwrap().split_once('`').unwrap().0);
    let rule = ["ACL", "SETUSER", "shop", "on", ">secret", "-@all", "~logto:*"];
    assert_eq!(server.cli(&[rule.as_slice(), &rights.split(' ').collect::<Vec<_>>()].concat()), "OK");

    let store = RedisStore::connect(format!("redis://shop:secret@127.0.0.1:{}", server.port())).await.unwrap();
    let (first, minute) = (session("ada", Some("s1")), Duration::from_secs(60));
    assert!(store.create(&id(1), &first).await.unwrap());
    assert!(store.create(&id(2), &first).await.unwrap());
    assert!(store.load(&id(1)).await.unwrap().is_some());
    store.save(&id(1), &next(&first, "newer"), 1).await.unwrap();
    store.delete(&id(1)).await.unwrap();
    assert_eq!(store.revoke(&SessionSelector::LogtoSession("s1".to_owned())).await.unwrap(), 1);

    let (coordinator, revocations) = (store.coordinator(), store.revocations());
    let holder = coordinator.lock("key", minute).await.unwrap().unwrap();
    coordinator.unlock("key", &holder).await.unwrap();
    coordinator.store_result("key", "value", minute).await.unwrap();
    coordinator.load_result("key").await.unwrap();
    revocations.record("key", first.expires_at, minute).await.unwrap();
    revocations.record("key", first.expires_at, minute).await.unwrap();
    revocations.latest_cutoff(&["key".to_owned()]).await.unwrap();
}
