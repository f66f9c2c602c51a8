//! Three servers that share the keys.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use logto::store::{RedisStore, RefreshCoordinator, RevocationStore, SaveOutcome, SessionSelector, SessionStore};

use super::{id, next, session};
use crate::redis_server::RedisServer;

fn start() -> Option<Vec<RedisServer>> {
    let servers: Vec<_> =
        (0..3).map(|_| RedisServer::start_with(&["--cluster-enabled", "yes"])).collect::<Option<_>>()?;
    let mut command = Command::new("redis-cli");
    command.args(["--cluster", "create"]);
    command.args(servers.iter().map(|server| format!("127.0.0.1:{}", server.port())));
    let status = command.arg("--cluster-yes").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    while !servers.iter().all(|server| server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")) {
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(servers)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_on_a_cluster() {
    let Some(servers) = start() else { return };
    // One node names the others.
    let store = RedisStore::connect_cluster([servers[1].url()]).await.unwrap();
    for number in 1..=30 {
        let first = session("ada", Some(&format!("s{number}")));
        assert!(store.create(&id(number), &first).await.unwrap());
        assert!(!store.create(&id(number), &first).await.unwrap());
        let second = next(&first, "second");
        assert_eq!(store.save(&id(number), &second, 1).await.unwrap(), SaveOutcome::Saved);
        assert_eq!(store.save(&id(number), &second, 1).await.unwrap(), SaveOutcome::Conflict);
        assert_eq!(store.load(&id(number)).await.unwrap(), Some(second));
    }
    assert!(servers.iter().all(|server| !server.keys("logto:session:*").is_empty()), "all have some");
    store.delete(&id(1)).await.unwrap();
    assert_eq!(store.revoke(&SessionSelector::LogtoSession("s2".to_owned())).await.unwrap(), 1);
    assert_eq!(store.revoke(&SessionSelector::User("ada".to_owned())).await.unwrap(), 28);
    assert!(servers.iter().all(|server| server.keys("logto:session:*").is_empty()));

    let (coordinator, minute) = (store.coordinator(), Duration::from_secs(60));
    let holder = coordinator.lock("key", minute).await.unwrap().unwrap();
    assert_eq!(coordinator.lock("key", minute).await.unwrap(), None);
    coordinator.unlock("key", &holder).await.unwrap();
    coordinator.store_result("key", "value", minute).await.unwrap();
    assert_eq!(coordinator.load_result("key").await.unwrap().as_deref(), Some("value"));

    let revocations = store.revocations();
    let until = session("ada", None).expires_at;
    revocations.record("sub/ada", until, minute).await.unwrap();
    let keys: Vec<_> = (0..20).map(|number| format!("id/{number}")).chain(["sub/ada".to_owned()]).collect();
    assert_eq!(revocations.latest_cutoff(&keys).await.unwrap(), Some(until));
}

#[tokio::test]
async fn a_stopped_redis_cluster_is_an_error_until_the_restart() {
    let Some(mut servers) = start() else { return };
    let store = RedisStore::connect_cluster(servers.iter().map(RedisServer::url)).await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    servers.iter_mut().for_each(RedisServer::stop);
    // From here on the clock goes on when there is nothing to do but to wait.
    tokio::time::pause();
    for _ in 0..3 {
        let begun = tokio::time::Instant::now();
        assert!(store.load(&id(1)).await.is_err());
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
    tokio::time::resume();
    servers.iter_mut().for_each(RedisServer::restart);
    // The servers find each other again, and the store finds them.
    while store.load(&id(1)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
