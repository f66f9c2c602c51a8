//! How the file is sealed: not at all, with a key of the application's, or with one that the system's keyring keeps.

#[cfg(feature = "cli-keyring")]
mod keyring;

use std::borrow::Cow;

use zeroize::Zeroizing;

#[cfg(feature = "cli-keyring")]
pub(in crate::cli) use self::keyring::Keyring;
use crate::{
    error::{Code, Error, Result},
    session::Keys,
};

/// What a sealed file is sealed for: a session's cookie cannot take its place.
const NAME: &str = "logto cli tokens v1";
/// Where a file that is not sealed begins.
const PLAIN: &[u8] = b"{";

pub(in crate::cli) enum Sealing {
    None,
    Key(Box<Keys>),
    /// Where the system has no keyring, or nobody unlocks it, files are written as with `None`.
    #[cfg(feature = "cli-keyring")]
    Keyring(Keyring),
}

impl Sealing {
    /// What takes its time, ahead of the need.
    #[cfg_attr(not(feature = "cli-keyring"), allow(clippy::unnecessary_wraps, clippy::unused_self))]
    pub(super) fn prepare(&self) -> Result<()> {
        #[cfg(feature = "cli-keyring")]
        if let Self::Keyring(keyring) = self {
            keyring.key_to_seal()?;
        }
        Ok(())
    }

    pub(super) fn seal(&self, plain: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = |keys: &Keys| Ok(Zeroizing::new(keys.seal(NAME, &plain)?.into_bytes()));
        match self {
            Self::None => Ok(plain),
            Self::Key(keys) => sealed(keys),
            #[cfg(feature = "cli-keyring")]
            Self::Keyring(keyring) => match keyring.key_to_seal()? {
                Some(keys) => sealed(&keys),
                None => Ok(plain),
            },
        }
    }

    /// # Errors
    /// `cli.storage_unreadable`; `cli.storage_failed` where the keyring does not give the key.
    pub(super) fn open<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let is_plain = bytes.starts_with(PLAIN);
        match self {
            Self::None if is_plain => Ok(Cow::Borrowed(bytes)),
            Self::None => Err(unreadable("it is sealed or is something else, and no key is set")),
            // What anybody could have written is not believed where there is a key.
            Self::Key(_) if is_plain => Err(unreadable("it is not sealed")),
            Self::Key(keys) => opened(keys, bytes),
            #[cfg(feature = "cli-keyring")]
            Self::Keyring(_) if is_plain => Ok(Cow::Borrowed(bytes)),
            #[cfg(feature = "cli-keyring")]
            Self::Keyring(keyring) => opened(&keyring.key_to_open()?, bytes),
        }
    }
}

fn opened<'a>(keys: &Keys, bytes: &[u8]) -> Result<Cow<'a, [u8]>> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    match keys.open(NAME, text) {
        Some(plain) => Ok(Cow::Owned(plain.to_vec())),
        None => Err(unreadable("it was sealed with another key, or changed")),
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(Code::CliStorageUnreadable, why)
}
