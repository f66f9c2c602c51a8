//! A single-page front end without a build step, in front of an API on axum 0.8: the guide is `docs/single-page.md`.
//!
//! `cargo run --example spa` starts a Logto of its own: sign in as `ada` with the password `lovelace`. Two pages show the two ways:
//!
//! - `/`: the session is in a cookie, and the page holds no token.
//! - `/bearer`: the page calls another API with an access token, which this server hands out. The refresh token stays here.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it signs in at that Logto. `PORT` is where it
//! listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension, Json, Router,
    extract::State,
    response::{Html, IntoResponse},
    routing::{get, post},
};
use logto::{
    Error, RequestSession, SignedIn, TokenOptions,
    api::{ApiAudience, ApiAuth, ResourceServer},
    testing::Playground,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Shop {
    notes: Arc<Mutex<Vec<String>>>,
    /// The identifier of the other API.
    books: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();
    let books = playground.resource().to_owned();

    // The other API. It knows no cookie and no session, and in real life it is another server.
    let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(&books)).build()?;
    let other_api = Router::new().route("/books", get(list_books)).layer(Extension(api));

    let app = Router::new()
        .route("/", get(|| async { page(include_str!("index.html")) }))
        .route("/bearer", get(|| async { page(include_str!("bearer.html")) }))
        .route("/app.js", get(|| async { script(include_str!("app.js")) }))
        .route("/bearer.js", get(|| async { script(include_str!("bearer.js")) }))
        .route("/api/notes", get(notes).post(add_note))
        .route("/api/token", post(token))
        .with_state(Shop { notes: Arc::default(), books })
        .merge(other_api)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto));

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// Only this site's scripts run, so text of others that came into a page by mistake would do nothing.
fn page(html: &'static str) -> impl IntoResponse {
    let policy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'";
    ([("content-security-policy", policy)], Html(html))
}

fn script(module: &'static str) -> impl IntoResponse {
    ([("content-type", "text/javascript; charset=utf-8")], module)
}

/// By the cookie. Without a session: 401, and in its JSON the way to sign in.
async fn notes(user: SignedIn, State(shop): State<Shop>) -> Json<Value> {
    let notes = shop.notes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Json(json!({ "sub": user.sub(), "notes": notes }))
}

/// What changes something makes sure that a page of this site sent it.
async fn add_note(
    user: SignedIn,
    session: RequestSession,
    State(shop): State<Shop>,
    Json(note): Json<String>,
) -> Result<Json<Value>, Error> {
    session.require_from_this_site()?;
    shop.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    Ok(notes(user, State(shop)).await)
}

/// An access token for the page: it lives for minutes, and a new one is a request away. It is renewed here, by the refresh token that no script
/// can read.
async fn token(_user: SignedIn, session: RequestSession, State(shop): State<Shop>) -> Result<Json<Value>, Error> {
    session.require_from_this_site()?;
    let token = session.get_access_token(TokenOptions::new().resource(shop.books)).await?;
    Ok(Json(json!({ "access_token": token.token() })))
}

/// By the token.
async fn list_books(auth: ApiAuth) -> Result<Json<Value>, Error> {
    auth.require_scopes(["read:books"])?;
    Ok(Json(json!({ "reader": auth.sub(), "books": ["Sketch of the Analytical Engine"] })))
}
