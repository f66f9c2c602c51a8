//! The main job in one small file: sign in, show who it is, sign out.
//!
//! `cargo run --example quickstart` starts a Logto of its own (`MockLogto`), so there is nothing to install and nothing to configure.
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the environment it uses that Logto instead.
//! `PORT` is where it listens (3000), and `PORT` + 1 is where its own Logto does. `examples/axum.rs` shows more.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use axum::{Router, response::Html, routing::get};
use logto::{LogtoContext, SignedIn, testing::Playground};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `let logto = LogtoClient::from_env()?;`
    let playground = Playground::start().await?;
    let logto = playground.client();

    let app = Router::new()
        .route("/", get(home))
        .route("/me", get(me))
        .merge(logto::axum::routes(&logto)) // /logto/sign-in, /logto/sign-up, /callback, /logto/sign-out, /logto/user
        .layer(logto::axum::layer(logto));

    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

/// For everyone.
async fn home(context: LogtoContext) -> Html<String> {
    page(&match context.claims() {
        None => r#"<h1>Welcome</h1><p>Sign in to see what Logto knows of you.</p>
            <p><a href="/logto/sign-in">Sign in</a> <a href="/logto/sign-up">Create account</a>
            <a href="/logto/sign-in?direct_sign_in=social:kakao">Continue with Kakao</a></p>"#
            .to_owned(),
        Some(claims) => format!(
            r#"<h1>Hello, {}</h1><p>Your id is <code>{}</code>. <a href="/me">All that the ID token says</a></p>
            <form method="post" action="/logto/sign-out"><button>Sign out</button></form>"#,
            escape(claims.name.as_deref().unwrap_or("you")),
            escape(&claims.sub)
        ),
    })
}

/// For users alone. A browser without a session goes to sign in and comes back; `fetch` gets 401 and JSON.
async fn me(user: SignedIn) -> Html<String> {
    let claims = serde_json::json!(user.claims());
    page(&format!(r#"<h1>Claims</h1><pre>{}</pre><p><a href="/">Start page</a></p>"#, escape(&format!("{claims:#}"))))
}

fn page(body: &str) -> Html<String> {
    const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Logto and axum</title><style>:root { color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif }
        body { max-width: 38rem; margin: 18vh auto; padding: 0 1.5rem } p a { margin-right: 1rem }</style>"#;
    Html(format!("{HEAD}{body}</html>"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
