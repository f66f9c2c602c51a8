//! A table of users in SQLite: each sign-in creates or updates the user's row, after the user has accepted the terms.
//!
//! `cargo run --package logto-example-users-table` starts a Logto of its own, so there is nothing to install and nothing to configure: sign in as
//! `ada` with the password `lovelace`. With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_APP_SECRET` and `LOGTO_COOKIE_SECRET` in the
//! environment it signs in at that Logto. `PORT` is where it listens (3000). The table is in memory; `DATABASE_URL=sqlite://users.db?mode=rwc`
//! keeps it.

mod pages;
#[cfg(test)]
mod tests;
mod users;

use std::net::SocketAddr;

use logto::testing::Playground;
use tokio::net::TcpListener;

use crate::users::Users;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let users = Users::open(&url).await?;
    let of_the_hook = users.clone();
    // In an application of your own: `LogtoConfigBuilder::from_env().on_sign_in(…)`.
    let playground = Playground::start_with(|config| {
        config.on_sign_in(move |sign_in| {
            let users = of_the_hook.clone();
            async move { users.signed_in(&sign_in).await }
        })
    })
    .await?;
    let app = pages::app(playground.client(), users);
    let listener = TcpListener::bind(SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    Ok(axum::serve(listener, app).await?)
}
