//! Users of two instances that share a Redis.

use std::time::Duration;

use logto::{ContextOptions, LogtoClient, SignInOptions, SignOutOptions, store::RedisStore, testing::Endpoint};

use super::one_read;
use crate::{
    gate::Gate,
    redis_server::RedisServer,
    support::{APP_SECRET, Browser, Site, settings},
};

/// Two instances of one site; `Site::logto` of the first is over the store.
struct Instances {
    server: RedisServer,
    here: Site,
    there: LogtoClient,
    gate: Gate,
}

impl Instances {
    async fn start() -> Option<Self> {
        let server = RedisServer::start()?;
        let mut here = Site::start().await;
        let gate = Gate::new();
        let instance = async |site: &Site| {
            let store = RedisStore::connect(server.url()).await.unwrap().clock(site.clock.clone());
            let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store);
            LogtoClient::new(config.http_client(gate.clone()).build().unwrap()).unwrap()
        };
        here.logto = instance(&here).await;
        let there = instance(&here).await;
        Some(Self { server, here, there, gate })
    }

    /// All that Redis holds, as it holds it.
    fn dump(&self) -> String {
        let keys = self.server.keys("*");
        let value = |key: &String| match self.server.cli(&["TYPE", key]).as_str() {
            "hash" => self.server.cli(&["HGETALL", key]),
            "zset" => self.server.cli(&["ZRANGE", key, "0", "-1"]),
            _ => self.server.cli(&["GET", key]),
        };
        keys.iter().flat_map(|key| [key.clone(), value(key)]).collect::<Vec<_>>().join("\n")
    }
}

async fn sign_out(logto: &LogtoClient, browser: &mut Browser) {
    let mut cookies = browser.request();
    let _ = logto.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
}

#[tokio::test]
async fn a_user_moves_between_instances() {
    let Some(site) = Instances::start().await else { return };
    let mut browser = site.here.signed_in("ada").await;

    // The first one brings the script along.
    assert!(site.here.is_signed_in(&browser).await);
    // A plain request: one read, no write.
    for logto in [&site.here.logto, &site.there] {
        site.server.reset_counts();
        let mut cookies = browser.request();
        let context = logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap();
        assert!(context.is_authenticated());
        assert!(cookies.set_cookie_headers().is_empty());
        assert_eq!(site.server.counts(), one_read());
    }

    // What one instance refreshed, the other has.
    let token = browser.get_token(&site.here.logto).await.unwrap();
    assert_eq!(browser.get_token(&site.there).await.unwrap(), token);
    site.here.advance(3700);
    let newer = browser.get_token(&site.there).await.unwrap();
    assert_ne!(newer, token);
    assert_eq!(browser.get_token(&site.here.logto).await.unwrap(), newer);
    assert_eq!(site.here.mock.request_count(Endpoint::Token), 2);
    assert_eq!(browser.cookies.len(), 1, "nothing but the id is in the cookie");

    // Signed out on one, signed out on all, with any cookie.
    let old = browser.clone();
    sign_out(&site.here.logto, &mut browser).await;
    for mut browser in [old, browser] {
        assert!(!site.there.is_authenticated(&browser.request()).await.unwrap());
        assert!(browser.get_token(&site.there).await.unwrap_err().requires_sign_in());
    }
    for pattern in ["logto:session:*", "logto:sub:*", "logto:sid:*"] {
        assert_eq!(site.server.keys(pattern), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_refresh_does_not_bring_back_who_signed_out() {
    let Some(site) = Instances::start().await else { return };
    let mut browser = site.here.signed_in("ada").await;
    site.gate.close();
    let slow = tokio::spawn({
        let (there, mut browser) = (site.there.clone(), browser.clone());
        async move {
            let _ = browser.get_token(&there).await;
            browser
        }
    });
    site.gate.someone_waits().await;
    sign_out(&site.here.logto, &mut browser).await;
    site.gate.open();
    let late = slow.await.unwrap();
    for browser in [late, browser] {
        for logto in [&site.here.logto, &site.there] {
            assert!(!logto.is_authenticated(&browser.request()).await.unwrap());
        }
    }
    assert_eq!(site.server.keys("logto:session:*"), Vec::<String>::new());
}

#[tokio::test]
async fn redis_holds_no_token() {
    let Some(site) = Instances::start().await else { return };
    let mut browser = Browser::default();
    let url = site.here.begin(&mut browser, SignInOptions::new()).await;
    let callback = site.here.mock.sign_in(&url, "ada").await;
    site.here.end(&mut browser, &callback).await.unwrap();
    let access_token = browser.get_token(&site.here.logto).await.unwrap();
    let id_token = site.here.logto.get_id_token(&browser.request()).await.unwrap().unwrap();
    let refresh_token = site.here.logto.get_refresh_token(&browser.request()).await.unwrap().unwrap();

    let dump = site.dump();
    assert!(dump.contains("logto:session:") && dump.contains("sealed"), "{dump}");
    let parts = [access_token.as_str(), id_token.expose(), refresh_token.expose()].map(|token| token.split('.'));
    for part in parts.into_iter().flatten() {
        assert!(part.len() > 8 && !dump.contains(part), "{part} is in Redis");
    }
    assert!(!dump.contains("eyJhbGci") && !dump.contains('@'), "neither a JWT nor an email address: {dump}");
}

#[tokio::test]
async fn while_redis_is_down_nobody_is_signed_out() {
    let Some(mut site) = Instances::start().await else { return };
    let browser = site.here.signed_in("ada").await;
    site.server.pause();
    let mut cookies = browser.request();
    let error = site.here.logto.get_context(&mut cookies, ContextOptions::new()).await.unwrap_err();
    assert_eq!(error.code(), "store.failed");
    assert!(error.is_transient() && !error.requires_sign_in());
    assert!(cookies.set_cookie_headers().is_empty(), "the cookie stays");
    site.server.resume();
    // It is asked again after a second.
    while site.here.logto.load_session(&browser.request()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(site.here.is_signed_in(&browser).await);

    // A Redis that forgot everything is another matter.
    site.server.restart();
    assert!(!site.here.is_signed_in(&browser).await);
}
