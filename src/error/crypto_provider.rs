//! The error of a process in which rustls has no cryptography.

use super::{Code, Error};

impl Error {
    /// rustls panics in such a process, so it is asked before. `reason` says why this crate brings none.
    pub(crate) fn no_crypto_provider(code: Code, reason: &str) -> Self {
        let hint = "Install one when the program begins, such as `rustls::crypto::ring::default_provider().install_default()`.";
        Self::new(code, format!("the process has no `CryptoProvider` for rustls, and {reason}")).with_hint(hint)
    }
}
