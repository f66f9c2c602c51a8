//! For the tests of the builders that take a configuration: what is set explicitly goes before what the configuration has.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, Response};

use crate::{clock::Clock, config::LogtoConfig, error::BoxError, http::HttpClient, types::BoxFuture};

/// Answers nothing, and says whose it is.
pub(crate) struct ClientOf(pub(crate) &'static str);

impl HttpClient for ClientOf {
    fn send(&self, _: Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<Response<Vec<u8>>, BoxError>> {
        Box::pin(async { Err(self.0.into()) })
    }
}

pub(crate) struct ClockAt(pub(crate) u64);

impl Clock for ClockAt {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0)
    }
}

/// A configuration with every setting of a server but the issuer, which stands for the endpoint.
pub(crate) fn config() -> LogtoConfig {
    LogtoConfig::builder()
        .endpoint("https://my-tenant.logto.app")
        .internal_endpoint("http://logto:3001")
        .accepted_issuers(["https://old.logto.app/oidc"])
        .leeway(Duration::from_secs(30))
        .timeout(Duration::from_secs(5))
        .http_client(ClientOf("the configuration's client"))
        .clock(ClockAt(5))
        .app_id("app")
        .base_url("https://www.example.com")
        .cookie_secret("a cookie secret of these tests, long enough")
        .build()
        .unwrap()
}

/// Sets each setting of the server before and after `config`. `$made` gives the provider and the clock of what is built.
macro_rules! what_is_set_goes_before_the_configuration {
    ($start:expr, $made:expr) => {
        let (config, made) = ($crate::config::server::tests::config(), $made);
        let shown = |provider: &Provider| {
            let crate::oidc::discovery::Addresses { issuer, accepted_issuers, endpoint, internal_endpoint } =
                provider.addresses();
            let internal = internal_endpoint.as_ref().map_or("none", |url| url.as_str());
            format!("{endpoint} {issuer} {internal} {accepted_issuers:?} {:?}", provider.transport())
        };
        macro_rules! check {
            ($setter:ident($value:expr), $expected:expr, $client:expr, $now:expr) => {
                for builder in [$start.$setter($value).config(&config), $start.config(&config).$setter($value)] {
                    let (provider, clock) = made(builder);
                    assert_eq!(shown(&provider), $expected, stringify!($setter));
                    assert_eq!(clock.now(), ClockAt($now).now(), stringify!($setter));
                    let error = provider.metadata().await.unwrap_err().to_string();
                    assert!(error.ends_with($client), "{}: {error}", stringify!($setter));
                    assert!(!Arc::ptr_eq(&provider, &config.server.provider().unwrap()), stringify!($setter));
                }
            };
        }
        let told = |addresses: &str, seconds: u64| format!("{addresses} Transport {{ timeout: {seconds}s, .. }}");
        let client = "the configuration's client";
        let old = r#"["https://old.logto.app/oidc"]"#;
        let here = "https://my-tenant.logto.app/ https://my-tenant.logto.app/oidc";
        let elsewhere = "https://other.logto.app/ https://other.logto.app/oidc none []";
        check!(endpoint("https://other.logto.app"), told(elsewhere, 5), client, 5);
        let issuer = "https://op.example.com/ https://op.example.com none []";
        check!(issuer("https://op.example.com"), told(issuer, 5), client, 5);
        check!(internal_endpoint("http://in:1"), told(&format!("{here} http://in:1/ {old}"), 5), client, 5);
        let new = format!(r#"{here} http://logto:3001/ ["https://new.logto.app/oidc"]"#);
        check!(accepted_issuers(["https://new.logto.app/oidc"]), told(&new, 5), client, 5);
        let here = format!("{here} http://logto:3001/ {old}");
        check!(timeout(Duration::from_secs(7)), told(&here, 7), client, 5);
        check!(http_client(ClientOf("its own client")), told(&here, 5), "its own client", 5);
        check!(clock(ClockAt(7)), told(&here, 5), client, 7);

        let (provider, clock) = made($start.config(&config));
        assert_eq!((shown(&provider), clock.now()), (told(&here, 5), ClockAt(5).now()));
        assert!(Arc::ptr_eq(&provider, &config.clone().server.provider().unwrap()), "nothing is set, and it is shared");
    };
}

pub(crate) use what_is_set_goes_before_the_configuration;

#[test]
fn a_logto_on_this_machine_is_told_from_one_elsewhere() {
    let is_local = |endpoint: &str| {
        let config = LogtoConfig::builder().endpoint(endpoint).app_id("app").base_url("https://www.example.com");
        config.cookie_secret("a cookie secret of this test, long enough").build().unwrap().is_logto_local()
    };
    assert!(is_local("http://localhost:3001") && is_local("https://127.0.0.1:3001"));
    assert!(!is_local("https://logto.example.com"));
}
