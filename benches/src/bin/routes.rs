//! One axum app with two routes that answer the same, one of which is for those with a token. It says where it is, and ends when its
//! standard input does.

use std::io::Read;

use axum::{
    Extension, Router,
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
    routing::get,
};
use logto::{ApiAuth, Error, Require, Requirements, ResourceServer};
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

async fn guarded(_: Reader) -> &'static str {
    BOOKS
}

struct ReadBooks;

impl Require for ReadBooks {
    fn requirements() -> Requirements {
        Requirements::new().scopes([SCOPE])
    }
}

struct Reader(#[allow(dead_code)] ApiAuth<ReadBooks>);

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let api: &ResourceServer = parts.extensions.get().expect("the layer is there");
        ApiAuth::authorize(api, parts.headers.get_all(AUTHORIZATION)).await.map(Self)
    }
}
