//! The HTTP client with which the server calls others.

/// Without a proxy: whom it calls is on this machine. `None`: the client cannot be made.
pub(crate) fn client(
    settings: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Option<reqwest::Client> {
    // reqwest would panic.
    #[cfg(all(feature = "rustls-no-provider", not(any(feature = "native-tls", feature = "rustls"))))]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        tracing::warn!("MockLogto calls nobody: rustls has no `CryptoProvider`");
        return None;
    }
    let client = settings(reqwest::Client::builder().no_proxy()).build();
    client.inspect_err(|error| tracing::warn!(%error, "MockLogto calls nobody: it has no HTTP client")).ok()
}
