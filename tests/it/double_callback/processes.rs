//! The same over real processes that share a real Redis, one of which is killed in the midst of it.

#![allow(clippy::print_stdout)] // Workers answer on it, and figures are for people.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use logto::{
    LogtoClient, scopes,
    store::RedisStore,
    testing::{Endpoint, Fault, MockLogto},
};

use super::{call_back, is_alive, rounds, sent_back, take_a_while};
use crate::{
    redis_server::RedisServer,
    support::{BASE_URL, Browser, COOKIE_SECRET, app},
};

const WORKER: &str = "LOGTO_TEST_CALLBACK_WORKER";

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

/// Another process: this test binary, running [`worker`] alone.
struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(mock: &MockLogto, redis: &RedisServer, place: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "double_callback::processes::worker", "--nocapture"]);
        command.env(WORKER, format!("{} {} {place}", mock.endpoint(), redis.url()));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    fn ask(&mut self, browser: &Browser, callback: &str) {
        writeln!(self.input, "{callback} {}", browser.header()).unwrap();
    }

    /// The browser after the answer, or the code of the error.
    fn answer(&mut self) -> Result<Browser, String> {
        let mut line = String::new();
        while !line.starts_with("worker: ") {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the worker is gone");
        }
        match line.trim_end_matches('\n').strip_prefix("worker: ").unwrap().split_once(' ').unwrap() {
            ("ok", header) => {
                let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
                Ok(Browser { cookies: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() })
            }
            (_, code) => Err(code.to_owned()),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worker() {
    let Ok(address) = std::env::var(WORKER) else { return };
    let words: Vec<_> = address.split(' ').collect();
    let logto = instance(words[0], words[1], words[2]).await;
    logto.warm_up().await.unwrap();
    println!("worker: ok ");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (callback, header) = line.split_once(' ').unwrap();
        let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
        let browser = Browser { cookies: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() };
        match call_back(&logto, &browser, callback).await {
            (Ok(_), after) => println!("worker: ok {}", after.header()),
            (Err(error), _) => println!("worker: error {}", error.code()),
        }
    }
}

/// 5 rounds; `LOGTO_TEST_ROUNDS=200` for more.
#[tokio::test(flavor = "multi_thread")]
async fn three_processes_with_one_callback_make_one_exchange() {
    let Some(redis) = RedisServer::start() else { return };
    // Logto forgives nothing here: a refresh token that is spent twice ends the grant.
    let mock = MockLogto::builder().app(app("spa").public()).reuse_window(Duration::ZERO).start().await.unwrap();
    for place in ["cookies", "store"] {
        let logto = instance(&mock.endpoint(), &redis.url(), place).await;
        let mut workers: Vec<_> = (0..3).map(|_| Worker::start(&mock, &redis, place)).collect();
        for worker in &mut workers {
            tokio::task::block_in_place(|| worker.answer().unwrap());
        }
        let (rounds, mut exchanges, mut alive) = (rounds(5), 0, 0);
        for round in 0..rounds {
            let (browser, callback) = sent_back(&logto, &mock, Browser::default(), "ada").await;
            if round % 2 == 0 {
                take_a_while(&mock);
            }
            for worker in &mut workers {
                worker.ask(&browser, &callback);
            }
            let answers: Vec<_> = tokio::task::block_in_place(|| workers.iter_mut().map(Worker::answer).collect());
            exchanges += mock.requests(Endpoint::Token);
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
    let mock = MockLogto::builder().app(app("spa").public()).start().await.unwrap();
    let logto = instance(&mock.endpoint(), &redis.url(), "store").await;
    let mut worker = Worker::start(&mock, &redis, "store");
    tokio::task::block_in_place(|| worker.answer().unwrap());
    let (browser, callback) = sent_back(&logto, &mock, Browser::default(), "ada").await;
    mock.fault(Endpoint::Token, Fault::silence().times(1));
    worker.ask(&browser, &callback);
    while mock.requests(Endpoint::Token) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(worker);
    let (answer, mut after) = call_back(&logto, &browser, &callback).await;
    answer.unwrap();
    assert_eq!(mock.requests(Endpoint::Token), 2);
    assert!(is_alive(&logto, &mut after).await);
}
