#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("logto-cli-file-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn file(&self) -> TokenFile {
        TokenFile::new(self.0.join("tokens"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_is_locked_by_one_and_free_when_the_lock_is_dropped() {
    let folder = Folder::new("lock");
    let held = folder.file().try_lock().unwrap().unwrap();
    assert!(folder.file().try_lock().unwrap().is_none());
    drop(held);
    assert!(folder.file().try_lock().unwrap().is_some());
}

#[test]
fn a_reader_finds_the_old_file_or_the_new_one_and_never_a_part() {
    let folder = Folder::new("parts");
    let file = folder.file();
    let contents = |letter: u8| vec![letter; 100_000];
    let write = |letter: u8| {
        let lock = folder.file().try_lock().unwrap().unwrap();
        folder.file().write(folder.file().reserve(&lock).unwrap(), &contents(letter)).unwrap();
    };
    write(b'a');
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..50).for_each(|round| write(b'a' + round % 26)));
        while !writer.is_finished() {
            let found = file.read().unwrap().unwrap();
            let first = *found.first().unwrap();
            assert!(found.len() == 100_000 && found.iter().all(|byte| *byte == first));
        }
    });
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[test]
fn what_was_reserved_and_not_written_leaves_nothing() {
    let folder = Folder::new("reserved");
    let lock = folder.file().try_lock().unwrap().unwrap();
    let reserved = folder.file().reserve(&lock).unwrap();
    assert!(fs::metadata(folder.0.join("tokens.new")).unwrap().len() >= 64 * 1024);
    drop(reserved);
    assert!(!folder.0.join("tokens.new").exists() && folder.file().read().unwrap().is_none());
}

/// A file that becomes shorter has nothing of the longer one, nor of what was reserved, at its end.
#[test]
fn a_file_is_as_long_as_what_was_written() {
    let folder = Folder::new("length");
    let lock = folder.file().try_lock().unwrap().unwrap();
    for contents in [vec![b'x'; 300_000], b"short".to_vec(), Vec::new()] {
        folder.file().write(folder.file().reserve(&lock).unwrap(), &contents).unwrap();
        assert_eq!(**folder.file().read().unwrap().unwrap(), contents);
    }
    assert!(folder.file().remove().unwrap() && !folder.file().remove().unwrap());
}
