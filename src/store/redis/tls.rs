//! The cryptography of TLS to Redis, which is rustls. It panics in a process that has named none to use.

use crate::error::Result;

/// Where the application left that open, it is this crate's.
#[cfg(feature = "rustls")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it may fail")]
pub(super) fn provide_cryptography() -> Result<()> {
    use rustls::crypto::{CryptoProvider, aws_lc_rs};

    if CryptoProvider::get_default().is_none() {
        // It fails where another thread was faster, and then there is one.
        let _ = aws_lc_rs::default_provider().install_default();
    }
    Ok(())
}

/// Without the feature `rustls` that is the application's to do.
#[cfg(not(feature = "rustls"))]
pub(super) fn provide_cryptography() -> Result<()> {
    use crate::error::{Code, Error};

    if rustls::crypto::CryptoProvider::get_default().is_some() {
        return Ok(());
    }
    Err(Error::no_crypto_provider(Code::ConfigInvalid, "the feature `rustls`, which brings one, is off"))
}
