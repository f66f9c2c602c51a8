//! Connections that Redis has closed, and commands whose answers are lost: what waits for the first command notices nothing.

use std::time::Duration;

use logto::{
    LogtoClient, SignInOptions,
    store::{RedisStore, RefreshCoordinator, RevocationStore, SaveOutcome, SessionStore},
};
use tokio::time::sleep;

use super::{forwarder::Forwarder, id, next, session, store};
use crate::{
    redis_server::RedisServer,
    support::{APP_SECRET, Browser, Site, settings},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Connections besides that of the one who asks.
fn connections(server: &RedisServer) -> usize {
    server.cli(&["CLIENT", "LIST", "TYPE", "normal"]).lines().filter(|line| line.starts_with("id=")).count() - 1
}

/// A hundred instances are idle at once, so that all of their connections are closed after the one second that Redis counts.
#[tokio::test(flavor = "multi_thread")]
async fn all_100_sign_ins_after_an_idle_close_succeed() {
    let Some(server) = RedisServer::start_with(&["--timeout", "1"]) else { return };
    let site = Site::start().await;
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let store = RedisStore::connect(server.url()).await.unwrap().clock(site.clock.clone());
        let config = settings(&site.mock, &site.clock).app_secret(APP_SECRET).session_store(store);
        let logto = LogtoClient::new(config.build().unwrap()).unwrap();
        let mut cookies = Browser::default().request();
        let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
        let mut browser = Browser::default();
        browser.receive(&cookies.set_cookie_headers());
        let callback = site.mock.sign_in(redirect.location(), "ada").await;
        waiting.push((logto, browser, callback));
    }
    while connections(&server) > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let mut signed_in = 0;
    for (logto, mut browser, callback) in waiting {
        let mut cookies = browser.request();
        let outcome = logto.handle_sign_in(&mut cookies, &callback).await;
        browser.receive(&cookies.set_cookie_headers());
        let outcome = match outcome {
            Ok(_) => logto.is_authenticated(&browser.request()).await,
            Err(error) => Err(error),
        };
        signed_in += usize::from(outcome.is_ok_and(|is_authenticated| is_authenticated));
    }
    assert_eq!(signed_in, 100);
}

/// As above: a hundred connections are idle at once.
#[tokio::test(flavor = "multi_thread")]
async fn all_100_first_commands_after_an_idle_close_succeed() {
    let Some(server) = RedisServer::start_with(&["--timeout", "1"]) else { return };
    let mut stores = Vec::new();
    for _ in 0..100 {
        stores.push(RedisStore::connect(server.url()).await.unwrap());
    }
    while connections(&server) > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let (first, mut succeeded) = (session("ada", Some("s1")), 0);
    for (number, store) in (0..).zip(&stores) {
        let key = format!("key {number}");
        succeeded += usize::from(match number % 3 {
            0 => store.create(&id(number), &first).await.is_ok_and(|created| created),
            1 => store.coordinator().lock(&key, MINUTE).await.is_ok_and(|holder| holder.is_some()),
            _ => store.revocations().claim(&key, MINUTE).await.is_ok_and(|claimed| claimed),
        });
    }
    assert_eq!(succeeded, 100);
}

/// Each as the first command after Redis has closed the connection.
async fn the_first_commands(store: &RedisStore, number: u32, close: &mut impl FnMut()) {
    let (first, key) = (session("ada", Some("s1")), format!("key {number}"));
    close();
    assert!(store.create(&id(number), &first).await.unwrap());
    close();
    assert!(store.coordinator().lock(&key, MINUTE).await.unwrap().is_some());
    close();
    assert!(store.revocations().claim(&key, MINUTE).await.unwrap());
    close();
    store.coordinator().store_result(&key, "value", MINUTE).await.unwrap();
    close();
    store.revocations().record(&key, first.expires_at, MINUTE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn any_first_redis_command_after_a_killed_connection_succeeds() {
    let Some((server, store)) = store().await else { return };
    for number in 0..20 {
        the_first_commands(&store, number, &mut || _ = server.cli(&["CLIENT", "KILL", "TYPE", "normal"])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_first_redis_command_after_a_restart_succeeds() {
    let Some((mut server, store)) = store().await else { return };
    for number in 0..3 {
        the_first_commands(&store, number, &mut || server.restart()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_answer_was_lost_is_carried_out_once() {
    let Some(server) = RedisServer::start() else { return };
    let forwarder = Forwarder::to(server.port()).await;
    let store = RedisStore::connect(forwarder.url()).await.unwrap();
    let (coordinator, revocations) = (store.coordinator(), store.revocations());
    // The scripts are known to Redis.
    let first = session("ada", Some("s1"));
    assert!(store.create(&id(0), &first).await.unwrap());
    assert_eq!(store.save(&id(0), &next(&first, "second"), 1).await.unwrap(), SaveOutcome::Saved);
    coordinator.lock("known", MINUTE).await.unwrap();

    for number in 1..=20 {
        let key = format!("key {number}");
        forwarder.lose_an_answer();
        assert!(store.create(&id(number), &first).await.unwrap(), "the id is ours");
        assert!(forwarder.has_lost_it());
        assert!(!store.create(&id(number), &next(&first, "another")).await.unwrap(), "and nobody else's");

        forwarder.lose_an_answer();
        let holder = coordinator.lock(&key, MINUTE).await.unwrap().expect("the lock is ours");
        assert!(forwarder.has_lost_it());
        assert_eq!(coordinator.lock(&key, MINUTE).await.unwrap(), None, "and nobody else's");
        coordinator.unlock(&key, &holder).await.unwrap();
        assert!(coordinator.lock(&key, MINUTE).await.unwrap().is_some());

        forwarder.lose_an_answer();
        assert!(revocations.claim(&key, MINUTE).await.unwrap(), "the logout token is ours");
        assert!(forwarder.has_lost_it());
        assert!(!revocations.claim(&key, MINUTE).await.unwrap(), "and nobody else's");

        forwarder.lose_an_answer();
        store.delete(&id(number)).await.unwrap();
        assert_eq!(store.load(&id(number)).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_save_whose_answer_was_lost_is_retried_without_a_conflict() {
    let Some(server) = RedisServer::start() else { return };
    let forwarder = Forwarder::to(server.port()).await;
    let store = RedisStore::connect(forwarder.url()).await.unwrap();
    // Without a `sid` the first answer is that of the set, and the second one that of the session.
    let mut current = session("ada", None);
    assert!(store.create(&id(1), &current).await.unwrap());
    let known = next(&current, "known");
    assert_eq!(store.save(&id(1), &known, 1).await.unwrap(), SaveOutcome::Saved);
    current = known;
    for number in 0..20 {
        let newer = next(&current, &format!("sealed {number}"));
        forwarder.lose_an_answer_after(1);
        assert_eq!(store.save(&id(1), &newer, current.revision).await.unwrap(), SaveOutcome::Saved);
        assert!(forwarder.has_lost_it());
        let late = next(&current, "late");
        assert_eq!(store.save(&id(1), &late, current.revision).await.unwrap(), SaveOutcome::Conflict);
        assert_eq!(store.load(&id(1)).await.unwrap(), Some(newer.clone()));
        current = newer;
    }
}
