//! A user with hundreds of sessions: all of them end before a store is given up.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use logto::store::{RedisStore, SessionSelector, SessionStore};
use redis::{
    Cmd, Pipeline, RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};

use super::{id, session};
use crate::redis_server::RedisServer;

const SESSIONS: u32 = 350;

/// What is on the way to Redis and back.
#[derive(Default)]
struct Wire {
    under_way: AtomicUsize,
    round_trips: AtomicUsize,
}

/// A connection that counts how often it was waited for: commands that are under way together count once.
struct Counting {
    connection: MultiplexedConnection,
    wire: Arc<Wire>,
}

impl ConnectionLike for Counting {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            if self.wire.under_way.fetch_add(1, Ordering::SeqCst) == 0 {
                self.wire.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            let answer = self.connection.req_packed_command(command).await;
            self.wire.under_way.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }

    fn req_packed_commands<'a>(&'a mut self, _: &'a Pipeline, _: usize, _: usize) -> RedisFuture<'a, Vec<Value>> {
        unreachable!("commands go one by one")
    }

    fn get_db(&self) -> i64 {
        0
    }
}

#[tokio::test]
async fn all_sessions_of_a_user_end_in_a_few_round_trips() {
    let Some(server) = RedisServer::start() else { return };
    let connection = redis::Client::open(server.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let wire = Arc::<Wire>::default();
    let counted = Arc::clone(&wire);
    let store = RedisStore::from_connections(move || {
        std::future::ready(Ok(Counting { connection: connection.clone(), wire: Arc::clone(&counted) }))
    });
    for number in 0..SESSIONS {
        assert!(store.create(&id(number), &session("ada", None)).await.unwrap());
    }
    assert!(store.create(&id(SESSIONS), &session("bob", None)).await.unwrap());
    // Redis knows the scripts by then.
    assert!(store.create(&id(SESSIONS + 1), &session("eve", None)).await.unwrap());
    assert_eq!(store.revoke(&SessionSelector::User("eve".to_owned())).await.unwrap(), 1);

    wire.round_trips.store(0, Ordering::SeqCst);
    assert_eq!(store.revoke(&SessionSelector::User("ada".to_owned())).await.unwrap(), u64::from(SESSIONS));
    // The list of them; and for each hundred the sessions, and the list once more.
    assert_eq!(wire.round_trips.load(Ordering::SeqCst), 1 + 4 * 2);
    assert_eq!(server.keys("logto:*").len(), 2, "bob's session, and his list");
}
