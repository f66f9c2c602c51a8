//! The examples, each a program of its own.

use std::{env, path::PathBuf};

use crate::skipped::skipped;

/// An example by its name.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    pub name: &'static str,
    place: Place,
}

/// What builds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// `cargo test` itself: an example of this package that needs no feature beyond the tests' own.
    Tests,
    /// An example of this package that needs `--all-features`.
    Examples,
    /// A member of the workspace.
    Member,
}

pub const EXAMPLES: &[Example] = &[
    Example { name: "axum", place: Place::Tests },
    Example { name: "actix_web", place: Place::Examples },
    Example { name: "rocket", place: Place::Examples },
    Example { name: "hyper", place: Place::Examples },
    Example { name: "poem", place: Place::Member },
    Example { name: "warp", place: Place::Member },
    Example { name: "salvo", place: Place::Member },
    Example { name: "leptos_ssr", place: Place::Member },
];

/// The example of this name, unless it is not to be run here.
pub fn to_run(name: &str) -> Option<Example> {
    let example = *EXAMPLES.iter().find(|example| example.name == name).expect("the example is in the list");
    if example.place != Place::Tests && env::var_os("LOGTO_TEST_EXAMPLES").is_none() {
        skipped(&format!("the example {name}"), "it is run where it is built and LOGTO_TEST_EXAMPLES is set");
        return None;
    }
    Some(example)
}

impl Example {
    /// The program, beside the tests' own: `target/debug/deps/scenarios-…`.
    pub fn binary(self) -> PathBuf {
        let tests = env::current_exe().unwrap();
        let built = tests.parent().unwrap().parent().unwrap();
        let (binary, command) = match self.place {
            Place::Tests => (built.join("examples").join(self.name), format!("--example {}", self.name)),
            Place::Examples => {
                (built.join("examples").join(self.name), format!("--all-features --example {}", self.name))
            }
            Place::Member => (built.join(self.name), format!("-p logto-example-{}", self.name.replace('_', "-"))),
        };
        assert!(binary.exists(), "{} is missing; build it first: cargo build {command}", binary.display());
        binary
    }
}
