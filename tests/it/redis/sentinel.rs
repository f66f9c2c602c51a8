//! Redis Sentinel says which server is the master.

use std::{fs, time::Duration};

use logto::store::{RedisStore, SessionStore};
use tokio::time::sleep;

use super::{id, session};
use crate::redis_server::RedisServer;

/// A sentinel that watches a master, alone.
fn sentinel(master: &RedisServer) -> Option<RedisServer> {
    let file = master.directory().join("sentinel.conf");
    let port = master.port();
    let lines = [
        format!("sentinel monitor mymaster 127.0.0.1 {port} 1"),
        "sentinel down-after-milliseconds mymaster 300".to_owned(),
        "sentinel failover-timeout mymaster 2000".to_owned(),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    RedisServer::start_by(&file, &["--sentinel"])
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_writes_follow_the_master_named_by_the_sentinels_through_a_failover() {
    let Some(mut old) = RedisServer::start() else { return };
    let Some(new) = RedisServer::start() else { return };
    old.cli(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
    new.cli(&["REPLICAOF", "127.0.0.1", &old.port().to_string()]);
    while !new.cli(&["INFO", "replication"]).contains("master_link_status:up") {
        sleep(Duration::from_millis(10)).await;
    }
    let Some(sentinel) = sentinel(&old) else { return };
    while !sentinel.cli(&["SENTINEL", "REPLICAS", "mymaster"]).contains(&new.port().to_string()) {
        sleep(Duration::from_millis(20)).await;
    }
    let store = RedisStore::builder("redis://mymaster").sentinels([sentinel.url()]).connect().await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    assert_eq!(old.keys("logto:session:*").len(), 1);

    old.stop();
    while store.create(&id(2), &session("ada", None)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(new.keys("logto:session:*").contains(&format!("logto:session:{}", id(2).to_key())));
}

#[tokio::test]
async fn a_name_that_no_sentinel_knows_is_an_error() {
    let Some(master) = RedisServer::start() else { return };
    let Some(sentinel) = sentinel(&master) else { return };
    let store = RedisStore::builder("redis://another").sentinels([sentinel.url()]).connect().await;
    assert_eq!(store.unwrap_err().code(), "store.failed");
}
