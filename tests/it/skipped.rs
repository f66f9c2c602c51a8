//! What a machine lacks, and what is not run without it: said so that a person sees it, where `eprintln!` in a test that passes is kept.

use std::{collections::BTreeSet, io::Write, sync::Mutex};

/// `skipped: {what}: {why}`, once for all tests of a program.
pub fn skipped(what: &str, why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let line = format!("skipped: {what}: {why}; `bash tests/all.sh` runs all\n");
    if SAID.lock().unwrap().insert(line.clone()) {
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
