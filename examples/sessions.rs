//! "Where you are signed in": the sessions of a user in a list, a button for each that ends it, and one that ends all others.
//!
//! `cargo run --example sessions` starts a Logto of its own; the user is `ada`, the password `lovelace`. `PORT` and the `LOGTO_…` variables work
//! as for `examples/axum.rs`. Sign in with a second browser to see two.
//!
//! Sessions are listed by a store with an index by user: `MemoryStore` here, `RedisStore` with several instances.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{net::SocketAddr, time::SystemTime};

use axum::{
    Form, Router,
    extract::{ConnectInfo, Request, State},
    http::header::USER_AGENT,
    middleware::{Next, from_fn},
    response::{Html, Redirect, Response},
    routing::{get, post},
};
use logto::{
    RequestSession, SignedIn,
    sessions::{Device, ListedSession},
    store::MemoryStore,
    testing::Playground,
};
use serde::Deserialize;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = Playground::start_with(|settings| settings.session_store(MemoryStore::new())).await?;
    let logto = playground.client();
    let app = Router::new()
        .route("/", get(list))
        .route("/sessions/end", post(end))
        .route("/sessions/end-others", post(end_others))
        .with_state(playground.clone())
        .merge(logto::axum::routes(&logto))
        // Inside of the session's layer and around the routes, so that it knows the device when a sign-in ends.
        .layer(from_fn(note_device))
        .layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?)
}

/// What the page shows of the device. Behind a proxy the address of the connection is the proxy's: take the one that the proxy tells.
async fn note_device(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    session: RequestSession,
    request: Request,
    next: Next,
) -> Result<Response, logto::Error> {
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    session.set_device(&Device::new().user_agent(user_agent).address(peer.ip())).await?;
    Ok(next.run(request).await)
}

async fn list(
    _user: SignedIn,
    session: RequestSession,
    State(playground): State<Playground>,
) -> Result<Html<String>, logto::Error> {
    let sessions = session.own_sessions().await?;
    let base = playground.base_path();
    let items: String = sessions.iter().map(|session| item(session, base)).collect();
    Ok(Html(format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Where you are signed in</title>
<style>{style} ul {{ list-style: none; padding: 0; }} li {{ display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; align-items: center; padding: 1rem 0; border-top: 1px solid #8884; overflow-wrap: anywhere; }} li small {{ grid-column: 1; opacity: .75; }} li form {{ grid-column: 2; grid-row: 1 / span 2; }}</style></head>
<body><main><h1>Where you are signed in</h1><ul>{items}</ul>
<nav><form method="post" action="{base}/sessions/end-others"><button>Sign out everywhere else</button></form>
<form method="post" action="{base}/logto/sign-out"><button>Sign out</button></form></nav></main></body></html>"#,
        style = playground.style(),
    )))
}

fn item(session: &ListedSession, base: &str) -> String {
    let device = escape(session.user_agent().unwrap_or("Unknown browser"));
    let address = session.address().map(|address| format!("{address} · ")).unwrap_or_default();
    let (id, seen) = (session.id(), ago(session.last_seen()));
    let (mark, button) = match session.is_current() {
        true => (" <small>this browser</small>", String::new()),
        false => (
            "",
            format!(
                r#"<form method="post" action="{base}/sessions/end"><input type="hidden" name="id" value="{id}"><button>End</button></form>"#
            ),
        ),
    };
    let since = ago(session.created_at());
    format!(
        "<li><strong>{device}{mark}</strong><small>{address}signed in {since} · last seen {seen}</small>{button}</li>"
    )
}

#[derive(Deserialize)]
struct Which {
    id: String,
}

/// By POST, and from this site alone: another site could post a form, too.
async fn end(
    session: RequestSession,
    State(playground): State<Playground>,
    Form(which): Form<Which>,
) -> Result<Redirect, logto::Error> {
    session.require_from_this_site()?;
    session.end_own_session(&which.id).await?;
    Ok(Redirect::to(&home(&playground)))
}

async fn end_others(session: RequestSession, State(playground): State<Playground>) -> Result<Redirect, logto::Error> {
    session.require_from_this_site()?;
    session.revoke_others().await?;
    Ok(Redirect::to(&home(&playground)))
}

fn home(playground: &Playground) -> String {
    match playground.base_path() {
        "" => "/".to_owned(),
        path => path.to_owned(),
    }
}

fn ago(time: SystemTime) -> String {
    match SystemTime::now().duration_since(time).unwrap_or_default().as_secs() {
        0..60 => "just now".to_owned(),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}

/// A browser says who it is, and may say anything.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
