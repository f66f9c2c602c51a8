//! A user's sessions, found by the set of their ids.

use logto::store::{RedisStore, SaveOutcome, SessionStore, StoredSession};

use super::{id, next, session, store};

async fn listed(store: &RedisStore, sub: &str) -> Vec<StoredSession> {
    let listed = store.list(sub).unwrap().await.unwrap();
    listed.into_iter().map(|(_, session)| session).collect()
}

#[tokio::test]
async fn a_session_that_changed_hands_is_listed_for_its_present_owner_alone() {
    let Some((_server, store)) = store().await else { return };
    let before = session("ada", None);
    store.create(&id(1), &before).await.unwrap();
    let mut after = next(&before, "sealed");
    after.sub = "bob".to_owned();
    assert_eq!(store.save(&id(1), &after, before.revision).await.unwrap(), SaveOutcome::Saved);
    assert_eq!(listed(&store, "ada").await, [], "the set of the former owner still names it");
    assert_eq!(listed(&store, "bob").await, [after]);
}

/// By whatever else has written there.
#[tokio::test]
async fn what_is_no_session_in_the_set_of_a_user_is_passed_over() {
    let Some((server, store)) = store().await else { return };
    let kept = session("ada", None);
    store.create(&id(1), &kept).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for member in ["", "no id", &id(2).to_key(), &"x".repeat(10_000)] {
        redis::Cmd::zadd("logto:sub:ada", member, i64::MAX).exec_async(&mut connection).await.unwrap();
    }
    assert_eq!(listed(&store, "ada").await, [kept]);
    redis::Cmd::hset("logto:session:".to_owned() + &id(1).to_key(), "expires", "soon")
        .exec_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(listed(&store, "ada").await, []);
}

/// A logout that is noted beside a session comes with it, as when it is read.
#[tokio::test]
async fn what_is_noted_of_an_end_comes_with_a_listed_session() {
    let Some((_server, store)) = store().await else { return };
    store.create(&id(1), &session("ada", Some("s1"))).await.unwrap();
    let until = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_900_000_000);
    let revocations = SessionStore::revocations(&store).unwrap();
    revocations.record("sid/s1", until, std::time::Duration::from_secs(600)).await.unwrap();
    let listed = listed(&store, "ada").await;
    assert_eq!(listed.iter().map(|session| session.revoked_until).collect::<Vec<_>>(), [Some(until)]);
}
