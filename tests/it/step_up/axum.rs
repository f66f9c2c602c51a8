//! The pages in axum.

use axum::{Router, extract::Path, routing::get};
use logto::{Error, LogtoClient, RequestSession, RequireRecentAuth, Within};
use tokio::net::TcpListener;

use super::Vault;

async fn pay(user: RequireRecentAuth<Within<300>>) -> String {
    super::pay(&user)
}

async fn vault(user: RequireRecentAuth<Vault>) -> String {
    super::open_vault(&user)
}

async fn now(_: RequireRecentAuth<Within<0>>) -> &'static str {
    "now"
}

async fn maybe(user: Option<RequireRecentAuth<Within<300>>>) -> String {
    super::maybe(user.as_ref())
}

async fn transfer(session: RequestSession, Path(amount): Path<u64>) -> Result<String, Error> {
    super::transfer(&session, amount).await
}

pub(super) fn pages() -> Router {
    Router::new()
        .route("/pay", get(pay).post(pay))
        .route("/vault", get(vault))
        .route("/now", get(now))
        .route("/maybe", get(maybe))
        .route("/transfer/{amount}", get(transfer))
}

pub(super) async fn serve(logto: LogtoClient, port: u16) {
    serve_with(logto, port, Router::new()).await;
}

pub(super) async fn serve_with(logto: LogtoClient, port: u16, more: Router) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let app = pages().merge(more).merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
}
