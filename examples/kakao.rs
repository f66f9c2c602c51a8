//! Sign in with Kakao: the application of `docs/tutorial-kakao.md`, which builds it step by step.
//!
//! `cargo run --example kakao` starts a Logto of its own, with a pretended Kakao behind it, so there is nothing to install and nothing to
//! configure. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it signs in at that
//! Logto. `PORT` is where it listens (3000).

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{
    Router,
    response::{Html, IntoResponse},
    routing::get,
};
use logto::{
    DirectSignIn, IdTokenClaims, LogtoClient, LogtoContext, RequestSession, SignInOptions, testing::Playground,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    // and `let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;`
    let playground = Playground::start().await?;
    let logto = playground.client();
    println!("{playground}");

    let listener = tokio::net::TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    Ok(axum::serve(listener, app(logto)).await?)
}

fn app(logto: LogtoClient) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/kakao", get(kakao))
        .merge(logto::axum::routes(&logto)) // /logto/sign-in, /callback, /logto/sign-out
        .layer(logto::axum::layer(logto))
}

/// For everyone. Who is signed in is in the session's cookie: no request is made to ask.
async fn home(context: LogtoContext) -> Html<String> {
    match context.claims() {
        Some(claims) => signed_in(claims),
        None => signed_out(),
    }
}

fn signed_out() -> Html<String> {
    Html(
        r#"<h1>Welcome</h1>
        <p><a href="/logto/sign-in">Sign in</a> <a href="/kakao">Continue with Kakao</a></p>"#
            .to_owned(),
    )
}

fn signed_in(claims: &IdTokenClaims) -> Html<String> {
    Html(format!(
        r#"<h1>Hello, {}</h1>
        <p>Your id is <code>{}</code>. {}</p>
        <form method="post" action="/logto/sign-out"><button>Sign out</button></form>"#,
        escape(claims.name.as_deref().unwrap_or("you")),
        escape(&claims.sub),
        claims.picture.as_deref().map(picture).unwrap_or_default(),
    ))
}

fn picture(address: &str) -> String {
    format!(r#"<img src="{}" alt="" width="64">"#, escape(address))
}

/// Straight to Kakao, past Logto's own page.
async fn kakao(session: RequestSession) -> Result<impl IntoResponse, logto::Error> {
    session.sign_in(SignInOptions::new().direct_sign_in(DirectSignIn::social("kakao"))).await
}

/// Names are chosen by users, so they are text and never HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
