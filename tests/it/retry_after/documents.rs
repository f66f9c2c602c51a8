//! The documents that are kept: discovery and keys.

use std::time::Duration;

use logto::{
    SignInOptions,
    api::{ApiAudience, ResourceServer, TokenRequirements},
    integrate::AuthRequest,
    testing::SigningAlg,
};

use super::{busy, good, seconds, site};
use crate::support::{BOOKS, Browser};

const DISCOVERY: &str = "/oidc/.well-known/openid-configuration";
const KEYS: &str = "/oidc/jwks";

#[tokio::test]
async fn discovery_is_asked_for_once_in_the_time_that_logto_names() {
    let (site, http) = site().await;
    busy(&http, DISCOVERY, 503, "120");
    for visit in 0..50_u64 {
        let mut cookies = Browser::default().request();
        let error = site.logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap_err();
        assert_eq!((error.code().as_str(), seconds(&error)), ("discovery.failed", Some(120 - 2 * visit)));
        let request = AuthRequest::new("GET", "/logto/sign-in", |_| None);
        let reply = site.logto.handle_auth_routes(&request).await.unwrap();
        let told = reply.headers().find(|(name, _)| *name == "retry-after").map(|(_, value)| value.to_owned());
        assert_eq!((reply.status(), told), (503, Some((120 - 2 * visit).to_string())));
        site.advance(2);
    }
    assert_eq!(http.asked(DISCOVERY), 1);
    // The moment that Logto named is the moment of the next request, and a good answer ends it.
    site.advance(20);
    good(&http);
    site.logto.warm_up().await.unwrap();
    assert_eq!(http.asked(DISCOVERY), 1);
    assert!(site.is_signed_in(&site.signed_in("ada").await).await);
}

#[tokio::test]
async fn keys_are_asked_for_once_in_the_time_that_logto_names_and_those_of_before_serve() {
    let (site, http) = site().await;
    let mut browser = site.signed_in("ada").await;
    let token = browser.get_token(&site.logto).await.unwrap();
    let api = ResourceServer::builder().config(site.logto.config()).audience(ApiAudience::resource(BOOKS));
    let api = api.token_cache_capacity(0).build().unwrap();
    let header = format!("Bearer {token}");
    api.authorize([&header], &TokenRequirements::new()).await.unwrap();
    // Longer than the keys are fresh, whatever was said of them.
    site.advance(3_601);
    site.clock.rewind(Duration::from_secs(60));
    busy(&http, KEYS, 503, "120");
    http.take_requests();
    for view in 0..28 {
        api.authorize([&header], &TokenRequirements::new()).await.unwrap_or_else(|error| panic!("{view}: {error}"));
        site.advance(2);
    }
    assert_eq!(http.asked(KEYS), 1);
    // A key that is not known does not have Logto asked either: neither by anybody's token, nor by one that Logto has just given.
    site.mock.rotate_keys(SigningAlg::Es256);
    let mut other = Browser::default();
    for _ in 0..3 {
        let url = site.begin(&mut other, SignInOptions::new()).await;
        let callback = site.mock.sign_in(&url, "ada").await;
        let error = site.end(&mut other, &callback).await.unwrap_err();
        assert_eq!((error.code().as_str(), seconds(&error)), ("jwks.failed", Some(64)), "{error}");
    }
    assert_eq!(http.asked(KEYS), 0);
    site.advance(64);
    good(&http);
    let url = site.begin(&mut other, SignInOptions::new()).await;
    let callback = site.mock.sign_in(&url, "ada").await;
    site.end(&mut other, &callback).await.unwrap();
    assert!(http.asked(KEYS) == 1 && site.is_signed_in(&browser).await);
}

/// An instance that starts while Logto is busy has no keys to serve.
#[tokio::test]
async fn an_api_without_keys_tells_its_callers_how_long_to_wait() {
    let (site, http) = site().await;
    let token = site.signed_in("ada").await.get_token(&site.logto).await.unwrap();
    let api = ResourceServer::builder().endpoint(site.mock.endpoint()).audience(ApiAudience::resource(BOOKS));
    let api = api.http_client(http.clone()).clock(site.clock.clone()).build().unwrap();
    busy(&http, KEYS, 503, "600");
    http.take_requests();
    let header = format!("Bearer {token}");
    for request in 0..50_u64 {
        let error = api.authorize([&header], &TokenRequirements::new()).await.unwrap_err();
        let left = if request == 0 { 600 } else { 300 - 5 * request };
        assert_eq!((error.http_status(), seconds(&error)), (503, Some(left)), "{request}");
        site.advance(5);
    }
    assert_eq!((http.asked(KEYS), http.asked(DISCOVERY)), (1, 1));
}
