//! An application with the TLS of the system. Its build has no rustls: `tests/applications/run.sh` looks.

#[tokio::main(flavor = "current_thread")]
async fn main() {
    application_common::sign_in().await;
    application_common::speak_tls().await;
}
