//! A settings page: profile, user name, password, e-mail, phone, linked accounts, two-step sign-in, devices and applications, on `logto::account`.
//!
//! `cargo run --example account --features account` starts a Logto of its own: sign in as `ada` with the password `lovelace`. That Logto sends no
//! messages, so the page shows the codes that it would have sent. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in
//! the environment it is for the users of that Logto; `LINK_CONNECTORS=github=<connector id>,kakao=<connector id>` names the social connectors
//! there. `PORT` is where it listens (3000).
//!
//! All of it works without JavaScript but passkeys, which no browser makes without.
//!
//! | File | About |
//! |---|---|
//! | `main.rs` | settings and routes |
//! | `visit.rs` | one request: the account, and what the session keeps between two pages |
//! | `confirm.rs` | "Is it you?", before a sensitive change |
//! | `trouble.rs` | errors in plain words |
//! | `html.rs`, `style.css` | the frame of the pages, and fields |
//! | the others | a page each |

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

mod confirm;
mod contact;
mod devices;
mod html;
mod linked;
mod overview;
mod passkey;
mod profile;
mod sign_in;
mod trouble;
mod two_step;
mod visit;

use std::{env, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use contact::Contact;
use logto::{scopes, testing::Playground};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Settings {
    playground: Playground,
    connectors: Arc<[Connector]>,
}

/// A social connector that accounts can be linked to.
struct Connector {
    /// The kind of account, such as `github`.
    target: String,
    id: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).init();
    // In an application of your own: `LogtoConfig::builder()`, or `LogtoClient::from_env()` with these in `LOGTO_SCOPES`.
    let scopes =
        [scopes::EMAIL, scopes::PHONE, scopes::ADDRESS, scopes::CUSTOM_DATA, scopes::IDENTITIES, scopes::SESSIONS];
    let playground = Playground::start_with(|settings| settings.scopes(scopes)).await?;
    let logto = playground.client();
    let settings = Settings { playground: playground.clone(), connectors: connectors() };
    let app = app().with_state(settings).merge(logto::axum::routes(&logto)).layer(logto::axum::layer(logto));
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}

fn app() -> Router<Settings> {
    Router::new()
        .route("/", get(overview::show))
        .route("/style.css", get(|| async { ([("content-type", "text/css")], include_str!("style.css")) }))
        .route("/passkey.js", get(|| async { ([("content-type", "text/javascript")], include_str!("passkey.js")) }))
        .route("/confirm", get(confirm::show).post(confirm::password))
        .route("/confirm/send", post(confirm::send))
        .route("/confirm/code", get(confirm::show_code).post(confirm::code))
        .route("/profile", get(profile::show).post(profile::save))
        .route("/profile/more", post(profile::save_more))
        .route("/username", get(sign_in::show_username).post(sign_in::set_username))
        .route("/password", get(sign_in::show_password).post(sign_in::set_password))
        .merge(contact_routes("/email", Contact::Email))
        .merge(contact_routes("/phone", Contact::Phone))
        .route("/linked", get(linked::show))
        .route("/linked/begin", post(linked::begin))
        .route("/linked/callback", get(linked::callback))
        .route("/linked/finish", post(linked::finish))
        .route("/linked/end", post(linked::end))
        .route("/two-step", get(two_step::show))
        .route("/two-step/app", get(two_step::show_app).post(two_step::add_app))
        .route("/two-step/app/new", post(two_step::new_app))
        .route("/two-step/codes", get(two_step::show_codes).post(two_step::add_codes))
        .route("/two-step/codes/new", post(two_step::new_codes))
        .route("/two-step/remove", post(two_step::remove))
        .route("/two-step/passkey/new", post(passkey::begin))
        .route("/two-step/passkey", post(passkey::add))
        .route("/devices", get(devices::show))
        .route("/devices/end", post(devices::end))
        .route("/devices/revoke", post(devices::revoke))
}

fn contact_routes(path: &str, contact: Contact) -> Router<Settings> {
    Router::new()
        .route(
            path,
            get(move |visit| contact::show(visit, contact))
                .post(move |visit, form| contact::send(visit, form, contact)),
        )
        .route(&format!("{path}/code"), post(move |visit, form| contact::code(visit, form, contact)))
        .route(&format!("{path}/other"), post(move |visit| contact::other(visit, contact)))
        .route(&format!("{path}/remove"), post(move |visit| contact::remove(visit, contact)))
}

/// Those of the Logto inside, where nothing else is said.
fn connectors() -> Arc<[Connector]> {
    let said =
        env::var("LINK_CONNECTORS").unwrap_or_else(|_| "kakao=connector-kakao,github=connector-github".to_owned());
    let pairs = said.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(target, id)| Connector { target: target.trim().to_owned(), id: id.trim().to_owned() }).collect()
}
