//! A master that was demoted, while its name leads to the new one; and servers that cannot serve for now.

use std::time::Duration;

use logto::store::{RedisStore, RefreshCoordinator, RevocationStore, SaveOutcome, SessionSelector, SessionStore};
use tokio::time::sleep;

use super::{forwarder::Forwarder, id, next, session};
use crate::redis_server::RedisServer;

const MINUTE: Duration = Duration::from_secs(60);

/// Two servers of which the second follows the first.
struct Pair {
    old: RedisServer,
    new: RedisServer,
}

impl Pair {
    async fn start() -> Option<Self> {
        let (old, new) = (RedisServer::start()?, RedisServer::start_with(&["--repl-diskless-sync-delay", "0"])?);
        old.cli(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        follow(&new, &old).await;
        Some(Self { old, new })
    }

    /// The second one becomes the master, with all that the first one has.
    async fn fail_over(&self) {
        let offset = |server: &RedisServer, name: &str| field(server, "replication", name);
        while offset(&self.old, "master_repl_offset") != offset(&self.new, "slave_repl_offset") {
            sleep(Duration::from_millis(10)).await;
        }
        self.new.cli(&["REPLICAOF", "NO", "ONE"]);
        follow(&self.old, &self.new).await;
    }
}

pub(crate) async fn follow(replica: &RedisServer, master: &RedisServer) {
    replica.cli(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
    while field(replica, "replication", "master_link_status") != "up" {
        sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) fn field(server: &RedisServer, section: &str, name: &str) -> String {
    let info = server.cli(&["INFO", section]);
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_default().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_60_writes_after_a_failover_succeed_on_the_new_master() {
    let Some(pair) = Pair::start().await else { return };
    let forwarder = Forwarder::to(pair.old.port()).await;
    let store = RedisStore::connect(forwarder.url()).await.unwrap();
    let first = session("ada", Some("s1"));
    assert!(store.create(&id(0), &first).await.unwrap());
    pair.fail_over().await;
    forwarder.point_to(pair.new.port());

    let mut written = 0;
    for number in 1..=60 {
        written += usize::from(store.create(&id(number), &first).await.is_ok_and(|created| created));
    }
    assert_eq!(written, 60);
    assert_eq!(pair.new.keys("logto:session:*").len(), 61, "with what was written before");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_finds_the_new_master_itself() {
    let Some(pair) = Pair::start().await else { return };
    let forwarder = Forwarder::to(pair.old.port()).await;
    let (first, everybody) = (session("ada", Some("s1")), SessionSelector::User("ada".to_owned()));
    let fresh = async || RedisStore::connect(forwarder.url()).await.unwrap();
    let (create, save, delete, revoke, others) =
        (fresh().await, fresh().await, fresh().await, fresh().await, fresh().await);
    assert!(save.create(&id(2), &first).await.unwrap());
    assert!(delete.create(&id(3), &first).await.unwrap());
    let held = others.coordinator().lock("held", MINUTE).await.unwrap().unwrap();
    pair.fail_over().await;
    forwarder.point_to(pair.new.port());

    // Each over a connection to the old one.
    assert!(create.create(&id(1), &first).await.unwrap());
    assert_eq!(save.save(&id(2), &next(&first, "newer"), 1).await.unwrap(), SaveOutcome::Saved);
    delete.delete(&id(3)).await.unwrap();
    assert_eq!(revoke.revoke(&everybody).await.unwrap(), 2);
    assert!(fresh().await.coordinator().lock("lock", MINUTE).await.unwrap().is_some());
    others.coordinator().unlock("held", &held).await.unwrap();
    assert_eq!(pair.new.keys("logto:lock:held"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_redis_write_reaches_the_new_master_after_a_failover() {
    let Some(pair) = Pair::start().await else { return };
    let forwarder = Forwarder::to(pair.old.port()).await;
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(RedisStore::connect(forwarder.url()).await.unwrap());
    }
    pair.fail_over().await;
    forwarder.point_to(pair.new.port());
    assert!(stores[0].coordinator().lock("key", MINUTE).await.unwrap().is_some());
    stores[1].coordinator().store_result("key", "value", MINUTE).await.unwrap();
    stores[2].revocations().record("sub/ada", session("ada", None).expires_at, MINUTE).await.unwrap();
    assert!(stores[3].revocations().claim("jti/1", MINUTE).await.unwrap());
    assert_eq!(pair.new.keys("logto:*").len(), 4);
}

/// Its name leads to the demoted one all the while.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_write_is_an_error_only_until_a_new_master_is_reachable() {
    let Some(pair) = Pair::start().await else { return };
    let forwarder = Forwarder::to(pair.old.port()).await;
    let store = RedisStore::connect(forwarder.url()).await.unwrap();
    pair.fail_over().await;
    for number in 1..=3 {
        let error = store.create(&id(number), &session("ada", None)).await.unwrap_err();
        assert!(error.to_string().contains("READONLY") || error.to_string().contains("read only"), "{error}");
    }
    forwarder.point_to(pair.new.port());
    assert!(store.create(&id(4), &session("ada", None)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_has_lost_its_master_is_left_for_the_new_one() {
    let Some(mut pair) = Pair::start().await else { return };
    pair.new.cli(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    let forwarder = Forwarder::to(pair.new.port()).await;
    let store = RedisStore::connect(forwarder.url()).await.unwrap();
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
    pair.old.stop();
    while !pair.new.cli(&["GET", "key"]).contains("MASTERDOWN") {
        sleep(Duration::from_millis(10)).await;
    }
    let error = store.load(&id(1)).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("master"), "{error}");
    pair.old.restart();
    forwarder.point_to(pair.old.port());
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
}
