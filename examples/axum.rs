//! axum 0.8 on the integration `logto::axum`.
//!
//! `cargo run --example axum` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as `ada` with the
//! password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it signs in
//! at that Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{env, sync::LazyLock};

use axum::{
    Router,
    extract::{Path, Request, State},
    middleware::{Next, from_fn},
    response::{AppendHeaders, Html, IntoResponse, Response},
    routing::get,
};
use logto::{ContextOptions, LogtoContext, RequestSession, SignedIn, TokenOptions, testing::Playground};
use tokio::net::TcpListener;

/// Whether `REQUEST_LOG=1` asks for a line in the log for each request.
static REQUEST_LOG: LazyLock<bool> = LazyLock::new(|| env::var_os("REQUEST_LOG").is_some_and(|on| on == "1"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
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
    let app = match playground.mount_path() {
        "" => app,
        path => Router::new().nest(path, app),
    };
    let app = if *REQUEST_LOG { app.layer(from_fn(log_request)) } else { app };
    let app = app.layer(logto::axum::layer(logto)); // The last one is around all others.

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
    let claims = session.get_access_token_claims(TokenOptions::new().resource(playground.resource())).await?;
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
    let token = TokenOptions::new().resource(playground.resource());
    let context = session.get_context(ContextOptions::new().access_token(token)).await?;
    let cookies = AppendHeaders([("set-cookie", "theme=dark; Path=/"), ("set-cookie", "language=ko; Path=/")]);
    Ok((cookies, Html(playground.page("Preferences", &context.scopes()))))
}

/// A middleware of the application: around routes and pages it sees whom a callback signs in and whom a sign-out signs out.
async fn log_request(session: RequestSession, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let before = who(&session).await;
    let response = next.run(request).await;
    let after = who(&session).await;
    tracing::info!(%method, path, before, after, "request");
    response
}

/// Who is signed in, for the log: the `sub`, and nothing that is secret.
async fn who(session: &RequestSession) -> String {
    match session.user().await {
        Ok(user) => user.map_or_else(|| "nobody".to_owned(), |user| user.sub().to_owned()),
        Err(error) => error.code().to_string(),
    }
}
