//! The same over several instances that share a coordinator.

use std::{sync::atomic::Ordering, time::Duration};

use logto::{
    LogtoClient, LogtoConfigBuilder, SignOutOptions,
    store::{MemoryStore, RedisStore},
    testing::{Endpoint, Fault},
};

use super::{at_once, call_back, is_alive, is_signed_in, refresh_token, rounds, sent_back, take_a_while};
use crate::{
    coordinator::Coordinator,
    redis_server::RedisServer,
    support::{Browser, Site, settings},
};

fn instances(site: &Site, count: usize, config: impl Fn(LogtoConfigBuilder) -> LogtoConfigBuilder) -> Vec<LogtoClient> {
    let instance = || {
        let config = config(settings(&site.mock, &site.clock).app_id("spa").timeout(Duration::from_secs(1)));
        LogtoClient::new(config.build().unwrap()).unwrap()
    };
    (0..count).map(|_| instance()).collect()
}

/// With sessions in cookies, and in a store.
async fn worlds() -> Vec<(&'static str, Site, Vec<LogtoClient>, Coordinator)> {
    let mut worlds = Vec::new();
    for place in ["cookies", "a store"] {
        let (site, coordinator, store) = (Site::rotating().await, Coordinator::default(), MemoryStore::new());
        let revocations = logto::store::MemoryRevocations::new().clock(site.clock.clone());
        let instances = instances(&site, 3, |config| {
            let config = config.refresh_coordinator(coordinator.clone());
            match place {
                "cookies" => config.revocation_store(revocations.clone()),
                // What ended a stored session is in the store alone.
                _ => config.session_store(store.clone()),
            }
        });
        worlds.push((place, site, instances, coordinator));
    }
    worlds
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_at_several_instances_make_one_exchange() {
    for (place, site, instances, _) in worlds().await {
        for round in 0..rounds(5) {
            let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
            if round % 2 == 0 {
                take_a_while(&site.mock);
            }
            let mut answers = at_once(&instances, &browser, &callback, 6).await;
            for instance in &instances {
                answers.push(call_back(instance, &browser, &callback).await);
            }
            assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}, round {round}");
            let expected = refresh_token(&instances[0], &answers[0].1).await;
            for (answer, after) in &answers {
                answer.as_ref().unwrap();
                assert_eq!(refresh_token(&instances[1], after).await, expected, "{place}");
            }
            for (_, mut after) in answers {
                assert!(is_alive(&instances[2], &mut after).await, "{place}, round {round}");
            }
        }
    }
}

#[tokio::test]
async fn a_copy_of_the_callback_at_another_instance_does_not_sign_in_after_a_sign_out() {
    for (place, site, instances, _) in worlds().await {
        let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&instances[0], &browser, &callback).await;
        // The first instance itself, one that ended the session, and one that never heard of it.
        _ = instances[1].sign_out(&mut first.request(), SignOutOptions::new()).await.unwrap();
        for instance in &instances {
            let (answer, after) = call_back(instance, &browser, &callback).await;
            assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}");
            assert!(!is_signed_in(instance, &after).await, "{place}");
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
    }
}

#[tokio::test]
async fn a_sign_out_at_another_instance_wins_over_a_copy_that_was_accepted_before() {
    for (place, site, instances, _) in worlds().await {
        let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&instances[0], &browser, &callback).await;
        let mut cookies = browser.request();
        let mut slow = instances[2].load_session(&cookies).await.unwrap();
        _ = slow.handle_sign_in(&callback).await.unwrap();
        _ = instances[1].sign_out(&mut first.request(), SignOutOptions::new()).await.unwrap();
        slow.commit(&mut cookies).await.unwrap();
        let mut after = browser.clone();
        after.receive(&cookies.set_cookie_headers());
        for instance in &instances {
            assert!(!is_signed_in(instance, &after).await, "{place}");
        }
        assert_eq!(site.mock.request_count(Endpoint::Token), 1, "{place}");
    }
}

#[tokio::test]
async fn a_callback_repeated_at_another_instance_after_the_grace_period_is_refused() {
    for (place, site, instances, coordinator) in worlds().await {
        let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
        let (_, mut first) = call_back(&instances[0], &browser, &callback).await;
        // The coordinator keeps results half a minute.
        coordinator.values.lock().unwrap().retain(|name, _| !name.starts_with("code-result/"));
        site.advance(31);
        for instance in &instances {
            let (answer, _) = call_back(instance, &browser, &callback).await;
            assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found", "{place}");
        }
        assert!(is_alive(&instances[1], &mut first).await, "{place}");
    }
}

#[tokio::test]
async fn a_refusal_by_one_instance_holds_at_all() {
    for (place, site, instances, _) in worlds().await {
        let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&instances[0], &browser, &callback).await;
        instances[1].verify_sign_in(&mut browser.request(), &callback).await.unwrap().refuse().await;
        for instance in &instances {
            assert!(call_back(instance, &browser, &callback).await.0.is_err(), "{place}");
            assert!(!is_signed_in(instance, &first).await, "{place}: the session that another began");
        }
        assert_eq!(site.mock.request_count(Endpoint::Revocation), 1, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_an_instance_that_crashed_in_the_exchange_expires() {
    let (site, coordinator) = (Site::rotating().await, Coordinator::default());
    let instances = instances(&site, 2, |config| config.refresh_coordinator(coordinator.clone()));
    instances[0].warm_up().await.unwrap();
    let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
    // Logto never answers the first instance, and that ends with its runtime before it can give the lock back.
    site.mock.inject_fault(Endpoint::Token, Fault::hang().times(1));
    let (crashing, held) = (instances[0].clone(), (browser.clone(), callback.clone()));
    let crash = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asking =
            async { tokio::time::timeout(Duration::from_millis(300), call_back(&crashing, &held.0, &held.1)).await };
        assert!(runtime.block_on(asking).is_err());
    });
    tokio::task::spawn_blocking(move || crash.join().unwrap()).await.unwrap();
    assert_eq!(site.mock.request_count(Endpoint::Token), 1);
    let before = tokio::time::Instant::now();
    let (answer, mut after) = call_back(&instances[1], &browser, &callback).await;
    answer.unwrap();
    assert!(before.elapsed() >= Duration::from_secs(4), "it waited for the lock");
    assert_eq!(site.mock.request_count(Endpoint::Token), 2);
    assert!(is_alive(&instances[1], &mut after).await);
}

#[tokio::test]
async fn values_that_instances_share_of_a_sign_in_are_sealed() {
    let (site, coordinator) = (Site::rotating().await, Coordinator::default());
    let instances = instances(&site, 1, |config| config.refresh_coordinator(coordinator.clone()));
    let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
    let (_, after) = call_back(&instances[0], &browser, &callback).await;
    let url: url::Url = callback.parse().unwrap();
    let mut secrets: Vec<_> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    secrets.push(refresh_token(&instances[0], &after).await);
    let values = coordinator.values.lock().unwrap();
    assert!(values.len() >= 2, "the result, and that the code was used");
    for (name, value) in values.iter() {
        for secret in &secrets {
            assert!(!name.contains(secret) && !value.contains(secret), "{name}");
        }
    }
}

#[tokio::test]
async fn a_sign_in_calls_the_coordinator_eight_times_or_once_when_unavailable() {
    let (site, coordinator) = (Site::rotating().await, Coordinator::default());
    let instances = instances(&site, 1, |config| config.refresh_coordinator(coordinator.clone()));
    let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
    call_back(&instances[0], &browser, &callback).await.0.unwrap();
    assert_eq!(coordinator.calls.swap(0, Ordering::SeqCst), 8);

    coordinator.down.store(true, Ordering::SeqCst);
    let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
    let (_, first) = call_back(&instances[0], &browser, &callback).await;
    let (answer, mut second) = call_back(&instances[0], &browser, &callback).await;
    answer.unwrap();
    assert_eq!(coordinator.calls.load(Ordering::SeqCst), 1, "a coordinator that hangs is waited for once");
    assert_eq!(site.mock.request_count(Endpoint::Token), 1, "in this instance all goes on");
    assert!(is_signed_in(&instances[0], &first).await && is_alive(&instances[0], &mut second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_at_instances_that_share_redis_make_one_exchange() {
    let Some(redis) = RedisServer::start() else { return };
    let site = Site::rotating().await;
    let store = RedisStore::connect(&redis.url()).await.unwrap();
    for in_store in [false, true] {
        let instances = instances(&site, 3, |config| match in_store {
            true => config.session_store(store.clone()),
            false => config.refresh_coordinator(store.coordinator()).revocation_store(store.revocations()),
        });
        for round in 0..rounds(5) {
            let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
            if round % 2 == 0 {
                take_a_while(&site.mock);
            }
            let answers = at_once(&instances, &browser, &callback, 6).await;
            assert_eq!(site.mock.request_count(Endpoint::Token), 1, "in a store: {in_store}, round {round}");
            for (answer, mut after) in answers {
                answer.unwrap();
                assert!(is_alive(&instances[0], &mut after).await);
            }
        }
        let (browser, callback) = sent_back(&instances[0], &site.mock, Browser::default(), "ada").await;
        let (_, first) = call_back(&instances[0], &browser, &callback).await;
        _ = instances[1].sign_out(&mut first.request(), SignOutOptions::new()).await.unwrap();
        let (answer, after) = call_back(&instances[2], &browser, &callback).await;
        assert_eq!(answer.unwrap_err().code(), "sign_in_session.not_found");
        assert!(!is_signed_in(&instances[2], &after).await);
    }
}
