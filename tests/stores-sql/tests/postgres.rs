//! PostgreSQL: a real server, also one that dies in between.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use logto::{ContextOptions, ErrorKind, store::TowerSessionStore, testing::store_conformance};
use tower_sessions_sqlx_store::{PostgresStore, sqlx::postgres::PgPoolOptions};

use crate::{
    life::{self, Instances},
    server::Server,
};

async fn open(server: &Server) -> TowerSessionStore<PostgresStore> {
    let options = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(5));
    let store = PostgresStore::new(options.connect(&server.url()).await.unwrap());
    store.migrate().await.unwrap();
    TowerSessionStore::new(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_postgres_passes_the_conformance_suite() {
    let Some(server) = Server::start() else { return };
    let (a, b) = (open(&server).await, open(&server).await);
    store_conformance(a.clone()).instance(b.clone()).without_revocation_count().single_process_compare_and_swap().await;
    life::of_a_session([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_logs_nobody_out() {
    let Some(server) = Server::start() else { return };
    let both = Instances::over([open(&server).await, open(&server).await]).await;
    let site = &both.first;
    let mut browser = site.signed_in("ada").await;
    let token = browser.get_token(&site.logto).await.unwrap();
    let before = browser.cookies.clone();

    server.stop();
    for _ in 0..3 {
        let error = site.context(&mut browser, ContextOptions::new()).await.unwrap_err();
        assert_eq!((error.code().as_str(), error.kind()), ("store.failed", ErrorKind::Store), "{error}");
        assert!(error.is_transient() && !error.requires_sign_in(), "{error}");
        let error = browser.get_token(&both.second).await.unwrap_err();
        assert!(error.code() == "store.failed" && error.is_transient(), "{error}");
    }
    assert_eq!(browser.cookies, before, "no cookie was touched");

    server.start_again();
    for logto in [&site.logto, &both.second] {
        assert_eq!(browser.get_token(logto).await.unwrap(), token, "the same client, the same session");
    }
    site.signed_in("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_mid_traffic_log_nobody_out() {
    let Some(server) = Server::start() else { return };
    let both = Instances::over([open(&server).await, open(&server).await]).await;
    let site = &both.first;
    let mut browser = site.signed_in("ada").await;
    let served = Arc::new([const { AtomicUsize::new(0) }; 8]);
    let mut traffic = tokio::task::JoinSet::new();
    for number in 0..served.len() {
        let logto = if number % 2 == 0 { site.logto.clone() } else { both.second.clone() };
        let (browser, served) = (browser.clone(), Arc::clone(&served));
        traffic.spawn(async move {
            loop {
                match logto.is_authenticated(&browser.request()).await {
                    Ok(signed_in) => {
                        assert!(signed_in, "an error is an error, never a sign-out");
                        served[number].fetch_add(1, Relaxed);
                    }
                    Err(error) => assert!(error.code() == "store.failed" && error.is_transient(), "{error}"),
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    // Each is served before, and again after.
    for _ in 0..2 {
        served.iter().for_each(|served| served.store(0, Relaxed));
        while served.iter().any(|served| served.load(Relaxed) < 20) {
            assert!(traffic.try_join_next().is_none(), "nobody is signed out");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::task::block_in_place(|| server.crash_and_restart());
    }
    traffic.shutdown().await;
    browser.get_token(&site.logto).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}
