//! The same over real processes that share a real Redis, one of which is killed in the midst of it.

#![allow(clippy::print_stdout)] // Figures are for people.

use std::time::Duration;

use logto::{
    LogtoClient, scopes,
    store::RedisStore,
    testing::{Endpoint, Fault, MockLogto},
};

use super::{call_back, is_alive, rounds, sent_back, take_a_while};
use crate::{
    redis_server::RedisServer,
    support::{BASE_URL, Browser, COOKIE_SECRET, app},
    worker::{WORKER, Worker, tell},
};

async fn instance(logto: &str, redis: &str, place: &str) -> LogtoClient {
    let store = RedisStore::connect(redis).await.unwrap();
    let config = logto::LogtoConfig::builder()
        .endpoint(logto)
        .app_id("spa")
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
        .scopes([scopes::EMAIL])
        .timeout(Duration::from_secs(1));
    let config = match place {
        "store" => config.session_store(store),
        _ => config.refresh_coordinator(store.coordinator()).revocation_store(store.revocations()),
    };
    LogtoClient::new(config.build().unwrap()).unwrap()
}

fn start_worker(mock: &MockLogto, redis: &RedisServer, place: &str) -> Worker {
    let works_with = format!("{} {} {place}", mock.endpoint(), redis.url());
    Worker::start("double_callback::processes::a_worker_process_handles_callbacks_from_standard_input", &works_with)
}

fn ask(worker: &mut Worker, browser: &Browser, callback: &str) {
    worker.ask(&format!("{callback} {}", browser.header()));
}

/// The browser after the answer, or the code of the error.
fn answer(worker: &mut Worker) -> Result<Browser, String> {
    match worker.answer().split_once(' ').unwrap() {
        ("ok", header) => Ok(browser_with(header)),
        (_, code) => Err(code.to_owned()),
    }
}

fn browser_with(header: &str) -> Browser {
    let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
    Browser { cookies: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_process_handles_callbacks_from_standard_input() {
    let Ok(address) = std::env::var(WORKER) else { return };
    let words: Vec<_> = address.split(' ').collect();
    let logto = instance(words[0], words[1], words[2]).await;
    logto.warm_up().await.unwrap();
    tell("ok ");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (callback, header) = line.split_once(' ').unwrap();
        match call_back(&logto, &browser_with(header), callback).await {
            (Ok(_), after) => tell(&format!("ok {}", after.header())),
            (Err(error), _) => tell(&format!("error {}", error.code())),
        }
    }
}

/// 5 rounds; `LOGTO_TEST_ROUNDS=200` for more.
#[tokio::test(flavor = "multi_thread")]
async fn three_processes_with_one_callback_make_one_exchange() {
    let Some(redis) = RedisServer::start() else { return };
    // Logto forgives nothing here: a refresh token that is spent twice ends the grant.
    let mock = MockLogto::builder().app(app("spa").public_client()).reuse_window(Duration::ZERO).start().await.unwrap();
    for place in ["cookies", "store"] {
        let logto = instance(&mock.endpoint(), &redis.url(), place).await;
        let mut workers: Vec<_> = (0..3).map(|_| start_worker(&mock, &redis, place)).collect();
        for worker in &mut workers {
            tokio::task::block_in_place(|| answer(worker).unwrap());
        }
        let (rounds, mut exchanges, mut alive) = (rounds(5), 0, 0);
        for round in 0..rounds {
            let (browser, callback) = sent_back(&logto, &mock, Browser::default(), "ada").await;
            if round % 2 == 0 {
                take_a_while(&mock);
            }
            for worker in &mut workers {
                ask(worker, &browser, &callback);
            }
            let answers: Vec<_> = tokio::task::block_in_place(|| workers.iter_mut().map(answer).collect());
            exchanges += mock.request_count(Endpoint::Token);
            mock.clear_faults();
            for answer in answers {
                alive += usize::from(is_alive(&logto, &mut answer.unwrap()).await);
            }
        }
        assert_eq!((exchanges, alive), (rounds, 3 * rounds), "{place}");
        println!(
            "{place}: {rounds} rounds of one callback at 3 processes: {exchanges} exchanges, {alive} sessions alive"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_in_the_exchange_keeps_the_others_waiting_until_its_lock_expires() {
    let Some(redis) = RedisServer::start() else { return };
    let mock = MockLogto::builder().app(app("spa").public_client()).start().await.unwrap();
    let logto = instance(&mock.endpoint(), &redis.url(), "store").await;
    let mut worker = start_worker(&mock, &redis, "store");
    tokio::task::block_in_place(|| answer(&mut worker).unwrap());
    let (browser, callback) = sent_back(&logto, &mock, Browser::default(), "ada").await;
    mock.inject_fault(Endpoint::Token, Fault::hang().times(1));
    ask(&mut worker, &browser, &callback);
    while mock.request_count(Endpoint::Token) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(worker);
    let (answer, mut after) = call_back(&logto, &browser, &callback).await;
    answer.unwrap();
    assert_eq!(mock.request_count(Endpoint::Token), 2);
    assert!(is_alive(&logto, &mut after).await);
}
