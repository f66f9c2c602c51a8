//! axum 0.8 on the integration `logto::axum`.
//!
//! `cargo run --example axum` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as `ada` with the
//! password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it signs in
//! at that Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{
    Router,
    extract::{Path, State},
    response::{AppendHeaders, Html, IntoResponse},
    routing::get,
};
use logto::{ContextOptions, LogtoContext, RequestSession, SignedIn, TokenOptions, testing::Playground};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::new(LogtoConfig::from_env()?)?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    let app = Router::new()
        .route("/", get(home))
        .route("/protected", get(protected))
        .route("/user-info", get(user_info))
        .route("/access-token", get(access_token))
        .route("/organization/{id}", get(organization))
        .route("/preferences", get(preferences))
        .merge(logto::axum::routes(&logto)) // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user
        .with_state(playground.clone());
    let app = match playground.mount() {
        "" => app,
        path => Router::new().nest(path, app),
    };
    let app = app.layer(logto::axum::layer(logto));

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// For everyone. `context.claims()` is there for those who are signed in.
async fn home(context: LogtoContext, State(playground): State<Playground>) -> Html<String> {
    Html(playground.home(&context))
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
async fn protected(user: SignedIn, State(playground): State<Playground>) -> Html<String> {
    Html(playground.page("Protected page", &user.claims().sub))
}

async fn user_info(
    _user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let user_info = session.fetch_user_info().await?;
    Ok(Html(playground.page("User info", &user_info)))
}

/// A token for an API. It is renewed when it ends, once, however many requests want it.
async fn access_token(
    _user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let claims = session.get_access_token_claims(TokenOptions::resource(playground.resource())).await?;
    Ok(Html(playground.page("Claims of an access token", &claims)))
}

async fn organization(
    _user: SignedIn,
    session: RequestSession,
    Path(id): Path<String>,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let claims = session.get_organization_token_claims(&id).await?;
    Ok(Html(playground.page("Claims of an organization token", &claims)))
}

/// The application's own cookies go out beside the session's.
async fn preferences(
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<impl IntoResponse, logto::Error> {
    let token = TokenOptions::resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    let cookies = AppendHeaders([("set-cookie", "theme=dark; Path=/"), ("set-cookie", "language=ko; Path=/")]);
    Ok((cookies, Html(playground.page("Preferences", &context.scopes()))))
}
