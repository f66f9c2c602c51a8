//! A Logto and an API of books, to try the program with.

use std::{env, error::Error};

use axum::{Json, Router, extract::State, http::HeaderMap, routing::get};
use logto::{
    api::{ApiAudience, ResourceServer, TokenRequirements},
    testing::{MockApp, MockLogto},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const ENDPOINT: &str = "http://127.0.0.1:3911";
pub(crate) const BOOKS_API: &str = "http://127.0.0.1:3912";
pub(crate) const APP_ID: &str = "books-cli";
pub(crate) const DEVICE_APP_ID: &str = "books-cli-device";
pub(crate) const RESOURCE: &str = "https://api.example.test";

pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
    // With PORT=0 the system chooses both.
    let port: u16 = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3911);
    let logto = MockLogto::builder()
        .port(port)
        .app(MockApp::new(APP_ID, "").native().redirect_uri("http://127.0.0.1/callback"))
        .app(MockApp::new(DEVICE_APP_ID, "").device_flow())
        .start()
        .await?;
    let api = ResourceServer::builder().endpoint(logto.endpoint()).audience(ApiAudience::resource(RESOURCE)).build()?;
    let listener = TcpListener::bind(("127.0.0.1", if port == 0 { 0 } else { port + 1 })).await?;
    println!("Logto: {} (the user is ada / lovelace)", logto.endpoint());
    println!("Books: http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/books", get(books)).with_state(api)).await?;
    Ok(())
}

async fn books(State(api): State<ResourceServer>, headers: HeaderMap) -> Result<Json<Value>, logto::Error> {
    let reads = TokenRequirements::new().scopes(["read:books"]);
    let auth = api.authorize(headers.get_all("authorization"), &reads).await?;
    Ok(Json(json!({ "books": ["Sketch of the Analytical Engine"], "reader": auth.sub() })))
}
