//! The pages in axum.

use axum::{Router, extract::Path, routing::get};
use logto::{Error, LogtoClient, RequestSession};
use tokio::net::TcpListener;

use super::{maybe, now, pay, vault};

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
