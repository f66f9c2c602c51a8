//! Who was signed out stays so, over all instances that share a Redis.

use std::time::{Duration, UNIX_EPOCH};

use logto::{
    LogtoClient, SignOutOptions, TokenOptions,
    store::{RedisStore, RevocationStore, SessionStore},
    testing::revocation_conformance,
};

use super::{id, session, store};
use crate::support::{BOOKS, Site};

#[tokio::test(flavor = "multi_thread")]
async fn revocations_in_redis_pass_the_conformance_suite() {
    let Some((server, store)) = store().await else { return };
    let other = RedisStore::connect(server.url()).await.unwrap();
    revocation_conformance([store.revocations(), other.revocations()]).await;
}

#[tokio::test]
async fn a_revocation_time_in_redis_that_is_not_an_integer_counts_as_revoked() {
    let Some((server, store)) = store().await else { return };
    let revocations = store.revocations();
    let late = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    revocations.record("late", UNIX_EPOCH + Duration::from_secs(u64::MAX / 4), Duration::MAX).await.unwrap();
    assert_eq!(server.cli(&["GET", "logto:revoked:late"]).trim(), "253402300799000");
    let until = async |key: &str| revocations.latest_cutoff(&[key.to_owned()]).await.unwrap();
    assert_eq!(until("late").await, Some(late));

    for unreadable in ["1.8446744073709552e+19", "soon", "-1", ""] {
        server.cli(&["SET", "logto:revoked:odd", unreadable, "PX", "60000"]);
        assert_eq!(until("odd").await, Some(late), "{unreadable:?}");
    }
    // Another revocation repairs it, and ends no less.
    for unreadable in ["1.8446744073709552e+19", "soon", ""] {
        server.cli(&["SET", "logto:revoked:odd", unreadable, "PX", "60000"]);
        revocations.record("odd", UNIX_EPOCH + Duration::from_secs(1), Duration::from_secs(60)).await.unwrap();
        assert_eq!(server.cli(&["GET", "logto:revoked:odd"]).trim(), "253402300799000", "{unreadable:?}");
    }
}

#[tokio::test]
async fn a_stored_session_whose_numbers_cannot_be_read_is_none() {
    let Some((server, store)) = store().await else { return };
    for (number, field) in [(1, "revision"), (2, "expires")] {
        assert!(store.create(&id(number), &session("ada", None)).await.unwrap());
        server.cli(&["HSET", &format!("logto:session:{}", id(number).to_key()), field, "1.8e+19"]);
        assert_eq!(store.load(&id(number)).await.unwrap(), None, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_token_that_arrives_at_once_is_taken_once() {
    let Some((server, store)) = store().await else { return };
    let other = RedisStore::connect(server.url()).await.unwrap();
    // By the store alone: it brings what remembers.
    let site = Site::with(|mock| mock, |config| config.session_store(store)).await;
    let there = site.redeployed(|config| config.session_store(other));
    for _ in 0..10 {
        let token = site.mock.logout_token(Some("user-ada"), None);
        let take = |logto: &LogtoClient| {
            let (logto, body) = (logto.clone(), format!("logout_token={token}"));
            tokio::spawn(async move { logto.back_channel_logout(&body).await.map(drop) })
        };
        let takers = [&site.logto, &there, &site.logto].map(take);
        let mut taken = 0;
        for taker in takers {
            match taker.await.unwrap() {
                Ok(()) => taken += 1,
                Err(error) => assert_eq!(error.code(), "logout_token.replayed"),
            }
        }
        assert_eq!(taken, 1);
    }
}

#[tokio::test]
async fn a_sign_out_after_a_move_into_redis_also_ends_the_original_cookie_session() {
    let Some((server, store)) = store().await else { return };
    let other = RedisStore::connect(server.url()).await.unwrap();
    let site = Site::start().await;
    let mut browser = site.signed_in("ada").await;
    let before = browser.clone();
    let here = site.redeployed(|config| config.session_store(store));
    let there = site.redeployed(|config| config.session_store(other));
    let mut cookies = browser.request();
    here.get_access_token(&mut cookies, TokenOptions::new().resource(BOOKS)).await.unwrap();
    browser.receive(&cookies.set_cookie_headers());
    let mut cookies = browser.request();
    _ = here.sign_out(&mut cookies, SignOutOptions::new()).await.unwrap();
    for logto in [&here, &there] {
        for copy in [&before, &browser] {
            assert!(!logto.is_authenticated(&copy.request()).await.unwrap());
        }
    }
    let left: i64 = server.cli(&["PTTL", &server.keys("logto:revoked:id/*")[0]]).trim().parse().unwrap();
    let days = Duration::from_millis(left.try_into().unwrap()).as_secs_f64() / 86_400.0;
    // And the two minutes by which a clock may be ahead.
    assert!((179.9..=180.002).contains(&days), "as long as the session could have lived: {days} days");
}
