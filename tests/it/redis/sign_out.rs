//! Signing out while Redis is away.

use std::time::Duration;

use logto::{HeaderCookies, LogtoClient, SignOutOptions, store::RedisStore};
use tokio::time::sleep;

use super::store;
use crate::{
    redis_server::RedisServer,
    support::{APP_SECRET, Browser, Site, settings},
};

/// Signs out; gives what the browser has then.
async fn sign_out(logto: &LogtoClient, browser: &Browser) -> Browser {
    let mut cookies = browser.request();
    _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    let mut after = browser.clone();
    after.receive(&cookies.set_cookie_headers());
    after
}

async fn site_over(server: &RedisServer) -> Site {
    let mut site = Site::start().await;
    let store = RedisStore::connect(server.url()).await.unwrap().clock(site.clock.clone());
    let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store);
    site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
    site
}

/// Until a copy of the cookie signs nobody in.
async fn ends(site: &Site, copy: &Browser) {
    while site.logto.is_authenticated(&copy.request()).await.unwrap_or(true) {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_while_redis_hangs_ends_the_session_once_redis_responds() {
    let Some(server) = RedisServer::start() else { return };
    let site = site_over(&server).await;
    let before = site.signed_in("ada").await;
    let other = site.signed_in("ada").await;
    server.pause();
    let after = sign_out(&site.logto, &before).await;
    assert_ne!(after.cookies.get("logto_app"), before.cookies.get("logto_app"));
    server.resume();
    ends(&site, &before).await;
    assert!(site.is_signed_in(&other).await, "another session of the user goes on");
    while server.keys("logto:session:*").len() > 1 {
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_while_redis_is_stopped_ends_the_session_after_the_restart() {
    let Some(mut server) = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]) else { return };
    let site = site_over(&server).await;
    let before = site.signed_in("ada").await;
    server.stop();
    let mut cookies = before.request();
    site.logto.clear_all_tokens(&mut cookies).await.unwrap();
    let mut after = before.clone();
    after.receive(&cookies.set_cookie_headers());
    assert!(after.cookies.is_empty(), "{after:?}");
    server.restart();
    ends(&site, &before).await;
}

/// As a middleware and handlers have it.
#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_a_request_is_signed_out_while_redis_is_down() {
    let Some(mut server) = RedisServer::start() else { return };
    let site = site_over(&server).await;
    let before = site.signed_in("ada").await;
    server.stop();
    let session = logto::RequestSession::new(site.logto.clone(), before.header());
    assert_eq!(session.is_authenticated().await.unwrap_err().code(), "store.failed");
    _ = session.sign_out(SignOutOptions::new()).await.unwrap();
    let headers = session.commit().await.unwrap();
    let mut after = before.clone();
    after.receive(headers.set_cookies());
    assert_ne!(after.cookies.get("logto_app"), before.cookies.get("logto_app"));
}

#[tokio::test]
async fn a_sign_out_that_is_refused_while_redis_is_down_keeps_the_cookie() {
    let Some(mut server) = RedisServer::start() else { return };
    let site = site_over(&server).await;
    let before = site.signed_in("ada").await;
    server.stop();
    let mut cookies: HeaderCookies = before.request();
    let elsewhere = SignOutOptions::new().local_only(true).post_logout_redirect_uri("https://elsewhere.example");
    let error = site.logto.sign_out(&mut cookies, elsewhere).await.unwrap_err();
    assert_eq!(error.code(), "sign_in.return_to_refused");
    assert_eq!(cookies.set_cookie_headers(), [""; 0]);
}

#[tokio::test]
async fn a_cookie_that_names_no_session_ends_none_while_redis_is_down() {
    let Some((mut server, redis)) = store().await else { return };
    let site = Site::start().await;
    let logto = site.redeployed(|config| config.session_store(redis));
    server.stop();
    let mut nobody = Browser::default();
    nobody.cookies.insert("logto_app".to_owned(), "garbage".to_owned());
    let after = sign_out(&logto, &nobody).await;
    assert_ne!(after.cookies.get("logto_app").map(String::as_str), Some("garbage"));
}
