//! What a developer sees who forgot the fairing.

use std::process::Command;

use ::rocket::{Config, config::LogLevel, routes};

use super::{home, me};
use crate::worker::WORKER;

/// Nothing but Rocket's own logger: no subscriber of `tracing` is set.
#[tokio::test]
async fn a_worker_process_launches_rocket_without_the_fairing() {
    if std::env::var_os(WORKER).is_some() {
        let config = Config { port: 0, log_level: LogLevel::Critical, cli_colors: false, ..Config::release_default() };
        let error = ::rocket::custom(config).mount("/", routes![home, me]).launch().await.unwrap_err();
        drop(format!("{error:?}"));
    }
}

#[test]
fn a_launch_without_the_fairing_says_what_to_add() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "rocket::launch::a_worker_process_launches_rocket_without_the_fairing", "--nocapture"])
        .env(WORKER, "nothing")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        said.contains("this route needs `.attach(logto::rocket::fairing(logto))`, which is not around it"),
        "{said}"
    );
    assert!(said.contains("integration.missing"), "{said}");
}
