//! A books API on actix-web 4: access tokens, scopes, organizations, a route for everyone.
//!
//! `cargo run --example api_actix_web --features actix-web,testing` starts a Logto of its own and prints commands with tokens of it, so there
//! is nothing to install and nothing to configure. With `LOGTO_ENDPOINT` in the environment it takes that Logto's tokens for the API resource
//! `LOGTO_RESOURCES`. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use actix_web::{
    App, HttpServer, Responder, get,
    http::StatusCode,
    post,
    web::{Data, Json, Path},
};
use logto::{
    api::{ApiAudience, ApiAuth, ApiPolicy, TokenRequirements},
    testing::ApiPlayground,
};

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

#[actix_web::main]
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

    println!("{playground}");
    let address = std::net::SocketAddr::from(playground.address());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(playground.clone()))
            .service(greeting)
            .service(books)
            .service(add_book)
            .service(books_of)
            .wrap(logto::actix_web::api(api.clone())) // and /.well-known/oauth-protected-resource
    });
    Ok(server.bind(address)?.run().await?)
}

/// For everyone. Who sends a token must send a good one.
#[get("/")]
async fn greeting(auth: Option<ApiAuth>) -> String {
    auth.map_or("Hello, stranger".to_owned(), |auth| format!("Hello, {}", auth.sub()))
}

/// Scopes by type: without `read:books` nobody gets here.
#[get("/books")]
async fn books(auth: ApiAuth<ReadBooks>, playground: Data<ApiPlayground>) -> Json<Vec<String>> {
    Json(playground.books(auth.organization_id()))
}

#[post("/books")]
async fn add_book(auth: ApiAuth<WriteBooks>, playground: Data<ApiPlayground>, title: String) -> impl Responder {
    playground.add_book(auth.organization_id(), title);
    (Json(playground.books(auth.organization_id())), StatusCode::CREATED)
}

/// Requirements by value: the organization is in the path.
#[get("/organizations/{id}/books")]
async fn books_of(
    auth: ApiAuth,
    id: Path<String>,
    playground: Data<ApiPlayground>,
) -> Result<Json<Vec<String>>, logto::Error> {
    auth.require_organization(&id)?;
    auth.require_scopes(["read:books"])?;
    Ok(Json(playground.books(Some(&id))))
}
