//! Files of this user alone: mode 0600, in a folder of mode 0700, no link followed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::Path,
};

/// Why a file is not opened.
#[derive(Debug)]
pub(super) enum Refused {
    Unsafe(&'static str),
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Opens a file of this user to read it. `None` where there is none.
pub(super) fn open(path: &Path) -> Result<Option<File>, Refused> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Before it is opened: to open a pipe waits for its writer.
    if !found.is_file() {
        return Err(Refused::Unsafe("it is a link, or no file"));
    }
    let file = match no_follow(OpenOptions::new().read(true)).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Refused::Unsafe("it is a link, or no file"));
    }
    check_owner(&metadata)?;
    Ok(Some(file))
}

/// A new file, which nobody else can read at any moment.
pub(super) fn create(path: &Path) -> io::Result<File> {
    for_this_user(no_follow(OpenOptions::new().write(true).create_new(true))).open(path)
}

/// The file that is locked. It stays: who deletes a lock makes two of it.
pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    for_this_user(no_follow(OpenOptions::new().write(true).create(true).truncate(false))).open(path)
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata) -> Result<(), Refused> {
    use std::os::unix::fs::MetadataExt;

    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Refused::Unsafe("it belongs to another user"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(Refused::Unsafe("other users can read or write it (its mode has to be 0600)"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &fs::Metadata) -> Result<(), Refused> {
    Ok(())
}

#[cfg(unix)]
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    match i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()) {
        Ok(flag) => options.custom_flags(flag),
        Err(_) => options,
    }
}

#[cfg(not(unix))]
fn no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn for_this_user(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes the folder and those above it, as far as they are missing.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the names in a folder durable. Windows does so by itself.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
