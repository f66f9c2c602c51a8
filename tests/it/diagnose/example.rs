//! `cargo run --example diagnose`, as a newcomer and a script run it.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use logto::testing::MockLogto;

use crate::support::{APP_SECRET, BASE_URL, COOKIE_SECRET, app};

/// Runs the example with these variables alone.
async fn run(variables: &[(&'static str, String)]) -> Output {
    let tests = std::env::current_exe().unwrap();
    let binary: PathBuf = [tests.parent().unwrap().parent().unwrap(), "examples/diagnose".as_ref()].iter().collect();
    assert!(binary.exists(), "build it first: cargo build --example diagnose");
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_") || name == "PORT") {
        command.env_remove(name);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    // The mock answers on this thread's runtime, so waiting is for another.
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_example_without_settings_diagnoses_a_mock() {
    let output = run(&[]).await;
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    assert!(told.contains("a Logto of the example's own") && told.contains("Everything is as it should be."), "{told}");
}

#[tokio::test]
async fn the_example_with_settings_diagnoses_the_logto_they_name() {
    let mock = MockLogto::builder().app(app("app")).start().await.unwrap();
    let variables = |secret: &str| {
        [
            ("LOGTO_ENDPOINT", mock.endpoint()),
            ("LOGTO_APP_ID", "app".to_owned()),
            ("LOGTO_APP_SECRET", secret.to_owned()),
            ("LOGTO_BASE_URL", BASE_URL.to_owned()),
            ("LOGTO_COOKIE_SECRET", COOKIE_SECRET.to_owned()),
        ]
    };
    let output = run(&variables(APP_SECRET)).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(mock.requests_total(), 5);
    let output = run(&variables("wrong")).await;
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("✗ client authentication") && !told.contains("own\n"), "{told}");
}

#[tokio::test]
async fn the_example_with_wrong_settings_names_them() {
    let output = run(&[("LOGTO_ENDPOINT", "https://my-tenant.logto.app".to_owned())]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("app_id is missing (set LOGTO_APP_ID"), "{}", text(&output.stderr));
}
