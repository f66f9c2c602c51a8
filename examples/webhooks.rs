//! Webhooks: who is suspended or deleted at Logto is signed out here, in every browser, and each delivery is done once.
//!
//! `cargo run --example webhooks --features webhooks` starts a Logto of its own; the user is `ada`, the password `lovelace`, and buttons stand for the
//! administrator. `PORT` and the `LOGTO_…` variables work as for `examples/axum.rs`. With a Logto of yours: Logto Console › Webhooks › Create, the
//! address is that of this application with `/hook`, and the signing key goes to `LOGTO_WEBHOOK_SIGNING_KEY`.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

use std::{
    env,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension, Form, Router,
    extract::State,
    http::StatusCode,
    response::{Html, Redirect},
    routing::{get, post},
};
use logto::{
    LogtoClient, LogtoContext, RequestSession,
    testing::{MockWebhook, Playground},
    webhooks::{Event, EventName, WebhookUser, Webhooks},
};
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    logto: LogtoClient,
    playground: Playground,
    /// What came, for the page.
    log: Arc<Mutex<Vec<String>>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    let playground = Playground::start().await?;
    let logto = playground.client();
    if let Some(mock) = playground.mock() {
        let hook = format!("http://localhost:{}{}/hook", playground.port(), playground.mount_path());
        let events = [EventName::PostSignIn, EventName::UserSuspensionStatusUpdated, EventName::UserDeleted];
        mock.add_webhook(MockWebhook::new(hook).events(events));
    }
    let key = env::var("LOGTO_WEBHOOK_SIGNING_KEY").ok();
    let key = key.or_else(|| playground.mock().map(|_| MockWebhook::SIGNING_KEY.to_owned()));
    let webhooks = Webhooks::new(key.ok_or("LOGTO_WEBHOOK_SIGNING_KEY is missing: Logto Console › Webhooks")?)?;

    let app = App { logto: logto.clone(), playground: playground.clone(), log: Arc::default() };
    let routes = Router::new()
        .route("/", get(home))
        .route("/hook", post(hook))
        .route("/administrator", post(administrator))
        .with_state(app)
        .layer(Extension(webhooks))
        .merge(logto::axum::routes(&logto))
        .layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, routes).await?)
}

/// An error is an answer with its status, which the Console shows with the delivery.
async fn hook(
    State(app): State<App>,
    Extension(webhooks): Extension<Webhooks>,
    event: Event,
) -> Result<StatusCode, logto::Error> {
    let outcome = match who_must_go(&event) {
        None => "nothing to do",
        Some(sub) => {
            // Several instances share the store of revocations (Redis), and so do they what was done.
            let (logto, done) = (app.logto.clone(), Arc::clone(app.logto.config().revocation_store()));
            match webhooks.once(&done, &event, async move { logto.end_user_sessions(&sub).await }).await? {
                true => "signed out everywhere",
                false => "done before",
            }
        }
    };
    let line = format!("{} {}: {outcome}", event.name, event.user_id().unwrap_or_default());
    app.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    Ok(StatusCode::NO_CONTENT)
}

fn who_must_go(event: &Event) -> Option<String> {
    let is_over = match event.name {
        EventName::UserDeleted => true,
        EventName::UserSuspensionStatusUpdated => event.data_as().is_some_and(|user: WebhookUser| user.is_suspended),
        _ => false,
    };
    event.user_id().filter(|_| is_over).map(str::to_owned)
}

async fn home(context: LogtoContext, State(app): State<App>) -> Html<String> {
    let base = app.playground.base_path();
    let who = match context.claims() {
        Some(claims) => format!(
            r#"<h1>Hello, {}</h1><nav><form method="post" action="{base}/logto/sign-out"><button>Sign out</button></form></nav>"#,
            escape(claims.name.as_deref().unwrap_or(&claims.sub))
        ),
        None => format!(r#"<h1>Nobody is signed in</h1><nav><a href="{base}/logto/sign-in">Sign in</a></nav>"#),
    };
    let buttons = match app.playground.mock() {
        Some(_) => {
            let button = |(what, text)| format!(r#"<button name="what" value="{what}">{text}</button> "#);
            let all = [
                ("suspend", "Suspend ada"),
                ("unsuspend", "Let ada in again"),
                ("delete", "Delete ada"),
                ("again", "Send all deliveries again"),
            ];
            let all: String = all.into_iter().map(button).collect();
            format!(
                r#"<h2>The administrator at Logto</h2><form method="post" action="{base}/administrator">{all}</form>"#
            )
        }
        None => String::new(),
    };
    let log = app.log.lock().unwrap_or_else(PoisonError::into_inner);
    let came: Vec<_> = log.iter().rev().take(20).map(|line| format!("<li>{}</li>", escape(line))).collect();
    let came = came.concat();
    Html(format!(
        r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Webhooks</title><style>{style}</style></head>
<body><main>{buttons}{who}<h2>What came</h2><ul>{came}</ul></main></body></html>"#,
        style = app.playground.style(),
    ))
}

#[derive(Deserialize)]
struct Order {
    what: String,
}

/// What an administrator does in the Console. It is answered when the deliveries have arrived, so that the next page shows what came of them.
async fn administrator(
    session: RequestSession,
    State(app): State<App>,
    Form(order): Form<Order>,
) -> Result<Redirect, logto::Error> {
    session.require_from_this_site()?;
    if let Some(mock) = app.playground.mock() {
        match order.what.as_str() {
            "suspend" => _ = mock.suspend_user("ada"),
            "unsuspend" => _ = mock.unsuspend_user("ada"),
            "delete" => _ = mock.delete_user("ada"),
            _ => mock.deliveries().await.iter().for_each(|delivery| mock.deliver_again(delivery)),
        }
        mock.deliveries().await;
    }
    Ok(Redirect::to(match app.playground.base_path() {
        "" => "/",
        path => path,
    }))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
