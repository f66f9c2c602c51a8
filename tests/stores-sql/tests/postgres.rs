//! PostgreSQL: a real server, also one that dies in between.

use std::time::Duration;

use logto::{ContextOptions, ErrorKind, TowerSessionStore, testing::store_conformance};
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
async fn postgres() {
    let Some(server) = Server::start() else { return };
    let (a, b) = (open(&server).await, open(&server).await);
    store_conformance(a.clone()).instance(b.clone()).uncounted_revocation().swaps_per_instance().await;
    life::of_a_session([a, b]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_dies_logs_nobody_out() {
    let Some(server) = Server::start() else { return };
    let both = Instances::over([open(&server).await, open(&server).await]).await;
    let site = &both.first;
    let mut browser = site.signed_in("ada").await;
    let token = life::token(&site.logto, &mut browser).await.unwrap();
    let before = browser.cookies.clone();

    server.stop();
    for _ in 0..3 {
        let error = site.context(&mut browser, ContextOptions::new()).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("store.failed", ErrorKind::Store), "{error}");
        assert!(error.is_transient() && !error.requires_sign_in(), "{error}");
        let error = life::token(&both.second, &mut browser).await.unwrap_err();
        assert!(error.code() == "store.failed" && error.is_transient(), "{error}");
    }
    assert_eq!(browser.cookies, before, "no cookie was touched");

    server.start_again();
    for logto in [&site.logto, &both.second] {
        assert_eq!(life::token(logto, &mut browser).await.unwrap(), token, "the same client, the same session");
    }
    site.signed_in("ada").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_mid_traffic_log_nobody_out() {
    let Some(server) = Server::start() else { return };
    let both = Instances::over([open(&server).await, open(&server).await]).await;
    let site = &both.first;
    let mut browser = site.signed_in("ada").await;
    let mut traffic = tokio::task::JoinSet::new();
    for number in 0..8 {
        let logto = if number % 2 == 0 { site.logto.clone() } else { both.second.clone() };
        let browser = browser.clone();
        traffic.spawn(async move {
            let (mut failed, mut served) = (0, 0);
            let end = tokio::time::Instant::now() + Duration::from_secs(4);
            while tokio::time::Instant::now() < end {
                match logto.is_authenticated(&browser.request()).await {
                    Ok(signed_in) => {
                        assert!(signed_in, "an error is an error, never a sign-out");
                        served += 1;
                    }
                    Err(error) => {
                        assert!(error.code() == "store.failed" && error.is_transient(), "{error}");
                        failed += 1;
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            (failed, served)
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    tokio::task::block_in_place(|| server.crash_and_restart());
    let (failed, served) =
        traffic.join_all().await.into_iter().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
    println!("{served} requests served, {failed} failed while the server was away");
    assert!(served > 100);
    life::token(&site.logto, &mut browser).await.unwrap();
    assert!(site.is_signed_in(&browser).await);
}
