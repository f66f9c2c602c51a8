//! Rows of the tables in `docs/security.md` that no other test shows.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use logto::{
    HeaderCookies, LogtoClient, SignInOptions, TokenOptions,
    integrate::{BoxError, BoxFuture},
    store::{MemoryRevocations, RevocationStore},
    testing::{Endpoint, Fault, another_instance},
};

use crate::{
    logs,
    support::{APP_SECRET, Browser, Site, settings},
};

/// Row 3. Such a sign-in would be good for as long as the clock was ahead, and an hour more.
#[tokio::test]
async fn a_sign_in_that_began_in_the_future_is_over() {
    let site = Site::start().await;
    for (ahead, is_over) in [(100, false), (130, true), (2 * 24 * 3600, true), (400 * 24 * 3600, true)] {
        let mut browser = Browser::default();
        site.advance(ahead);
        let url = site.begin(&mut browser, SignInOptions::new()).await;
        site.clock.rewind(Duration::from_secs(ahead));
        let callback = site.mock.sign_in(&url, "ada").await;
        let outcome = site.end(&mut browser, &callback).await;
        let code = outcome.err().map(|error| error.code().to_string());
        assert_eq!(code.as_deref(), is_over.then_some("sign_in_session.expired"), "{ahead} s ahead");
    }
}

/// Row 31.
#[tokio::test]
async fn instances_that_share_no_revocation_store_take_a_logout_token_once_each() {
    let site = Site::start().await;
    let other = site.redeployed(|config| config);
    let form = format!("logout_token={}", site.mock.logout_token(Some("user-ada"), None));
    for instance in [&site.logto, &other] {
        instance.back_channel_logout(&form).await.unwrap();
        assert_eq!(instance.back_channel_logout(&form).await.unwrap_err().code(), "logout_token.replayed");
    }
}

/// Row 33.
#[tokio::test]
async fn discovery_with_an_issuer_that_is_not_accepted_is_refused() {
    let site = Site::start().await;
    let accepted = site.redeployed(|config| config.accepted_issuers(["https://new.example/oidc"]));
    for (issuer, is_taken) in [
        ("https://new.example/oidc", true),
        ("https://new.example/oidc/", false),
        ("https://new.example", false),
        ("https://NEW.example/oidc", false),
    ] {
        site.mock.tamper_discovery(move |document| document["issuer"] = issuer.into());
        for (config, may_be_taken) in [(accepted.config(), true), (site.logto.config(), false)] {
            let cold = LogtoClient::new(another_instance(config)).unwrap();
            let outcome = cold.sign_in(&mut HeaderCookies::default(), SignInOptions::new()).await;
            let code = outcome.err().map(|error| error.code().to_string());
            let refused = (!(is_taken && may_be_taken)).then_some("discovery.issuer_mismatched");
            assert_eq!(code.as_deref(), refused, "{issuer}");
        }
    }
}

/// Row 35. serde fills a struct from a list, member by member.
#[tokio::test]
async fn an_error_that_is_no_object_ends_no_session() {
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let mut ask = async |body: &'static str| {
        site.mock.inject_fault(Endpoint::Token, Fault::body(400, "application/json", body).times(1));
        let mut cookies = browser.request();
        let options = TokenOptions::new().force_refresh(true);
        let error = site.logto.get_access_token(&mut cookies, options).await.unwrap_err();
        browser.receive(&cookies.set_cookie_headers());
        (error.code().to_string(), site.is_signed_in(&browser).await)
    };
    for body in [
        r#"["invalid_grant"]"#,
        r#" ["invalid_grant","the token is dead"]"#,
        r#"[{"error":"invalid_grant"}]"#,
        r#""invalid_grant""#,
        "null",
        "400",
    ] {
        assert_eq!(ask(body).await, ("token.refused".to_owned(), true), "{body}");
    }
    assert_eq!(ask(r#"{"error":"invalid_grant"}"#).await, ("session.ended".to_owned(), false));
}

/// Row 35.
#[tokio::test]
async fn the_answer_of_a_client_that_followed_a_redirect_is_refused() {
    let mut site = Site::start().await;
    let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).http_client(reqwest::Client::new());
    site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let mut browser = Browser::default();
    let url = site.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    let elsewhere = format!("{}/jwks", site.mock.issuer());
    site.mock.inject_fault(Endpoint::Token, Fault::redirect(elsewhere.as_str()));
    let error = site.end(&mut browser, &callback).await.unwrap_err();
    assert_eq!(error.code(), "network.unreachable", "{error}");
    assert!(error.to_string().contains("the HTTP client followed a redirect to"), "{error}");
    assert!(!site.is_signed_in(&browser).await);
}

/// A revocation store that can be down.
#[derive(Clone, Default)]
pub struct Away(Arc<(MemoryRevocations, AtomicBool)>);

impl Away {
    pub fn set_down(&self, is_down: bool) {
        self.0.1.store(is_down, Ordering::Relaxed);
    }

    fn is_down(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }
}

impl RevocationStore for Away {
    fn record<'a>(&'a self, key: &'a str, until: SystemTime, ttl: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        if self.is_down() { gone() } else { self.0.0.record(key, until, ttl) }
    }

    fn latest_cutoff<'a>(&'a self, keys: &'a [String]) -> BoxFuture<'a, Result<Option<SystemTime>, BoxError>> {
        if self.is_down() { gone() } else { self.0.0.latest_cutoff(keys) }
    }

    fn claim<'a>(&'a self, key: &'a str, ttl: Duration) -> BoxFuture<'a, Result<bool, BoxError>> {
        if self.is_down() { gone() } else { self.0.0.claim(key, ttl) }
    }

    fn release<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        if self.is_down() { gone() } else { self.0.0.release(key) }
    }
}

/// An error as many libraries have it: the cause is the source, and `Display` does not tell it.
#[derive(Debug, thiserror::Error)]
#[error("down")]
struct Down(#[source] io::Error);

fn gone<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, BoxError>> {
    Box::pin(std::future::ready(Err(Down(io::ErrorKind::ConnectionRefused.into()).into())))
}

/// Row 39.
#[tokio::test]
async fn a_revocation_store_outage_hides_the_end_of_a_session_only_temporarily() {
    let (log, _guard) = logs::listen("logto=warn,logto::testing=off");
    let store = Away::default();
    let site = Site::with(|mock| mock, |config| config.revocation_store(store.clone())).await;
    let (ada, bob) = (site.signed_in("ada").await, site.signed_in("bob").await);
    site.logto.end_user_sessions("user-ada").await.unwrap();
    for is_down in [false, true, false] {
        store.0.1.store(is_down, Ordering::Relaxed);
        assert_eq!(site.is_signed_in(&ada).await, is_down, "the end is not known while the store is down");
        assert!(site.is_signed_in(&bob).await);
    }
    assert!(log.text().contains("down: connection refused"), "the log has the cause, too: {}", log.text());
}
