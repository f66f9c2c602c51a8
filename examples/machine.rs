//! A program that calls an API in its own name: for itself, and for an organization.
//!
//! `cargo run --example machine` starts a Logto of its own and a small API of books, calls it, prints what it got, and ends.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID` and `LOGTO_APP_SECRET` (of a machine-to-machine app) in the environment it uses that Logto.
//! `LOGTO_RESOURCES` is then the identifier of the API resource with the permission `read:books`, and `ORGANIZATION` an organization that the
//! app is in. `BOOKS_API` is an API to call instead of the one inside. docs/machines.md has the steps in the Console.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{env, error::Error};

use axum::{Json, Router, extract::State, http::HeaderMap, routing::get};
use http::Request;
use logto::{
    TokenOptions,
    api::{ApiAudience, ResourceServer, ResourceServerBuilder, TokenRequirements},
    api_client::ApiClient,
    machine::MachineClient,
    testing::{MockApp, MockLogto},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).init();
    let resource = env::var("LOGTO_RESOURCES").unwrap_or_else(|_| "https://api.example.test".to_owned());
    let organization = env::var("ORGANIZATION").unwrap_or_else(|_| "org-acme".to_owned());
    // It lives as long as this does.
    let (machine, api, _mock) = if env::var_os("LOGTO_ENDPOINT").is_some() {
        (MachineClient::from_env()?, ResourceServerBuilder::from_env(), None)
    } else {
        let app = MockApp::new("machine", "the secret of the machine").role("librarian");
        let mock =
            MockLogto::builder().machine_to_machine_app(app.organization("org-acme", &["admin"])).start().await?;
        let machine = MachineClient::builder().endpoint(mock.endpoint());
        let machine = machine.app_id("machine").app_secret("the secret of the machine").build()?;
        (machine, ResourceServer::builder().endpoint(mock.endpoint()), Some(mock))
    };
    let base_url = match env::var("BOOKS_API") {
        Ok(url) => url,
        Err(_) => serve(api.audience(ApiAudience::resource(&resource).with_or_without_organization()).build()?).await?,
    };

    // What a program of your own has: the machine once, and a client for each API.
    let books = ApiClient::builder()
        .base_url(base_url)
        .token_options(TokenOptions::new().resource(resource).scopes(["read:books"]))
        .build()?;
    println!("for itself: {}", list(&books, &machine).await?);
    println!("for {organization}: {}", list(&books.in_organization(organization.as_str()), &machine).await?);
    Ok(())
}

/// Tokens come from Logto when they are needed, are kept, and are replaced when the API refuses them.
async fn list(books: &ApiClient, machine: &MachineClient) -> Result<Value, Box<dyn Error>> {
    let response = books.send(machine, Request::get("/books").body(Vec::new())?).await?;
    match response.status().as_u16() {
        200 => Ok(serde_json::from_slice(response.body())?),
        status => Err(format!("the API of books answered {status}").into()),
    }
}

/// The API, which would be another program.
async fn serve(api: ResourceServer) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let app = Router::new().route("/books", get(shelf)).with_state(api);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(base_url)
}

async fn shelf(State(api): State<ResourceServer>, headers: HeaderMap) -> Result<Json<Value>, logto::Error> {
    let reads = TokenRequirements::new().scopes(["read:books"]);
    let auth = api.authorize(headers.get_all("authorization"), &reads).await?;
    Ok(Json(json!({ "books": ["Middlemarch"], "reader": auth.sub(), "organization": auth.organization_id() })))
}
