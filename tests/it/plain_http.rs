//! Requests to servers on this machine.

/// A client for http alone: reading the certificates of the system for each client takes longer than the requests of most tests.
pub(crate) fn plain_http() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_rustls().tls_certs_only([])
}
