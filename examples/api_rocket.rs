//! A books API on Rocket 0.5: access tokens, scopes, organizations, a route for everyone.
//!
//! `cargo run --example api_rocket --features rocket` starts a Logto of its own and prints commands with tokens of it, so there is nothing to
//! install and nothing to configure. With `LOGTO_ENDPOINT` in the environment it takes that Logto's tokens for the API resource
//! `LOGTO_RESOURCES`. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.
#![allow(clippy::needless_pass_by_value)] // Rocket gives guards by value.

use logto::{
    api::{ApiAudience, ApiAuth, ApiPolicy, TokenRequirements},
    testing::ApiPlayground,
};
use rocket::{State, fairing::AdHoc, get, http::Status, post, response::content::RawJson, routes};
use serde_json::json;

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

#[rocket::main]
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
    let (address, port) = playground.address();
    let figment = rocket::Config::figment()
        .merge(("address", std::net::IpAddr::from(address)))
        .merge(("port", port))
        .merge(("log_level", "critical"));
    let welcome = playground.to_string();

    rocket::custom(figment)
        .mount("/", routes![greeting, books, add_book, books_of])
        .manage(playground)
        .attach(logto::rocket::api(api)) // and /.well-known/oauth-protected-resource
        .attach(AdHoc::on_liftoff("Welcome", |_| Box::pin(async move { println!("{welcome}") })))
        .launch()
        .await?;
    Ok(())
}

/// For everyone. Who sends a token must send a good one.
#[get("/")]
fn greeting(auth: Option<ApiAuth>) -> String {
    auth.map_or("Hello, stranger".to_owned(), |auth| format!("Hello, {}", auth.sub()))
}

/// Scopes by type: without `read:books` nobody gets here.
#[get("/books")]
fn books(auth: ApiAuth<ReadBooks>, playground: &State<ApiPlayground>) -> RawJson<String> {
    RawJson(json!(playground.books(auth.organization_id())).to_string())
}

#[post("/books", data = "<title>")]
fn add_book(auth: ApiAuth<WriteBooks>, playground: &State<ApiPlayground>, title: String) -> (Status, RawJson<String>) {
    playground.add_book(auth.organization_id(), title);
    (Status::Created, RawJson(json!(playground.books(auth.organization_id())).to_string()))
}

/// Requirements by value: the organization is in the path.
#[get("/organizations/<id>/books")]
fn books_of(auth: ApiAuth, id: &str, playground: &State<ApiPlayground>) -> Result<RawJson<String>, logto::Error> {
    auth.require_organization(id)?;
    auth.require_scopes(["read:books"])?;
    Ok(RawJson(json!(playground.books(Some(id))).to_string()))
}
