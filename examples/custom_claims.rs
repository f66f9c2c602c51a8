//! Custom claims (Logto Console › Custom JWT) as a type of yours, and a guard made of them.
//!
//! `cargo run --example custom_claims`, then sign in as `ada` with the password `lovelace`: her ID token says `"plan": "pro", "seats": 5`.
//! `PORT` and the `LOGTO_…` variables work as for `examples/axum.rs`.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{
    Json, Router,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{SignedIn, testing::Playground};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// What this application's Logto adds to an ID token.
#[derive(Serialize, Deserialize)]
struct Subscription {
    plan: Option<String>,
    #[serde(default)]
    seats: u32,
}

/// A user who has paid: an extractor on top of [`SignedIn`].
struct Subscriber(Subscription);

impl<S: Send + Sync> FromRequestParts<S> for Subscriber {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        // Nobody signed in: to the sign-in and back, or 401 for a program.
        let user = SignedIn::from_request_parts(parts, state).await?;
        match user.claims().extra_as::<Subscription>() {
            Ok(subscription) if subscription.plan.as_deref() == Some("pro") => Ok(Self(subscription)),
            Ok(_) => Err((StatusCode::FORBIDDEN, "this page is for subscribers").into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = Playground::start().await?;
    let logto = playground.client();
    let app =
        Router::new().route("/", get(subscription)).merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

async fn subscription(Subscriber(subscription): Subscriber) -> Json<Subscription> {
    Json(subscription)
}
