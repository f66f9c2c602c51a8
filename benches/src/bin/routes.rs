//! One axum app with two routes that answer the same, one of which is for those with a token. It says where it is, and ends when its
//! standard input does.

use std::{io::Read, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{Reply, Requirements, ResourceServer};
use logto_benches::{World, header};
use tokio::net::TcpListener;

struct Api {
    server: ResourceServer,
    requirements: Requirements,
}

const BOOKS: &str = "Frankenstein, Middlemarch\n";

#[tokio::main]
async fn main() {
    let world = World::start().await;
    let api = Api { server: world.api.clone(), requirements: world.requirements.clone() };
    let app = Router::new().route("/bare", get(bare)).route("/guarded", get(guarded)).with_state(Arc::new(api));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    println!("{}", header(&world.token(0)));
    tokio::spawn(async { axum::serve(listener, app).await });
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await.expect("no panic").expect("a pipe");
}

async fn bare() -> &'static str {
    BOOKS
}

async fn guarded(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response {
    match api.server.authorize(headers.get_all(AUTHORIZATION), &api.requirements).await {
        Ok(_) => BOOKS.into_response(),
        Err(error) => axum::http::Response::from(Reply::from(&error)).map(Into::into),
    }
}
