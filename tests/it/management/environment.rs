//! The settings of the environment, in a process of their own.

use std::process::Command;

use logto::management::Management;

const CHILD: &str = "MANAGEMENT_CHILD";

/// Runs this test once more in this environment; gives what it wrote.
fn again(environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "management::environment::management_the_environment_has_its_settings", "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).env(CHILD, "1").output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[allow(clippy::print_stdout, reason = "the test that started this process reads it")]
fn management_the_environment_has_its_settings() {
    if std::env::var_os(CHILD).is_some() {
        return match Management::from_env() {
            Ok(management) => println!("made {management:?}"),
            Err(error) => println!("{error}"),
        };
    }
    let server = ("LOGTO_ENDPOINT", "https://my-tenant.logto.app");
    let (id, secret) = (("LOGTO_APP_ID", "the-app"), ("LOGTO_APP_SECRET", "SENTINEL-1"));
    let said = again(&[server, id, secret]);
    assert!(said.contains("made") && said.contains("the-app"), "{said}");
    assert!(said.contains("https://my-tenant.logto.app/api"), "{said}");

    let own = [("LOGTO_MANAGEMENT_APP_ID", "the-machine"), ("LOGTO_MANAGEMENT_APP_SECRET", "SENTINEL-2")];
    let resource = ("LOGTO_MANAGEMENT_RESOURCE", "https://other.logto.app/api");
    let said = again(&[server, id, secret, own[0], own[1], resource]);
    assert!(said.contains("the-machine") && !said.contains("the-app"), "{said}");
    assert!(said.contains("https://other.logto.app/api") && !said.contains("SENTINEL"), "{said}");
    // They are settings, not names that nobody knows.
    assert!(!said.contains("is no setting"), "{said}");

    // Blank ones count as absent.
    let said = again(&[server, id, secret, ("LOGTO_MANAGEMENT_APP_ID", " "), ("LOGTO_MANAGEMENT_RESOURCE", "")]);
    assert!(said.contains("made") && said.contains("the-app"), "{said}");
    assert!(again(&[server, own[0], own[1]]).contains("made"), "no app that signs users in is needed");
    for (environment, missing) in [
        (&[id, secret][..], "endpoint is missing"),
        (&[server, secret], "app_id is missing"),
        (&[server, id], "app_secret is missing"),
        (&[server, id, secret, ("LOGTO_MANAGEMENT_RESOURCE", "no url")], "resource"),
    ] {
        let said = again(environment);
        assert!(said.contains(missing) && !said.contains("made"), "{missing}: {said}");
    }
}
