//! Claims of yours: custom claims of an access token as a type and as a guard, `custom_data` of user info, and both against the ID token.
//!
//! `cargo run --example custom_claims`, then sign in as `ada` with the password `lovelace`: her access token says `"plan": "pro", "seats": 5`.
//! `PORT` and the `LOGTO_…` variables work as for `examples/axum.rs`.
//!
//! Where Logto puts them:
//!
//! - Console › Custom JWT: into access tokens for an API resource or an organization, and nowhere else. An API reads them with
//!   `AuthInfo::claims`, this application with `AccessToken::claims`.
//! - A user's `custom_data` (scope `custom_data`): into user info; into ID tokens only if Console › Sign-in & account › ID token says so.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{
    Json, Router,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use logto::{Error, RequestSession, SignedIn, TokenOptions, testing::Playground};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the script of Console › Custom JWT adds to this application's access tokens:
/// `({ context }) => ({ plan: context.user.customData.plan, seats: 5 })`.
#[derive(Serialize, Deserialize)]
struct Subscription {
    plan: Option<String>,
    #[serde(default)]
    seats: u32,
}

/// What the user's `custom_data` holds.
#[derive(Deserialize)]
struct CustomData {
    plan: Option<String>,
}

/// A user who has paid: an extractor on top of [`SignedIn`].
struct Subscriber(Subscription);

impl FromRequestParts<Playground> for Subscriber {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, playground: &Playground) -> Result<Self, Response> {
        // Nobody signed in: to the sign-in and back, or 401 for a program.
        SignedIn::from_request_parts(parts, playground).await.map_err(IntoResponse::into_response)?;
        let session =
            RequestSession::from_request_parts(parts, playground).await.map_err(IntoResponse::into_response)?;
        let subscription = subscription(&session, playground.resource()).await.map_err(IntoResponse::into_response)?;
        match subscription.plan.as_deref() {
            Some("pro") => Ok(Self(subscription)),
            _ => Err((StatusCode::FORBIDDEN, "this page is for subscribers").into_response()),
        }
    }
}

/// The access token is in the session: Logto is asked once an hour, and a plan that has changed since is known then.
async fn subscription(session: &RequestSession, resource: &str) -> Result<Subscription, Error> {
    session.get_access_token_claims(TokenOptions::new().resource(resource)).await?.custom_claims()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = Playground::start().await?;
    let logto = playground.client();
    let app = Router::new()
        .route("/", get(subscribers))
        .route("/places", get(places))
        .with_state(playground.clone())
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

async fn subscribers(Subscriber(subscription): Subscriber) -> Json<Subscription> {
    Json(subscription)
}

/// The plan, wherever it can be found.
async fn places(
    user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Json<Value>, Error> {
    let in_user_info: CustomData = session.fetch_user_info().await?.custom_data_as()?;
    let in_id_token: CustomData = user.claims().custom_data_as()?;
    Ok(Json(json!({
        "access token": subscription(&session, playground.resource()).await?.plan,
        "user info": in_user_info.plan,
        "ID token": in_id_token.plan,
    })))
}
