//! A Redis that keeps its connections and answers nothing (SIGSTOP): a request waits for it once.

use std::time::{Duration, Instant};

use logto::{LogtoClient, SignOutOptions, TokenOptions, store::RedisStore};

use crate::{
    redis_server::RedisServer,
    support::{APP_SECRET, BOOKS, Site, settings},
};

/// A request waits for one command, of which the answer is given up after two seconds; the rest is the slowness of a busy machine. Two commands
/// would take four.
const ONCE: Duration = Duration::from_millis(3500);

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_several_redis_commands_waits_once_for_a_hanging_redis() {
    let Some(server) = RedisServer::start() else { return };
    let redis = RedisStore::connect(server.url()).await.unwrap();
    let mut site = Site::start().await;
    // Everything that one Redis can do for sessions in cookies, each given for itself.
    let config = settings(&site.mock, &site.clock)
        .app_secret(APP_SECRET)
        .revocation_store(redis.revocations())
        .refresh_coordinator(redis.coordinator());
    site.logto = LogtoClient::new(config.build().unwrap()).unwrap();
    let browser = site.signed_in("ada").await;
    site.advance(3700);

    server.pause();
    let began = Instant::now();
    let mut cookies = browser.request();
    site.logto.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    let refreshed = began.elapsed();
    let began = Instant::now();
    let mut cookies = browser.request();
    _ = site.logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    let signed_out = began.elapsed();
    assert!(refreshed < ONCE && signed_out < ONCE, "{refreshed:?}, {signed_out:?}");
    server.resume();
}
