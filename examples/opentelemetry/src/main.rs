//! OpenTelemetry: the spans of the crate below those of the requests that the application serves; `src/lib.rs` has how.
//!
//! `cargo run -p logto-example-opentelemetry` starts a Logto of its own: sign in as `ada` with the password `lovelace`, and watch the spans in the
//! terminal. `PORT` is where it listens (3000).

use logto::testing::Playground;
use logto_example_opentelemetry::{app, subscriber};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (subscriber, provider) = subscriber(opentelemetry_stdout::SpanExporter::default());
    tracing::subscriber::set_global_default(subscriber)?;
    let playground = Playground::start().await?;
    let listener = TcpListener::bind(std::net::SocketAddr::from(playground.address())).await?;
    println!("{playground}");
    let app = app(playground.client(), playground.resource());
    axum::serve(listener, app).with_graceful_shutdown(async { _ = tokio::signal::ctrl_c().await }).await?;
    provider.shutdown()?;
    Ok(())
}
