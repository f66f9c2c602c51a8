//! rustls takes its cryptography from its crate features where none is installed, and panics where two are on. This application has turned on
//! ring, and uses logto with `rustls-no-provider`.

use logto::store::RedisStore;
use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // Nothing is installed yet: reqwest and redis would panic.
    assert!(CryptoProvider::get_default().is_none());
    let error = application_common::error_without_tls().await;
    assert_eq!(error.code(), "config.http_client");
    assert!(error.hint().contains("install_default()"), "{}", error.hint());
    let error = RedisStore::connect("rediss://127.0.0.1:1").await.unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    assert!(error.hint().contains("install_default()"), "{}", error.hint());
    println!("was told what to install");

    // The application's own code. It finds the one provider, and makes it the process's default.
    let own = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    drop(own);
    println!("made a TLS configuration of its own");

    application_common::sign_in().await;
    application_common::speak_tls().await;
    assert_eq!(RedisStore::connect("rediss://127.0.0.1:1").await.unwrap_err().code(), "store.failed");
}
