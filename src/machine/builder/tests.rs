use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    config::{
        LogtoConfig,
        server::tests::{ClientOf, ClockAt, what_is_set_goes_before_the_configuration},
    },
    machine::{MachineClient, MachineClientBuilder},
    oidc::provider::Provider,
};

#[test]
fn all_problems_are_told_at_once() {
    let error = MachineClient::builder()
        .endpoint("http://logto.example/oidc")
        .internal_endpoint("nowhere")
        .accepted_issuers(["not a URL"])
        .app_id(" ")
        .app_secret("")
        .timeout(Duration::from_secs(121))
        .build()
        .unwrap_err();
    assert_eq!(error.code(), "config.invalid");
    let text = error.to_string();
    for problem in [
        "7 settings are wrong",
        "endpoint is http on another machine",
        "endpoint ends with /oidc",
        "internal_endpoint is not a URL",
        "accepted_issuers holds something that is not a URL",
        "app_id is missing (set LOGTO_APP_ID",
        "app_secret is missing (set LOGTO_APP_SECRET",
        "timeout is not between 0.1 and 120 seconds",
    ] {
        assert!(text.contains(problem), "{problem}: {text}");
    }
    let text = MachineClient::builder().build().unwrap_err().to_string();
    assert!(text.contains("3 settings are wrong: endpoint is missing"), "{text}");
}

#[test]
fn a_machine_client_with_an_application_config_shares_only_the_server() {
    let config = LogtoConfig::builder()
        .endpoint("https://my-tenant.logto.app")
        .app_id("web")
        .app_secret("the secret of the web app")
        .base_url("https://www.example.com")
        .cookie_secret("a cookie secret of these tests, long enough")
        .build()
        .unwrap();
    let error = MachineClient::builder().config(&config).build().unwrap_err().to_string();
    assert!(error.contains("app_id is missing") && error.contains("app_secret is missing"), "{error}");
    let machine = MachineClient::builder().config(&config).app_id("machine").app_secret("SENTINEL").build().unwrap();
    assert_eq!(machine.0.provider.issuer(), config.issuer());
    let shown = format!("{machine:?} {:?}", MachineClient::builder().app_id("machine").app_secret("SENTINEL"));
    assert!(shown.contains("machine") && !shown.contains("SENTINEL"), "{shown}");
}

#[tokio::test]
async fn a_setting_of_a_machine_goes_before_that_of_the_configuration_in_either_order() {
    what_is_set_goes_before_the_configuration!(MachineClient::builder(), |builder: MachineClientBuilder| {
        let machine = builder.app_id("machine").app_secret("secret").build().unwrap();
        (Arc::clone(&machine.0.provider), Arc::clone(&machine.0.clock))
    });
}
