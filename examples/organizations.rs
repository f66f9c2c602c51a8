//! Organizations: which ones the user is in, what she may do in each, and a token for an API inside one.
//!
//! `cargo run --example organizations`, then sign in as `ada` with the password `lovelace`: she is `admin` of one organization and `member`
//! of another. `PORT` and the `LOGTO_…` variables work as for `examples/axum.rs`; the scopes it needs are
//! `urn:logto:scope:organizations` and `urn:logto:scope:organization_roles`.
//!
//! The organization is in the path, not in the session: two tabs can be in two organizations, and a link leads to the right one.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, State},
    response::Html,
    routing::get,
};
use logto::{ContextOptions, RequestSession, SignedIn, TokenOptions, testing::Playground};
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = Playground::start().await?;
    let logto = playground.client();
    let app = Router::new()
        .route("/", get(mine))
        .route("/all", get(all))
        .route("/organization/{id}", get(organization))
        .route("/organization/{id}/books", get(books))
        .with_state(playground.clone())
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// The ids are in the ID token; names and descriptions are at the userinfo endpoint, and always fresh.
async fn mine(
    user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let details = session.fetch_user_info().await?.organization_data;
    let mine = json!({ "ids": user.claims().organizations, "details": details });
    Ok(Html(playground.page("My organizations", &mine)))
}

/// A token for each of them, with few requests at a time. One that refuses (the user left it, or it requires MFA) costs none of the others.
async fn all(
    _user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let context = session.get_context(ContextOptions::new().organization_tokens(true)).await?;
    let tokens: BTreeMap<_, _> = context.organization_tokens().iter().map(|(id, token)| (id, token.scopes())).collect();
    let errors: BTreeMap<_, _> = context.organization_errors().iter().map(|(id, error)| (id, error.code())).collect();
    Ok(Html(playground.page("All my organizations", &json!({ "scopes": tokens, "refused": errors }))))
}

/// Logto gives an organization token to members alone, so nothing has to be checked before: others get 403.
async fn organization(
    user: SignedIn,
    session: RequestSession,
    Path(id): Path<String>,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let token = session.get_organization_token(&id).await?;
    let roles: Vec<_> = user.claims().organization_roles_of(&id).collect();
    let page = json!({ "roles": roles, "scopes": token.scopes() });
    Ok(Html(playground.page(&format!("Organization {id}"), &page)))
}

/// A token for an API inside the organization: its `aud` is the API, its `organization_id` the organization.
async fn books(
    _user: SignedIn,
    session: RequestSession,
    Path(id): Path<String>,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let token = TokenOptions::new().resource(playground.resource()).organization(id);
    let claims = session.get_access_token_claims(token).await?;
    Ok(Html(playground.page("A token for the API of books", &claims)))
}
