//! A books API on axum 0.8: access tokens, scopes, organizations, a route for everyone.
//!
//! `cargo run --example api_axum` starts a Logto of its own and prints commands with tokens of it, so there is nothing to install and nothing
//! to configure. With `LOGTO_ENDPOINT` in the environment it takes that Logto's tokens for the API resource `LOGTO_RESOURCES`. `PORT` is where
//! it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use logto::{
    api::{ApiAudience, ApiAuth, ApiPolicy, TokenRequirements},
    testing::ApiPlayground,
};
use tokio::net::TcpListener;

struct ReadBooks;

impl ApiPolicy for ReadBooks {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes(["read:books"])
    }
}

struct WriteBooks;

impl ApiPolicy for WriteBooks {
    fn requirements() -> TokenRequirements {
        TokenRequirements::new().scopes(["write:books"])
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = ApiPlayground::start().await?;
    // In an application of your own: `ResourceServer::builder().endpoint("https://my-tenant.logto.app")`.
    let api = playground
        .resource_server()
        // Tokens for an organization, too: each sees the books of its own, so the handlers look at `organization_id`.
        .audience(ApiAudience::resource(playground.resource()).with_or_without_organization())
        .scopes_supported(["read:books", "write:books"])
        .build()?;

    let app = Router::new()
        .route("/", get(greeting))
        .route("/books", get(books).post(add_book))
        .route("/organizations/{id}/books", get(books_of))
        .layer(logto::axum::api(api)) // and /.well-known/oauth-protected-resource
        .with_state(playground.clone());

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// For everyone. Who sends a token must send a good one.
async fn greeting(auth: Option<ApiAuth>) -> String {
    auth.map_or("Hello, stranger".to_owned(), |auth| format!("Hello, {}", auth.sub()))
}

/// Scopes by type: without `read:books` nobody gets here.
async fn books(auth: ApiAuth<ReadBooks>, State(playground): State<ApiPlayground>) -> Json<Vec<String>> {
    Json(playground.books(auth.organization_id()))
}

async fn add_book(
    auth: ApiAuth<WriteBooks>,
    State(playground): State<ApiPlayground>,
    title: String,
) -> (StatusCode, Json<Vec<String>>) {
    playground.add_book(auth.organization_id(), title);
    (StatusCode::CREATED, Json(playground.books(auth.organization_id())))
}

/// Requirements by value: the organization is in the path.
async fn books_of(
    auth: ApiAuth,
    Path(id): Path<String>,
    State(playground): State<ApiPlayground>,
) -> Result<Json<Vec<String>>, logto::Error> {
    auth.require_organization(&id)?;
    auth.require_scopes(["read:books"])?;
    Ok(Json(playground.books(Some(&id))))
}
