//! Why does it not work? `cargo run --example diagnose` looks, and says what to do.
//!
//! It reads the `LOGTO_…` variables of your application (docs/configuration.md), asks Logto five times and changes nothing there. Without
//! `LOGTO_ENDPOINT` it looks at a Logto of its own (`MockLogto`), to show what it looks like when all is well. Exit code 0: nothing failed.

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program talks to the one who runs it.

use std::{env, error::Error, process::ExitCode};

use logto::{
    LogtoClient, LogtoConfigBuilder,
    testing::{MockApp, MockLogto},
};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("diagnose: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<bool, Box<dyn Error>> {
    // As the other examples have it.
    let port = env::var("PORT").unwrap_or_else(|_| "3000".into());
    let base_url = env::var("LOGTO_BASE_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let asked = LogtoConfigBuilder::from_env().base_url(&base_url);
    let (settings, _embedded) = if env::var_os("LOGTO_ENDPOINT").is_some() {
        (asked, None)
    } else {
        println!(
            "LOGTO_ENDPOINT is not set: this is about a Logto of the example's own. Set the variables of your application.\n"
        );
        let mock = embedded(&base_url).await?;
        let settings = asked.endpoint(mock.endpoint()).app_id(mock.app_id()).app_secret(mock.app_secret());
        (settings.cookie_secret("a secret for this example alone, never for production"), Some(mock))
    };
    let diagnosis = LogtoClient::new(settings.build()?)?.diagnose().await;
    println!("{diagnosis}");
    Ok(diagnosis.is_ok())
}

/// It lives as long as the value.
async fn embedded(base_url: &str) -> std::io::Result<MockLogto> {
    let app = MockApp::new("diagnose", "the secret of the example app")
        .redirect_uri(format!("{base_url}/callback"))
        .post_logout_redirect_uri(base_url);
    MockLogto::builder().app(app).start().await
}
