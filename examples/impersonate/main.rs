//! Support acts for a user, by token exchange: the access token names the user, and in `act` the one who acts.
//!
//! `cargo run --example impersonate --features management` starts a Logto of its own: sign in as `grace` with the password `hopper`, who has the role
//! `support`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it uses that Logto (Console ›
//! Applications › the app › Allow token exchange), `LOGTO_RESOURCES` for an API with the permission `read:books`, and the machine-to-machine app of
//! `LOGTO_MANAGEMENT_APP_ID` and `LOGTO_MANAGEMENT_APP_SECRET`. `PORT` is where it listens (3000); `ACT_SECONDS` is how long one may act (900).
//!
//! The session of the one who acts stays what it was. The token for the user is kept beside it, in the memory of this program: browsers never have it.
//!
//! | File | About |
//! |---|---|
//! | `main.rs` | settings, routes, and the API that is called |
//! | `desk.rs` | who may act, for whom, and until when |
//! | `pages.rs` | choosing a user, and what the user sees |

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

mod desk;
#[path = "../saas/html.rs"]
mod html;
mod pages;

use std::{env, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    routing::{get, post},
};
use desk::Desk;
use logto::{
    TokenOptions,
    api::{ApiAudience, ApiAuth, ResourceServer},
    api_client::ApiClient,
    management::Management,
    scopes,
    testing::{MockUser, Playground},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Who has it may act for others.
const SUPPORT: &str = "support";

#[derive(Clone)]
struct App {
    playground: Playground,
    management: Management,
    books: ApiClient,
    desk: Arc<Desk>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::INFO).init();
    let seconds = env::var("ACT_SECONDS").map_or(Ok(900), |text| text.parse())?;
    // In an application of your own: `LogtoClient::from_env()` with this in `LOGTO_SCOPES`, and `Management::from_env()`.
    let playground = Playground::start_with(|settings| settings.scopes([scopes::EMAIL, scopes::ROLES])).await?;
    if let Some(mock) = playground.mock() {
        mock.add_user(MockUser::new("grace").password("hopper").name("Grace Hopper").role(SUPPORT));
        mock.add_user(MockUser::new("radia").password("perlman").name("Radia Perlman").role(SUPPORT));
        mock.update_app(playground.client().config().app_id(), |app| app.token_exchange(true));
    }
    let logto = playground.client();
    let app = App {
        management: playground.management()?,
        books: ApiClient::builder()
            .base_url(format!("http://localhost:{}/api", playground.port()))
            .token_options(TokenOptions::new().resource(playground.resource()))
            .build()?,
        desk: Arc::new(Desk::new(Duration::from_secs(seconds))),
        playground: playground.clone(),
    };
    let api = ResourceServer::builder().config(logto.config()).audience(ApiAudience::resource(playground.resource()));
    let api = Router::new().route("/books", get(shelf)).layer(logto::axum::api(api.build()?));
    let routes = Router::new()
        .route("/", get(pages::home))
        .route("/style.css", get(|| async { ([("content-type", "text/css")], include_str!("../account/style.css")) }))
        .route("/act", post(pages::begin))
        .route("/act/end", post(pages::end))
        .with_state(app)
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto))
        .nest("/api", api);
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, routes).await?)
}

/// The API, which would be another program. It knows for whom it works and who asks, and can refuse what is the user's alone.
async fn shelf(auth: ApiAuth) -> Result<Json<Value>, logto::Error> {
    auth.require_scopes(["read:books"])?;
    let actor = auth.actor().map(|actor| &actor.sub);
    Ok(Json(json!({ "books": ["Middlemarch"], "reader": auth.sub(), "actor": actor })))
}
