//! How a Redis is reached: URLs as people write them, credentials that change, certificates, connections of the application's own.

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use logto::{
    store::{RedisStore, RefreshCoordinator, SessionStore},
    testing::store_conformance,
};
use tokio_rustls::rustls::crypto::CryptoProvider;

use super::{id, session};
use crate::{
    port::Port,
    redis_server::{Ports, RedisServer},
};

const URL: &str = "LOGTO_TEST_REDIS_URL";

#[tokio::test]
async fn a_redis_url_with_any_spelling_of_a_tls_scheme_connects_over_tls() {
    let port = Port::reserve().number();
    for url in ["rediss://", "REDISS://", " rediss://", "valkeys://", "Valkeys://", "\trediss://"] {
        let mut connecting = Command::new(std::env::current_exe().unwrap());
        connecting.args(["--exact", "redis::reaching::a_process_that_has_chosen_no_cryptography_connects_over_tls"]);
        let output = connecting.env(URL, format!("{url}127.0.0.1:{port}")).output().unwrap();
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// TLS would panic in a process that has two kinds of it and has chosen none.
#[tokio::test]
async fn a_process_that_has_chosen_no_cryptography_connects_over_tls() {
    let Ok(url) = std::env::var(URL) else { return };
    assert!(CryptoProvider::get_default().is_none());
    assert_eq!(RedisStore::connect(&url).await.unwrap_err().code(), "store.failed", "nobody is there");
    assert!(CryptoProvider::get_default().is_some(), "{url:?}");
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_at_the_start_by_the_name_of_what_connects_to_one() {
    let Some(node) = RedisServer::start_with(&["--cluster-enabled", "yes"]) else { return };
    let error = RedisStore::connect(node.url()).await.unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    assert!(error.to_string().contains("RedisStore::connect_cluster"), "{error}");

    // One that does not tell of itself is told of by the first key that it does not have.
    node.cli(&["ACL", "SETUSER", "shop", "on", ">secret", "~logto:*", "+@all", "-info"]);
    let store = RedisStore::connect(format!("redis://shop:secret@127.0.0.1:{}", node.port())).await.unwrap();
    node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    while !node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = RedisServer::start_with(&["--cluster-enabled", "yes"]).unwrap();
    node.cli(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]);
    let name = other.cli(&["CLUSTER", "MYID"]);
    while !node.cli(&["CLUSTER", "NODES"]).contains(&name) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let slot = node.cli(&["CLUSTER", "KEYSLOT", "logto:shared:key"]);
    assert_eq!(node.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &name]), "OK");
    let error = store.coordinator().load_result("key").await.unwrap_err();
    assert!(error.to_string().contains("RedisStore::connect_cluster"), "{error}");
}

#[tokio::test]
async fn credentials_are_asked_for_whenever_a_connection_is_made() {
    let Some(server) = RedisServer::start_with(&["--requirepass", "first"]) else { return };
    let password = Arc::new(Mutex::new("first"));
    let current = Arc::clone(&password);
    let store = RedisStore::builder(server.url()).credentials(move || {
        let password = *current.lock().unwrap();
        async move { Ok(("default".to_owned(), password.into())) }
    });
    assert!(!format!("{store:?}").contains("first"));
    let store = store.connect().await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());

    // A token is over: Redis takes the new one alone, and closes the connection.
    let auth = |password: &str, arguments: &[&str]| {
        server.cli(&[["--no-auth-warning", "-a", password].as_slice(), arguments].concat())
    };
    auth("first", &["CONFIG", "SET", "requirepass", "second"]);
    auth("second", &["CLIENT", "KILL", "TYPE", "normal"]);
    assert!(store.create(&id(2), &session("ada", None)).await.is_err(), "the application has the old one");
    *password.lock().unwrap() = "second";
    assert!(store.create(&id(2), &session("ada", None)).await.unwrap());

    let refusing = RedisStore::builder(server.url()).credentials(|| async { Err("no identity".into()) });
    let error = refusing.connect().await.unwrap_err();
    assert_eq!(error.code(), "store.failed");
}

/// Certificates of a server and of a client, and the authority that signed both.
struct Certificates<'a>(&'a Path);

impl<'a> Certificates<'a> {
    fn sign(directory: &'a Path) -> Self {
        super::tls::authority(directory);
        for name in ["server", "client"] {
            super::tls::signed(directory, name);
        }
        Self(directory)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// What a server is started with.
    fn arguments(&self) -> [String; 6] {
        let path = |name: &str| self.0.join(name).to_str().unwrap().to_owned();
        let option = |name: &str| format!("--tls-{name}-file");
        [
            option("cert"),
            path("server.pem"),
            option("key"),
            path("server.key"),
            option("ca-cert"),
            path("authority.pem"),
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown_to_a_redis_that_asks_for_one() {
    let Some(plain) = RedisServer::start() else { return };
    let certificates = Certificates::sign(plain.directory());
    let read = |name: &str| certificates.read(name);
    let reserved = Port::reserve();
    let port = reserved.number().to_string();
    let tls = certificates.arguments();
    let tls: Vec<_> = tls.iter().map(String::as_str).collect();
    let arguments = [tls.as_slice(), &["--tls-auth-clients", "yes", "--tls-port", &port]].concat();
    let Some(encrypted) = RedisServer::start_with(&arguments) else { return };
    let url = format!("rediss://localhost:{port}");

    let without = RedisStore::builder(&url).root_certificate(read("authority.pem"));
    assert_eq!(without.connect().await.unwrap_err().code(), "store.failed");
    let with = RedisStore::builder(&url)
        .root_certificate(read("authority.pem"))
        .client_certificate(read("client.pem"), read("client.key"));
    let store = with.connect().await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    encrypted.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert!(store.create(&id(2), &session("ada", None)).await.unwrap(), "on each connection");

    let garbage = RedisStore::builder(&url).client_certificate("garbage", "garbage").connect().await;
    assert_eq!(garbage.unwrap_err().code(), "config.invalid");
    let clear = RedisStore::builder(plain.url()).root_certificate(read("authority.pem")).connect().await;
    assert_eq!(clear.unwrap_err().code(), "config.invalid", "certificates without TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_shown_to_a_cluster_that_asks_for_one() {
    let Some(plain) = RedisServer::start() else { return };
    let certificates = Certificates::sign(plain.directory());
    let read = |name: &str| certificates.read(name);
    let ports = Ports::reserve();
    let port = ports.number().to_string();
    let tls = certificates.arguments();
    let tls: Vec<_> = tls.iter().map(String::as_str).collect();
    let cluster =
        ["--cluster-enabled", "yes", "--tls-cluster", "yes", "--tls-auth-clients", "yes", "--tls-port", &port];
    // The certificate is for this name.
    let names = ["--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", "hostname"];
    let Some(node) = RedisServer::start_with(&[&tls[..], &cluster, &names].concat()) else { return };
    node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    while !node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let url = format!("rediss://localhost:{port}");
    let with = |url: &str| {
        let store = RedisStore::builder(url).root_certificate(read("authority.pem"));
        store.client_certificate(read("client.pem"), read("client.key"))
    };

    let nobody: [&str; 0] = [];
    let without = RedisStore::builder(&url).root_certificate(read("authority.pem")).connect_cluster(nobody).await;
    assert_eq!(without.unwrap_err().code(), "store.failed");
    let store = with(&url).connect_cluster([&url]).await.unwrap();
    assert!(store.create(&id(1), &session("ada", None)).await.unwrap());
    assert!(store.load(&id(1)).await.unwrap().is_some());

    let clear = with(&node.url()).connect_cluster(nobody).await;
    assert_eq!(clear.unwrap_err().code(), "config.invalid", "certificates without TLS");
    let changing = RedisStore::builder(&url).credentials(|| async { Ok(("shop".to_owned(), "secret".into())) });
    assert_eq!(changing.connect_cluster(nobody).await.unwrap_err().code(), "config.invalid");
    let watched = RedisStore::builder(&url).sentinels(["redis://127.0.0.1:1"]);
    assert_eq!(watched.connect_cluster(nobody).await.unwrap_err().code(), "config.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_manager_of_the_application_serves_the_redis_store() {
    let Some(server) = RedisServer::start() else { return };
    let client = redis::Client::open(server.url()).unwrap();
    let manager = redis::aio::ConnectionManager::new(client).await.unwrap();
    let store = RedisStore::from_connections(move || std::future::ready(Ok(manager.clone())));
    assert_eq!(format!("{store:?}"), "RedisStore { keys: logto:*, on: connections of the application, .. }");
    store_conformance(store.clone()).await;
    for number in 100..110 {
        server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert!(store.create(&id(number), &session("ada", None)).await.unwrap());
    }
}

/// A pool of one's own, in the fewest lines.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_the_application_serves_the_redis_store() {
    let Some(server) = RedisServer::start() else { return };
    let client = redis::Client::open(server.url()).unwrap();
    let pool = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    for _ in 0..3 {
        pool.lock().await.push(client.get_multiplexed_async_connection().await.unwrap());
    }
    let store = RedisStore::from_connections(move || {
        let pool = Arc::clone(&pool);
        async move {
            let mut pool = pool.lock().await;
            pool.rotate_left(1);
            Ok(pool[0].clone())
        }
    });
    store_conformance(store).await;
}
