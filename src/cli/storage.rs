//! Where the tokens stay: one file, sealed where there is a key.

mod contents;
mod file;
mod location;
mod sealing;

use std::path::PathBuf;

#[cfg(feature = "cli-keyring")]
pub(super) use self::sealing::Keyring;
use self::{contents::Expected, file::TokenFile};
pub(super) use self::{
    contents::{KeptToken, SignedInUser},
    file::{Lock, Reserved},
    location::default_file,
    sealing::Sealing,
};
use crate::error::{Code, Error, Result};

/// The file, and how it is read. It is looked at anew each time: another run may have written it.
pub(super) struct Storage {
    file: TokenFile,
    sealing: Sealing,
    issuer: String,
    client_ids: Vec<String>,
}

impl Storage {
    pub(super) fn new(path: PathBuf, sealing: Sealing, issuer: &str, client_ids: Vec<String>) -> Self {
        Self { file: TokenFile::new(path), sealing, issuer: issuer.to_owned(), client_ids }
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// `cli.storage_unreadable`, `cli.storage_failed`.
    pub(super) fn read(&self) -> Result<Option<SignedInUser>> {
        let Some(bytes) = self.file.read()? else { return Ok(None) };
        let expected = Expected { issuer: &self.issuer, client_ids: &self.client_ids };
        let read = self.sealing.open(&bytes).and_then(|plain| SignedInUser::from_bytes(&plain, &expected));
        read.map(Some).map_err(|error| match error.code_of() {
            Code::CliStorageFailed => error,
            _ => Error::new(Code::CliStorageUnreadable, format!("{} cannot be read", self.file.shown()))
                .with_source(error),
        })
    }

    /// The lock, unless another run or task has it.
    ///
    /// # Errors
    /// `cli.storage_failed`.
    pub(super) fn try_lock(&self) -> Result<Option<Lock>> {
        self.file.try_lock()
    }

    /// Makes sure that there is space for what is written later, before Logto is asked for something that would be lost without it.
    ///
    /// # Errors
    /// `cli.storage_failed`.
    pub(super) fn reserve<'a>(&self, lock: &'a Lock) -> Result<Reserved<'a>> {
        // A keyring that has to be unlocked asks now.
        self.sealing.prepare()?;
        self.file.reserve(lock)
    }

    /// Writes the file, whole or not at all, and not before it is on the disk. What was reserved is used up.
    ///
    /// # Errors
    /// `cli.storage_failed`.
    pub(super) fn write(&self, reserved: Reserved<'_>, user: &SignedInUser) -> Result<()> {
        let plain = user.to_bytes(&self.issuer)?;
        let sealed = self.sealing.seal(plain)?;
        self.file.write(reserved, &sealed)
    }

    /// Deletes the file. Whether there was one.
    ///
    /// # Errors
    /// `cli.storage_failed`.
    pub(super) fn remove(&self, _: &Lock) -> Result<bool> {
        self.file.remove()
    }

    /// The path, for messages.
    pub(super) fn shown(&self) -> String {
        self.file.shown()
    }
}
