//! A server of the Model Context Protocol (MCP) that Logto protects: rmcp 3 with streamable HTTP, on axum.
//!
//! `cargo run -p logto-example-mcp` starts a Logto of its own, the MCP server and an API of notes, and prints what to tell an MCP client. `PORT` is where
//! it listens (3000); the Logto inside is at the next port.
//!
//! With `LOGTO_ENDPOINT`, `LOGTO_APP_ID` and `LOGTO_APP_SECRET` (of an app that may exchange tokens) in the environment it uses that Logto. `BASE_URL` is then
//! the address of this server, and `BASE_URL/mcp` and `BASE_URL/notes` are API resources there. docs/mcp.md has the steps in the Console.

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

mod notes;
mod refusal;
mod server;
#[cfg(test)]
mod tests;
mod tools;

use std::{env, error::Error};

use logto::{
    api::ResourceServerBuilder,
    machine::MachineClient,
    testing::{MockApp, MockLogto, MockResource, MockUser},
};
use tokio::net::TcpListener;

use self::server::Server;

/// What a token for the MCP server may have: the permission to call the tool that writes notes.
const USE_NOTES: &str = "use:notes";
/// What a token for the API of notes has.
const WRITE_NOTES: &str = "write:notes";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let port: u16 = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let port = listener.local_addr()?.port();
    let base_url = env::var("BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));

    // It lives as long as this does.
    let (server, _logto) = if env::var_os("LOGTO_ENDPOINT").is_some() {
        println!("The MCP server is {base_url}/mcp. docs/mcp.md says what to tell an MCP client.");
        (Server::new(base_url, ResourceServerBuilder::from_env(), MachineClient::from_env()?), None)
    } else {
        let logto = start_logto(&base_url, port.saturating_add(1)).await?;
        println!(
            "The MCP server is {base_url}/mcp. Give your MCP client this address and, as its client id at {}, `{MCP_CLIENT}`.\n\
             Sign in as `ada` with the password `lovelace`, who may write notes, or as `bob` with `builder`, who may not.",
            logto.issuer()
        );
        (embedded(&base_url, &logto)?, Some(logto))
    };
    Ok(axum::serve(listener, server.router()?).await?)
}

/// The app that MCP clients use, and the one that the MCP server exchanges tokens with.
const MCP_CLIENT: &str = "mcp-client";
const EXCHANGE_APP: (&str, &str) = ("mcp-server", "the secret of the MCP server");

/// A Logto as docs/mcp.md sets one up in the Console.
async fn start_logto(base_url: &str, port: u16) -> Result<MockLogto, Box<dyn Error>> {
    let [mcp, notes] = server::resources(base_url);
    let server_app = MockApp::new(EXCHANGE_APP.0, EXCHANGE_APP.1).token_exchange(true);
    let logto = MockLogto::builder()
        .port(port)
        .app(MockApp::new(MCP_CLIENT, "").public_client().allow_any_loopback_redirect())
        .machine_to_machine_app(server_app)
        .resource(MockResource::new(&mcp).scope(USE_NOTES))
        .resource(MockResource::new(&notes).scope(WRITE_NOTES))
        .role("writer", &mcp, &[USE_NOTES])
        .role("writer", &notes, &[WRITE_NOTES])
        .user(MockUser::new("ada").password("lovelace").role("writer"))
        .user(MockUser::new("bob").password("builder"));
    Ok(logto.start().await?)
}

fn embedded(base_url: &str, logto: &MockLogto) -> logto::Result<Server> {
    let (id, secret) = EXCHANGE_APP;
    let machine = MachineClient::builder().endpoint(logto.endpoint()).app_id(id).app_secret(secret).build()?;
    Ok(Server::new(base_url.to_owned(), ResourceServerBuilder::default().endpoint(logto.endpoint()), machine))
}
