//! The problems of a configuration as a list, for an application whose settings have names of their own.

use logto::{
    LogtoConfig, LogtoConfigBuilder, Secret, SignInOptions, api::ResourceServer, diagnose::ConfigProblem,
    machine::MachineClient,
};

use crate::{
    logs,
    support::{COOKIE_SECRET, Site},
};

fn list(error: &logto::Error) -> Vec<(&str, &str, Option<&str>)> {
    error.config_problems().iter().map(|one| (one.setting(), one.problem(), one.advice())).collect()
}

#[test]
fn each_problem_of_a_configuration_has_the_name_of_its_setting_beside_a_text_without_it() {
    let error = LogtoConfig::builder()
        .endpoint("http://logto.example.com")
        .app_id("app")
        .base_url("https://x.example")
        .cookie_secret("short")
        .cookie_secure(false)
        .resources(["books"])
        .build()
        .unwrap_err();
    assert_eq!(
        list(&error),
        [
            ("endpoint", "is http on another machine", Some("use https; passwords and tokens travel over it")),
            ("cookie_secure", "is false and base_url is https", Some("leave cookie_secure out")),
            ("cookie_secret", "has 5 bytes", Some("it needs 32: `openssl rand -base64 32`")),
            (
                "resources",
                "a resource is not an absolute URI without fragment",
                Some("copy the API identifier from Logto Console › API resources")
            ),
        ]
    );
    let all: Vec<_> = error.config_problems().iter().map(ToString::to_string).collect();
    assert_eq!(error.to_string(), format!("4 settings are wrong: {}", all.join("; ")), "the message is made of them");
}

#[test]
fn a_builder_from_a_file_tells_its_problems_as_a_list() {
    let builder: LogtoConfigBuilder = serde_json::from_str(
        r#"{ "endpoint": "https://x.example", "app_id": "a", "cookie_secret": "s", "routes": { "user": "" } }"#,
    )
    .unwrap();
    let error = builder.build().unwrap_err();
    let settings: Vec<_> = error.config_problems().iter().map(ConfigProblem::setting).collect();
    assert_eq!(settings, ["base_url", "cookie_secret", "routes.user"]);
}

#[test]
fn machines_with_apis_tell_their_problems_in_the_same_way() {
    let machine = MachineClient::builder().build().unwrap_err();
    let settings: Vec<_> = machine.config_problems().iter().map(ConfigProblem::setting).collect();
    assert_eq!(settings, ["endpoint", "app_id", "app_secret"]);
    let api = ResourceServer::builder().endpoint("https://x.example").build().unwrap_err();
    assert_eq!(list(&api)[0].0, "audience");
}

#[tokio::test]
async fn an_error_that_is_about_no_setting_has_no_such_list() {
    let site = Site::start().await;
    let mut cookies = logto::HeaderCookies::parse("");
    let error =
        site.logto.sign_in(&mut cookies, SignInOptions::new().post_redirect_uri("//evil.example")).await.unwrap_err();
    assert!(error.config_problems().is_empty(), "{error}");
}

#[test]
fn a_setter_is_called_where_there_is_a_value() {
    let set = |secret: Option<&String>, domain: Option<&str>| {
        LogtoConfig::builder()
            .endpoint("https://logto.example.com")
            .app_id("app")
            .base_url("https://www.example.com")
            .cookie_secret(COOKIE_SECRET)
            .optional(secret, LogtoConfigBuilder::app_secret)
            .optional(domain, LogtoConfigBuilder::cookie_domain)
            .build()
            .unwrap()
    };
    let secret = "a secret of the app".to_owned();
    assert_eq!(Secret::from(&secret), Secret::new(secret.clone()));
    assert_eq!(set(Some(&secret), Some("example.com")).cookie_domain(), Some("example.com"));
    assert_eq!(set(None, None).cookie_domain(), None);
}

#[tokio::test]
async fn an_endpoint_over_http_on_another_machine_is_refused_unless_it_is_allowed_with_a_warning_at_each_start() {
    let (log, _guard) = logs::listen("warn");
    let config = |endpoint: &str| {
        LogtoConfig::builder()
            .endpoint(endpoint)
            .app_id("app")
            .base_url("https://www.example.com")
            .cookie_secret(COOKIE_SECRET)
    };
    let error = config("http://logto:3001").build().unwrap_err();
    assert!(error.to_string().contains("endpoint is http on another machine"), "{error}");
    let allowed = config("http://logto:3001").allow_insecure_endpoint(true).build().unwrap();
    assert_eq!(allowed.endpoint(), "http://logto:3001");
    assert!(!log.text().contains("allow_insecure_endpoint"), "a configuration alone asks for nothing");
    let warnings = || log.text().matches("these settings lead to other machines without encryption").count();
    _ = logto::LogtoClient::new(allowed.clone()).unwrap();
    assert_eq!(warnings(), 1, "{}", log.text());
    _ = MachineClient::builder()
        .endpoint("http://logto:3001")
        .allow_insecure_endpoint(true)
        .app_id("machine")
        .app_secret("secret")
        .build()
        .unwrap();
    assert_eq!(warnings(), 2, "{}", log.text());
    // https, this machine, and the address that this program alone uses, need no permission; the last is told of.
    for (config, told) in [
        (config("https://logto.example.com"), 2),
        (config("http://localhost:3001"), 2),
        (config("https://logto.example.com").internal_endpoint("http://logto:3001"), 3),
    ] {
        _ = logto::LogtoClient::new(config.build().unwrap()).unwrap();
        assert_eq!(warnings(), told, "{}", log.text());
    }
}
