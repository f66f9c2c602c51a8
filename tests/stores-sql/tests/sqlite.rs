//! SQLite, in a file.

use logto::{store::TowerSessionStore, testing::store_conformance};
use tower_sessions_sqlx_store::{
    SqliteStore,
    sqlx::{SqlitePool, sqlite::SqliteConnectOptions},
};

use crate::life;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_on_sqlite_passes_the_conformance_suite() {
    let file = std::env::temp_dir().join(format!("logto-stores-{}.sqlite", std::process::id()));
    let open = async || {
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let store = SqliteStore::new(SqlitePool::connect_with(options).await.unwrap());
        store.migrate().await.unwrap();
        TowerSessionStore::new(store)
    };
    let (a, b) = (open().await, open().await);
    store_conformance(a.clone()).instance(b.clone()).without_revocation_count().single_process_compare_and_swap().await;
    life::of_a_session([a, b]).await;
    std::fs::remove_file(&file).unwrap();
}
