//! Real processes that share a real Redis: refreshes under load, and a soak with everything failing now and then.

#![allow(clippy::print_stdout)] // Figures are for people.

mod soak;

use std::time::Duration;

use logto::{
    ContextOptions, HeaderCookies, LogtoClient, LogtoConfigBuilder, SignInOptions, TokenOptions, scopes,
    store::RedisStore,
    testing::{Endpoint, MockLogto, MockResource},
};
use tokio::task::JoinSet;

use crate::{
    redis_server::RedisServer,
    support::{BASE_URL, BOOKS, Browser, COOKIE_SECRET, app},
    worker::{WORKER, Worker, tell},
};

const REQUESTS: usize = 100;

/// A resource for each round: its token was never asked for, which is as good as expired.
fn resource(round: usize) -> String {
    format!("https://api-{round}.example.test")
}

fn settings(logto: &str, rounds: usize) -> LogtoConfigBuilder {
    logto::LogtoConfig::builder()
        .endpoint(logto)
        .app_id("spa")
        .base_url(BASE_URL)
        .cookie_secret(COOKIE_SECRET)
        .scopes([scopes::EMAIL, "read:books"])
        .resources((0..rounds).map(resource).chain([BOOKS.to_owned()]))
}

async fn instance(logto: &str, redis: &str, rounds: usize) -> LogtoClient {
    let store = RedisStore::connect(redis).await.unwrap();
    LogtoClient::new(settings(logto, rounds).session_store(store).build().unwrap()).unwrap()
}

fn start_worker(logto: &str, redis: &str) -> Worker {
    Worker::start(
        "processes::a_worker_process_requests_access_tokens_for_each_line_of_input",
        &format!("{logto} {redis}"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_process_requests_access_tokens_for_each_line_of_input() {
    let Ok(address) = std::env::var(WORKER) else { return };
    let (endpoint, redis) = address.split_once(' ').unwrap();
    let logto = instance(endpoint, redis, 0).await;
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (round, cookie) = line.split_once(' ').unwrap();
        let round = round.parse().unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..REQUESTS {
            let (logto, mut cookies) = (logto.clone(), HeaderCookies::parse(cookie));
            tasks.spawn(async move {
                logto.get_access_token(&mut cookies, TokenOptions::new().resource(resource(round))).await.is_ok()
            });
        }
        let served = tasks.join_all().await.into_iter().filter(|served| *served).count();
        tell(&served.to_string());
    }
}

async fn sign_in(mock: &MockLogto, logto: &LogtoClient) -> Browser {
    let mut browser = Browser::default();
    let mut cookies = browser.request();
    let redirect = logto.sign_in(&mut cookies, SignInOptions::new()).await.unwrap();
    mock.clear_browser_session();
    let callback = mock.sign_in(redirect.location(), "ada").await;
    _ = logto.handle_sign_in(&mut cookies, &callback).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    browser
}

/// 20 rounds; `LOGTO_TEST_ROUNDS=200` for more.
#[tokio::test(flavor = "multi_thread")]
async fn three_processes_make_one_exchange() {
    let Some(redis) = RedisServer::start() else { return };
    // Logto forgives nothing here: a refresh token that is spent twice ends the grant.
    let rounds = std::env::var("LOGTO_TEST_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let mock = MockLogto::builder()
        .app(app("spa").public_client())
        .reuse_window(Duration::ZERO)
        .resource(MockResource::new(BOOKS));
    let mock =
        (0..rounds).fold(mock, |mock, round| mock.resource(MockResource::new(resource(round)))).start().await.unwrap();
    let logto = instance(&mock.endpoint(), &redis.url(), rounds).await;
    let browser = sign_in(&mock, &logto).await;
    let mut workers: Vec<_> = (0..3).map(|_| start_worker(&mock.endpoint(), &redis.url())).collect();
    for round in 0..rounds {
        mock.reset_counts();
        for worker in &mut workers {
            worker.ask(&format!("{round} {}", browser.header()));
        }
        let answers = workers.iter_mut().map(|worker| worker.answer().parse::<usize>().unwrap());
        let served: usize = tokio::task::block_in_place(|| answers.sum());
        assert_eq!((served, mock.request_count(Endpoint::Token)), (3 * REQUESTS, 1), "round {round}");
    }
    let context = logto.get_context(&mut browser.request(), ContextOptions::new().fetch_user_info(true)).await.unwrap();
    assert!(context.is_authenticated());
    println!("{rounds} rounds of 3 processes x {REQUESTS} requests: 1 token request each");
}
