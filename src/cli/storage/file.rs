//! A file that only its user can read, and that is written whole or not at all.

mod owned;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// Bytes. Far above any that is written: a user in 400 organizations has an ID token of 20 kB.
const MAX_BYTES: u64 = 512 * 1024;
/// Bytes that an answer of Logto may add to what is there.
const ROOM: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
}

/// Held while the file is read to be written. The system releases it when its process ends, however that comes about.
#[derive(Debug)]
pub(in crate::cli) struct Lock(#[expect(dead_code, reason = "it is held, and closed at the end")] File);

/// A file beside the one that it will replace, as large as that may become. It is deleted if it is not used.
#[derive(Debug)]
pub(in crate::cli) struct Reserved<'a> {
    beside: PathBuf,
    file: File,
    /// Nobody else writes meanwhile.
    _lock: &'a Lock,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        // After the rename it is not there any more.
        _ = fs::remove_file(&self.beside);
    }
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let file = match owned::open(&self.path) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            Err(refused) => return Err(self.refused(refused)),
        };
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| self.failed("cannot be read", error))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
            let message = format!("{} is larger than {MAX_BYTES} bytes", self.shown());
            return Err(Error::new(Code::CliStorageUnreadable, message));
        }
        Ok(Some(bytes))
    }

    pub(super) fn try_lock(&self) -> Result<Option<Lock>> {
        let folder = self.folder();
        owned::create_folder(folder).map_err(|error| {
            Error::new(Code::CliStorageFailed, format!("the folder {} cannot be made", folder.display()))
                .with_source(error)
        })?;
        let file = owned::open_lock(&self.beside("lock")).map_err(|error| self.failed("cannot be locked", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.failed("cannot be locked", error)),
        }
    }

    pub(super) fn reserve<'a>(&self, lock: &'a Lock) -> Result<Reserved<'a>> {
        if fs::symlink_metadata(&self.path).is_ok_and(|present| present.is_dir()) {
            return Err(self.failed("cannot be replaced", std::io::Error::from(ErrorKind::IsADirectory)));
        }
        let beside = self.beside("new");
        // Of a run that was killed; or a link that somebody put there, which is not followed.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed("cannot be replaced", error)),
            _ => {}
        }
        let file = owned::create(&beside).map_err(|error| self.failed("cannot be written", error))?;
        let mut reserved = Reserved { beside, file, _lock: lock };
        let present = fs::metadata(&self.path).map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(0));
        let filled =
            reserved.file.write_all(&vec![0; present.min(8 * ROOM) + ROOM]).and_then(|()| reserved.file.flush());
        filled.map_err(|error| self.failed("cannot be written", error))?;
        Ok(reserved)
    }

    pub(super) fn write(&self, mut reserved: Reserved<'_>, bytes: &[u8]) -> Result<()> {
        self.put_in_place(&mut reserved, bytes).map_err(|error| self.failed("cannot be written", error))
    }

    /// Durable when it returns: the file before its name, and the name after that.
    fn put_in_place(&self, reserved: &mut Reserved<'_>, bytes: &[u8]) -> io::Result<()> {
        io::Seek::rewind(&mut reserved.file)?;
        reserved.file.write_all(bytes)?;
        reserved.file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        reserved.file.sync_all()?;
        fs::rename(&reserved.beside, &self.path)?;
        owned::sync_folder(self.folder())
    }

    pub(super) fn remove(&self) -> Result<bool> {
        match fs::remove_file(&self.path) {
            Ok(()) => {
                owned::sync_folder(self.folder()).map_err(|error| self.failed("cannot be deleted", error))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("cannot be deleted", error)),
        }
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// A file with the same name and one more ending.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(self.path.as_os_str());
        name.push(".");
        name.push(ending);
        PathBuf::from(name)
    }

    fn failed(&self, what: &str, source: io::Error) -> Error {
        Error::new(Code::CliStorageFailed, format!("{} {what}", self.shown())).with_source(source)
    }

    fn refused(&self, refused: owned::Refused) -> Error {
        match refused {
            owned::Refused::Unsafe(why) => {
                Error::new(Code::CliStorageUnreadable, format!("{} is not used: {why}", self.shown()))
            }
            owned::Refused::Failed(error) if error.kind() == ErrorKind::PermissionDenied => {
                Error::new(Code::CliStorageUnreadable, format!("{} is not for this user to read", self.shown()))
                    .with_source(error)
            }
            owned::Refused::Failed(error) => self.failed("cannot be read", error),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
