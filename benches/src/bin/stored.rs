//! One instance of an application with its sessions in the Redis of the first argument: for so many seconds as the second says it serves
//! 64 requests at once, all of users who are signed in, and then says how many a second.

use std::{
    env::args,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use logto::{store::RedisStore, testing::TestSession};
use logto_benches::User;
use tokio::task::JoinSet;

const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let mut arguments = args().skip(1);
    let url = arguments.next().expect("the address of a Redis");
    let time = Duration::from_secs(arguments.next().and_then(|seconds| seconds.parse().ok()).expect("seconds"));
    let store = RedisStore::connect(url).await.expect("a Redis");
    let logto = User::client_with(store);
    let cookies = Arc::new(TestSession::new().cookies(logto.config()).await.expect("a session"));

    let (start, served) = (Instant::now(), Arc::new(AtomicU32::new(0)));
    let mut requests = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (logto, cookies, served) = (logto.clone(), Arc::clone(&cookies), Arc::clone(&served));
        requests.spawn(async move {
            while start.elapsed() < time {
                let session = logto.load_session(&*cookies).await.expect("Redis answers");
                assert!(session.is_authenticated(), "the session is in the store");
                served.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    requests.join_all().await;
    println!("{}", f64::from(served.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64());
}
