//! tonic 0.14: a gRPC service that takes access tokens, by the layer `logto::tower::api`.
//!
//! `cargo run -p logto-example-tonic` starts a Logto of its own, the service and a client that calls it: without a token, with one that may read, and with
//! one that may read and write. In an application of your own the layer is the same, and the tokens come from
//! [`LogtoClient::get_access_token`](logto::LogtoClient::get_access_token) or, as here, from a [`MachineClient`].

#![allow(clippy::print_stdout)] // A program talks to the one who runs it.

mod library;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use logto::{
    TokenOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    machine::MachineClient,
    testing::{MockApp, MockLogto, MockResource},
};
use tonic::transport::{Channel, Endpoint, Server, server::TcpIncoming};

use self::library::{Client, Library};

const BOOKS: &str = "https://library.example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let logto = start_logto().await?;
    let channel = serve(resource_server(&logto)?).await?;

    println!("without a token: {:?}", Client::new(channel.clone(), None).list_books().await.map_err(told));
    for scopes in [&["read:books"][..], &["read:books", "write:books"]] {
        let mut client = Client::new(channel.clone(), Some(token(&logto, scopes).await?));
        println!("with {scopes:?}:");
        println!("  the books: {:?}", client.list_books().await.map_err(told));
        println!("  one more:  {:?}", client.add_book("Sketch of the Analytical Engine").await.map_err(told));
    }
    Ok(())
}

/// Each call needs a good token with `read:books`. A call without one is answered with a status of gRPC, and does not reach the service.
async fn serve(api: ResourceServer) -> Result<Channel, Box<dyn std::error::Error>> {
    let guard = logto::tower::api(api).require(TokenRequirements::new().scopes(["read:books"]));
    let incoming = TcpIncoming::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = format!("http://{}", incoming.local_addr()?);
    let server = Server::builder().layer(guard).add_service(Library::default());
    tokio::spawn(server.serve_with_incoming(incoming));
    Ok(Endpoint::from_shared(address)?.connect_lazy())
}

/// In an application of your own: `.endpoint("https://my-tenant.logto.app")`.
fn resource_server(logto: &MockLogto) -> logto::Result<ResourceServer> {
    ResourceServer::builder().endpoint(logto.endpoint()).audience(ApiAudience::resource(BOOKS)).build()
}

async fn start_logto() -> Result<MockLogto, Box<dyn std::error::Error>> {
    let machine = MockApp::new("machine", "a machine's secret").role("librarian");
    let resource = MockResource::new(BOOKS).scope("read:books").scope("write:books");
    let logto = MockLogto::builder().machine_to_machine_app(machine).resource(resource);
    Ok(logto.role("librarian", BOOKS, &["read:books", "write:books"]).start().await?)
}

async fn token(logto: &MockLogto, scopes: &[&str]) -> logto::Result<String> {
    let machine = MachineClient::builder().endpoint(logto.endpoint()).app_id("machine");
    let machine = machine.app_secret("a machine's secret").build()?;
    let options = TokenOptions::new().resource(BOOKS).scopes(scopes.iter().copied());
    Ok(machine.get_access_token(options).await?.token().to_owned())
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn told(status: tonic::Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
