//! `timeout` is a duration, and every part of it counts.

use std::time::Duration;

use logto::{
    Error, HeaderCookies, LogtoClient, LogtoConfig, SignInOptions, TokenOptions,
    api::{ApiAudience, ResourceServer},
    integrate::{BoxError, BoxFuture, HttpClient},
    machine::MachineClient,
    testing::{Endpoint, Fault, MockLogto},
};

use crate::support::{BASE_URL, COOKIE_SECRET};

/// A server that never answers.
struct Mute;

impl HttpClient for Mute {
    fn send(&self, _: http::Request<Vec<u8>>, _: usize) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, BoxError>> {
        Box::pin(std::future::pending())
    }
}

const ENDPOINT: &str = "http://localhost:3001";

fn config(timeout: Duration) -> Result<LogtoConfig, Error> {
    let config = LogtoConfig::builder().endpoint(ENDPOINT).app_id("app").base_url("http://localhost:3000");
    config.cookie_secret(COOKIE_SECRET).http_client(Mute).timeout(timeout).build()
}

fn machine(timeout: Duration) -> Result<MachineClient, Error> {
    let machine = MachineClient::builder().endpoint(ENDPOINT).app_id("machine").app_secret("secret");
    machine.http_client(Mute).timeout(timeout).build()
}

fn api(timeout: Duration) -> Result<ResourceServer, Error> {
    let api = ResourceServer::builder().endpoint(ENDPOINT).audience(ApiAudience::resource("https://api.example.test"));
    api.http_client(Mute).timeout(timeout).build()
}

/// The time is tokio's, and goes by at once.
#[tokio::test(start_paused = true)]
async fn a_timeout_in_fractions_of_a_second_is_applied_exactly() {
    let token = "eyJhbGciOiJFUzM4NCIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImEifQ.e30.AAAA";
    for (milliseconds, text) in [(100, "100ms"), (900, "900ms"), (1900, "1.9s"), (120_000, "120s")] {
        let timeout = Duration::from_millis(milliseconds);
        let logto = LogtoClient::new(config(timeout).unwrap()).unwrap();
        let began = tokio::time::Instant::now();
        let error = logto.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await.unwrap_err();
        assert_eq!(began.elapsed(), timeout);
        let asked = machine(timeout).unwrap();
        let asked =
            asked.get_access_token(TokenOptions::new().resource("https://api.example.test").scopes(["a"])).await;
        let derived = MachineClient::builder().config(logto.config()).app_id("machine").app_secret("secret");
        let derived = derived.build().unwrap();
        let derived =
            derived.get_access_token(TokenOptions::new().resource("https://api.example.test").scopes(["a"])).await;
        let verified = api(timeout).unwrap().verify(token).await;
        for error in [error, asked.unwrap_err(), derived.unwrap_err(), verified.unwrap_err()] {
            assert_eq!(error.code(), "network.timeout", "{error}");
            assert!(error.to_string().contains(&format!("not answered within {text}")), "{error}");
        }
    }
}

#[test]
fn a_timeout_out_of_bounds_is_refused_with_the_bounds() {
    for timeout in [Duration::ZERO, Duration::from_millis(99), Duration::from_millis(120_001), Duration::MAX] {
        let errors = [
            config(timeout).map(drop).unwrap_err(),
            machine(timeout).map(drop).unwrap_err(),
            api(timeout).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), "config.invalid");
            assert!(error.to_string().contains("timeout is not between 0.1 and 120 seconds"), "{error}");
        }
    }
}

/// How long the others wait follows from the timeout: a server that is slow is not asked by each of them.
#[tokio::test]
async fn callers_share_one_request_that_takes_longer_than_a_second() {
    let mock = MockLogto::start().await;
    let config = LogtoConfig::builder().endpoint(mock.endpoint()).app_id(mock.app_id()).base_url(BASE_URL);
    let config = config.cookie_secret(COOKIE_SECRET).timeout(Duration::from_secs(20)).build().unwrap();
    let logto = LogtoClient::new(config).unwrap();
    mock.inject_fault(Endpoint::Discovery, Fault::delay(Duration::from_millis(1_500)));
    let (first, second) = tokio::join!(logto.warm_up(), logto.warm_up());
    first.and(second).unwrap();
    assert_eq!(mock.request_count(Endpoint::Discovery), 1);
}
