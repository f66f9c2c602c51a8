//! Whose TLS the default client has: that of the first of the features `rustls`, `native-tls` and `rustls-no-provider` that is on.

/// Chooses it by name: reqwest's own choice depends on the features that other crates turn on.
#[cfg(feature = "rustls")]
pub(super) fn chosen(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_rustls()
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
pub(super) fn chosen(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_native()
}

#[cfg(all(feature = "rustls-no-provider", not(any(feature = "native-tls", feature = "rustls"))))]
pub(super) fn chosen(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_backend_rustls()
}

/// Other crates may have turned on TLS of reqwest. Where none did, an https request fails.
#[cfg(not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")))]
pub(super) fn chosen(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

/// Takes no certificate for trusted.
#[cfg(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider"))]
pub(super) fn trusting_nobody(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.tls_certs_only([])
}

/// Without TLS there are none.
#[cfg(not(any(feature = "native-tls", feature = "rustls", feature = "rustls-no-provider")))]
pub(super) fn trusting_nobody(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

/// reqwest panics where rustls has no cryptography, and with `rustls-no-provider` that is the application's to install.
#[cfg(all(feature = "rustls-no-provider", not(any(feature = "native-tls", feature = "rustls"))))]
pub(super) fn check_provider() -> crate::error::Result<()> {
    if rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    let reason = "the feature `rustls-no-provider` brings none";
    Err(crate::error::Error::no_crypto_provider(crate::error::Code::HttpClient, reason))
}
