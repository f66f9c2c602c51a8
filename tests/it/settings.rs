//! Settings that are wrong or unknown: what is said of them, and that no value is.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::{Duration, SystemTime},
};

use logto::{
    LogtoClient, LogtoConfig, LogtoConfigBuilder, Routes, SessionFormat, TokenOptions,
    api::{ApiAudience, ResourceServer},
    api_client::ApiClient,
    integrate::Clock,
    machine::MachineClient,
    store::MemoryStore,
    testing::{Endpoint, Fault, MockApp, MockLogto, TestClock},
};
use serde::de::Error;
use serde_json::{Value, json};

use crate::{
    logs::listen,
    support::{APP_SECRET, BOOKS},
};

/// What stands where it should not. Shorter than a cookie secret.
const TEXT: &str = "SENTINEL-of-a-value";
const NUMBER: u64 = 7_345_198_372;

/// Each setting with a value that is right.
fn right() -> BTreeMap<&'static str, Value> {
    let settings = json!({
        "endpoint": "https://logto.example.com", "issuer": null, "internal_endpoint": "http://logto:3001",
        "accepted_issuers": ["https://old.example.com/oidc"], "app_id": "app", "app_secret": "a secret of the app",
        "base_url": "https://www.example.com", "cookie_secret": "a cookie secret of this test, long enough",
        "previous_cookie_secrets": ["a cookie secret of before, long enough"], "cookie_secure": true, "cookie_domain": "example.com",
        "cookie_name": "shop", "previous_cookie_names": ["__Host-logto_app"], "cookie_path": "/", "cookie_same_site": "none",
        "cookie_partitioned": true, "cookie_session_only": true, "trusted_audiences": ["sister"], "allow_insecure_endpoint": false,
        "scopes": ["email"], "include_reserved_scopes": true, "resources": ["https://api.example.com"], "prompt": ["consent"],
        "response_mode": "query", "allowed_return_origins": ["https://admin.example.com"],
        "session_lifetime": { "idle": 60, "absolute": 600 }, "session_format": "logto", "from_next_until": "2027-01-31",
        "sign_in_timeout": 600, "id_token_signed_response_alg": "ES384", "leeway": 30, "timeout": 5, "store_timeout": 3,
        "routes": { "callback": "/auth/callback" }, "after_sign_in": "/welcome", "after_sign_out": "/goodbye", "sign_in_page": "/login",
        "further_base_urls": ["https://shop.example.com"], "host_header": "x-forwarded-host",
    });
    let of_security = json!({
        "strict": false, "claims_max_age": 3600, "reauthenticate_after_timeout": true, "require_revocation_store": true,
        "max_sessions_per_user": 3, "id_token_hint": true, "clear_site_data": ["cache"], "confirm_cross_site_sign_in": true,
        "user_route_claims": ["sub"], "pushed_authorization_requests": true, "accepted_algorithms": ["ES384", "RS256"],
    });
    let names = [settings, of_security].map(|settings| settings.as_object().unwrap().clone());
    names.into_iter().flatten().map(|(name, value)| (&*name.leak(), value)).collect()
}

fn quotes(text: &str) -> bool {
    text.contains(TEXT) || text.contains(&NUMBER.to_string())
}

/// All ways to print what came of the settings.
fn printed<T: std::fmt::Debug, E: std::fmt::Debug + std::fmt::Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(made) => format!("{made:?} {made:#?}"),
        Err(error) => format!("{error} {error:#} {error:?} {error:#?}"),
    }
}

#[test]
fn no_error_about_a_setting_in_a_file_quotes_what_was_there() {
    let (log, _guard) = listen("trace");
    let right = right();
    // A limit of sessions needs a store, which is set in code.
    let with_a_store = |builder: serde_json::Result<LogtoConfigBuilder>| {
        builder?.session_store(MemoryStore::new()).build().map_err(serde_json::Error::custom)
    };
    let read = |settings: &Value| with_a_store(serde_json::from_value(settings.clone()));
    read(&json!(right)).unwrap();
    let unknown = read(&json!({ "": 1 })).unwrap_err().to_string();
    let all: BTreeSet<_> = unknown.split('`').skip(3).step_by(2).collect();
    assert_eq!(all, right.keys().copied().collect(), "all settings are here");
    let forms = [
        json!(TEXT),
        json!(NUMBER),
        json!([TEXT]),
        json!([NUMBER]),
        json!([[TEXT]]),
        json!({ "idle": TEXT }),
        json!({ "callback": NUMBER }),
        json!({ "callback": TEXT }),
        json!({ TEXT: 1 }),
        json!(format!("https://user:{TEXT}@logto.example.com")),
        json!(format!("https://logto.example.com/?key={TEXT}#{TEXT}")),
        json!([format!("https://logto.example.com/#{TEXT}")]),
    ];
    let mut refused = 0;
    for name in right.keys() {
        for form in &forms {
            let mut settings = json!(right);
            settings[*name] = form.clone();
            let text = settings.to_string();
            for result in [read(&settings), with_a_store(serde_json::from_str(&text))] {
                // What is right, such as an app id of this name, may be shown.
                let Err(error) = result else { continue };
                refused += 1;
                let said = printed::<(), _>(&Err(&error));
                assert!(!quotes(&said), "{name}, {form}: {said}");
                assert!(
                    said.contains(name) || said.contains("resource") || said.contains("routes"),
                    "{name} is not named: {said}"
                );
            }
            let builder = serde_json::from_value::<LogtoConfigBuilder>(settings);
            assert!(!quotes(&printed(&builder)), "{name}, {form}");
        }
    }
    assert!(refused > 400, "{refused}");
    for whole in [json!(TEXT), json!(NUMBER), json!([TEXT]), json!([NUMBER]), json!(-1.5), json!(true), Value::Null] {
        let said = printed(&read(&whole));
        assert!(!quotes(&said) && said.contains("the settings are not a map of names and values"), "{said}");
    }
    assert!(!quotes(&log.text()), "{}", log.text());
}

#[test]
fn an_error_about_a_setting_in_a_file_names_the_expected_value() {
    for (name, value, said) in [
        ("previous_cookie_secrets", json!(TEXT), "previous_cookie_secrets is not a list of texts"),
        ("cookie_secret", json!(NUMBER), "cookie_secret is not text"),
        ("cookie_secure", json!("yes"), "cookie_secure is not true or false"),
        ("leeway", json!("30"), "leeway is not a whole number of seconds"),
        ("prompt", json!("login"), "prompt is not a list of `none`, `login` and `consent`"),
        ("response_mode", json!("fragment"), "response_mode is not `query` or `form_post`"),
        ("cookie_same_site", json!("Strict"), "cookie_same_site is not `lax`, `strict` or `none`"),
        ("previous_cookie_names", json!(TEXT), "previous_cookie_names is not a list of texts"),
        ("allow_insecure_endpoint", json!("yes"), "allow_insecure_endpoint is not true or false"),
        ("from_next_until", json!("soon"), "from_next_until is not a date like 2027-01-31"),
        ("routes", json!("/callback"), "routes is not a map of paths: sign_in, sign_up, callback"),
        ("session_format", json!("Next"), "session_format is not `logto`, `next` or `from-next`"),
        ("session_lifetime", json!(3600), "session_lifetime is not a map with `idle` and `absolute`, in whole seconds"),
        ("claims_max_age", json!("never"), "claims_max_age is not a whole number of seconds, or `off`"),
        ("max_sessions_per_user", json!(-1), "max_sessions_per_user is not a whole number"),
        ("end_point", json!(TEXT), "unknown field `end_point`, expected one of"),
    ] {
        let error = serde_json::from_value::<LogtoConfigBuilder>(json!({ name: value })).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// Each member of the server goes where it belongs: with an issuer of its own, Logto is another server.
#[test]
fn a_file_sets_issuer_leeway_or_timeout_each_for_itself() {
    let with = |name: &str, value: Value| {
        let mut settings = right();
        // The limit needs a store, which no file sets.
        for other in ["issuer", "leeway", "timeout", "max_sessions_per_user"] {
            settings.remove(other);
        }
        if name == "issuer" {
            settings.remove("endpoint");
            settings.remove("internal_endpoint");
        }
        settings.insert(name.to_owned().leak(), value);
        let config: LogtoConfig = serde_json::from_value(json!(settings)).unwrap();
        (config.issuer().to_owned(), config.leeway(), config.timeout())
    };
    let (own, leeway, timeout) = with("timeout", Value::Null);
    assert_eq!(own, "https://logto.example.com/oidc");
    assert_eq!(with("timeout", json!(7)), (own.clone(), leeway, Duration::from_secs(7)));
    assert_eq!(with("leeway", json!(7)), (own, Duration::from_secs(7), timeout));
    let other = "https://id.example.com/realm";
    assert_eq!(with("issuer", json!(other)), (other.to_owned(), leeway, timeout));
}

#[test]
fn no_error_about_a_setting_in_code_quotes_what_was_there() {
    let (log, _guard) = listen("trace");
    let whole = || {
        LogtoConfig::builder()
            .endpoint("https://logto.example.com")
            .app_id("app")
            .base_url("https://www.example.com")
            .cookie_secret("a cookie secret of this test, long enough")
    };
    let addresses = [
        TEXT.to_owned(),
        format!("ftp://{TEXT}"),
        format!("https://user:{TEXT}@logto.example.com"),
        format!("https://{TEXT}@logto.example.com"),
        format!("https://logto.example.com/?key={TEXT}"),
        format!("https://logto.example.com/#{TEXT}"),
    ];
    let mut builders = vec![
        whole().cookie_secret(TEXT),
        whole().previous_cookie_secrets([TEXT]),
        whole().cookie_domain(TEXT),
        whole().cookie_domain(format!("{TEXT}.example")),
        whole().resources([TEXT]),
        whole().resources([format!("https://api.example.com/#{TEXT}")]),
        whole().accepted_issuers([TEXT]),
        whole().allowed_return_origins([TEXT]),
        whole().id_token_signed_response_alg(TEXT),
        whole().routes(Routes::new().callback(TEXT)),
        whole().routes(Routes::new().sign_in(format!("/{TEXT}")).sign_up(format!("/{TEXT}"))),
        whole().routes(Routes::new().initiate_login(TEXT)),
    ];
    for address in &addresses {
        builders.push(whole().endpoint(address));
        builders.push(whole().endpoint("").issuer(address));
        builders.push(whole().internal_endpoint(address));
        builders.push(whole().base_url(address));
    }
    for builder in builders {
        let said = format!("{builder:?} {builder:#?} {}", printed(&Err::<(), _>(builder.clone().build().unwrap_err())));
        assert!(!quotes(&said), "{said}");
    }
    for address in &addresses {
        let machine = MachineClient::builder().endpoint(address).app_id(TEXT).app_secret(TEXT);
        let api =
            ResourceServer::builder().endpoint(address).audience(ApiAudience::resource(TEXT)).introspection(TEXT, TEXT);
        let client = ApiClient::builder().base_url(address);
        let said = format!(
            "{machine:?} {api:?} {client:?} {} {}",
            printed(&machine.clone().build()),
            printed(&api.clone().build())
        );
        assert!(!quotes(&said), "{said}");
        let said = printed(&client.build());
        assert!(!quotes(&said), "{said}");
    }
    assert!(!quotes(&log.text()), "{}", log.text());
}

/// Runs a test of this file again in a process of its own, with this environment and no other setting.
fn again(test: &str, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LOGTO_")) {
        command.env_remove(name);
    }
    command.args(["--exact", &format!("settings::{test}"), "--nocapture"]).env("SETTINGS_CHILD", "1");
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

fn is_child() -> bool {
    std::env::var_os("SETTINGS_CHILD").is_some()
}

/// What the environment gives, in all its forms.
#[allow(clippy::print_stdout, reason = "the test that started this process reads it")]
fn print_what_the_environment_gives() {
    let (log, guard) = listen("trace");
    let (machine, api) = (MachineClient::from_env(), logto::api::ResourceServerBuilder::from_env());
    let config = LogtoConfig::from_env();
    let builder = LogtoConfigBuilder::from_env();
    println!("{} {} {api:?} {builder:?} {}", printed(&config), printed(&machine), printed(&api.clone().build()));
    drop(guard);
    println!("{}", log.text());
}

/// All that there are: `tests/tidy/main.rs` compares this page with what is read.
fn variables() -> BTreeSet<&'static str> {
    let is_variable =
        |word: &&str| word.starts_with("LOGTO_") && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    include_str!("../../docs/configuration.md").split('`').filter(is_variable).collect()
}

#[test]
fn no_error_about_a_variable_quotes_what_was_there() {
    const TEST: &str = "no_error_about_a_variable_quotes_what_was_there";
    if is_child() {
        return print_what_the_environment_gives();
    }
    let address = format!("https://user:{TEXT}@logto.example.com/?a={TEXT}#{TEXT}");
    for value in [TEXT, address.as_str()] {
        let all: Vec<_> = variables().into_iter().map(|name| (name, value)).collect();
        assert!(all.len() > 20, "{all:?}");
        let said = again(TEST, &all);
        assert!(said.contains("settings are wrong") && !quotes(&said), "{said}");
    }
    // One each, among others that are missing.
    let said = again(TEST, &[("LOGTO_PREVIOUS_COOKIE_SECRETS", TEXT), ("LOGTO_COOKIE_SECRT", TEXT)]);
    assert!(said.contains("did you mean LOGTO_COOKIE_SECRET?") && !quotes(&said), "{said}");
}

#[test]
#[allow(clippy::print_stdout, reason = "the test that started this process reads it")]
fn a_client_has_the_settings_of_the_environment() {
    const TEST: &str = "a_client_has_the_settings_of_the_environment";
    if is_child() {
        return match LogtoClient::from_env() {
            Ok(logto) => println!("app {} at {}", logto.config().app_id(), logto.config().base_url()),
            Err(error) => println!("{error}"),
        };
    }
    let environment = [
        ("LOGTO_ENDPOINT", "http://localhost:3001"),
        ("LOGTO_APP_ID", "the-app"),
        ("LOGTO_BASE_URL", "http://localhost:3000"),
        ("LOGTO_COOKIE_SECRET", "a cookie secret of this test, long enough"),
    ];
    assert!(again(TEST, &environment).contains("app the-app at http://localhost:3000"));
    assert!(again(TEST, &environment[..3]).contains("cookie_secret is missing"));
}

#[test]
#[allow(clippy::print_stdout, reason = "the test that started this process reads it")]
fn a_switch_in_the_environment_may_be_said_in_four_words_each_way() {
    const TEST: &str = "a_switch_in_the_environment_may_be_said_in_four_words_each_way";
    if is_child() {
        let config = LogtoConfig::from_env().unwrap();
        return println!("the scopes are {:?}.", config.scopes());
    }
    for (word, is_on) in [
        ("true", true),
        ("1", true),
        ("yes", true),
        ("ON", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("Off", false),
    ] {
        let environment = [
            ("LOGTO_ENDPOINT", "http://localhost:3001"),
            ("LOGTO_APP_ID", "the-app"),
            ("LOGTO_BASE_URL", "http://localhost:3000"),
            ("LOGTO_COOKIE_SECRET", "a cookie secret of this test, long enough"),
            ("LOGTO_SCOPES", "openid"),
            ("LOGTO_INCLUDE_RESERVED_SCOPES", word),
        ];
        let said = again(TEST, &environment);
        assert_eq!(said.contains(r#"the scopes are ["openid"]."#), !is_on, "{word}: {said}");
        assert_eq!(said.contains("offline_access"), is_on, "{word}: {said}");
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "the test that started this process reads it")]
fn a_machine_client_has_the_settings_of_the_environment() {
    const TEST: &str = "a_machine_client_has_the_settings_of_the_environment";
    if is_child() {
        return match MachineClient::from_env() {
            Ok(machine) => println!("made {machine:?}"),
            Err(error) => println!("{error}"),
        };
    }
    let environment = [
        ("LOGTO_ENDPOINT", "http://localhost:3001"),
        ("LOGTO_APP_ID", "the-machine"),
        ("LOGTO_APP_SECRET", "a secret of the machine"),
        // Of the applications that sign users in, and no matter of a machine.
        ("LOGTO_LEEWAY", "100000"),
    ];
    let said = again(TEST, &environment);
    assert!(said.contains("made") && said.contains("http://localhost:3001/") && said.contains("the-machine"), "{said}");
    for (missing, said) in [(0, "endpoint is missing"), (1, "app_id is missing"), (2, "app_secret is missing")] {
        let rest: Vec<_> =
            environment.iter().enumerate().filter(|(i, _)| *i != missing).map(|(_, pair)| *pair).collect();
        assert!(again(TEST, &rest).contains(said), "{said}");
    }
}

#[test]
fn a_variable_that_is_no_setting_is_warned_of_with_the_one_that_was_meant() {
    if is_child() {
        return print_what_the_environment_gives();
    }
    let environment = [
        ("LOGTO_SCOPE", "email"),
        ("LOGTO_RESOURCE", "https://api.example.com"),
        ("LOGTO_RESOURCES", "https://api.example.com"),
        ("LOGTO_WEBHOOK_SIGNING_KEY", "of the application"),
        ("LOGTO_EMPTY", " "),
    ];
    let said = again("a_variable_that_is_no_setting_is_warned_of_with_the_one_that_was_meant", &environment);
    for line in
        ["LOGTO_SCOPE is no setting and has no effect: did you mean LOGTO_SCOPES?", "LOGTO_RESOURCE is no setting and"]
    {
        assert!(said.lines().any(|told| told.contains("WARN") && told.contains(line)), "{line}: {said}");
    }
    assert!(said.lines().any(|told| told.contains("INFO") && told.contains("LOGTO_WEBHOOK_SIGNING_KEY")), "{said}");
    assert!(!said.contains("LOGTO_RESOURCES is no") && !said.contains("LOGTO_EMPTY"), "{said}");
}

#[test]
fn a_risky_setting_is_warned_of_when_the_client_is_made() {
    let warnings = |base_url: &str, callback: &str| {
        let (log, _guard) = listen("warn");
        let config = LogtoConfig::builder()
            .endpoint("https://logto.example.com")
            .app_id("app")
            .base_url(base_url)
            .cookie_secret("a cookie secret of this test, long enough")
            .routes(Routes::new().callback(callback));
        LogtoClient::new(config.build().unwrap()).unwrap();
        let text = log.text();
        ["settings=\"base_url\"", "ends with the callback path"].map(|part| text.contains(part))
    };
    assert_eq!(warnings("http://192.168.0.7:3000", "/callback"), [true, false]);
    assert_eq!(warnings("http://intranet", "/callback"), [true, false]);
    assert_eq!(warnings("http://localhost:3000", "/callback"), [false, false]);
    assert_eq!(warnings("https://www.example.com", "/callback"), [false, false]);
    assert_eq!(warnings("https://www.example.com/callback", "/callback"), [false, true]);
    assert_eq!(warnings("https://www.example.com/callback/", "/callback"), [false, true]);
    assert_eq!(warnings("https://www.example.com/app/auth/callback", "/auth/callback"), [false, true]);
    assert_eq!(warnings("https://www.example.com/app", "/callback"), [false, false]);
}

#[test]
fn a_move_from_next_that_is_over_is_warned_of_when_the_settings_are_read() {
    let clock = TestClock::new();
    let warned = |format: SessionFormat, until: Option<SystemTime>| {
        let (log, _guard) = listen("warn");
        let config = LogtoConfig::builder().endpoint("https://logto.example.com").app_id("app").clock(clock.clone());
        let config = config.base_url("https://www.example.com").session_format(format);
        let config = config.cookie_secret("a cookie secret of this test, long enough");
        until.map_or(config.clone(), |until| config.from_next_until(until)).build().unwrap();
        log.text().contains("`from_next_until` has passed")
    };
    let (now, second) = (clock.now(), Duration::from_secs(1));
    for (until, is_over) in [(now - second, true), (now, true), (now + second, false)] {
        assert_eq!(warned(SessionFormat::FromNext, Some(until)), is_over, "{until:?}");
    }
    assert!(!warned(SessionFormat::Logto, None) && !warned(SessionFormat::Next, None));
}

#[test]
fn a_secret_that_is_printed_or_repeated_is_for_the_machine_of_a_developer_alone() {
    let config = |base_url: &str, secret: &str, previous: &[&str]| {
        let config = LogtoConfig::builder().endpoint("https://logto.example.com").app_id("app").base_url(base_url);
        config.cookie_secret(secret).previous_cookie_secrets(previous.iter().copied()).build()
    };
    let good = "4jrTzLNvCqYpXkVh0mZ2wQeR7uSaBfGd";
    let repeated = "a".repeat(64);
    let placeholder = "complex_password_at_least_32_characters_long";
    assert!(config("https://www.example.com", good, &[]).is_ok());
    for known in [placeholder, &format!(" {placeholder} "), &repeated, &"é".repeat(40), &" ".repeat(40)] {
        for (secret, previous, name) in
            [(known, &[][..], "cookie_secret "), (good, &[known][..], "previous_cookie_secrets ")]
        {
            assert!(config("http://localhost:3000", secret, previous).is_ok(), "{known}");
            for public in ["https://www.example.com", "http://192.168.0.7:3000"] {
                let error = config(public, secret, previous).unwrap_err();
                let said = error.to_string();
                assert!(
                    said.contains(name) && said.contains("openssl rand -base64 32") && !said.contains(known),
                    "{said}"
                );
            }
        }
    }
}

/// All of README, `docs/`, rustdoc and the examples: what stands there where a cookie secret belongs.
#[test]
fn every_cookie_secret_that_documentation_prints_is_refused_in_public() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![std::fs::read_to_string(root.join("README.md")).unwrap()];
    for directory in ["docs", "src", "examples"] {
        read_all(&root.join(directory), &mut texts);
    }
    let mut printed = 0;
    for text in &texts {
        // Tests are no documentation.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for begin in ["cookie_secret(\"", "\"cookie_secret\": \""] {
            for rest in text.split(begin).skip(1) {
                let secret = rest.split('"').next().unwrap();
                printed += 1;
                let config = LogtoConfig::builder().endpoint("https://logto.example.com").app_id("app");
                let config = config.base_url("https://www.example.com").cookie_secret(secret).build();
                assert!(config.is_err(), "{secret}: add it to src/config/printed.rs");
            }
        }
    }
    assert!(printed > 10, "{printed}");
}

fn read_all(directory: &std::path::Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_name().is_some_and(|name| name == "tests" || name == "tests.rs" || name == "target");
        if path.is_dir() && !is_test {
            read_all(&path, texts);
        } else if !is_test && path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn missing_ca_certificates_are_reported_only_at_the_first_https_request() {
    if !is_child() {
        let nowhere = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
        again("missing_ca_certificates_are_reported_only_at_the_first_https_request", &nowhere);
        return;
    }
    // By name, as in the crate: with the feature `native-tls` reqwest chooses another by itself, which builds without.
    assert!(reqwest::Client::builder().tls_backend_rustls().build().is_err(), "this machine has none");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = MockApp::new("machine", APP_SECRET).role("librarian");
        let mock = MockLogto::builder().machine_to_machine_app(app).start().await.unwrap();
        let at = |endpoint: &str| {
            let config = LogtoConfig::builder().endpoint(endpoint).app_id("app").base_url("http://localhost:3000");
            let config = config.cookie_secret("a cookie secret of this test, long enough").build().unwrap();
            LogtoClient::new(config).unwrap()
        };
        at(&mock.endpoint()).warm_up().await.unwrap();
        // No name is looked up, no connection is made.
        let error = at("https://logto.example.test").warm_up().await.unwrap_err();
        assert_eq!(error.code(), "config.http_client");
        assert!(
            error.to_string().contains("CA certificates") && error.hint().contains("install CA certificates"),
            "{error} {}",
            error.hint()
        );
        let api = ResourceServer::builder()
            .endpoint(mock.endpoint())
            .audience(ApiAudience::resource("https://api.example.test"));
        api.build().unwrap().warm_up().await.unwrap();

        // Redirects are followed as little as by the client that could not be built.
        mock.inject_fault(Endpoint::Discovery, Fault::redirect(format!("{}/jwks", mock.issuer())));
        assert_eq!(at(&mock.endpoint()).warm_up().await.unwrap_err().code(), "network.redirected");
        mock.clear_faults();

        let machine = MachineClient::builder().endpoint(mock.endpoint()).app_id("machine").app_secret(APP_SECRET);
        let machine = machine.build().unwrap();
        let stream = async |base: &str, path: &str| {
            let api = ApiClient::builder().base_url(base).token_options(TokenOptions::new().resource(BOOKS));
            let request = http::Request::get(path).body(Vec::new()).unwrap();
            let response = api.build().unwrap().send_streamed(&machine, request).await;
            response.map(|response| response.status().as_u16()).map_err(|error| error.code().as_str())
        };
        assert_eq!(stream(&mock.issuer(), "/.well-known/openid-configuration").await, Ok(200));
        assert_eq!(stream("https://api.example.test", "/").await, Err("config.http_client"));
    });
}

/// The `Set-Cookie` of a session under this domain, or what is wrong with it.
async fn set_cookie(base_url: &str, domain: &str) -> Result<String, String> {
    let config = LogtoConfig::builder().endpoint("https://logto.example.com").app_id("app").base_url(base_url);
    let config = config.cookie_secret("a cookie secret of this test, long enough").cookie_domain(domain).build();
    let config = config.map_err(|error| error.to_string())?;
    let mut cookies = logto::testing::TestSession::new().cookies(&config).await.unwrap();
    LogtoClient::new(config).unwrap().clear_all_tokens(&mut cookies).await.unwrap();
    Ok(cookies.set_cookie_headers().join("\n"))
}

#[tokio::test]
async fn a_cookie_domain_setting_is_normalized_as_browsers_do() {
    for (base_url, domain, sent) in [
        ("https://www.example.com", "example.com", "example.com"),
        ("https://www.example.com", "EXAMPLE.com", "example.com"),
        ("https://www.example.com", ".Example.Com", "example.com"),
        ("https://WWW.example.com", " example.com ", "example.com"),
        ("https://example.com", "example.com", "example.com"),
        ("https://shop.bücher.example", "bücher.example", "xn--bcher-kva.example"),
        ("https://shop.xn--bcher-kva.example", "BÜCHER.example", "xn--bcher-kva.example"),
        ("https://shop.bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ] {
        let header = set_cookie(base_url, domain).await.unwrap_or_else(|error| panic!("{domain}: {error}"));
        let attribute = format!("; Domain={sent};");
        assert!(header.lines().all(|line| format!("{line};").contains(&attribute)), "{domain}: {header}");
    }
}

#[tokio::test]
async fn a_cookie_domain_that_browsers_would_not_take_is_refused() {
    for (base_url, domain) in [
        ("https://www.example.com", "example.org"),
        ("https://www.example.com", "w.example.com"),
        ("https://www.example.com", "ample.com"),
        ("https://www.example.com", "api.www.example.com"),
        ("https://www.example.com", "com"),
        ("https://www.example.com", ""),
        ("https://www.example.com", "."),
        ("https://www.example.com", "example.com."),
        ("https://www.example.com", "example.com/"),
        ("https://www.example.com", "example.com:443"),
        ("https://www.example.com", "https://example.com"),
        ("https://www.example.com", "*.example.com"),
        ("https://www.example.com", "example.com; Secure"),
        ("https://www.example.com", "bücher.example"),
        ("https://192.168.0.7", "192.168.0.7"),
        ("https://192.168.0.7", "0.7"),
        ("http://localhost:3000", "localhost"),
    ] {
        let error = set_cookie(base_url, domain).await.expect_err(domain);
        assert!(error.contains("cookie_domain does not cover the host of base_url"), "{domain}: {error}");
    }
}

#[tokio::test]
async fn diagnose_warns_of_a_callback_path_in_base_url_or_a_possible_public_suffix() {
    let mock = MockLogto::start().await;
    let config = LogtoConfig::builder().endpoint(mock.endpoint()).app_id(mock.app_id()).app_secret(mock.app_secret());
    let config = config.base_url("https://alice.github.io/callback").cookie_domain("github.io");
    let config = config.cookie_secret("a cookie secret of this test, long enough").build().unwrap();
    let said = LogtoClient::new(config).unwrap().diagnose().await.to_string();
    for part in [
        "ends with the callback path",
        "/callback/callback",
        "if github.io is a public suffix",
        "sent over https alone, but any subdomain can set one of this name",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
