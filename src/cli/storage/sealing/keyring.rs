//! The key in the system's keyring: Keychain, Credential Manager, or the Secret Service of the desktop.
//!
//! The keyring holds the key and the file the tokens, since Windows keeps at most 2,560 bytes under a name, and a file can be locked and
//! replaced as a whole.

use base64_simd::URL_SAFE_NO_PAD;
use keyring::{Entry, Error as KeyringError};

use crate::{
    clock,
    error::{Code, Error, Result},
    secret::Secret,
    session::Keys,
};

/// An entry of the keyring.
#[derive(Debug)]
pub(in crate::cli) struct Keyring {
    /// The application's name.
    service: String,
    /// The name of the file.
    name: String,
    client_id: String,
}

impl Keyring {
    pub(in crate::cli) fn new(service: &str, name: String, client_id: &str) -> Self {
        Self { service: service.to_owned(), name, client_id: client_id.to_owned() }
    }

    /// The key, which is made where there is none yet. `None` where the system has no keyring that can be used.
    pub(super) fn key_to_seal(&self) -> Result<Option<Keys>> {
        match self.find_or_make() {
            Ok(key) => self.keys(&key).map(Some),
            Err(error) => {
                tracing::warn!(target: "logto::cli", %error, "the keyring cannot be used: the tokens are kept in a file that only this user can read");
                Ok(None)
            }
        }
    }

    /// The key of a file that was sealed.
    ///
    /// # Errors
    /// `cli.storage_failed` where the keyring cannot be asked; `cli.storage_unreadable` where it has no such key.
    pub(super) fn key_to_open(&self) -> Result<Keys> {
        let found = Entry::new(&self.service, &self.name).and_then(|entry| entry.get_password());
        match found {
            Ok(key) => self.keys(&Secret::new(key)),
            Err(KeyringError::NoEntry) => {
                Err(Error::new(Code::CliStorageUnreadable, "its key is not in the keyring any more"))
            }
            Err(error) => Err(Error::new(Code::CliStorageFailed, "the keyring does not give the key of the file")
                .with_source(without_secrets(&error))
                .with_hint("Unlock the keyring of the system, or sign in again where there is none.")),
        }
    }

    fn find_or_make(&self) -> Result<Secret, String> {
        let told = |error: KeyringError| without_secrets(&error);
        let entry = Entry::new(&self.service, &self.name).map_err(told)?;
        match entry.get_password() {
            Ok(key) => Ok(Secret::new(key)),
            Err(KeyringError::NoEntry) => {
                let bytes = clock::random_bytes::<32>().map_err(|error| error.to_string())?;
                let key = Secret::new(URL_SAFE_NO_PAD.encode_to_string(bytes));
                entry.set_password(key.expose()).map_err(told)?;
                Ok(key)
            }
            Err(error) => Err(told(error)),
        }
    }

    fn keys(&self, key: &Secret) -> Result<Keys> {
        Keys::derive(&self.client_id, key, &[])
    }
}

/// `BadEncoding` holds the secret itself, and shows it in `Debug` alone.
fn without_secrets(error: &KeyringError) -> String {
    error.to_string()
}
