//! One axum app with two routes that answer the same, one of which is for those with a token. It says where it is, and ends when its
//! standard input does.

use std::io::Read;

use axum::{Extension, Router, routing::get};
use logto::{ApiAuth, Require, Requirements};
use logto_benches::{SCOPE, World, header};
use tokio::net::TcpListener;

const BOOKS: &str = "Frankenstein, Middlemarch\n";

#[tokio::main]
async fn main() {
    let world = World::start().await;
    // The layer is for the routes before it.
    let app =
        Router::new().route("/guarded", get(guarded)).layer(Extension(world.api.clone())).route("/bare", get(bare));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    println!("{}", header(&world.token(0)));
    tokio::spawn(async { axum::serve(listener, app).await });
    let end_of_input = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    end_of_input.await.expect("no panic").expect("a pipe");
}

async fn bare() -> &'static str {
    BOOKS
}

async fn guarded(_: ApiAuth<ReadBooks>) -> &'static str {
    BOOKS
}

struct ReadBooks;

impl Require for ReadBooks {
    fn requirements() -> Requirements {
        Requirements::new().scopes([SCOPE])
    }
}
