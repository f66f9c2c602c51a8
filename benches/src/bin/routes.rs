//! One axum app: routes that ask for a token or for the user, and beside each one that answers the same to everybody. It says where it is,
//! and ends when its standard input does.

use std::io::Read;

use axum::{Extension, Router, routing::get};
use logto::{
    SignedIn,
    api::{ApiAuth, ApiPolicy, TokenRequirements},
};
use logto_benches::{SCOPE, User, World, header};
use tokio::net::TcpListener;

const BOOKS: &str = "Frankenstein, Middlemarch\n";

#[tokio::main]
async fn main() {
    let (world, user) = (World::start().await, User::recorded());
    let sub = user.get_context().claims().expect("somebody is signed in").sub.clone();
    // A layer is for the routes before it.
    let app = Router::new()
        .route("/guarded", get(guarded))
        .layer(Extension(world.api.clone()))
        .merge(Router::new().route("/page", get(page)).layer(logto::axum::layer(user.client().clone())))
        .route("/bare", get(bare))
        .route("/bare-page", get(async move || greeting(&sub)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    println!("Authorization: {}", header(&world.token(0)));
    println!("Cookie: {}", user.cookie_header());
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

async fn page(user: SignedIn) -> String {
    greeting(&user.claims().sub)
}

fn greeting(sub: &str) -> String {
    format!("signed in as {sub}\n")
}

struct ReadBooks;

impl ApiPolicy for ReadBooks {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes([SCOPE])
    }
}
