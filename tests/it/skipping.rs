//! A machine without Redis and Node: everything passes, and it is said what was not run.

use std::process::Command;

use crate::skipped::skipped;

#[test]
fn tests_without_their_tool_are_skipped_with_one_message_per_tool() {
    let tests = ["redis::", "processes::", "oidc_provider::", "jose::", "next::", "examples::an_api_on_rocket"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(tests).env("PATH", "");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("skipped: ")).collect();
    for (what, why) in [
        ("the tests with Redis", "redis-server is not installed"),
        ("the soak", "LOGTO_TEST_SOAK"),
        ("the tests with npm oidc-provider", "LOGTO_TEST_OIDC_PROVIDER"),
        ("the tests with npm jose", "LOGTO_TEST_JOSE"),
        ("the tests with @logto/next", "npm ci"),
        ("the example api_rocket", "LOGTO_TEST_EXAMPLES"),
    ] {
        let of_it = lines.iter().filter(|line| line.contains(&format!("skipped: {what}: ")) && line.contains(why));
        assert_eq!(of_it.count(), 1, "{what}: {said}");
    }
    assert_eq!(lines.len(), 6, "{said}");
}

/// Packages of their own, which `cargo test` does not know of.
#[test]
fn tests_in_packages_of_their_own_are_told_as_skipped() {
    skipped(
        "PostgreSQL and SQLite, Chromium, both crypto backends, fuzzing",
        "packages of their own in tests/ and fuzz/",
    );
}
