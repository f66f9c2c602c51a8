//! A command line tool that users sign in to: `login`, `whoami`, `books`, `logout`.
//!
//! `cargo run -p logto-example-cli -- demo` starts a Logto of its own and a small API of books, and goes on. In another terminal:
//! `cargo run -p logto-example-cli -- login`, `… login --device`, `… whoami`, `… books`, `… logout`.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID`, `LOGTO_DEVICE_APP_ID` in the environment it uses that Logto; `LOGTO_RESOURCES` is then the identifier of the
//! API resource with the permission `read:books`, and `BOOKS_API` where that API is. `BOOKS_TOKEN` is a personal access token, for a run without a
//! user. docs/cli.md has the steps in the Console.

mod demo;

use std::{env, error::Error, process::ExitCode};

use clap::{Parser, Subcommand};
use http::Request;
use logto::{
    TokenOptions,
    api_client::ApiClient,
    cli::{CliClient, LoginMethod},
};

/// A shelf of books, for whoever may read them.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sign in: in the browser, or on another device where there is none
    Login {
        /// Sign in on another device, with a code
        #[arg(long)]
        device: bool,
    },
    /// Show who is signed in
    Whoami,
    /// List the books
    Books,
    /// Sign out
    Logout,
    /// Run a Logto and an API to try this with
    Demo,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<logto::Error>() {
                Some(error) => eprintln!("error: {error}\n{}\n[{}]", error.hint(), error.code()),
                None => eprintln!("error: {error}"),
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    if let Command::Demo = command {
        return demo::serve().await;
    }
    let resource = setting("LOGTO_RESOURCES", demo::RESOURCE);
    let logto = CliClient::builder()
        .application("logto-books")
        .endpoint(setting("LOGTO_ENDPOINT", demo::ENDPOINT))
        .app_id(setting("LOGTO_APP_ID", demo::APP_ID))
        .device_app_id(setting("LOGTO_DEVICE_APP_ID", demo::DEVICE_APP_ID))
        .scopes(["email", "read:books"])
        .resources([&resource])
        .keyring(env::var_os("BOOKS_KEYRING").is_some())
        .personal_access_token_from_env("BOOKS_TOKEN")
        .build()?;
    // Ctrl-C ends whatever is under way, and loses no token.
    logto.until_ctrl_c(act(&logto, command, resource)).await
}

async fn act(logto: &CliClient, command: Command, resource: String) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Login { device: false } => println!("Signed in as {}.", logto.login().await?),
        Command::Login { device: true } => println!("Signed in as {}.", logto.login_by(LoginMethod::Device).await?),
        Command::Whoami => println!("{}", logto.whoami().await?),
        Command::Books => {
            let api = ApiClient::builder()
                .base_url(setting("BOOKS_API", demo::BOOKS_API))
                .token_options(TokenOptions::new().resource(resource))
                .build()?;
            let response = api.send(logto, Request::get("/books").body(Vec::new())?).await?;
            let body = String::from_utf8_lossy(response.body());
            if !response.status().is_success() {
                return Err(format!("the API of books answered {}", response.status()).into());
            }
            println!("{body}");
        }
        Command::Logout => match logto.logout().await? {
            true => println!("Signed out."),
            false => println!("Nobody was signed in."),
        },
        Command::Demo => {}
    }
    Ok(())
}

fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}
